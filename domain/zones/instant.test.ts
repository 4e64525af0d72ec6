import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { parseInstant } from "./instant.ts"

describe("parseInstant", () => {
  it("reads what toISOString writes, of every year of four digits", () => {
    const date = fc.date({
      min: new Date("0000-01-01T00:00:00Z"),
      max: new Date("9999-12-31T23:59:59.999Z"),
      noInvalidDate: true
    })
    fc.assert(fc.property(date, (each) => assert.strictEqual(parseInstant(each.toISOString()), each.getTime())))
  })

  it("reads every form of an instant as the engine does, and none that names no day or time", () => {
    const two = fc.integer({ min: 0, max: 61 }).map((n) => String(n).padStart(2, "0"))
    const form = fc.tuple(
      fc.constantFrom("2024", "2023", "0050", "1900"),
      two,
      two,
      two,
      two,
      fc.oneof(
        fc.constant(""),
        two.map((s) => `:${s}`),
        two.map((s) => `:${s}.123`),
        two.map((s) => `:${s}.5`)
      ),
      fc.constantFrom("Z", "+00:00", "-05:30", "")
    )
    fc.assert(
      fc.property(form, ([year, month, day, hour, minute, rest, offset]) => {
        const text = `${year}-${month}-${day}T${hour}:${minute}${rest}${offset}`
        const real = new Date(`${year}-${month}-${day}T00:00:00Z`)
        const isDay = Number.isFinite(real.getTime()) && real.toISOString().startsWith(`${year}-${month}-${day}`)
        const isTime = Number(hour) < 24 && Number(minute) < 60 && Number(rest.slice(1, 3)) < 60
        const expected = isDay && isTime && offset !== "" ? Date.parse(text) : undefined
        assert.strictEqual(parseInstant(text), expected, text)
      }),
      { numRuns: 2000 }
    )
  })
})
