import { assert, describe, it } from "@effect/vitest"
import { runToEnd } from "../statistics/steps.ts"
import { offsetRuns } from "./offsetRuns.ts"
import { offsetMillis } from "./zones.ts"

const hour = 3_600_000
const at = (text: string): number => Date.parse(text)

describe("offsets of a zone", () => {
  it("change at the instant when clocks do", () => {
    assert.deepStrictEqual(
      runToEnd(offsetRuns("Europe/Berlin", at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"))),
      [
        { fromMillis: at("2026-01-01T00:00:00Z"), offsetMillis: hour },
        { fromMillis: at("2026-03-29T01:00:00Z"), offsetMillis: 2 * hour },
        { fromMillis: at("2026-10-25T01:00:00Z"), offsetMillis: hour }
      ]
    )
  })

  it("are right all over two years, wherever", () => {
    for (const zone of ["Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata", "Pacific/Apia"]) {
      const [from, to] = [at("2011-01-01T00:00:00Z"), at("2013-01-01T00:00:00Z")]
      const runs = runToEnd(offsetRuns(zone, from, to))
      for (let millis = from; millis < to; millis += 7 * hour) {
        const run = runs.findLast(({ fromMillis }) => fromMillis <= millis)
        assert.strictEqual(run?.offsetMillis, offsetMillis(zone, millis), `${zone} ${new Date(millis).toISOString()}`)
      }
    }
  })
})
