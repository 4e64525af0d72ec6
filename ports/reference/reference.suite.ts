import { assert, layer as layerOf } from "@effect/vitest"
import { Effect } from "effect"
import type { Layer } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import { ExchangeRates } from "./ExchangeRates.ts"
import { GeoLocator } from "./GeoLocator.ts"

/** The promises of GeoLocator, for every adapter that knows countries. */
export const geoLocatorSuite = (name: string, layer: () => Layer.Layer<GeoLocator, PortFailure>): void => {
  layerOf(layer())(`GeoLocator: ${name}`, (it) => {
    it.effect("answers nothing for special ranges and for what is no address", () =>
      Effect.map(GeoLocator, ({ locate }) => {
        for (const ip of [
          "10.1.2.3",
          "127.0.0.1",
          "192.168.1.1",
          "100.64.0.1",
          "203.0.113.9",
          "::1",
          "fe80::1",
          "fd00::1",
          "2001:db8::1",
          "",
          "300.1.1.1",
          "8.8.8"
        ]) {
          assert.isUndefined(locate(ip), ip)
        }
      })
    )
    it.effect("knows the country of public addresses, and says whose data it is", () =>
      Effect.map(GeoLocator, ({ attribution, locate }) => {
        assert.strictEqual(locate("8.8.8.8")?.country, "US")
        assert.strictEqual(locate("81.169.181.179")?.country, "DE")
        assert.match(locate("2a00:1450:4001:81b::200e")?.country ?? "", /^[A-Z]{2}$/)
        assert.match(attribution.as_of, /^\d{4}-\d{2}-\d{2}$/)
        assert.isNotEmpty(attribution.text)
      })
    )
  })
}

/** The promises of ExchangeRates, for every adapter that holds the ECB's history. */
export const exchangeRatesSuite = (name: string, layer: () => Layer.Layer<ExchangeRates, PortFailure>): void => {
  layerOf(layer())(`ExchangeRates: ${name}`, (it) => {
    it.effect("answers the last business day on or before the day", () =>
      Effect.map(ExchangeRates, ({ euroRate }) => {
        assert.deepStrictEqual(euroRate("USD", "1999-01-04"), {
          numerator: 11789n,
          denominator: 10000n,
          day: "1999-01-04"
        })
        assert.deepStrictEqual(euroRate("USD", "1999-01-10")?.day, "1999-01-08")
        assert.isUndefined(euroRate("USD", "1999-01-03"))
        assert.isUndefined(euroRate("XYZ", "2020-01-01"))
        assert.deepInclude(euroRate("EUR", "1990-01-01"), { numerator: 1n, denominator: 1n })
      })
    )
    it.effect("lists the rates of a range, led by the one in force on its first day", () =>
      Effect.map(ExchangeRates, ({ euroRates }) => {
        const days = euroRates("USD", "1999-01-10", "1999-01-12").map((rate) => rate.day)
        assert.deepStrictEqual(days, ["1999-01-08", "1999-01-11", "1999-01-12"])
      })
    )
    it.effect("knows what was known when a day was the newest", () =>
      Effect.map(ExchangeRates, ({ asOf, attribution, euroRate, revision }) => {
        const past = asOf("2020-02-28")
        assert.deepStrictEqual(past.euroRate("USD", "2020-02-20"), euroRate("USD", "2020-02-20"))
        assert.deepStrictEqual(past.euroRate("USD", "2024-06-03"), euroRate("USD", "2020-02-28"))
        assert.deepStrictEqual(
          past.euroRates("USD", "2020-02-27", "2020-03-10").map(({ day }) => day),
          ["2020-02-27", "2020-02-28"]
        )
        assert.strictEqual(past.attribution.as_of, "2020-02-28")
        const revisions = ["2020-02-27", "2020-02-28", attribution.as_of].map((day) => asOf(day).revision)
        assert.lengthOf(new Set(revisions), 3)
        assert.deepStrictEqual([asOf("2020-02-28").revision, revisions[2]], [past.revision, revision])
      })
    )
    it.effect("names its source, its age and its revision", () =>
      Effect.map(ExchangeRates, ({ attribution, currencies, revision }) => {
        assert.match(attribution.as_of, /^\d{4}-\d{2}-\d{2}$/)
        assert.includeMembers([...currencies], ["EUR", "USD", "JPY", "GBP"])
        assert.isNotEmpty(revision)
      })
    )
  })
}
