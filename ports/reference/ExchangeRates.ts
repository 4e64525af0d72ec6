import { Context } from "effect"
import type { Attribution } from "./GeoLocator.ts"

/** An exact rate: `1 EUR = numerator / denominator` units of the currency. */
export interface EuroRate {
  readonly numerator: bigint
  readonly denominator: bigint
  /** Business day it was set, YYYY-MM-DD. */
  readonly day: string
}

/** Rates that are known. */
export interface KnownRates {
  /** The rate of the last business day on or before `day` (YYYY-MM-DD, UTC); `undefined` where there is none. */
  readonly euroRate: (currency: string, day: string) => EuroRate | undefined
  /** All business days with a rate of that currency within the days, ascending, led by the one in force on `from`. */
  readonly euroRates: (currency: string, from: string, to: string) => ReadonlyArray<EuroRate>
  readonly currencies: ReadonlyArray<string>
  /** Changes whenever a rate does: part of every watermark. */
  readonly revision: string
  /** `as_of` is the newest day with rates, YYYY-MM-DD. */
  readonly attribution: Attribution
}

/** Euro reference rates by business day. */
export class ExchangeRates extends Context.Service<
  ExchangeRates,
  KnownRates & {
    /**
     * The rates as they were known when that day was the newest: of the same `revision` as then, unless a rate of that day
     * or one before has been set right since.
     */
    readonly asOf: (day: string) => KnownRates
  }
>()("ports/reference/ExchangeRates") {}
