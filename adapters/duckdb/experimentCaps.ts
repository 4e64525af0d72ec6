import type { ExperimentCut, ExperimentMetricPlan } from "../../ports/analytics/ExperimentPlan.ts"
import { inTurns, rowsPerTurn } from "./experimentColumns.ts"

/** Where totals are cut, by totals of units of one variant alone that did anything; `units`: how many there are at all. */
export const cutOf = async (
  cap: ExperimentMetricPlan["cap"],
  totals: ReadonlyArray<number>,
  units: number
): Promise<ExperimentCut | undefined> => {
  if (cap === undefined) return undefined
  const found = cap.kind === "absolute" ? cap.value : await percentileOf(cap, totals, units)
  // A share of totals below zero cuts nothing.
  if (found === undefined || found < 0) return undefined
  let above = 0
  await inTurns(totals.length, (from, to) => {
    for (let at = from; at < to; at += 1) if (totals[at]! > found) above += 1
  })
  return { cap: found, units: above }
}

/** Linear between neighbours. */
const percentileOf = async (
  { ignoreZeros, share }: Extract<NonNullable<ExperimentMetricPlan["cap"]>, { readonly kind: "percentile" }>,
  totals: ReadonlyArray<number>,
  units: number
): Promise<number | undefined> => {
  const some = new Float64Array(totals.length)
  let length = 0
  let negatives = 0
  await inTurns(totals.length, (from, to) => {
    for (let at = from; at < to; at += 1) {
      const total = totals[at]!
      if (total === 0) continue
      if (total < 0) negatives += 1
      some[length] = total
      length += 1
    }
  })
  const values = await sortedInTurns(some.subarray(0, length))
  const zeros = ignoreZeros ? 0 : units - length
  const count = length + zeros
  if (count === 0) return undefined
  const at = (place: number) =>
    place < negatives ? values[place]! : place < negatives + zeros ? 0 : values[place - zeros]!
  const position = (count - 1) * share
  const low = at(Math.floor(position))
  return low + (position - Math.floor(position)) * (at(Math.ceil(position)) - low)
}

/** In ascending order: parts are sorted, then merged by twos; `values` are overwritten. */
const sortedInTurns = async (values: Float64Array): Promise<Float64Array> => {
  const { length } = values
  await inTurns(length, (from, to) => void values.subarray(from, to).sort())
  let from: Float64Array = values
  let into: Float64Array = new Float64Array(length)
  for (let size = rowsPerTurn; size < length; size *= 2) {
    const [read, write] = [from, into]
    let left = 0
    let right = size
    await inTurns(length, (start, end) => {
      for (let at = start; at < end; at += 1) {
        const begin = at - (at % (2 * size))
        if (at === begin) {
          left = begin
          right = Math.min(length, begin + size)
        }
        const isLeft =
          left < Math.min(length, begin + size) &&
          (right >= Math.min(length, begin + 2 * size) || read[left]! <= read[right]!)
        write[at] = isLeft ? read[left++]! : read[right++]!
      }
    })
    from = write
    into = read
  }
  return from
}
