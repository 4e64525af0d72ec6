import { createHash } from "node:crypto"
import type { Collection, CollectionIndex } from "../../ports/documents/DocumentStore.ts"

/** Collections that `commit` fills beside the documents; every store has them. */
export const impliedCollections: ReadonlyArray<Collection> = [
  {
    name: "audit",
    unique: [],
    indexes: [
      { name: "by_time", equals: [], sort: "at", direction: "descending" },
      { name: "by_actor", equals: ["actor"], sort: "at", direction: "descending" },
      { name: "by_action", equals: ["action"], sort: "at", direction: "descending" },
      { name: "by_actor_and_action", equals: ["actor", "action"], sort: "at", direction: "descending" }
    ]
  },
  { name: "idempotency", unique: [], indexes: [] },
  { name: "outbox", unique: [], indexes: [{ name: "by_time", equals: [], sort: "at", direction: "ascending" }] }
]

/** The value at a dotted path, `undefined` where there is none. */
export const valueAt = (data: unknown, path: string): unknown => {
  let value = data
  for (const part of path.split(".")) {
    if (typeof value !== "object" || value === null) return undefined
    value = (value as Record<string, unknown>)[part]
  }
  return value
}

/**
 * Text whose byte order is the order of the values: nothing, then numbers, then strings. A number is its IEEE 754
 * image with the sign bit turned, so that any database that compares bytes sorts it right.
 */
export const sortText = (value: unknown): string => {
  if (typeof value === "string") return `s${value}`
  if (typeof value !== "number") return ""
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const sign = 1n << 63n
  const ordered = bits & sign ? ~bits & (sign * 2n - 1n) : bits | sign
  return `n${ordered.toString(16).padStart(16, "0")}`
}

export const equalsText = (values: ReadonlyArray<unknown>): string =>
  JSON.stringify(values.map((value) => value ?? null))

export const entryOf = (index: CollectionIndex, data: unknown): { readonly equals: string; readonly sort: string } => ({
  equals: equalsText(index.equals.map((path) => valueAt(data, path))),
  sort: sortText(valueAt(data, index.sort))
})

export const definitionHash = (collection: Collection): string =>
  createHash("sha256")
    .update(JSON.stringify([collection.indexes, collection.unique]))
    .digest("hex")

/** Binds a cursor to the list that issued it. */
const listMark = (list: ReadonlyArray<string>): string =>
  createHash("sha256").update(JSON.stringify(list)).digest("base64url").slice(0, 16)

export const encodeCursor = (list: ReadonlyArray<string>, sort: string, id: string): string =>
  Buffer.from(JSON.stringify([listMark(list), sort, id])).toString("base64url")

/** `undefined` where another list issued it, or none. */
export const decodeCursor = (
  list: ReadonlyArray<string>,
  cursor: string
): { readonly sort: string; readonly id: string } | undefined => {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"))
    if (!Array.isArray(parts) || parts.length !== 3 || parts.some((part) => typeof part !== "string")) return undefined
    const [mark, sort, id] = parts as [string, string, string]
    return mark === listMark(list) ? { sort, id } : undefined
  } catch {
    return undefined
  }
}
