import { createHmac, createSecretKey } from "node:crypto"
import type { KeyObject } from "node:crypto"
import { nonceBytes, seal, unseal } from "../../ports/privacy/sealing.ts"

/** The two keys of a workspace that do not belong to a person. */
export interface WorkspaceSecrets {
  readonly workspace: string
  readonly indexKey: Uint8Array
  readonly pseudonymKey: Uint8Array
}

export interface EncryptedValue {
  readonly $pii: string
  readonly $index: string
  readonly $domain?: string
}

/**
 * What stands beside the ciphertext for questions, whole and not cut to a few bits: a cut index finds candidates that
 * must be decrypted to be sure, which no engine that answers questions can do (keys stay out of DuckDB and OpenSearch),
 * `is not` would be wrong for every neighbour, and stored lines are never migrated, so the bits could not follow the
 * number of rows. The price: who holds the data and not the key sees which values are equal, never which they are.
 */
const indexHex = (key: Uint8Array, text: string): string =>
  createHmac("sha256", keyObjectOf(key)).update(text).digest("hex")

const keyObjects = new WeakMap<Uint8Array, KeyObject>()

/** Kept, because a digest takes a key object ten times as fast as the key's bytes. */
const keyObjectOf = (key: Uint8Array): KeyObject => {
  const known = keyObjects.get(key)
  if (known !== undefined) return known
  const fresh = createSecretKey(key)
  keyObjects.set(key, fresh)
  return fresh
}

/** Values that mean the same to people are the same to the blind index: trimmed, NFKC, lower case. */
export const normalise = (value: string): string => value.trim().normalize("NFKC").toLowerCase()

/** Digits alone, with the `+` of a country: however the number was written. */
export const normalisePhone = (value: string): string => {
  const digits = value.normalize("NFKC").replace(/\D/g, "")
  if (value.trim().startsWith("+")) return `+${digits}`
  return digits.startsWith("00") ? `+${digits.slice(2)}` : digits
}

const phoneFields = new Set(["phone", "phone_number"])

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

/** HMAC-SHA-256 of field name and normalised value, hex: finds equal values without the clear ones. */
export const blindIndex = (secrets: WorkspaceSecrets, field: string, value: unknown): string => {
  const text = textOf(value)
  return indexHex(secrets.indexKey, `${field}|${phoneFields.has(field) ? normalisePhone(text) : normalise(text)}`)
}

const contextOf = (workspace: string, field: string, rowId: string): string => `${workspace}|events|${field}|${rowId}`

/** Encrypts one value of an event under its subject's key; the same ciphertext in log, store and lake. */
export const encryptValue = (
  secrets: WorkspaceSecrets,
  key: Uint8Array,
  nonce: Uint8Array,
  at: { readonly field: string; readonly name: string; readonly rowId: string },
  value: unknown
): EncryptedValue => {
  const clear = Buffer.from(JSON.stringify(value), "utf8")
  const sealed = seal(key, nonce.subarray(0, nonceBytes), contextOf(secrets.workspace, at.field, at.rowId), clear)
  const domain = at.name === "email" && typeof value === "string" ? normalise(value).split("@")[1] : undefined
  return {
    $pii: sealed.toString("base64url"),
    $index: blindIndex(secrets, at.name, value),
    ...(domain === undefined || domain === "" ? {} : { $domain: domain })
  }
}

/** The clear value, `undefined` where the key is another's. */
export const decryptValue = (
  workspace: string,
  key: Uint8Array,
  at: { readonly field: string; readonly rowId: string },
  sealed: string
): unknown => {
  const clear = unseal(key, contextOf(workspace, at.field, at.rowId), Buffer.from(sealed, "base64url"))
  return clear === undefined ? undefined : (JSON.parse(clear.toString("utf8")) as unknown)
}

const phoneNumber = /^\+?\(?[0-9][0-9 ()./-]{4,24}[0-9]$/
/** E.164: 15 digits at the most. */
const phoneDigits = { fewest: 7, most: 15 }

const isPhone = (id: string): boolean => {
  if (!phoneNumber.test(id)) return false
  const digits = id.replace(/\D/g, "").length
  if (digits < phoneDigits.fewest || digits > phoneDigits.most) return false
  // Hyphens alone also stand in dates and numbers of customers: a national number with its area has nine digits and more.
  return /^\+|[ ()./]/.test(id) || (id.includes("-") && digits >= 9)
}

/**
 * Whether an id is an e-mail address, as it is or as addresses of pages spell it (`%40`), or a phone number: it must not
 * be written as it is. Plain digits are ids.
 */
export const isPersonalId = (id: string): boolean => isAddress(id) || isPhone(id)

const isAddress = (id: string): boolean => id.includes("@") || id.includes("%40")

/** What stands for a personal id at every door: `h_` and the HMAC-SHA-256 of its normalised form, hex. */
export const pseudonym = (secrets: WorkspaceSecrets, id: string): string =>
  `h_${indexHex(secrets.pseudonymKey, isAddress(id) ? normalise(id.replaceAll("%40", "@")) : normalisePhone(id))}`

/** The id as it is stored. */
export const storedId = (secrets: WorkspaceSecrets, id: string): string =>
  isPersonalId(id) ? pseudonym(secrets, id) : id
