import { assert, describe, it } from "vitest"
import * as fc from "fast-check"
import type { AlertCondition, AlertInterval } from "../../../ports/analytics/Alert.ts"
import { bucketsBetween, bucketsDue, graceMillis, historyStart } from "./alertBuckets.ts"
import { judgeBucket } from "./judgeBucket.ts"
import { dispersionOf, seasonalNorm } from "./seasonalNorm.ts"

const day = 86_400_000
const scope = (interval: AlertInterval, zone = "Europe/Berlin") => ({ interval, zone, weekStart: 1 })

/** Judges the last of the buckets up to an instant, whose values a function of their local time makes. */
const judged = (
  condition: AlertCondition,
  interval: AlertInterval,
  until: string,
  value: (local: Date, isLast: boolean) => number | null,
  { isCount = true, zone = "Europe/Berlin" } = {}
) => {
  const { buckets } = bucketsDue(scope(interval, zone), null, Date.parse(until))
  const last = buckets[0]!
  const all = bucketsBetween(scope(interval, zone), historyStart(condition, interval, last.start), last.end)
  const series = all.map((bucket) => ({ ...bucket, value: value(new Date(bucket.local), bucket.start === last.start) }))
  return judgeBucket({ condition, interval, zone, isCount }, series, series.length - 1)
}

describe("a bucket", () => {
  it("is above or below a number, which itself is neither", () => {
    const at = (kind: "above" | "below", value: number) =>
      judged({ kind, value: 10 }, "day", "2026-11-30T12:00:00Z", () => value).outcome
    assert.deepStrictEqual(
      [at("above", 10), at("above", 10.5), at("below", 10), at("below", 9)],
      ["not_met", "met", "not_met", "met"]
    )
  })

  it("has no value where the metric has none", () => {
    assert.strictEqual(
      judged({ kind: "below", value: 10 }, "day", "2026-11-30T12:00:00Z", () => null).outcome,
      "no_value"
    )
  })

  it("changes by percent against the one before, or the same hour a week before, over a change of the clocks", () => {
    const change = { kind: "changes", direction: "down", percent: 50 } as const
    const halved = judged(change, "hour", "2026-10-26T12:30:00Z", (_, isLast) => (isLast ? 5 : 10))
    assert.deepInclude(halved, { outcome: "met", compared_with: 10, value: 5 })
    // Clocks went back on 25 October: 13:00 of a week before is an hour earlier in UTC.
    const weekly = judged({ ...change, against: "week_before" }, "hour", "2026-10-26T12:30:00Z", (local, isLast) =>
      isLast ? 5 : local.getUTCHours()
    )
    assert.deepInclude(weekly, { outcome: "met", compared_with: 12 })
    assert.strictEqual(
      judged(change, "hour", "2026-10-26T12:30:00Z", (_, isLast) => (isLast ? 6 : 10)).outcome,
      "not_met"
    )
    const up = judged({ ...change, direction: "up" }, "day", "2026-10-26T12:30:00Z", (_, isLast) => (isLast ? 3 : 0))
    assert.strictEqual(up.outcome, "met")
    const nothing = judged({ ...change, direction: "either" }, "day", "2026-10-26T12:30:00Z", () => 0)
    assert.strictEqual(nothing.outcome, "not_met")
  })

  it("is unusual against the same hour of other weeks, not against other hours", () => {
    const condition = { kind: "unusual", direction: "either" } as const
    // By day 400, by night 4.
    const usual = (local: Date) => (local.getUTCHours() >= 8 ? 400 : 4)
    const at = (until: string, value: number) =>
      judged(condition, "hour", until, (local, isLast) => (isLast ? value : usual(local)))
    assert.deepInclude(at("2026-11-26T12:10:00Z", 400), { outcome: "not_met", compared_with: 400, history: 8 })
    assert.strictEqual(at("2026-11-26T12:10:00Z", 40).outcome, "met")
    assert.strictEqual(at("2026-11-26T02:10:00Z", 4).outcome, "not_met")
    assert.strictEqual(at("2026-11-26T02:10:00Z", 40).outcome, "met")
    // 400 ± 4 × √400.
    assert.deepStrictEqual(at("2026-11-26T12:10:00Z", 400).expected, { low: 320, high: 480 })
    // A week after clocks changed hours still are compared as they are shown.
    assert.deepInclude(at("2026-10-27T12:10:00Z", 400), { compared_with: 400 })
    const down = judged({ ...condition, direction: "down" }, "hour", "2026-11-26T12:10:00Z", (local, isLast) =>
      isLast ? 4000 : usual(local)
    )
    assert.strictEqual(down.outcome, "not_met")
  })

  it("is not judged unusual before enough weeks have passed since the first event", () => {
    const since = (weeks: number) =>
      judged({ kind: "unusual", direction: "down" }, "day", "2026-11-26T12:10:00Z", (local, isLast) =>
        isLast || local.getTime() < Date.parse("2026-11-25T00:00:00Z") - weeks * 7 * day ? 0 : 100
      )
    assert.deepInclude(since(3), { outcome: "too_little_history", history: 3 })
    assert.deepInclude(since(4), { outcome: "met", history: 4 })
  })
})

describe("the seasonal norm", () => {
  it("is not moved by one odd week", () => {
    const usual = [100, 104, 96, 101, 99, 103, 97, 100]
    const norm = seasonalNorm(usual, { isCount: true, sensitivity: "medium", dispersion: 0 })
    const odd = seasonalNorm([...usual.slice(1), 100_000], { isCount: true, sensitivity: "medium", dispersion: 0 })
    assert.deepStrictEqual([norm.median, norm.low, norm.high], [100, 60, 140])
    assert.isBelow(Math.abs(odd.high - norm.high), 3)
  })

  it("learns from all seasons how far values spread, where a few weeks of one say little", () => {
    // Each season spreads by three times the square root of its median, but for one that happened to stand still.
    const spread = (centre: number) =>
      [-4, -3, -2, -1, 1, 2, 3, 4].map((step) => centre + 1.2 * step * Math.sqrt(centre))
    const still = Array.from({ length: 8 }, () => 100)
    const dispersion = dispersionOf([spread(100), spread(400), spread(900), spread(50), still], true)
    assert.isTrue(dispersion > 2.5 && dispersion < 5.5, String(dispersion))
    const norm = seasonalNorm(still, { isCount: true, sensitivity: "medium", dispersion })
    assert.isAtMost(norm.low, 0.1)
    assert.strictEqual(dispersionOf([[1, 2]], true), 0)
    // Amounts spread with their size: in another currency the norm is the same.
    const amounts = [spread(100), spread(400)]
    const cents = amounts.map((values) => values.map((value) => value * 100))
    assert.closeTo(dispersionOf(cents, false), dispersionOf(amounts, false), 1e-12)
  })

  it("is passed seldom while nothing happens, though counts spread twice as far as Poisson's", () => {
    let state = 12_345
    const uniform = () => ((state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) + 0.5) / 4_294_967_296
    const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
    const draw = (mean: number) => Math.max(0, Math.round(mean + 2 * Math.sqrt(mean) * normal()))
    const means = Array.from({ length: 168 }, (_, hour) => 100 + hour)
    let alarms = 0
    let hours = 0
    let noticed = 0
    for (let world = 0; world < 10; world += 1) {
      const seasons = means.map((mean) => Array.from({ length: 8 }, () => draw(mean)))
      const dispersion = dispersionOf(seasons, true)
      for (const [season, mean] of means.entries()) {
        const norm = seasonalNorm(seasons[season]!, { isCount: true, sensitivity: "medium", dispersion })
        for (let each = 0; each < 20; each += 1) {
          const value = draw(mean)
          hours += 1
          if (value > norm.high || value < norm.low) alarms += 1
        }
        if (mean / 10 < norm.low) noticed += 1
      }
    }
    assert.isBelow(alarms / hours, 1 / 3000, `${alarms} of ${hours}`)
    // A fall to a tenth nearly never goes unseen.
    assert.isAbove(noticed / (10 * means.length), 0.9, `${noticed} of ${10 * means.length}`)
  })

  it("holds its median, is wider where it is less sensitive, and grows with what it measures", () => {
    const samples = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 4, maxLength: 12 })
    fc.assert(
      fc.property(samples, fc.boolean(), fc.double({ min: 0, max: 10, noNaN: true }), (values, isCount, dispersion) => {
        const [low, medium, high] = (["low", "medium", "high"] as const).map((sensitivity) =>
          seasonalNorm(values, { isCount, sensitivity, dispersion })
        )
        assert.isAtMost(high!.low, high!.median)
        assert.isAtLeast(high!.high, high!.median)
        assert.isTrue(low!.low <= medium!.low && medium!.low <= high!.low)
        assert.isTrue(low!.high >= medium!.high && medium!.high >= high!.high)
        if (isCount) assert.isAtLeast(low!.low, 0)
      })
    )
  })
})

describe("buckets that are due", () => {
  it("are each looked at once, none left out, whenever the clock is looked at", () => {
    const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")
    const interval = fc.constantFrom<AlertInterval>("hour", "day", "week")
    const start = fc.integer({ min: Date.parse("2026-01-01T00:00:00Z"), max: Date.parse("2027-01-01T00:00:00Z") })
    fc.assert(
      fc.property(zone, interval, start, fc.integer({ min: 1, max: 5 }), (name, each, from, rounds) => {
        let until: number | null = null
        let now = from
        for (let round = 0; round < rounds; round += 1) {
          const { buckets, nextAt } = bucketsDue(scope(each, name), until, now)
          assert.lengthOf(buckets, 1)
          if (until !== null) assert.strictEqual(buckets[0]!.start, until)
          assert.isAtMost(buckets[0]!.end + graceMillis[each], now)
          assert.isAbove(nextAt, now)
          assert.lengthOf(bucketsDue(scope(each, name), buckets[0]!.end, nextAt - 1).buckets, 0)
          until = buckets[0]!.end
          now = nextAt
        }
      })
    )
  })

  it("are not all looked at after a long absence", () => {
    const { buckets } = bucketsDue(
      scope("hour"),
      Date.parse("2026-01-01T00:00:00Z"),
      Date.parse("2026-11-26T12:10:00Z")
    )
    assert.lengthOf(buckets, 48)
    assert.strictEqual(buckets.at(-1)!.end, Date.parse("2026-11-26T12:00:00Z"))
  })
})
