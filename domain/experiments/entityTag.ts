import { createHash } from "node:crypto"

/** A strong tag of all that is given: anything else never has the same one, whatever order its names stand in. */
export const entityTagOf = (...parts: ReadonlyArray<unknown>): string =>
  `"${createHash("sha256")
    .update(JSON.stringify(parts.map(sorted)))
    .digest("base64url")}"`

/** The same JSON value with its names in order, whatever order they were sent in. */
const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== "object" || value === null) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return entries.map(([name, held]) => [name, sorted(held)])
}
