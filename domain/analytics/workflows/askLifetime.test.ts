import { assert, describe, it } from "@effect/vitest"
import { Effect, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { ExchangeRates } from "../../../ports/reference/ExchangeRates.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { summarise } from "../../lifetime/CustomerSummary.ts"
import { formatMinorUnits } from "../../money/minorUnits.ts"
import { runToEnd } from "../../statistics/steps.ts"
import { offsetRuns } from "../../zones/offsetRuns.ts"
import { addDays, parseDay, startOfDay } from "../../zones/zones.ts"
import { planLifetime } from "../../questions/lifetime/planLifetime.ts"
import { history } from "../testing/histories.ts"
import { lifetimes, purchasesOf } from "../testing/lifetimeReference.ts"
import type { ReferenceLifetime } from "../testing/lifetimeReference.ts"
import { questionWorld, storeHistory } from "../testing/questionWorld.ts"
import type { GeneratedHistory } from "../testing/questionWorld.ts"
import { bucketOf, daysAfter } from "../testing/reference.ts"
import type { Event } from "../testing/reference.ts"
import { converted } from "../testing/referenceAnswer.ts"
import { askLifetime } from "./askLifetime.ts"
import type { Filter } from "../../../ports/analytics/Question.ts"
import { filterHolds } from "../testing/selections.ts"
import { questionScope } from "./askQuestion.ts"
import { conversionsInto } from "./conversions.ts"

const runs = Number(process.env["HISTORIES"] ?? 40)
const dayMillis = 86_400_000
const dayOf = (day: string) => Date.parse(day) / dayMillis

/** The generated days, or nine times as far from each other, so that weeks and months are crossed. */
const stretched = ({ log, ...rest }: GeneratedHistory, factor: number): GeneratedHistory => {
  const start = Date.parse(`${rest.day}T00:00:00Z`)
  const at = (event: Event) => start + Math.max(-40 * dayMillis, (event.time - start) * factor)
  return { ...rest, log: log.map((event) => ({ ...event, time: at(event), timestamp: at(event) })) }
}

const asked = fc.record({
  interval: fc.constantFrom("week" as const, "month" as const),
  periods: fc.integer({ min: 0, max: 3 }),
  currency: fc.constantFrom("USD", "EUR", "JPY"),
  before: fc.integer({ min: -3, max: 40 }),
  days: fc.integer({ min: 1, max: 45 }),
  calibration: fc.integer({ min: -10, max: 60 }),
  filters: fc.constantFrom<Filter | undefined>(
    undefined,
    { dimension: "country", operator: "is", value: "DE" },
    { cohort: "list", operator: "is_member" },
    { cohort: "buyers", operator: "is_not_member" }
  )
})

describe("askLifetime", () => {
  const runtime = ManagedRuntime.make(questionWorld())
  let number = 0

  const answersLikeReference = async (
    generated: GeneratedHistory,
    factor: number,
    {
      before,
      calibration,
      currency,
      days,
      filters,
      interval,
      periods
    }: typeof asked extends fc.Arbitrary<infer A> ? A : never
  ) => {
    number += 1
    const { day, merges, zone } = generated
    const range = { from: daysAfter(day, -before), to: daysAfter(day, days - before - 1) }
    const first = startOf(interval, range.from)
    const how = (convert: ReferenceLifetime["convert"], fits: ReferenceLifetime["fits"]): ReferenceLifetime => ({
      interval: (event) => intervalsBetween(interval, first, bucketOf(zone, interval, event.time)),
      cohorts: intervalsBetween(interval, first, startOf(interval, range.to)) + 1,
      periods,
      convert,
      merges,
      fits
    })
    await runtime.runPromise(
      Effect.gen(function* () {
        const { all, belongs, workspace } = yield* storeHistory(`history-${number}`, stretched(generated, factor))
        const rates = yield* ExchangeRates
        const reference = how(
          (event) => converted(event, currency, rates),
          (event) => filters === undefined || filterHolds(filters, event, belongs)
        )
        const question = {
          date_range: range,
          time_zone: zone,
          interval,
          periods,
          currency,
          ...(filters === undefined ? {} : { filters })
        }
        const result = yield* askLifetime(workspace, question)
        const digits = currency === "JPY" ? 0 : 2
        assert.deepStrictEqual(
          result.cohorts.map((cohort) => ({
            customers: cohort.customers,
            periods: cohort.periods.map((each) => [each.orders, each.refunds, each.revenue, each.refunded, each.value])
          })),
          lifetimes(all, reference).map((cohort) => ({
            customers: cohort.customers,
            periods: cohort.periods.map(({ orders, refunded, refunds, revenue }) => [
              orders,
              refunds,
              ...[revenue, refunded, revenue - refunded].map((minor) => formatMinorUnits(minor, digits))
            ])
          })),
          JSON.stringify(question)
        )

        const end = daysAfter(day, calibration)
        const scope = yield* questionScope(workspace, question)
        const read = planLifetime(question, scope)
        if ("errors" in read) throw new Error(JSON.stringify(read.errors))
        const { exponent, plan } = read.planned
        const beforeMillis = startOfDay(zone, addDays(parseDay(end)!, 1))
        const money = yield* conversionsInto(
          workspace,
          { currency, exponent },
          { fromMillis: plan.fromMillis, toMillis: Math.max(plan.toMillis, beforeMillis) }
        )
        const { customers } = yield* (yield* EventStore).answer({
          ...plan,
          conversions: money.runs,
          customers: {
            beforeMillis,
            offsets: runToEnd(offsetRuns(zone, plan.fromMillis, beforeMillis)),
            countMax: 1000
          }
        })
        if (customers === undefined || "tooMany" in customers) throw new Error("no customers")
        const summaries = summarise(
          purchasesOf(all, reference, (event) => dayOf(bucketOf(zone, "day", event.time))),
          dayOf(end)
        )
        assert.deepStrictEqual(
          Array.from(customers.cohort, (cohort, at) => [
            cohort,
            customers.firstDay[at]!,
            customers.lastDay[at]!,
            customers.frequency[at]!,
            customers.repeatSpendMinor[at]!
          ]),
          summaries
            .map((summary) => [
              Number(summary.customer.split(" ")[0]),
              summary.firstDay,
              summary.firstDay + Math.round(summary.recencyWeeks * 7),
              summary.frequency,
              Number(summary.repeatSpendMinor)
            ])
            .toSorted(inColumns),
          `${JSON.stringify(question)} until ${end}`
        )
      })
    )
  }

  const inColumns = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number =>
    a.map((value, at) => value - b[at]!).find((difference) => difference !== 0) ?? 0

  const startOf = (interval: "week" | "month", day: string): string => bucketOf("UTC", interval, Date.parse(day))

  /** From one week's Monday, or one month, to another. */
  const intervalsBetween = (interval: "week" | "month", from: string, to: string): number => {
    if (interval === "week") return Math.round((Date.parse(to) - Date.parse(from)) / (7 * dayMillis))
    const months = (text: string) => Number(text.slice(0, 4)) * 12 + Number(text.slice(5, 7))
    return months(to) - months(from)
  }

  it(`answers like the reference on ${runs} generated histories`, { timeout: 240_000 }, async () => {
    await fc.assert(fc.asyncProperty(history("history"), fc.constantFrom(1, 9), asked, answersLikeReference), {
      numRuns: runs
    })
  })

  it("says what is too little, and flags what is not over", async () => {
    const order = (customer: string, day: string): Event => ({
      v: 1,
      event_id: crypto.randomUUID(),
      workspace: "few",
      event_type: "order_completed",
      anonymous_id: customer,
      time: Date.parse(`${day}T10:00:00Z`),
      received_at: Date.parse("2026-03-03T12:00:00Z") * 1000,
      index: 0,
      timestamp: 0,
      money: { kind: "order", order_id: `${customer} ${day}`, minor: 1000, currency: "EUR" },
      properties: {}
    })
    const generated = {
      day: "2026-01-10",
      zone: "UTC",
      log: [order("a", "2026-01-10"), order("a", "2026-02-10"), order("b", "2026-01-11")],
      merges: new Map<string, string>()
    }
    const question = {
      date_range: { from: "2026-01-01", to: "2026-02-28" },
      periods: 2,
      currency: "EUR",
      calibration_end: "2026-12-31"
    }
    const result = await runtime.runPromise(
      Effect.flatMap(storeHistory("few", generated), ({ workspace }) => askLifetime(workspace, question))
    )
    const refused = { outcome: "refused", reason: "too_few_customers", found: 2, needed: 100 }
    assert.deepStrictEqual(result.prediction?.purchases, refused as never)
    assert.deepStrictEqual(result.prediction?.all, { outcome: "refused", reason: "no_purchase_model" })
    assert.deepStrictEqual(
      result.cohorts.map(({ customers, periods }) => [
        customers,
        ...periods.map((each) => `${each.value} ${each.value_per_customer} ${each.complete}`)
      ]),
      [
        [2, "20.00 10 true", "30.00 15 true", "30.00 15 false"],
        [0, "0.00 null true", "0.00 null false", "0.00 null false"]
      ]
    )
    assert.deepStrictEqual(
      result.warnings.map(({ pointer }) => pointer),
      ["/calibration_end"]
    )
    const empty = await runtime.runPromise(askLifetime(WorkspaceId.make("empty"), { ...question, predict: true }))
    assert.strictEqual(empty.cohorts[0]!.customers, 0)
    assert.isNull(empty.as_of)
  })

  it("names every wrong field", async () => {
    const failure = await runtime.runPromise(
      Effect.flip(
        askLifetime(WorkspaceId.make("wrong"), {
          date_range: { from: "2016-01-01", to: "2024-12-31" },
          interval: "week",
          currency: "ABC",
          periods: 101,
          calibration_end: "2026-02-30",
          horizon_weeks: 521,
          weekly_discount_rate: -1,
          customer: { frequency: 2, recency_weeks: 9, age_weeks: 8, mean_spend: -1 }
        })
      )
    )
    assert.deepStrictEqual(
      failure._tag === "InvalidQuestion" ? failure.errors.map(({ code, pointer }) => [pointer, code]) : [],
      [
        ["/currency", "unknown_currency"],
        ["/periods", "out_of_range"],
        ["/calibration_end", "not_a_day"],
        ["/horizon_weeks", "out_of_range"],
        ["/weekly_discount_rate", "out_of_range"],
        ["/customer/recency_weeks", "out_of_range"],
        ["/customer/mean_spend", "out_of_range"],
        ["/date_range", "too_many"]
      ]
    )
  })
})
