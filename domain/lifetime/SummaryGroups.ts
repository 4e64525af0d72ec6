import type { Steps } from "../statistics/steps.ts"
import type { RecencyFrequency } from "./CustomerSummary.ts"

/** Customers with equal summaries, held as columns and ordered, so that the order of customers leaves no trace. */
export interface SummaryGroups {
  readonly customers: number
  readonly repeaters: number
  /** Distinct (frequency, age, recency), one an index, ascending. */
  readonly frequency: Float64Array
  readonly ageWeeks: Float64Array
  readonly recencyWeeks: Float64Array
  readonly customersAlike: Float64Array
  /** At index j: the customers whose frequency is above j. */
  readonly frequencyAbove: Float64Array
}

const summariesPerSlice = 8192

type Counts = Map<number, Map<number, Map<number, number>>>

export function* groupSummaries(summaries: ReadonlyArray<RecencyFrequency>): Steps<SummaryGroups> {
  const counts: Counts = new Map()
  for (const [index, { ageWeeks, frequency, recencyWeeks }] of summaries.entries()) {
    const recencies = mapAt(mapAt(counts, frequency), ageWeeks)
    recencies.set(recencyWeeks, (recencies.get(recencyWeeks) ?? 0) + 1)
    if (index % summariesPerSlice === summariesPerSlice - 1) yield undefined
  }
  const rows: Array<readonly [frequency: number, ageWeeks: number, recencyWeeks: number, customers: number]> = []
  for (const [frequency, ages] of ascending(counts)) {
    for (const [ageWeeks, recencies] of ascending(ages)) {
      for (const [recencyWeeks, customers] of ascending(recencies)) {
        rows.push([frequency, ageWeeks, recencyWeeks, customers])
      }
    }
    yield undefined
  }
  const frequencyAbove = aboveEach(rows.map(([frequency, , , customers]) => [frequency, customers]))
  return {
    customers: summaries.length,
    repeaters: frequencyAbove[0] ?? 0,
    frequency: Float64Array.from(rows, ([frequency]) => frequency),
    ageWeeks: Float64Array.from(rows, ([, ageWeeks]) => ageWeeks),
    recencyWeeks: Float64Array.from(rows, ([, , recencyWeeks]) => recencyWeeks),
    customersAlike: Float64Array.from(rows, ([, , , customers]) => customers),
    frequencyAbove
  }
}

const mapAt = <Value>(maps: Map<number, Map<number, Value>>, key: number): Map<number, Value> => {
  const known = maps.get(key)
  if (known !== undefined) return known
  const fresh = new Map<number, Value>()
  maps.set(key, fresh)
  return fresh
}

const ascending = <Value>(map: ReadonlyMap<number, Value>): ReadonlyArray<readonly [number, Value]> =>
  [...map].toSorted(([a], [b]) => a - b)

/** From customers by frequency, ascending, the customers above each count. */
const aboveEach = (rows: ReadonlyArray<readonly [frequency: number, customers: number]>): Float64Array => {
  const above = new Float64Array(rows.at(-1)?.[0] ?? 0)
  for (const [frequency, customers] of rows) if (frequency > 0) above[frequency - 1]! += customers
  for (let j = above.length - 2; j >= 0; j--) above[j]! += above[j + 1]!
  return above
}
