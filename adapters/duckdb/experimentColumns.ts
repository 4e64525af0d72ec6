import { DuckDBDoubleVector, DuckDBIntegerVector, DuckDBUIntegerVector } from "@duckdb/node-api"
import type { DuckDBVector } from "@duckdb/node-api"
import { setImmediate as nextTurn } from "node:timers/promises"
import type { Read } from "./Engine.ts"
import { eventColumnsText, stepBits, wordsOf } from "./experimentEventsText.ts"
import type { EventColumns } from "./experimentEventsText.ts"
import { unitColumnsText } from "./experimentUnitsText.ts"

/** The engine's own memory, of which the driver says nothing in its types: gone with the chunk, so it is copied. */
interface Held<Items> {
  readonly items: Items
}

const integers = (vector: DuckDBVector | undefined): Uint32Array | Int32Array => {
  if (!(vector instanceof DuckDBUIntegerVector) && !(vector instanceof DuckDBIntegerVector))
    throw new TypeError("a column is not of 32 bits")
  return (vector as unknown as Held<Uint32Array | Int32Array>).items
}

const doubles = (vector: DuckDBVector | undefined): Float64Array => {
  if (!(vector instanceof DuckDBDoubleVector)) throw new TypeError("a column is no number")
  return (vector as unknown as Held<Float64Array>).items
}

/** Rows that are worked on at once: a few milliseconds, then the event loop runs. */
export const rowsPerTurn = 32_768

/** Works on all of them, some at a time. */
export const inTurns = async (count: number, work: (from: number, to: number) => void): Promise<void> => {
  for (let from = 0; from < count; from += rowsPerTurn) {
    if (from > 0) await nextTurn()
    work(from, Math.min(count, from + rowsPerTurn))
  }
}

/** Units by their number. */
export interface Units {
  readonly count: number
  /** The variant from the second bit on; the first bit says whether a unit saw several. */
  readonly arms: Uint32Array
  /** First exposures, ms UTC. */
  readonly firsts: Float64Array
}

/** Of a unit that stands nowhere. */
export const noArm = 0xffff_ffff

/** What `experiment_units` holds, of as many units as were counted when they got their numbers. */
export const readUnits = async (read: Read, count: number): Promise<Units> => {
  const arms = new Uint32Array(count).fill(noArm)
  const firsts = new Float64Array(count)
  await read.columns(unitColumnsText, ([unitColumn, armColumn, firstColumn], rows) => {
    const [units, own, first] = [integers(unitColumn), integers(armColumn), doubles(firstColumn)]
    for (let row = 0; row < rows; row += 1) {
      const unit = units[row]!
      arms[unit] = own[row]!
      firsts[unit] = first[row]!
    }
  })
  return { count, arms, firsts }
}

/** How long before its first exposure each unit last did anything, in ms; none within the time asked for. */
export const noGap = 0xffff_ffff

export const readGaps = async (read: Read, text: string, count: number): Promise<Uint32Array> => {
  const gaps = new Uint32Array(count).fill(noGap)
  await read.columns(text, ([unitColumn, gapColumn], rows) => {
    const [units, own] = [integers(unitColumn), integers(gapColumn)]
    for (let row = 0; row < rows; row += 1) {
      const unit = units[row]!
      if (own[row]! < gaps[unit]!) gaps[unit] = own[row]!
    }
  })
  return gaps
}

/** Events of units whose numbers lie in a range, as columns, by unit and in order of time. */
export interface UnitEvents {
  readonly count: number
  /** The first unit of the range. */
  readonly first: number
  /** Where the events of each unit of the range begin; the last one is their end. */
  readonly starts: Uint32Array
  readonly units: Uint32Array
  /** ms after the first exposure, below 0 before it. */
  readonly afters: Float64Array
  /** Which parts take an event, 32 in a word. */
  readonly words: ReadonlyArray<Uint32Array>
  /** What an event adds. */
  readonly values: ReadonlyArray<Float64Array>
  /** Whether ids alone tell which of two events that are steps of a funnel was first: their order is unknown here. */
  readonly ambiguous: boolean
}

export interface UnitRange {
  readonly first: number
  /** Exclusive. */
  readonly end: number
}

/** `rows`: how many events there are of the units at the most. */
export const readEvents = async (
  read: Read,
  columns: EventColumns,
  range: UnitRange,
  rows: number
): Promise<UnitEvents> => {
  const units = new Uint32Array(rows)
  const afters = new Float64Array(rows)
  const words = Array.from({ length: wordsOf(columns) }, () => new Uint32Array(rows))
  const values = columns.amounts.map(() => new Float64Array(rows))
  const received = new Float64Array(columns.ordered ? rows : 0)
  const indexes = new Int32Array(columns.ordered ? rows : 0)
  let count = 0
  await read.columns(eventColumnsText(columns, range), (vectors, added) => {
    const [unitColumn, afterColumn, ...others] = vectors
    units.set(integers(unitColumn).subarray(0, added), count)
    afters.set(doubles(afterColumn).subarray(0, added), count)
    for (const [index, word] of words.entries()) word.set(integers(others[index]).subarray(0, added), count)
    const rest = others.slice(words.length)
    for (const [index, value] of values.entries()) value.set(doubles(rest[index]).subarray(0, added), count)
    if (columns.ordered) {
      const [receivedColumn, indexColumn] = rest.slice(values.length)
      received.set(doubles(receivedColumn).subarray(0, added), count)
      indexes.set(integers(indexColumn).subarray(0, added), count)
    }
    count += added
  })
  const order = columns.ordered ? { received, indexes } : undefined
  const { compare, places, starts } = await placesByUnit({ count, units, afters, order, range })
  const ordered = {
    count,
    first: range.first,
    starts,
    units: await inOrder(units, places),
    afters: await inOrder(afters, places),
    words: await Promise.all(words.map((word) => inOrder(word, places))),
    values: await Promise.all(values.map((value) => inOrder(value, places)))
  }
  return { ...ordered, ambiguous: await hasTies(ordered, stepBits(columns), (a, b) => compare(places[a]!, places[b]!)) }
}

/** Whether two steps of one unit, with other events or none in between, are not told apart. */
const hasTies = async (
  { afters, count, units, words }: Omit<UnitEvents, "ambiguous">,
  steps: ReadonlyArray<number>,
  compare: (left: number, right: number) => number
): Promise<boolean> => {
  let before = -1
  let found = false
  await inTurns(count, (from, to) => {
    for (let at = from; at < to; at += 1) {
      let isStep = false
      for (let word = 0; word < steps.length; word += 1) if ((words[word]![at]! & steps[word]!) !== 0) isStep = true
      if (!isStep) continue
      if (before >= 0 && units[before] === units[at] && afters[before] === afters[at] && compare(before, at) === 0)
        found = true
      before = at
    }
  })
  return found
}

/** The column with what stands at each of the places. */
const inOrder = async <Column extends Uint32Array | Float64Array>(
  column: Column,
  places: Uint32Array
): Promise<Column> => {
  const ordered = column.slice(0, places.length) as Column
  await inTurns(places.length, (from, to) => {
    for (let at = from; at < to; at += 1) ordered[at] = column[places[at]!]!
  })
  return ordered
}

interface Ungrouped {
  readonly count: number
  readonly units: Uint32Array
  readonly afters: Float64Array
  /** What tells events of one instant apart. */
  readonly order: { readonly received: Float64Array; readonly indexes: Int32Array } | undefined
  readonly range: UnitRange
}

/** Counted into their units, of which most have few events, and those sorted. */
const placesByUnit = async ({ afters, count, order, range, units }: Ungrouped) => {
  const { end, first } = range
  const starts = new Uint32Array(end - first + 1)
  await inTurns(count, (from, to) => {
    for (let row = from; row < to; row += 1) starts[units[row]! - first]! += 1
  })
  let sum = 0
  await inTurns(end - first, (from, to) => {
    for (let unit = from; unit < to; unit += 1) {
      sum += starts[unit]!
      starts[unit] = sum
    }
  })
  starts[end - first] = count
  const places = new Uint32Array(count)
  // From behind, so that what comes in order stays so and ends become starts.
  await inTurns(count, (from, to) => {
    for (let row = count - 1 - from; row >= count - to; row -= 1) {
      const unit = units[row]! - first
      const place = starts[unit]! - 1
      starts[unit] = place
      places[place] = row
    }
  })
  const compare = (left: number, right: number): number => {
    const apart = afters[left]! - afters[right]!
    if (apart !== 0 || order === undefined) return apart
    return order.received[left]! - order.received[right]! || order.indexes[left]! - order.indexes[right]!
  }
  await inTurns(end - first, (from, to) => {
    for (let unit = from; unit < to; unit += 1) {
      const start = starts[unit]!
      const stop = starts[unit + 1]!
      if (stop - start < 2) continue
      if (stop - start > insertionMax) places.subarray(start, stop).sort(compare)
      else insert(places, start, stop, compare)
    }
  })
  return { starts, places, compare }
}

/** What is longer is sorted otherwise. */
const insertionMax = 32

const insert = (
  places: Uint32Array,
  start: number,
  stop: number,
  compare: (left: number, right: number) => number
): void => {
  for (let at = start + 1; at < stop; at += 1) {
    const place = places[at]!
    let into = at
    for (; into > start && compare(places[into - 1]!, place) > 0; into -= 1) places[into] = places[into - 1]!
    places[into] = place
  }
}

/** The few events of who came through a funnel, as those of a part that takes them all. */
export const readCompletions = async (read: Read, text: string, count: number): Promise<UnitEvents> => {
  const units: Array<number> = []
  const told: Array<number> = []
  await read.columns(text, ([unitColumn, afterColumn], rows) => {
    const [own, after] = [integers(unitColumn), doubles(afterColumn)]
    for (let row = 0; row < rows; row += 1) {
      units.push(own[row]!)
      told.push(after[row]!)
    }
  })
  const afters = Float64Array.from(told)
  const own = Uint32Array.from(units)
  const range = { first: 0, end: count }
  const { places, starts } = await placesByUnit({ count: units.length, units: own, afters, order: undefined, range })
  return {
    count: units.length,
    first: 0,
    starts,
    units: await inOrder(own, places),
    afters: await inOrder(afters, places),
    words: [new Uint32Array(units.length).fill(1)],
    values: [],
    ambiguous: false
  }
}
