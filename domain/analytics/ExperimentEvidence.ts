import { Clock, Effect, Layer } from "effect"
import { EventStore } from "../../ports/analytics/EventStore.ts"
import { ExperimentEvidence, experimentValuesMax } from "../../ports/analytics/ExperimentEvidence.ts"
import type {
  Evidence,
  EvidenceQuestion,
  TrafficGroups,
  TrafficQuestion
} from "../../ports/analytics/ExperimentEvidence.ts"
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
import {
  shapeCuts,
  shapeEvidence,
  shapeGroups,
  shapeSlices,
  shapeSteps
} from "../questions/experiment/shapeEvidence.ts"
import { planSelection } from "../questions/selection.ts"
import { bucketRuns, bucketStarts } from "../zones/buckets.ts"
import { addDays, dayAt, formatDay, startOfDay } from "../zones/zones.ts"
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

type Planned = Effect.Success<ReturnType<typeof planned>>

/** What tells whom to look at. */
type Asked = Pick<
  ExperimentPlan,
  "experiment" | "exposures" | "phase" | "variants" | "trigger" | "steps" | "beside"
> & {
  readonly fromMillis: number
  readonly toMillis: number
}

/** The rows of a plan, and what gives them their shape. */
const answer = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  { by, plan: metrics, scope }: Planned,
  asked: Asked
) {
  const store = yield* EventStore
  const { currency, timeZone: zone } = scope
  const { fromMillis, toMillis } = asked
  const range = { fromMillis, toMillis }
  const starts = bucketStarts({ zone, interval: "day", weekStart: 1, ...range, countMax: daysMax })
  const exponent = exponentOf(currency) ?? 2
  const isMoney = metrics.metrics.some(({ denominator, part }) =>
    [part, denominator].some((each) => each?.value.kind === "revenue")
  )
  const history = Math.max(0, ...metrics.metrics.map(({ beforeMillis }) => beforeMillis))
  const none = { runs: [], unconverted: [], stale: [] }
  const money = isMoney
    ? yield* conversionsInto(workspace, { currency, exponent }, { ...range, fromMillis: fromMillis - history })
    : none
  const plan: ExperimentPlan = {
    kind: "experiment",
    workspace,
    revisions: scope.revisions,
    ...asked,
    buckets: bucketRuns(starts, toMillis),
    conversions: money.runs,
    metrics: metrics.metrics,
    ...(by === undefined ? {} : { dimension: { ...by, valuesMax: experimentValuesMax } })
  }
  const rows = yield* store.answer(plan)
  const shape = {
    dates: starts.map((start) => formatDay(dayAt(zone, start))),
    variants: asked.variants.length * (asked.beside?.variants.length ?? 1),
    metrics: metrics.metrics,
    scale: { minorUnits: 10 ** exponent }
  }
  const dimension = by === undefined ? [] : [{ field: by.field, pointer: "/dimension" }]
  const warnings = [
    ...(yield* nameWarnings(workspace, { ...metrics, named: [...metrics.named, ...dimension] }, rows.watermark)),
    ...(isMoney ? revenueWarnings("", money, { leftOut: [] }) : [])
  ]
  return { rows, shape, warnings }
})

const evidenceOf = (
  { currency, timeZone: zone }: Planned["scope"],
  { fromMillis, toMillis }: Asked,
  { rows, shape, warnings }: Effect.Success<ReturnType<typeof answer>>
): Evidence => ({
  days: shapeEvidence(shape, rows.units, rows.metrics),
  intended: rows.intended === undefined ? undefined : shapeEvidence(shape, rows.units.map(asIntended), rows.intended),
  slices: shapeSlices(shape, rows.slices),
  valuesLeftOut: rows.valuesLeftOut,
  steps: shapeSteps(shape, rows.steps),
  cuts: shapeCuts(shape.metrics, rows.cuts, shape.scale),
  fullDays: Math.max(0, Math.floor((toMillis - fromMillis) / 86_400_000)),
  twoVariants: rows.twoVariants,
  carriedOver: rows.carriedOver,
  zone,
  currency,
  watermark: rows.watermark,
  warnings
})

const gather = Effect.fn("gatherEvidence")(function* (workspace: WorkspaceId, question: EvidenceQuestion) {
  const plan = yield* planned(workspace, question.metrics, question.dimension)
  const now = yield* Clock.currentTimeMillis
  const { beside, experiment, fromMillis, phase, steps, variants } = question
  const ends = [question.toMillis ?? now + 1, ...(beside === undefined ? [] : [beside.toMillis ?? now + 1])]
  const toMillis = Math.max(fromMillis + 1, Math.min(...ends))
  const exposures = exposuresTo[question.exposedTo ?? "experiment"]
  const of = { experiment, exposures, phase, variants, fromMillis, toMillis }
  const asked: Asked = {
    ...of,
    ...(beside === undefined ? {} : { beside: { ...beside, toMillis } }),
    ...(steps === undefined ? {} : { steps })
  }
  return evidenceOf(plan.scope, asked, yield* answer(workspace, plan, asked))
})

/** The plan of what stands for exposures: whole days that are over, so that it is the same all day. */
const plannedTraffic = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  { days, metrics, trigger }: TrafficQuestion,
  groups: number
) {
  const scope = yield* questionScope(workspace, { metrics, trigger })
  const selection = planSelection(trigger ?? {}, "/trigger", scope)
  const plan = planMetrics(metrics, scope)
  const errors = [...selection.errors, ...plan.errors]
  if (errors.length > 0) return yield* new InvalidQuestion({ errors })
  const today = dayAt(scope.timeZone, yield* Clock.currentTimeMillis)
  const asked: Asked = {
    experiment: "",
    exposures: exposuresTo.experiment,
    phase: 1,
    variants: Array.from({ length: groups }, (_, at) => String(at)),
    trigger: selection.filter,
    fromMillis: startOfDay(scope.timeZone, addDays(today, -days)),
    toMillis: startOfDay(scope.timeZone, today)
  }
  const named: Planned = {
    scope,
    plan: { ...plan, named: [...plan.named, ...selection.named], types: [...plan.types, ...selection.types] },
    by: undefined
  }
  return { planned: named, asked }
})

const traffic = Effect.fn("gatherTraffic")(function* (workspace: WorkspaceId, question: TrafficQuestion) {
  const { asked, planned: plan } = yield* plannedTraffic(workspace, question, 1)
  const evidence = evidenceOf(plan.scope, asked, yield* answer(workspace, plan, asked))
  return { ...evidence, fromMillis: asked.fromMillis, toMillis: asked.toMillis }
})

const groups = Effect.fn("gatherGroups")(function* (
  workspace: WorkspaceId,
  question: TrafficQuestion & { readonly groups: number }
) {
  const { asked, planned: plan } = yield* plannedTraffic(workspace, question, question.groups)
  const { rows, shape } = yield* answer(workspace, plan, asked)
  const found: TrafficGroups = {
    fromMillis: asked.fromMillis,
    toMillis: asked.toMillis,
    people: rows.units.reduce((sum, { assigned }) => sum + assigned, 0),
    grown: yield* Effect.forEach(rows.metrics, (each) => Effect.as(Effect.yieldNow, shapeGroups(shape, each))),
    watermark: rows.watermark
  }
  return found
})

/** Whoever was assigned takes part. */
const asIntended = (unit: ExperimentUnitRow): ExperimentUnitRow => ({ ...unit, participants: unit.assigned })

export const layer: Layer.Layer<ExperimentEvidence, never, Services> = Layer.effect(
  ExperimentEvidence,
  Effect.map(Effect.context<Services>(), (context) =>
    ExperimentEvidence.of({
      gather: (workspace, question) => Effect.provideContext(gather(workspace, question), context),
      traffic: (workspace, question) => Effect.provideContext(traffic(workspace, question), context),
      groups: (workspace, question) => Effect.provideContext(groups(workspace, question), context),
      check: (workspace, metrics) => Effect.asVoid(Effect.provideContext(planned(workspace, metrics), context))
    })
  )
)
