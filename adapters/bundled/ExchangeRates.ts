import { Layer } from "effect"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { gunzipSync } from "node:zlib"
import { ExchangeRates } from "../../ports/reference/ExchangeRates.ts"
import type { EuroRate } from "../../ports/reference/ExchangeRates.ts"

interface Series {
  /** Ascending. */
  readonly days: Array<string>
  readonly rates: Array<string>
}

const bundled = new URL("data/eurofxref-hist.csv.gz", import.meta.url)
const alwaysOne: EuroRate = { numerator: 1n, denominator: 1n, day: "1999-01-01" }

const parse = (csv: string): ReadonlyMap<string, Series> => {
  const [head = "", ...rows] = csv.trimEnd().split("\n")
  const columns = head.split(",").map((name): readonly [string, Series] => [name.trim(), { days: [], rates: [] }])
  for (const row of rows.toReversed()) {
    const cells = row.split(",")
    const day = cells[0]!
    for (let at = 1; at < cells.length; at += 1) {
      const cell = cells[at]!.trim()
      if (cell === "" || cell === "N/A") continue
      columns[at]![1].days.push(day)
      columns[at]![1].rates.push(cell)
    }
  }
  return new Map(columns.filter(([name, series]) => name !== "" && series.days.length > 0))
}

const rateAt = (series: Series, at: number): EuroRate => {
  const [whole = "", fraction = ""] = series.rates[at]!.split(".")
  return { numerator: BigInt(whole + fraction), denominator: 10n ** BigInt(fraction.length), day: series.days[at]! }
}

/** Index of the last day on or before `day`, -1 where there is none. */
const lastOnOrBefore = (days: ReadonlyArray<string>, day: string): number => {
  let low = 0
  let high = days.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (days[middle]! <= day) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** The euro reference rates of the European Central Bank that come with the product. */
export const layer: Layer.Layer<ExchangeRates> = Layer.sync(ExchangeRates, () => {
  const compressed = readFileSync(bundled)
  const series = parse(gunzipSync(compressed).toString("utf8"))
  const newest = series.get("USD")!.days.at(-1)!
  return ExchangeRates.of({
    euroRate: (currency, day) => {
      if (currency === "EUR") return alwaysOne
      const of = series.get(currency)
      const at = of === undefined ? -1 : lastOnOrBefore(of.days, day)
      return at === -1 ? undefined : rateAt(of!, at)
    },
    euroRates: (currency, from, to) => {
      if (currency === "EUR") return [alwaysOne]
      const of = series.get(currency)
      if (of === undefined) return []
      const first = Math.max(0, lastOnOrBefore(of.days, from))
      const last = lastOnOrBefore(of.days, to)
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => rateAt(of, first + index))
    },
    currencies: ["EUR", ...series.keys()].toSorted(),
    revision: createHash("sha256").update(compressed).digest("hex").slice(0, 16),
    attribution: {
      text: "Source: European Central Bank, euro foreign exchange reference rates",
      url: "https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/",
      as_of: newest
    }
  })
})
