import { createHmac } from "node:crypto"
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

/** Values that mean the same to people are the same to the blind index: trimmed, NFKC, lower case. */
export const normalise = (value: string): string => value.trim().normalize("NFKC").toLowerCase()

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

/** HMAC-SHA-256 of field name and normalised value, hex: finds equal values without the clear ones. */
export const blindIndex = (secrets: WorkspaceSecrets, field: string, value: unknown): string =>
  createHmac("sha256", secrets.indexKey)
    .update(`${field}|${normalise(textOf(value))}`)
    .digest("hex")

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

const phoneNumber = /^\+?[0-9][0-9 ()./-]{5,22}[0-9]$/

/** Whether an id is an e-mail address or a phone number, which must not be written as it is. Plain digits are ids. */
export const isPersonalId = (id: string): boolean =>
  id.includes("@") || (phoneNumber.test(id) && (id.startsWith("+") || /[ ()./]/.test(id)) && digitCount(id) >= 7)

const digitCount = (text: string): number => text.replace(/\D/g, "").length

/** What stands for a personal id at every door: `h_` and the HMAC-SHA-256 of its normalised form, hex. */
export const pseudonym = (secrets: WorkspaceSecrets, id: string): string =>
  `h_${createHmac("sha256", secrets.pseudonymKey).update(normalise(id)).digest("hex")}`
