import type { AlertCondition, AlertInterval } from "../../../ports/analytics/Alert.ts"
import { bucketStarts } from "../../zones/buckets.ts"
import { localMillis } from "../../zones/zones.ts"

const minute = 60_000
const day = 86_400_000
export const weekMillis = 7 * day

/** Time after a bucket's end in which events of it may still come: it is looked at behind it. */
export const graceMillis: Readonly<Record<AlertInterval, number>> = {
  hour: 5 * minute,
  day: 30 * minute,
  week: 60 * minute
}
/** Buckets that are looked at together after the service was away; earlier ones are left. */
export const bucketsAtOnceMax: Readonly<Record<AlertInterval, number>> = { hour: 48, day: 14, week: 4 }
/** Past buckets that make the norm: the same hour of the week or weekday of 8 weeks, or 12 weeks. */
export const normWeeks: Readonly<Record<AlertInterval, number>> = { hour: 8, day: 8, week: 12 }
/** Fewer say nothing of what is usual. */
export const normWeeksMin: Readonly<Record<AlertInterval, number>> = { hour: 4, day: 4, week: 6 }

/** Longer than any bucket of the kind is, where clocks are set back. */
const longest: Readonly<Record<AlertInterval, number>> = { hour: 2 * 60 * minute, day: 25 * 60 * minute, week: 8 * day }

/** Weeks before a bucket that its condition looks at. */
const weeksBack = (condition: AlertCondition, interval: AlertInterval): number => {
  if (condition.kind === "unusual") return normWeeks[interval]
  return condition.kind === "changes" ? 1 : 0
}

export interface Bucket {
  readonly start: number
  /** Exclusive. */
  readonly end: number
  /** What clocks of the zone show at its start. */
  readonly local: number
}

export interface BucketScope {
  readonly interval: AlertInterval
  readonly zone: string
  readonly weekStart: number
}

/** Every bucket that touches [from, to), oldest first. */
export const bucketsBetween = (
  { interval, weekStart, zone }: BucketScope,
  fromMillis: number,
  toMillis: number
): ReadonlyArray<Bucket> => {
  const countMax = 10_000
  const starts = bucketStarts({
    zone,
    interval,
    weekStart,
    fromMillis,
    toMillis: toMillis + longest[interval],
    countMax
  })
  return starts.flatMap((start, index) => {
    const end = starts[index + 1]
    return end === undefined || start >= toMillis ? [] : [{ start, end, local: localMillis(zone, start) }]
  })
}

/** Buckets to look at now, oldest first: of a new alert the newest, else all since; and when the next one is due. */
export const bucketsDue = (
  scope: BucketScope,
  lookedAtUntil: number | null,
  now: number
): { readonly buckets: ReadonlyArray<Bucket>; readonly nextAt: number } => {
  const { interval } = scope
  const grace = graceMillis[interval]
  const countMax = lookedAtUntil === null ? 1 : bucketsAtOnceMax[interval]
  const all = bucketsBetween(scope, now - grace - (countMax + 2) * longest[interval], now + longest[interval])
  const complete = all.filter(({ end }) => end + grace <= now)
  const next = all.find(({ end }) => end + grace > now)
  return {
    buckets: complete.filter(({ start }) => start >= (lookedAtUntil ?? -Infinity)).slice(-countMax),
    nextAt: (next?.end ?? now + longest[interval]) + grace
  }
}

/** Where the series has to begin so that the condition can be judged of a bucket. */
export const historyStart = (condition: AlertCondition, interval: AlertInterval, firstStart: number): number =>
  firstStart - weeksBack(condition, interval) * weekMillis - (condition.kind === "changes" ? longest[interval] : day)
