import { Clock, Effect } from "effect"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { isMoney } from "../../../ports/analytics/TrendPlan.ts"
import type { ConversionRun, TrendRows } from "../../../ports/analytics/TrendPlan.ts"
import type { QuestionResult } from "../../../ports/analytics/Question.ts"
import type { PortFailure } from "../../../ports/PortFailure.ts"
import { ExchangeRates } from "../../../ports/reference/ExchangeRates.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { factorBetween } from "../../money/conversion.ts"
import { exponentOf, formatMinorUnits } from "../../money/minorUnits.ts"
import type { PlannedQuestion } from "../../questions/planQuestion.ts"

/** Longer without a new rate than any holiday of the European Central Bank: worth a word. */
export const rateAgeDaysMax = 7
const dayMillis = 86_400_000

export interface Conversions {
  readonly runs: ReadonlyArray<ConversionRun>
  /** Currencies that no rate converts, or not in all of the range. */
  readonly unconverted: ReadonlyArray<string>
  /** Currencies whose newest rate is old at the end of the range. */
  readonly stale: ReadonlyArray<{ readonly currency: string; readonly day: string }>
}

const dayOf = (millis: number): string => new Date(millis).toISOString().slice(0, 10)
const startOf = (day: string): number => Date.parse(`${day}T00:00:00Z`)

/** What a question about revenue is converted by. */
export const conversionsOf = (workspace: WorkspaceId, planned: PlannedQuestion) =>
  planned.plan.metrics.some(isMoney)
    ? conversionsInto(workspace, planned, planned.plan)
    : Effect.succeed<Conversions>({ runs: [], unconverted: [], stale: [] })

/** Factors from every currency that occurs in the range to the asked one, from each business day on. */
export const conversionsInto = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  { currency, exponent }: { readonly currency: string; readonly exponent: number },
  plan: { readonly fromMillis: number; readonly toMillis: number }
): Effect.fn.Return<Conversions, PortFailure, EventStore | ExchangeRates> {
  const store = yield* EventStore
  const rates = yield* ExchangeRates
  const now = yield* Clock.currentTimeMillis
  const end = Math.min(plan.toMillis - 1, Math.max(now, plan.fromMillis))
  const [first, last] = [dayOf(plan.fromMillis), dayOf(plan.toMillis - 1)]
  const target = rates.euroRates(currency, first, last)
  const each = (yield* store.currencies(workspace, plan.fromMillis, plan.toMillis)).map((from) => {
    const fromExponent = exponentOf(from)
    if (from === currency) return { from, runs: [{ currency, fromMillis: 0, numerator: 1n, denominator: 1n }] }
    const source = fromExponent === undefined ? [] : rates.euroRates(from, first, last)
    const days = [...new Set([...source, ...target].map((rate) => rate.day))].toSorted()
    const runs = days.flatMap((day): ReadonlyArray<ConversionRun> => {
      const [of, into] = [rates.euroRate(from, day), rates.euroRate(currency, day)]
      if (of === undefined || into === undefined) return []
      const factor = factorBetween({ ...of, exponent: fromExponent! }, { ...into, exponent })
      return [{ currency: from, fromMillis: startOf(day), ...factor }]
    })
    return { from, runs }
  })
  const converted = each.filter(({ from, runs }) => from !== currency && runs.length > 0)
  const used = converted.length === 0 ? [] : [...converted.map(({ from }) => from), currency]
  return {
    runs: each.flatMap(({ runs }) => runs),
    unconverted: each.flatMap(({ from, runs }) => ((runs[0]?.fromMillis ?? Infinity) > plan.fromMillis ? [from] : [])),
    stale: used.flatMap((one) => {
      const day = one === "EUR" ? undefined : rates.euroRate(one, dayOf(end))?.day
      return day !== undefined && end - startOf(day) > rateAgeDaysMax * dayMillis ? [{ currency: one, day }] : []
    })
  }
})

/** What must be said of the revenue: money that no rate converts, and rates that are old. */
export const moneyWarnings = (
  { plan }: PlannedQuestion,
  conversions: Conversions,
  rows: TrendRows
): QuestionResult["warnings"] => {
  const at = plan.metrics.findIndex(isMoney)
  return at === -1 ? [] : revenueWarnings(`/metrics/${at}`, conversions, rows)
}

export const revenueWarnings = (
  pointer: string,
  { stale }: Pick<Conversions, "stale">,
  { leftOut }: Pick<TrendRows, "leftOut">
): QuestionResult["warnings"] => [
  ...leftOut.map(({ currency, minor, orders }) => ({
    pointer,
    detail: `revenue leaves out ${formatMinorUnits(minor, exponentOf(currency) ?? 0)} ${currency} of ${orders} orders and refunds: there is no exchange rate for them`
  })),
  ...stale.map(({ currency, day }) => ({
    pointer,
    detail: `the newest exchange rate of ${currency} is of ${day}; later days are converted at it`
  }))
]
