import { isReservedId } from "../../../ports/analytics/EventStore.ts"
import { nonceBytes } from "../../../ports/privacy/sealing.ts"
import { encryptValue } from "../../privacy/personalData.ts"
import { isPersonalProperty, isPersonalTrait } from "../../privacy/personalNames.ts"
import type { Draft } from "./Draft.ts"

/** A value to encrypt: where it stands in the stored event, and under what name it is indexed. */
export interface PersonalField {
  readonly part: "properties" | "traits" | "traits_once"
  /** Names and places of lists on the way to the value; the last is its name. */
  readonly path: ReadonlyArray<string>
  readonly value: unknown
}

/** The event's values that are personal data, at any depth, by the closed list and the workspace's own. */
export const personalFieldsOf = (draft: Draft): ReadonlyArray<PersonalField> => {
  const found: Array<PersonalField> = []
  const own = draft.context.settings.personal_fields
  const search = (
    part: PersonalField["part"],
    isPersonal: typeof isPersonalProperty,
    values: object,
    path: ReadonlyArray<string>
  ) => {
    for (const [name, value] of Object.entries(values) as ReadonlyArray<[string, unknown]>) {
      if (value === null || value === undefined) continue
      if (isPersonal(name, own)) found.push({ part, path: [...path, name], value })
      // `name` is a person's among the traits themselves alone: what lies deeper may be a product's or a company's.
      else if (typeof value === "object") search(part, isPersonalProperty, value, [...path, name])
    }
  }
  const { properties, traits, traits_once } = draft.stored
  search("properties", isPersonalProperty, properties, [])
  if (traits !== undefined) search("traits", isPersonalTrait, traits, [])
  if (traits_once !== undefined) search("traits_once", isPersonalTrait, traits_once, [])
  for (const [name, value] of Object.entries(draft.replacedIds)) {
    found.push({ part: "traits", path: [`$${name}`], value })
  }
  return found
}

/** Whom the event's personal data belongs to: the user as stored, or the device where the user id stands for nobody. */
export const subjectOf = ({ stored: { anonymous_id, user_id } }: Pick<Draft, "stored">): string =>
  user_id === undefined || isReservedId(user_id) ? anonymous_id : user_id

/** Puts ciphertext and blind index in the place of each value. `nonces` holds 12 secure random bytes for each. */
export const encryptFields = (
  draft: Draft,
  fields: ReadonlyArray<PersonalField>,
  key: Uint8Array,
  nonces: Uint8Array
): void => {
  for (const [index, { part, path, value }] of fields.entries()) {
    const nonce = nonces.subarray(index * nonceBytes, (index + 1) * nonceBytes)
    const at = { field: `${part}.${path.join(".")}`, name: path.at(-1)!, rowId: draft.stored.event_id }
    const encrypted = encryptValue(draft.context.secrets, key, nonce, at, value)
    draft.stored[part] = replaced(draft.stored[part] ?? {}, path, encrypted) as Record<string, unknown>
  }
}

/** A copy with another value at the path; the event as it came stays as it was. */
const replaced = (whole: unknown, [name, ...deeper]: ReadonlyArray<string>, value: unknown): unknown => {
  if (name === undefined) return value
  if (Array.isArray(whole)) return whole.map((each, at) => (String(at) === name ? replaced(each, deeper, value) : each))
  const record = whole as Readonly<Record<string, unknown>>
  return { ...record, [name]: replaced(record[name], deeper, value) }
}
