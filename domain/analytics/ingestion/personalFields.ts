import { PersonalProperties, PersonalTraits } from "../../../ports/analytics/AnalyticsEvent.ts"
import { nonceBytes } from "../../../ports/privacy/sealing.ts"
import { encryptValue } from "../../privacy/personalData.ts"
import type { Draft } from "./Draft.ts"

const personalProperties = new Set(Object.keys(PersonalProperties.fields))
const personalTraits = new Set(Object.keys(PersonalTraits.fields))

/** A value to encrypt: where it stands in the stored event, and under what name it is indexed. */
export interface PersonalField {
  readonly part: "properties" | "traits" | "traits_once"
  readonly name: string
  readonly value: unknown
}

/** The event's values that are personal data, by the closed list and the workspace's own. */
export const personalFieldsOf = (draft: Draft): ReadonlyArray<PersonalField> => {
  const found: Array<PersonalField> = []
  const own = draft.context.settings.personal_fields
  const search = (part: PersonalField["part"], known: ReadonlySet<string>) => {
    const values = draft.stored[part]
    if (values === undefined) return
    for (const name in values) {
      const value = values[name]
      if (value !== null && value !== undefined && (known.has(name) || own.includes(name)))
        found.push({ part, name, value })
    }
  }
  search("properties", personalProperties)
  search("traits", personalTraits)
  search("traits_once", personalTraits)
  for (const [name, value] of Object.entries(draft.replacedIds)) {
    found.push({ part: "traits", name: `$${name}`, value })
  }
  return found
}

/** Whom the event's personal data belongs to: the subject as stored. */
export const subjectOf = (draft: Draft): string => draft.stored.user_id || draft.stored.anonymous_id

/** Puts ciphertext and blind index in the place of each value. `nonces` holds 12 secure random bytes for each. */
export const encryptFields = (
  draft: Draft,
  fields: ReadonlyArray<PersonalField>,
  key: Uint8Array,
  nonces: Uint8Array
): void => {
  for (const [index, { name, part, value }] of fields.entries()) {
    const nonce = nonces.subarray(index * nonceBytes, (index + 1) * nonceBytes)
    const at = { field: `${part}.${name}`, name, rowId: draft.stored.event_id }
    const encrypted = encryptValue(draft.context.secrets, key, nonce, at, value)
    draft.stored[part] = { ...draft.stored[part], [name]: encrypted }
  }
}
