import { Clock, Effect, Layer } from "effect"
import { EventStore } from "../../ports/analytics/EventStore.ts"
import { ExperimentEvidence, experimentValuesMax } from "../../ports/analytics/ExperimentEvidence.ts"
import type { Evidence, EvidenceQuestion } from "../../ports/analytics/ExperimentEvidence.ts"
import type { ExperimentExposures, ExperimentPlan, ExperimentUnitRow } from "../../ports/analytics/ExperimentPlan.ts"
import { InvalidQuestion } from "../../ports/analytics/InvalidQuestion.ts"
import type { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { SettingsSource } from "../../ports/platform/Settings.ts"
import type { SubjectKeys } from "../../ports/privacy/SubjectKeys.ts"
import type { ExchangeRates } from "../../ports/reference/ExchangeRates.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { exponentOf } from "../money/minorUnits.ts"
import { planDimension } from "../questions/experiment/planDimension.ts"
import { planMetrics } from "../questions/experiment/planEvidence.ts"
import { shapeCuts, shapeEvidence, shapeSlices, shapeSteps } from "../questions/experiment/shapeEvidence.ts"
import { bucketRuns, bucketStarts } from "../zones/buckets.ts"
import { dayAt, formatDay } from "../zones/zones.ts"
import { questionScope } from "./workflows/askQuestion.ts"
import { conversionsInto, revenueWarnings } from "./workflows/conversions.ts"
import { nameWarnings } from "./workflows/nameWarnings.ts"

/** Days of one phase that are told one by one. */
const daysMax = 1000

/** The events that say who was exposed. */
const exposuresTo: { readonly [To in NonNullable<EvidenceQuestion["exposedTo"]>]: ExperimentExposures } = {
  experiment: { eventType: "experiment_exposed", experiment: "experiment_id", variant: "variant" },
  holdout: { eventType: "holdout_exposed", experiment: "holdout_id", variant: "group" }
}

type Services = EventStore | DocumentStore | SettingsSource | SubjectKeys | ExchangeRates

const planned = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  metrics: EvidenceQuestion["metrics"],
  dimension?: string
) {
  const scope = yield* questionScope(workspace, metrics)
  const plan = planMetrics(metrics, scope)
  const by = dimension === undefined ? undefined : planDimension(dimension, scope)
  const errors = [...plan.errors, ...(by !== undefined && "code" in by ? [by] : [])]
  if (errors.length > 0) return yield* new InvalidQuestion({ errors })
  return { scope, plan, by: by !== undefined && "code" in by ? undefined : by }
})

const gather = Effect.fn("gatherEvidence")(function* (workspace: WorkspaceId, question: EvidenceQuestion) {
  const store = yield* EventStore
  const { by, plan: asked, scope } = yield* planned(workspace, question.metrics, question.dimension)
  const { currency, timeZone: zone } = scope
  const now = yield* Clock.currentTimeMillis
  const toMillis = Math.max(question.fromMillis + 1, question.toMillis ?? now + 1)
  const range = { fromMillis: question.fromMillis, toMillis }
  const starts = bucketStarts({ zone, interval: "day", weekStart: 1, ...range, countMax: daysMax })
  const exponent = exponentOf(currency) ?? 2
  const isMoney = asked.metrics.some(({ denominator, part }) =>
    [part, denominator].some((each) => each?.value.kind === "revenue")
  )
  const history = Math.max(0, ...asked.metrics.map(({ beforeMillis }) => beforeMillis))
  const none = { runs: [], unconverted: [], stale: [] }
  const money = isMoney
    ? yield* conversionsInto(workspace, { currency, exponent }, { ...range, fromMillis: range.fromMillis - history })
    : none
  const plan: ExperimentPlan = {
    kind: "experiment",
    workspace,
    revisions: scope.revisions,
    experiment: question.experiment,
    exposures: exposuresTo[question.exposedTo ?? "experiment"],
    phase: question.phase,
    variants: question.variants,
    ...range,
    buckets: bucketRuns(starts, toMillis),
    conversions: money.runs,
    metrics: asked.metrics,
    ...(question.steps === undefined ? {} : { steps: question.steps }),
    ...(by === undefined ? {} : { dimension: { ...by, valuesMax: experimentValuesMax } })
  }
  const rows = yield* store.answer(plan)
  const shape = {
    dates: starts.map((start) => formatDay(dayAt(zone, start))),
    variants: question.variants.length,
    metrics: asked.metrics,
    scale: { minorUnits: 10 ** exponent }
  }
  const dimension = by === undefined ? [] : [{ field: by.field, pointer: "/dimension" }]
  const evidence: Evidence = {
    days: shapeEvidence(shape, rows.units, rows.metrics),
    intended: rows.intended === undefined ? undefined : shapeEvidence(shape, rows.units.map(asIntended), rows.intended),
    slices: shapeSlices(shape, rows.slices),
    valuesLeftOut: rows.valuesLeftOut,
    steps: shapeSteps(shape, rows.steps),
    cuts: shapeCuts(asked.metrics, rows.cuts, shape.scale),
    fullDays: Math.max(0, Math.floor((toMillis - question.fromMillis) / 86_400_000)),
    twoVariants: rows.twoVariants,
    carriedOver: rows.carriedOver,
    zone,
    currency,
    watermark: rows.watermark,
    warnings: [
      ...(yield* nameWarnings(workspace, { ...asked, named: [...asked.named, ...dimension] }, rows.watermark)),
      ...(isMoney ? revenueWarnings("", money, { leftOut: [] }) : [])
    ]
  }
  return evidence
})

/** Whoever was assigned takes part. */
const asIntended = (unit: ExperimentUnitRow): ExperimentUnitRow => ({ ...unit, participants: unit.assigned })

export const layer: Layer.Layer<ExperimentEvidence, never, Services> = Layer.effect(
  ExperimentEvidence,
  Effect.map(Effect.context<Services>(), (context) =>
    ExperimentEvidence.of({
      gather: (workspace, question) => Effect.provideContext(gather(workspace, question), context),
      check: (workspace, metrics) => Effect.asVoid(Effect.provideContext(planned(workspace, metrics), context))
    })
  )
)
