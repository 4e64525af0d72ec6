import type { DuckDBConnection } from "@duckdb/node-api"
import { IdTable } from "./IdTable.ts"
import { SortedIds } from "./SortedIds.ts"

/** Hashes of all retained event ids: those that the file held when it was opened, and those that came since. */
export class KnownIds {
  readonly #held: SortedIds
  readonly #added = new IdTable()

  constructor(held: SortedIds) {
    this.#held = held
  }

  has(high: number, low: number): boolean {
    return this.#added.has(high, low) || this.#held.has(high, low)
  }

  add(high: number, low: number): void {
    this.#added.add(high, low)
  }
}

/** The engine sorts on threads of its own; here its chunks are copied, and between two of them the event loop runs. */
export const loadIds = async (connection: DuckDBConnection): Promise<KnownIds> => {
  const counted = await connection.runAndReadAll("select count(*)::integer as n from store.events")
  const held = new SortedIds(Number(counted.getRowObjectsJS()[0]?.["n"]))
  const result = await connection.stream("select id_hash from store.events order by 1")
  for (;;) {
    const chunk = await result.fetchChunk()
    if (chunk === null || chunk.rowCount === 0) return new KnownIds(held)
    const { items } = chunk.getColumnVector(0) as unknown as { readonly items: BigUint64Array }
    held.append(items.subarray(0, chunk.rowCount))
  }
}
