import type { OffsetRun } from "../../ports/analytics/LifetimePlan.ts"
import type { Steps } from "../statistics/steps.ts"
import { offsetMillis } from "./zones.ts"

/** No zone changes its clocks and changes them back within three weeks: the shortest, for Ramadan, take four. */
const stepMillis = 21 * 86_400_000
/** Clocks change at whole minutes. */
const minuteMillis = 60_000
const samplesPerSlice = 50

/** Offsets that clocks of the zone have in [from, to), ascending, the first at `from`, a whole minute. */
export function* offsetRuns(zone: string, fromMillis: number, toMillis: number): Steps<ReadonlyArray<OffsetRun>> {
  const runs: Array<OffsetRun> = [{ fromMillis, offsetMillis: offsetMillis(zone, fromMillis) }]
  let samples = 0
  for (let at = fromMillis; at < toMillis; at += stepMillis) {
    const next = at + stepMillis
    const offset = offsetMillis(zone, next)
    samples += 1
    if (offset !== runs.at(-1)!.offsetMillis) {
      const change = changeBetween(zone, at, next)
      if (change < toMillis) runs.push({ fromMillis: change, offsetMillis: offset })
      yield undefined
    } else if (samples % samplesPerSlice === 0) yield undefined
  }
  return runs
}

/** First instant with the offset of `after`, which `before` has not. */
const changeBetween = (zone: string, before: number, after: number): number => {
  const offset = offsetMillis(zone, after)
  let low = 0
  let high = (after - before) / minuteMillis
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetMillis(zone, before + middle * minuteMillis) === offset) high = middle
    else low = middle
  }
  return before + high * minuteMillis
}
