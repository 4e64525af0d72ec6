import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { bucketRuns, bucketStarts } from "./buckets.ts"
import type { Interval } from "./buckets.ts"
import {
  dayAt,
  formatDay,
  formatExactly,
  formatInstant,
  isZone,
  localMillis,
  parseDay,
  startOfDay,
  weekday
} from "./zones.ts"

const zones = [
  "UTC",
  "Europe/Berlin",
  "America/New_York",
  "America/Sao_Paulo",
  "Asia/Kolkata",
  "Australia/Lord_Howe",
  "Asia/Beirut",
  "Pacific/Apia",
  "Asia/Kathmandu"
]
const start = (zone: string, day: string) => new Date(startOfDay(zone, parseDay(day)!)).toISOString()

describe("zones", () => {
  it("knows the first instant of days with and without a change of clocks", () => {
    assert.strictEqual(start("Europe/Berlin", "2026-03-29"), "2026-03-28T23:00:00.000Z")
    assert.strictEqual(start("Europe/Berlin", "2026-03-30"), "2026-03-29T22:00:00.000Z")
    assert.strictEqual(start("Asia/Kolkata", "2026-01-01"), "2025-12-31T18:30:00.000Z")
    // Midnight was skipped: clocks went from 2018-11-03 23:59:59 to 2018-11-04 01:00.
    assert.strictEqual(start("America/Sao_Paulo", "2018-11-04"), "2018-11-04T03:00:00.000Z")
    // Clocks went back at midnight, to 23:00 of the day before.
    assert.strictEqual(start("Asia/Beirut", "2022-10-30"), "2022-10-29T22:00:00.000Z")
    // Midnight was shown twice: clocks went from 01:00 back to 00:00.
    assert.strictEqual(start("America/Havana", "2025-11-02"), "2025-11-02T04:00:00.000Z")
  })

  it("reads days that exist and no others", () => {
    for (const text of ["2026-02-29", "2026-13-01", "2026-00-10", "26-01-01", "2026-1-1", ""])
      assert.isUndefined(parseDay(text), text)
    assert.strictEqual(formatDay(parseDay("2024-02-29")!), "2024-02-29")
    assert.strictEqual(weekday(parseDay("2026-11-23")!), 1)
    assert.strictEqual(weekday(parseDay("1969-12-28")!), 7)
  })

  it("knows zones from other words", () => {
    assert.isTrue(isZone("Europe/Berlin"))
    for (const text of ["Europe/Nowhere", "+01:00", "", "'; drop"]) assert.isFalse(isZone(text), text)
  })

  it("writes instants with the offset in force", () => {
    assert.strictEqual(formatInstant("Europe/Berlin", Date.parse("2026-03-28T23:00:00Z")), "2026-03-29T00:00:00+01:00")
    assert.strictEqual(formatInstant("Asia/Kolkata", Date.parse("2026-01-01T00:00:00Z")), "2026-01-01T05:30:00+05:30")
    assert.strictEqual(
      formatInstant("America/New_York", Date.parse("2026-07-01T00:00:00Z")),
      "2026-06-30T20:00:00-04:00"
    )
    assert.strictEqual(formatInstant("UTC", Date.parse("2026-01-01T00:00:00.999Z")), "2026-01-01T00:00:00+00:00")
    assert.strictEqual(formatExactly("UTC", Date.parse("2026-01-01T00:00:00.009Z")), "2026-01-01T00:00:00.009+00:00")
    assert.strictEqual(formatExactly("UTC", Date.parse("2026-01-01T00:00:00Z")), "2026-01-01T00:00:00+00:00")
    // Behind the last day that has a name of four digits (ISO 8601).
    assert.strictEqual(formatExactly("UTC", 253_402_300_800_000), "+010000-01-01T00:00:00+00:00")
  })
})

describe("buckets", () => {
  const starts = (zone: string, interval: Interval, from: string, to: string) =>
    bucketStarts({
      zone,
      interval,
      weekStart: 1,
      fromMillis: startOfDay(zone, parseDay(from)!),
      toMillis: startOfDay(zone, parseDay(to)!),
      countMax: 2000
    })

  it("gives DST days 23 and 25 hours", () => {
    assert.strictEqual(starts("Europe/Berlin", "hour", "2026-03-29", "2026-03-30").length, 23)
    assert.strictEqual(starts("Europe/Berlin", "hour", "2026-10-25", "2026-10-26").length, 25)
    assert.strictEqual(starts("Australia/Lord_Howe", "hour", "2026-04-05", "2026-04-06").length, 25)
  })

  it("leaves out the day that a zone leaves out to cross the date line", () => {
    const days = starts("Pacific/Apia", "day", "2011-12-28", "2012-01-02")
    assert.deepStrictEqual(
      days.map((millis) => formatDay(dayAt("Pacific/Apia", millis))),
      ["2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"]
    )
    assert.strictEqual(starts("Pacific/Apia", "hour", "2011-12-29", "2012-01-01").length, 48)
  })

  it("begins weeks where the workspace does, quarters and years with their month", () => {
    const firstDays = (interval: Interval, weekStart: number) =>
      bucketStarts({
        zone: "Europe/Berlin",
        interval,
        weekStart,
        fromMillis: startOfDay("Europe/Berlin", parseDay("2025-12-31")!),
        toMillis: startOfDay("Europe/Berlin", parseDay("2026-04-02")!),
        countMax: 1000
      }).map((millis) => formatDay(dayAt("Europe/Berlin", millis)))
    assert.deepStrictEqual(firstDays("week", 1).slice(0, 2), ["2025-12-29", "2026-01-05"])
    assert.deepStrictEqual(firstDays("week", 7).slice(0, 2), ["2025-12-28", "2026-01-04"])
    assert.deepStrictEqual(firstDays("week", 3).slice(0, 2), ["2025-12-31", "2026-01-07"])
    assert.deepStrictEqual(firstDays("quarter", 1), ["2025-10-01", "2026-01-01", "2026-04-01"])
    assert.deepStrictEqual(firstDays("year", 1), ["2025-01-01", "2026-01-01"])
  })

  it("puts every instant into the one bucket of its day, week or month", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom<Interval>("hour", "day", "week", "month", "quarter", "year"),
        fc.integer({ min: Date.UTC(2010, 0), max: Date.UTC(2030, 0) }),
        fc.integer({ min: 1, max: 60 }),
        fc.array(fc.double({ min: 0, max: 0.999999, noNaN: true }), { maxLength: 20 }),
        (zone, interval, fromMillis, days, places) => {
          const toMillis = fromMillis + days * 86_400_000
          const all = bucketStarts({ zone, interval, weekStart: 1, fromMillis, toMillis, countMax: 5000 })
          assert.isAtMost(all[0]!, fromMillis)
          const runs = bucketRuns(all, toMillis)
          for (const place of places) {
            const millis = fromMillis + Math.floor(place * (toMillis - fromMillis))
            const run = runs.findLast((each) => each.fromMillis <= millis)!
            const bucket = run.first + Math.floor((millis - run.fromMillis) / run.widthMillis)
            assert.isAtMost(all[bucket]!, millis)
            if (bucket + 1 < all.length) assert.isAbove(all[bucket + 1]!, millis)
            if (interval === "day") assert.deepStrictEqual(dayAt(zone, all[bucket]!), dayAt(zone, millis))
            if (interval === "month")
              assert.strictEqual(
                new Date(localMillis(zone, all[bucket]!)).getUTCMonth(),
                new Date(localMillis(zone, millis)).getUTCMonth()
              )
          }
        }
      ),
      { numRuns: 200 }
    )
  })
})
