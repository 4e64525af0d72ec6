import { createHash, createHmac, timingSafeEqual } from "node:crypto"
import type { Collection, CollectionIndex, SortRange } from "../../ports/documents/DocumentStore.ts"

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
  // Adding zero makes one zero of both.
  view.setFloat64(0, value + 0)
  const bits = view.getBigUint64(0)
  const sign = 1n << 63n
  const ordered = bits & sign ? ~bits & (sign * 2n - 1n) : bits | sign
  return `n${ordered.toString(16).padStart(16, "0")}`
}

/** Behind every text that {@link sortText} makes. */
const sortEnd = "~"

export const sortBounds = ({ from, to }: SortRange): readonly [from: string, to: string] => [
  sortText(from),
  to === undefined ? sortEnd : sortText(to)
]

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

const markBytes = 16

/** Binds a position to the list that issued it: nobody else can make a cursor, nor use it on another list. */
const markOf = (key: Uint8Array, list: ReadonlyArray<string>, position: Uint8Array): Buffer =>
  createHmac("sha256", key).update(JSON.stringify(list)).update("\n").update(position).digest().subarray(0, markBytes)

export const encodeCursor = (key: Uint8Array, list: ReadonlyArray<string>, sort: string, id: string): string => {
  const position = Buffer.from(JSON.stringify([sort, id]))
  return Buffer.concat([markOf(key, list, position), position]).toString("base64url")
}

/** `undefined` where another list issued it, or none. */
export const decodeCursor = (
  key: Uint8Array,
  list: ReadonlyArray<string>,
  cursor: string
): { readonly sort: string; readonly id: string } | undefined => {
  const bytes = Buffer.from(cursor, "base64url")
  const position = bytes.subarray(markBytes)
  if (position.length === 0) return undefined
  if (!timingSafeEqual(markOf(key, list, position), bytes.subarray(0, markBytes))) return undefined
  const [sort, id] = JSON.parse(position.toString("utf8")) as [string, string]
  return { sort, id }
}
