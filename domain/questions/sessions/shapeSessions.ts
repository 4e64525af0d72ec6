import type { SessionRows, SessionSums } from "../../../ports/analytics/SessionPlan.ts"
import type { SessionMetrics, SessionPeriod } from "../../../ports/analytics/SessionQuestion.ts"
import { roundSignificant } from "../../statistics/significantDigits.ts"
import { smallGroupPeople } from "../../statistics/smallGroup.ts"
import { wilsonInterval } from "../../statistics/wilson.ts"
import { formatExactly, formatInstant } from "../../zones/zones.ts"
import type { PlannedSessions } from "./planSessions.ts"

const nothing: SessionSums = {
  sessions: 0,
  people: 0,
  bounces: 0,
  pages: 0n,
  durationMillis: 0n,
  medianMillis: null,
  engagedMillis: 0n,
  engagedSessions: 0,
  scrollPercent: 0n,
  scrolledSessions: 0
}

const meanOf = (sum: bigint, count: number): number | null =>
  count === 0 ? null : roundSignificant(Number(sum) / count)

const boundsOf = (bounces: number, sessions: number): [number, number] => {
  const [low, high] = wilsonInterval(bounces, sessions)
  return [roundSignificant(low), roundSignificant(high)]
}

const metricsOf = (sums: SessionSums): SessionMetrics => {
  const { bounces, medianMillis, people, sessions } = sums
  return {
    sessions,
    people,
    small: people < smallGroupPeople,
    bounces,
    bounce_rate: meanOf(BigInt(bounces), sessions),
    bounce_interval: sessions === 0 ? null : boundsOf(bounces, sessions),
    pages: Number(sums.pages),
    pages_per_session: meanOf(sums.pages, sessions),
    duration_mean_ms: meanOf(sums.durationMillis, sessions),
    duration_median_ms: medianMillis === null ? null : roundSignificant(medianMillis),
    engaged_mean_ms: meanOf(sums.engagedMillis, sums.engagedSessions),
    engaged_sessions: sums.engagedSessions,
    scroll_mean_percent: meanOf(sums.scrollPercent, sums.scrolledSessions),
    scrolled_sessions: sums.scrolledSessions
  }
}

/** Rows of the store as the answer: every bucket of the range, each with every group. */
export const shapeSessions = (
  { bucketStarts, plan, zone }: PlannedSessions,
  { groups, rows }: SessionRows
): SessionPeriod => {
  const found = new Map(rows.map((row) => [`${row.bucket}|${row.group}`, row]))
  const of = (bucket: number | undefined, group: number | "other" | undefined) =>
    metricsOf(found.get(`${bucket}|${group}`) ?? nothing)
  const seriesOf = (group: number | "other" | undefined) =>
    plan.buckets.length === 0 ? {} : { series: bucketStarts.map((_, bucket) => of(bucket, group)) }
  const hasOther = rows.some(({ group }) => group === "other")
  return {
    from: formatExactly(zone, plan.fromMillis),
    to: formatExactly(zone, plan.toMillis),
    buckets: bucketStarts.map((start) => formatInstant(zone, start)),
    totals: of(undefined, undefined),
    ...seriesOf(undefined),
    rows: [
      ...groups.map((value, group) => ({ value, metrics: of(undefined, group), ...seriesOf(group) })),
      ...(hasOther ? [{ other: true as const, metrics: of(undefined, "other"), ...seriesOf("other") }] : [])
    ]
  }
}
