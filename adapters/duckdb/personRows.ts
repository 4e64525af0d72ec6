import { DuckDBDoubleVector, DuckDBUBigIntVector, DuckDBUIntegerVector } from "@duckdb/node-api"
import type { DuckDBVector } from "@duckdb/node-api"
import { bootstrapRowsMax } from "../../ports/analytics/Bootstrap.ts"
import type { PersonRows } from "../../ports/analytics/Bootstrap.ts"
import type { Read } from "./Engine.ts"

/** The engine's own memory, of which the driver says nothing in its types: gone with the answer, so it is copied. */
interface Held<Items> {
  readonly items: Items
}

/** The rows of a query of `person`, `key` and measures, in their order. */
export const readPersonRows = async (
  read: Read,
  rows: string,
  measures: ReadonlyArray<string>
): Promise<PersonRows | { readonly tooMany: number }> => {
  await read(`create or replace temp table person_rows as\n${rows}`)
  const [counted] = await read("select count(*)::integer as n from person_rows")
  const count = Number(counted?.["n"])
  if (count > bootstrapRowsMax) return { tooMany: count }
  if (count === 0)
    return { people: new Uint32Array(), keys: new Uint32Array(), measures: measures.map(() => new Float64Array()) }
  const columns = ["person", "key::uinteger", ...measures.map((name) => `${name}::double`)]
  const [people, keys, ...rest] = await read.lists(
    `select ${columns.map((column) => `list(${column} order by person, key)`).join(", ")} from person_rows`
  )
  if (!(people instanceof DuckDBUBigIntVector) || !(keys instanceof DuckDBUIntegerVector))
    throw new TypeError("people and keys are not of the types that were asked for")
  const words = (people as unknown as Held<BigUint64Array>).items
  return {
    people: new Uint32Array(words.buffer, words.byteOffset, words.length * 2).slice(),
    keys: (keys as unknown as Held<Uint32Array>).items.slice(),
    measures: rest.map(numbersOf)
  }
}

const numbersOf = (vector: DuckDBVector): Float64Array<ArrayBuffer> => {
  if (!(vector instanceof DuckDBDoubleVector)) throw new TypeError("a measure is no number")
  return (vector as unknown as Held<Float64Array>).items.slice() as Float64Array<ArrayBuffer>
}
