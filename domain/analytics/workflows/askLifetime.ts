import { Effect } from "effect"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { LifetimeModel, LifetimeModelRequest } from "../../../ports/analytics/LifetimeModel.ts"
import { lifetimeCustomersMax } from "../../../ports/analytics/LifetimePlan.ts"
import type { CustomerColumns, CustomersWanted, LifetimeRows } from "../../../ports/analytics/LifetimePlan.ts"
import type { LifetimeQuestion, LifetimeResult } from "../../../ports/analytics/LifetimeQuestion.ts"
import type { PlanAnswer } from "../../../ports/analytics/QueryPlan.ts"
import { Cache } from "../../../ports/platform/Cache.ts"
import { Computation } from "../../../ports/platform/Computation.ts"
import type { PortFailure } from "../../../ports/PortFailure.ts"
import { ExchangeRates } from "../../../ports/reference/ExchangeRates.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { dayNumber } from "../../lifetime/dayNumbers.ts"
import { customersMin } from "../../lifetime/Fit.ts"
import { predictLifetime } from "../../lifetime/predictLifetime.ts"
import { hashValue } from "../../questions/hashQuestion.ts"
import { readFlatLifetime } from "../../questions/lifetime/flatLifetime.ts"
import type { FlatLifetime } from "../../questions/lifetime/flatLifetime.ts"
import { planLifetime } from "../../questions/lifetime/planLifetime.ts"
import type { PlannedForecast, PlannedLifetime } from "../../questions/lifetime/planLifetime.ts"
import { shapeLifetime, shapePrediction } from "../../questions/lifetime/shapeLifetime.ts"
import {
  lifetimeRequest,
  lifetimeStatistics,
  withLifetimeIntervals
} from "../../questions/lifetime/uncertainLifetime.ts"
import { runToEnd } from "../../statistics/steps.ts"
import type { Steps } from "../../statistics/steps.ts"
import { offsetRuns } from "../../zones/offsetRuns.ts"
import { addDays, dayAt, formatDay, formatExactly, formatInstant, startOfDay } from "../../zones/zones.ts"
import type { CalendarDay } from "../../zones/zones.ts"
import { questionScope } from "./askQuestion.ts"
import { drawIntervals } from "./drawIntervals.ts"
import { nameWarnings } from "./nameWarnings.ts"
import { conversionsInto, revenueWarnings } from "./conversions.ts"
import type { Conversions } from "./conversions.ts"

/** How long a fit is remembered where nothing new comes in. */
export const fitRememberedMillis = 24 * 3_600_000

interface Answered {
  readonly answer: PlanAnswer<"lifetime">
  readonly money: Conversions
}

interface Forecast extends Answered {
  readonly calibrationEnd: CalendarDay | undefined
  readonly model: LifetimeModel
}

/** What customers have brought, by cohort, and what they are expected to bring. Errors name each wrong field. */
export const askLifetime = Effect.fn("askLifetime")(function* (workspace: WorkspaceId, question: LifetimeQuestion) {
  const read = planLifetime(question, yield* questionScope(workspace, question))
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  const { planned } = read
  const { bucketStarts, currency, forecast, plan, zone } = planned
  const { attribution } = yield* ExchangeRates
  const queryHash = hashValue([workspace, zone, currency, forecast, plan])
  const past = yield* answerPlan(workspace, planned, undefined)
  const predicted =
    forecast === undefined ? undefined : yield* predict(workspace, { planned, forecast, queryHash, past })
  const { answer, money } = predicted ?? past
  const asOfMillis = answer.asOfMillis
  const shaped = shapeLifetime(planned, answer, predicted?.model.values)
  const cohorts =
    answer.people === undefined
      ? shaped
      : withLifetimeIntervals(
          planned,
          shaped,
          yield* drawIntervals(answer.people, lifetimeStatistics(planned), (rows) =>
            lifetimeRequest(planned, rows, `${queryHash}|${answer.watermark}`)
          )
        )
  const result: LifetimeResult = {
    from: formatExactly(zone, plan.fromMillis),
    to: formatExactly(zone, bucketStarts[plan.cohortCount]!),
    cohorts,
    prediction:
      forecast === undefined || predicted === undefined
        ? null
        : shapePrediction(forecast, predicted.calibrationEnd, predicted.model),
    currency,
    exchange_rates: { source: attribution.text, as_of: attribution.as_of },
    as_of: asOfMillis === undefined ? null : formatInstant(zone, asOfMillis),
    time_zone: zone,
    watermark: answer.watermark,
    query_hash: queryHash,
    warnings: [
      ...(yield* nameWarnings(workspace, { types: [], named: planned.named }, answer.watermark)),
      ...revenueWarnings("/currency", money, answer),
      ...(forecast === undefined || predicted === undefined ? [] : predictionWarnings(planned, forecast, predicted))
    ]
  }
  return result
})

/** The same for the query string of a GET. */
export const askFlatLifetime = Effect.fnUntraced(function* (workspace: WorkspaceId, flat: FlatLifetime) {
  const read = readFlatLifetime(flat)
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  return yield* askLifetime(workspace, read.question)
})

const answerPlan = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  { currency, exponent, plan }: PlannedLifetime,
  customers: CustomersWanted | undefined
): Effect.fn.Return<Answered, PortFailure, EventStore | ExchangeRates> {
  const store = yield* EventStore
  const toMillis = Math.max(plan.toMillis, customers?.beforeMillis ?? 0)
  const money = yield* conversionsInto(workspace, { currency, exponent }, { fromMillis: plan.fromMillis, toMillis })
  return { answer: yield* store.answer({ ...plan, conversions: money.runs, customers }), money }
})

interface PredictionRequest {
  readonly planned: PlannedLifetime
  readonly forecast: PlannedForecast
  readonly queryHash: string
  readonly past: Answered
}

/**
 * The fit for this state of the data: remembered, or made from customers read now. What was read before is then read
 * again with them, so that one state answers all; where a day has begun meanwhile, the newest event's day is another.
 */
const predict = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  { forecast, past, planned, queryHash }: PredictionRequest
): Effect.fn.Return<Forecast, PortFailure, Cache | Computation | EventStore | ExchangeRates> {
  const cache = yield* Cache
  const keyOf = ({ answer }: Answered) => `lifetime|${hashValue([workspace, queryHash, answer.watermark])}`
  const calibrationEnd = calibrationEndOf(planned, forecast, past.answer)
  if (calibrationEnd === undefined) return { ...past, calibrationEnd, model: refusedWithout(forecast) }
  const known = yield* cache.get(keyOf(past))
  if (known !== undefined) return { ...past, calibrationEnd, model: JSON.parse(known) as LifetimeModel }
  const { plan, zone } = planned
  const beforeMillis = startOfDay(zone, addDays(calibrationEnd, 1))
  const whole = yield* answerPlan(workspace, planned, {
    beforeMillis,
    offsets: yield* inSlices(offsetRuns(zone, plan.fromMillis, beforeMillis)),
    countMax: lifetimeCustomersMax
  })
  const day = calibrationEndOf(planned, forecast, whole.answer)
  if (day === undefined || dayNumber(day) !== dayNumber(calibrationEnd)) {
    return yield* predict(workspace, { forecast, planned, queryHash, past: whole })
  }
  const model = yield* fit(planned, forecast, calibrationEnd, whole.answer)
  yield* cache.set(keyOf(whole), JSON.stringify(model), fitRememberedMillis)
  return { ...whole, calibrationEnd, model }
})

/** The computation's pieces, others in between. */
const inSlices = Effect.fnUntraced(function* <Result>(steps: Steps<Result>) {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
    yield* Effect.yieldNow
  }
})

const calibrationEndOf = (
  { zone }: PlannedLifetime,
  { calibrationEnd }: PlannedForecast,
  { newestMillis }: LifetimeRows
): CalendarDay | undefined => calibrationEnd ?? (newestMillis === undefined ? undefined : dayAt(zone, newestMillis))

/** On a thread of its own; what is refused at a glance, at once. */
const fit = Effect.fnUntraced(function* (
  { exponent }: PlannedLifetime,
  { horizonWeeks, profile, weeklyDiscountRate }: PlannedForecast,
  calibrationEnd: CalendarDay,
  { customers }: LifetimeRows
): Effect.fn.Return<LifetimeModel, PortFailure, Computation> {
  if (customers !== undefined && "tooMany" in customers) return refusedTooMany(customers.tooMany)
  const request: LifetimeModelRequest = {
    customers: customers ?? noCustomers(),
    calibrationEndDay: dayNumber(calibrationEnd),
    exponent,
    horizonWeeks,
    weeklyDiscountRate,
    profile
  }
  if (request.customers.cohort.length < customersMin) return runToEnd(predictLifetime(request))
  return yield* (yield* Computation).run("lifetime", request)
})

const noCustomers = (): CustomerColumns => ({
  cohort: new Int32Array(),
  firstDay: new Int32Array(),
  lastDay: new Int32Array(),
  frequency: new Int32Array(),
  repeatSpendMinor: new Float64Array()
})

const refusedWithout = ({ horizonWeeks, profile, weeklyDiscountRate }: PlannedForecast): LifetimeModel =>
  runToEnd(
    predictLifetime({
      customers: noCustomers(),
      calibrationEndDay: 0,
      exponent: 0,
      horizonWeeks,
      weeklyDiscountRate,
      profile
    })
  )

const refusedTooMany = (found: number): LifetimeModel => {
  const refusal = {
    outcome: "refused" as const,
    reason: "too_many_customers" as const,
    found,
    needed: lifetimeCustomersMax
  }
  return { purchases: refusal, spend: refusal, values: refusal, profile: null }
}

/** What must be said of the models beside their numbers. */
const predictionWarnings = (
  { zone }: PlannedLifetime,
  { calibrationEnd: asked }: PlannedForecast,
  { answer, model: { purchases, spend } }: Forecast
): LifetimeResult["warnings"] => {
  const say = (is: boolean, pointer: string, detail: string) => (is ? [{ pointer, detail }] : [])
  const newest = answer.newestMillis === undefined ? undefined : dayAt(zone, answer.newestMillis)
  const isAhead = asked !== undefined && newest !== undefined && dayNumber(asked) > dayNumber(newest)
  const unfinished = (name: string, model: LifetimeModel["purchases"] | LifetimeModel["spend"]) =>
    say(
      model.outcome === "fitted" && !model.converged,
      "/prediction",
      `the model of ${name} has no maximum here: its parameters are the best that was found`
    )
  return [
    ...say(
      isAhead,
      "/calibration_end",
      `the newest event is of ${newest === undefined ? "" : formatDay(newest)}: days behind it count as days without a purchase`
    ),
    ...unfinished("purchases", purchases),
    ...unfinished("spend", spend),
    ...say(
      spend.outcome === "fitted" && spend.independence.dependent,
      "/prediction",
      "spend and frequency go together: the model takes them as independent, and is off by as much"
    )
  ]
}
