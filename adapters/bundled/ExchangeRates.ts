import { Layer } from "effect"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { gunzipSync } from "node:zlib"
import { ExchangeRates } from "../../ports/reference/ExchangeRates.ts"
import type { EuroRate, KnownRates } from "../../ports/reference/ExchangeRates.ts"

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

/** What is known of the rows until that day, it included. */
const knownUntil = (csv: string, series: ReadonlyMap<string, Series>, newest: string): KnownRates => {
  const [head = "", ...rows] = csv.trimEnd().split("\n")
  const known = [...series].filter(([, { days }]) => days[0]! <= newest)
  const at = (day: string) => (day < newest ? day : newest)
  const hash = createHash("sha256").update(head)
  for (const row of rows) if (row.slice(0, newest.length) <= newest) hash.update(`\n${row.trimEnd()}`)
  return {
    euroRate: (currency, day) => {
      if (currency === "EUR") return alwaysOne
      const of = series.get(currency)
      const index = of === undefined ? -1 : lastOnOrBefore(of.days, at(day))
      return index === -1 ? undefined : rateAt(of!, index)
    },
    euroRates: (currency, from, to) => {
      if (currency === "EUR") return [alwaysOne]
      const of = series.get(currency)
      if (of === undefined) return []
      const first = Math.max(0, lastOnOrBefore(of.days, at(from)))
      const last = lastOnOrBefore(of.days, at(to))
      return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => rateAt(of, first + index))
    },
    currencies: ["EUR", ...known.map(([name]) => name)].toSorted(),
    revision: hash.digest("hex").slice(0, 16),
    attribution: {
      text: "Source: European Central Bank, euro foreign exchange reference rates",
      url: "https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/",
      as_of: newest
    }
  }
}

/** The rates of a file of the European Central Bank: a day a row, the newest first. */
export const ratesOf = (csv: string): ExchangeRates["Service"] => {
  const series = parse(csv)
  const standing = knownUntil(csv, series, series.get("USD")!.days.at(-1)!)
  let past: KnownRates | undefined
  return {
    ...standing,
    asOf: (day) => {
      if (day >= standing.attribution.as_of) return standing
      // Who asks at a watermark asks again: the last one is kept.
      if (past?.attribution.as_of !== day) past = knownUntil(csv, series, day)
      return past
    }
  }
}

/** The euro reference rates of the European Central Bank that come with the product. */
export const layer: Layer.Layer<ExchangeRates> = Layer.sync(ExchangeRates, () =>
  ExchangeRates.of(ratesOf(gunzipSync(readFileSync(bundled)).toString("utf8")))
)
