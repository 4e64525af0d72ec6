import { decryptValue } from "./personalData.ts"

/** A value that stands encrypted in an event. */
export const isEncrypted = (value: unknown): value is { readonly $pii: string } =>
  typeof value === "object" && value !== null && "$pii" in value

/** Whether an encrypted value is anywhere in it. */
export const holdsEncrypted = (value: unknown): boolean =>
  isEncrypted(value) || (typeof value === "object" && value !== null && Object.values(value).some(holdsEncrypted))

/** What opens a sealed value that stood at the field; `undefined` where nobody has the key any more. */
export type Open = (sealed: string, field: string) => unknown

/** Opens values of one event under its subject's key. */
export const openerOf =
  (workspace: string, key: Uint8Array | undefined, eventId: string): Open =>
  (sealed, field) =>
    key === undefined ? undefined : decryptValue(workspace, key, { field, rowId: eventId }, sealed)

/** The value with what is encrypted in it clear, where it can be opened. */
export const clearValue = (value: unknown, field: string, open: Open): unknown => {
  if (isEncrypted(value)) return open(value.$pii, field) ?? { encrypted: true }
  if (Array.isArray(value)) return value.map((each, at) => clearValue(each, `${field}.${at}`, open))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, clearValue(each, `${field}.${name}`, open)])
  )
}
