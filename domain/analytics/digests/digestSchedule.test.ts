import { assert, describe, it } from "vitest"
import * as fc from "fast-check"
import type { DigestSchedule } from "../../../ports/analytics/Digest.ts"
import { dayAt, formatDay, formatInstant, localMillis, weekday } from "../../zones/zones.ts"
import { lastTime, nextTime, periodBefore } from "./digestSchedule.ts"

const between = (min: number, max: number) => fc.integer({ min, max })
const schedules = fc.oneof(
  fc.record({ every: fc.constant("week" as const), weekday: between(1, 7), hour: between(0, 23) }),
  fc.record({ every: fc.constant("month" as const), day: between(1, 28), hour: between(0, 23) })
)
const zones = fc.constantFrom("UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe")
const instants = between(Date.parse("2024-01-01T00:00:00Z"), Date.parse("2028-01-01T00:00:00Z"))

describe("times of a digest", () => {
  it("follow each other once in each week or month, at the hour that clocks show", () => {
    fc.assert(
      fc.property(schedules, zones, instants, (schedule: DigestSchedule, zone, from) => {
        let time = lastTime(schedule, zone, from)
        assert.isAtMost(time, from)
        for (let round = 0; round < 30; round += 1) {
          const next = nextTime(schedule, zone, time)
          assert.isAbove(next, time)
          assert.strictEqual(lastTime(schedule, zone, next), next)
          assert.strictEqual(lastTime(schedule, zone, next - 1), time)
          const day = dayAt(zone, next)
          const at = schedule.every === "week" ? weekday(day) : day.day
          assert.strictEqual(at, schedule.every === "week" ? schedule.weekday : schedule.day)
          const hour = new Date(localMillis(zone, next)).getUTCHours()
          // Where the hour is skipped it is the next one.
          assert.include([schedule.hour, schedule.hour + 1], hour)
          const days = (next - time) / 86_400_000
          const [least, most] = schedule.every === "week" ? [6.9, 7.1] : [27.9, 31.1]
          assert.isTrue(days > least && days < most, String(days))
          time = next
        }
      })
    )
  })

  it("are the first moment behind an hour that clocks skip, and the first of one that they show twice", () => {
    const sunday = (hour: number): DigestSchedule => ({ every: "week", weekday: 7, hour })
    const at = (hour: number, before: string) =>
      formatInstant("Europe/Berlin", nextTime(sunday(hour), "Europe/Berlin", Date.parse(before)))
    assert.strictEqual(at(2, "2026-03-28T00:00:00Z"), "2026-03-29T03:00:00+02:00")
    assert.strictEqual(at(2, "2026-10-24T00:00:00Z"), "2026-10-25T02:00:00+02:00")
    assert.strictEqual(at(8, "2026-10-24T00:00:00Z"), "2026-10-25T08:00:00+01:00")
  })
})

describe("the period of a digest", () => {
  it("is the last week or month that is over in the zone", () => {
    const period = (schedule: DigestSchedule, at: string, weekStart = 1) => {
      const { from, to } = periodBefore(schedule, { zone: "America/New_York", weekStart }, Date.parse(at))
      return `${formatDay(from)} to ${formatDay(to)}`
    }
    const week: DigestSchedule = { every: "week", weekday: 1, hour: 8 }
    assert.strictEqual(period(week, "2026-11-30T13:00:00Z"), "2026-11-23 to 2026-11-29")
    // It still is Sunday in New York.
    assert.strictEqual(period(week, "2026-11-30T03:00:00Z"), "2026-11-16 to 2026-11-22")
    assert.strictEqual(period(week, "2026-11-30T13:00:00Z", 7), "2026-11-22 to 2026-11-28")
    const month: DigestSchedule = { every: "month", day: 1, hour: 8 }
    assert.strictEqual(period(month, "2026-03-01T13:00:00Z"), "2026-02-01 to 2026-02-28")
    assert.strictEqual(period(month, "2027-01-01T13:00:00Z"), "2026-12-01 to 2026-12-31")
  })
})
