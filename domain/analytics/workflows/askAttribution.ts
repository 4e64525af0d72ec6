import { Effect } from "effect"
import { inTurns } from "../../platform/inTurns.ts"
import { attributionTouchesMax } from "../../../ports/analytics/AttributionPlan.ts"
import type { AttributionQuestion, AttributionResult } from "../../../ports/analytics/AttributionQuestion.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import { ExchangeRates } from "../../../ports/reference/ExchangeRates.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { attribute } from "../../questions/attribution/attribute.ts"
import { readFlatAttribution } from "../../questions/attribution/flatAttribution.ts"
import type { FlatAttribution } from "../../questions/attribution/flatAttribution.ts"
import { planAttribution, withRates } from "../../questions/attribution/planAttribution.ts"
import type { PlannedAttribution } from "../../questions/attribution/planAttribution.ts"
import { shapeAttribution } from "../../questions/attribution/shapeAttribution.ts"
import {
  attributionRequest,
  attributionStatistics,
  CreditRows,
  withCreditIntervals
} from "../../questions/attribution/uncertainAttribution.ts"
import { hashValue } from "../../questions/hashQuestion.ts"
import { formatExactly, formatInstant } from "../../zones/zones.ts"
import { questionScope } from "./askQuestion.ts"
import { conversionsInto, revenueWarnings } from "./conversions.ts"
import { drawIntervals } from "./drawIntervals.ts"
import { nameWarnings } from "./nameWarnings.ts"

const ratesOf = ({ plan, unit }: PlannedAttribution, workspace: WorkspaceId) =>
  unit.kind === "money" ? conversionsInto(workspace, unit, plan) : Effect.succeed({ runs: [], stale: [] })

/** Which touches get the credit for conversions, by each model. Errors name each wrong field. */
export const askAttribution = Effect.fn("askAttribution")(function* (
  workspace: WorkspaceId,
  question: AttributionQuestion
) {
  const store = yield* EventStore
  const read = planAttribution(question, yield* questionScope(workspace, question))
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  const money = yield* ratesOf(read.planned, workspace)
  const planned = withRates(read.planned, money.runs)
  const { halfLifeMillis, models, plan, unit, zone } = planned
  const answer = yield* store.answer(plan)
  if (answer.tooMany) {
    const detail = `${attributionTouchesMax} conversions and touches at the most: ask for a shorter range or look-back`
    return yield* new InvalidQuestion({ errors: [{ pointer: "/date_range", code: "too_many", detail }] })
  }
  const { attribution } = yield* ExchangeRates
  const queryHash = hashValue([workspace, zone, models, halfLifeMillis, unit, plan])
  const contributions = plan.uncertain === true ? new CreditRows(models.length) : undefined
  const attributed = yield* inTurns(attribute(answer, models, halfLifeMillis, contributions))
  const shaped = shapeAttribution(planned, attributed)
  const uncertain =
    contributions === undefined
      ? undefined
      : yield* drawIntervals(contributions.rows(), attributionStatistics(planned, attributed), (rows) =>
          attributionRequest(planned, attributed, rows, `${queryHash}|${answer.watermark}`)
        )
  const result: AttributionResult = {
    from: formatExactly(zone, plan.fromMillis),
    to: formatExactly(zone, plan.toMillis),
    ...shaped,
    ...(uncertain === undefined ? {} : { models: withCreditIntervals(planned, attributed, shaped.models, uncertain) }),
    as_of: answer.asOfMillis === undefined ? null : formatInstant(zone, answer.asOfMillis),
    time_zone: zone,
    watermark: answer.watermark,
    query_hash: queryHash,
    ...(unit.kind === "money" ? { exchange_rates: { source: attribution.text, as_of: attribution.as_of } } : {}),
    warnings: [
      ...(yield* nameWarnings(workspace, planned, answer.watermark)),
      ...revenueWarnings("/currency", money, answer)
    ]
  }
  return result
})

/** The same for the query string of a GET. */
export const askFlatAttribution = Effect.fnUntraced(function* (workspace: WorkspaceId, flat: FlatAttribution) {
  const read = readFlatAttribution(flat)
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  return yield* askAttribution(workspace, read.question)
})
