import { Context } from "effect"
import type { Attribution } from "./GeoLocator.ts"

/** An exact rate: `1 EUR = numerator / denominator` units of the currency. */
export interface EuroRate {
  readonly numerator: bigint
  readonly denominator: bigint
  /** Business day it was set, YYYY-MM-DD. */
  readonly day: string
}

/** Euro reference rates by business day. */
export class ExchangeRates extends Context.Service<
  ExchangeRates,
  {
    /** The rate of the last business day on or before `day` (YYYY-MM-DD, UTC); `undefined` where there is none. */
    readonly euroRate: (currency: string, day: string) => EuroRate | undefined
    /** All business days with a rate of that currency within the days, ascending, led by the one in force on `from`. */
    readonly euroRates: (currency: string, from: string, to: string) => ReadonlyArray<EuroRate>
    readonly currencies: ReadonlyArray<string>
    /** Changes whenever a rate does: part of every watermark. */
    readonly revision: string
    readonly attribution: Attribution
  }
>()("ports/reference/ExchangeRates") {}
