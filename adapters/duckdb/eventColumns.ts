import { DuckDBBigIntVector, DuckDBUBigIntVector, DuckDBUIntegerVector } from "@duckdb/node-api"
import type { DuckDBVector } from "@duckdb/node-api"
import { batchEventsMax } from "../../ports/analytics/AnalyticsEvent.ts"
import type { Read } from "./Engine.ts"
import { quote } from "./literals.ts"
import { EventsByPerson } from "./OrderedEvents.ts"

/** Events that are held as columns at once: some 60 bytes each, half of them the engine's. */
export const columnEventsMax = 4_000_000
const shareBits = 8

/** People are hashes: the lowest bits of theirs share them out evenly. */
export interface PeopleShare {
  readonly first: number
  /** Exclusive. */
  readonly end: number
}

/** Shares of people that have few enough events each, by how many there are in the time at the most. */
export const peopleShares = async (
  read: Read,
  workspace: string,
  fromMillis: number,
  toMillis: number
): Promise<ReadonlyArray<PeopleShare>> => {
  const [held] = await read(
    "select estimated_size as n from duckdb_tables() where database_name = 'store' and table_name = 'events'"
  )
  const all = Number(held?.["n"])
  const counted =
    all <= columnEventsMax
      ? all
      : Number(
          (
            await read(
              `select count(*)::double as n from store.events where workspace = ${quote(workspace)} and time_ms >= ${fromMillis} and time_ms < ${toMillis}`
            )
          )[0]?.["n"]
        )
  const wanted = Math.min(2 ** shareBits, Math.max(1, Math.ceil(counted / columnEventsMax)))
  const edge = (share: number) => Math.floor((share * 2 ** shareBits) / wanted)
  return Array.from({ length: wanted }, (_, share) => ({ first: edge(share), end: edge(share + 1) }))
}

export const shareText = ({ end, first }: PeopleShare, person: string): ReadonlyArray<string> =>
  end - first === 2 ** shareBits ? [] : [`(${person} & ${2 ** shareBits - 1}) between ${first} and ${end - 1}`]

/**
 * The columns that order events of a person; to be followed by one of codes. Places that no batch has share the last one,
 * so that events there are told to be in no known order.
 */
export const eventColumnsText = (person: string): string => {
  const place = `least(greatest(e.idx, 0), ${batchEventsMax - 1})`
  return `${person} as person, e.time_ms as time, e.received_us * ${batchEventsMax} + ${place} as arrival`
}

/** The engine's own memory, of which the driver says nothing in its types. */
interface Held<Items> {
  readonly items: Items
}

const wordsOf = (vector: DuckDBVector | undefined): Uint32Array => {
  if (!(vector instanceof DuckDBBigIntVector) && !(vector instanceof DuckDBUBigIntVector))
    throw new TypeError("a column is not of 64 bits")
  const { items } = vector as unknown as Held<BigInt64Array | BigUint64Array>
  return new Uint32Array(items.buffer, items.byteOffset, items.length * 2)
}

const codesOf = (vector: DuckDBVector | undefined): Uint32Array => {
  if (!(vector instanceof DuckDBUIntegerVector)) throw new TypeError("the codes are not of 32 bits")
  return (vector as unknown as Held<Uint32Array>).items
}

/** Rows of a chunk: the engine has no longer ones. */
const chunkBits = 11

export interface ReadEvents {
  readonly events: EventsByPerson
  /** What stands behind the code, by the place of an event. */
  readonly other: (place: number) => unknown
}

/** The events of columns that begin with those of {@link eventColumnsText} and one of codes, and one more column. */
export const readEvents = async (read: Read, text: string): Promise<ReadEvents> => {
  const events = new EventsByPerson()
  const others: Array<DuckDBVector | undefined> = []
  await read.columns(text, ([people, times, arrivals, codes, other], count) => {
    events.add(
      { count, people: wordsOf(people), times: wordsOf(times), arrivals: wordsOf(arrivals), codes: codesOf(codes) },
      others.length << chunkBits
    )
    others.push(other)
  })
  return { events, other: (place) => others[place >>> chunkBits]?.getItem(place & (2 ** chunkBits - 1)) }
}
