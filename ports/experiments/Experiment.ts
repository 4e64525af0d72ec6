import { Schema } from "effect"
import { EventSelection, FunnelDefinition } from "../analytics/FunnelQuestion.ts"
import { resource } from "../documents/Resource.ts"
import { ContextAttributes } from "./EvaluateRequest.ts"
import { Condition } from "../targeting/Condition.ts"
import { Allocation, AllocationStep, allocationStepsMax } from "./Bandit.ts"
import { DecisionRule } from "./DecisionRule.ts"
import {
  AnalysisMethod,
  analysisDefaults,
  FamilyCorrection,
  MetricDirection,
  MinimumEffect
} from "./ExperimentAnalysis.ts"
import {
  BucketHash,
  DefinitionKey,
  Percent,
  Prerequisite,
  prerequisitesMax,
  UnitAttributes,
  VariantName,
  variantsMax,
  Weight
} from "./FlagFile.ts"

/** Metrics of one experiment: goals, secondary ones and guardrails, each. */
export const metricsMax = 20
export const phasesMax = 200

/** How units keep their variants while weights, targeting and traffic change. */
const BucketVersion = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 }))
const bucketing = {
  /** Stored with every sticky assignment; 0 by default. */
  bucket_version: Schema.optionalKey(BucketVersion),
  /** An assignment stored with an older version counts no more. */
  bucket_version_min: Schema.optionalKey(BucketVersion),
  /** What becomes of a unit whose assignment is too old: `rebucket` by default. */
  old_assignments: Schema.optionalKey(Schema.Literals(["rebucket", "exclude"]))
}

const Name = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))
const Note = Schema.String.check(Schema.isMaxLength(2000))

export const ExperimentVariant = Schema.Struct({
  /** What flags serve and events name. */
  id: VariantName,
  name: Schema.optionalKey(Name),
  description: Schema.optionalKey(Note),
  /** Whole percents; those of all variants sum to 100 when the experiment starts. */
  weight: Weight,
  /** What the others are compared with; the first variant where none says so. */
  control: Schema.optionalKey(Schema.Boolean)
}).annotate({
  identifier: "ExperimentVariant",
  examples: [{ id: "short-form", name: "Short form", weight: 50 }]
})
export type ExperimentVariant = typeof ExperimentVariant.Type

/** What is summed up per unit: events, revenue of orders less refunds, or a number in a property. */
export const MetricValue = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("count") }),
  Schema.Struct({ kind: Schema.Literal("revenue") }),
  Schema.Struct({ kind: Schema.Literal("property"), property: Name })
]).annotate({ identifier: "MetricValue" })
export type MetricValue = typeof MetricValue.Type

/** Totals above it count as it: an amount, or a percentile of all arms' totals that are not zero. */
export const MetricCap = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("absolute"), value: Schema.Finite.check(Schema.isGreaterThan(0)) }),
  Schema.Struct({
    kind: Schema.Literal("percentile"),
    percentile: Schema.Finite.check(Schema.isBetween({ minimum: 50, maximum: 99.999 })),
    ignore_zeros: Schema.optionalKey(Schema.Boolean)
  })
]).annotate({ identifier: "MetricCap" })
export type MetricCap = typeof MetricCap.Type

const counted = { of: EventSelection, value: Schema.optionalKey(MetricValue) }
const { aggregate_by: _, ...ofFunnel } = FunnelDefinition.fields

/** What a metric counts of a unit, from its first exposure on. */
export const MetricMeasure = Schema.Union([
  /** Whether the unit did it. */
  Schema.Struct({ kind: Schema.Literal("rate"), of: EventSelection }),
  /** How much of it, per unit. */
  Schema.Struct({ kind: Schema.Literal("mean"), ...counted }),
  /** How much of it by how much of something else, over all units. */
  Schema.Struct({ kind: Schema.Literal("ratio"), ...counted, by: Schema.Struct(counted) }),
  /** Whether the unit came back so many days after its first exposure. */
  Schema.Struct({
    kind: Schema.Literal("retention"),
    of: EventSelection,
    from_day: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 365 })),
    to_day: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 365 }))
  }),
  /** Whether the unit came through the steps, as a funnel of analytics tells it, all of them from its exposure on. */
  Schema.Struct({ kind: Schema.Literal("funnel"), ...ofFunnel }),
  /** The value below which a share of all values lies: those of events, or the totals of units. */
  Schema.Struct({
    kind: Schema.Literal("quantile"),
    ...counted,
    share: Schema.Finite.check(Schema.isBetween({ minimum: 0.01, maximum: 0.999 })),
    per: Schema.Literals(["event", "unit"]),
    /** Only values that are not zero. */
    ignore_zeros: Schema.optionalKey(Schema.Boolean)
  })
]).annotate({ identifier: "MetricMeasure" })
export type MetricMeasure = typeof MetricMeasure.Type

export const ExperimentMetric = Schema.Struct({
  id: DefinitionKey,
  name: Schema.optionalKey(Name),
  measure: MetricMeasure,
  /** Days from the first exposure; without it all to date. */
  window_days: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 366 }))),
  /** Only units whose window is over count; of coming back that is always so. */
  complete_windows: Schema.optionalKey(Schema.Boolean),
  /** Of a mean, and of what a ratio divides. */
  cap: Schema.optionalKey(MetricCap),
  /** `increase` by default. */
  direction: Schema.optionalKey(MetricDirection),
  minimum_effect: Schema.optionalKey(MinimumEffect),
  /** Of a guardrail: the relative loss that is put up with; .02 is two percent. */
  margin: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 }))),
  /** Adjust by what units did in so many days before their first exposure, 7 to 30; not of a quantile. */
  cuped_days: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 7, maximum: 30 })))
}).annotate({ identifier: "ExperimentMetric" })
export type ExperimentMetric = typeof ExperimentMetric.Type

const Metrics = Schema.optionalKey(Schema.Array(ExperimentMetric).check(Schema.isMaxLength(metricsMax)))

/** Says only what differs from the usual. */
export const ExperimentAnalysis = Schema.Struct({
  method: Schema.optionalKey(AnalysisMethod),
  alpha: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 0.0001, maximum: 0.5 }))),
  power: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 0.5, maximum: 0.999 }))),
  correction: Schema.optionalKey(FamilyCorrection),
  tuning_units: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 10, maximum: 1_000_000_000 }))),
  planned_units: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000_000 })))
}).annotate({ identifier: "ExperimentAnalysis" })
export const analysisMethodUsual: AnalysisMethod = "sequential"
export { analysisDefaults }

/** What an experiment tries and how it is judged; all of it but its words is frozen while it runs. */
const fields = {
  /** Its id, a new one where none is given. */
  key: Schema.optionalKey(DefinitionKey),
  name: Name,
  description: Schema.optionalKey(Note),
  hypothesis: Schema.optionalKey(Note),
  /** `production` by default. */
  environment: Schema.optionalKey(DefinitionKey),
  variants: Schema.optionalKey(Schema.Array(ExperimentVariant).check(Schema.isMaxLength(variantsMax))),
  unit: Schema.optionalKey(UnitAttributes),
  condition: Schema.optionalKey(Condition),
  prerequisites: Schema.optionalKey(Schema.Array(Prerequisite).check(Schema.isMaxLength(prerequisitesMax))),
  /** Share of the targeted units that take part. */
  percent: Schema.optionalKey(Percent),
  /** A layer's experiments share its slots, so that no unit is in two of them. */
  layer: Schema.optionalKey(Schema.Struct({ id: DefinitionKey, percent: Percent })),
  team: Schema.optionalKey(DefinitionKey),
  hash: Schema.optionalKey(BucketHash),
  seed: Schema.optionalKey(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))),
  /** Whether a unit keeps the variant that it was first given, whatever changes. */
  sticky: Schema.optionalKey(Schema.Boolean),
  /** Shares of the traffic follow the results; without it they stay as they are. */
  allocation: Schema.optionalKey(Allocation),
  ...bucketing,
  goals: Metrics,
  secondary: Metrics,
  guardrails: Metrics,
  analysis: Schema.optionalKey(ExperimentAnalysis),
  /** When a variant ships and when all is rolled back; the usual rule without it. */
  decision_rule: Schema.optionalKey(DecisionRule)
}

export const ExperimentStatus = Schema.Literals(["draft", "running", "stopped", "archived"]).annotate({
  identifier: "ExperimentStatus"
})
export type ExperimentStatus = typeof ExperimentStatus.Type

const Slots = Schema.Array(Schema.Struct({ from: Schema.Int, to: Schema.Int }))

/** A time in which nothing of the experiment changed; each is analysed alone. Times in ms UTC. */
export const ExperimentPhase = Schema.Struct({
  /** From 1. */
  number: Schema.Int,
  started_at: Schema.Int,
  ended_at: Schema.NullOr(Schema.Int),
  started_by: Schema.String,
  reason: Schema.NullOr(Schema.String),
  variants: Schema.Array(ExperimentVariant),
  condition: Schema.optionalKey(Condition),
  percent: Schema.optionalKey(Percent),
  slots: Schema.optionalKey(Slots),
  /** Of a bandit: shares of the traffic, oldest first. */
  steps: Schema.optionalKey(Schema.Array(AllocationStep).check(Schema.isMaxLength(allocationStepsMax))),
  ...bucketing
}).annotate({ identifier: "ExperimentPhase" })
export type ExperimentPhase = typeof ExperimentPhase.Type

export const ExperimentDecision = Schema.Struct({
  decision: Schema.Literals(["ship", "roll_back", "inconclusive"]),
  /** The one that is shipped. */
  variant: Schema.optionalKey(VariantName),
  reason: Schema.optionalKey(Note),
  decided_at: Schema.Int,
  decided_by: Schema.String
}).annotate({ identifier: "ExperimentDecision" })
export type ExperimentDecision = typeof ExperimentDecision.Type

export const ExperimentLife = Schema.Struct({
  status: ExperimentStatus,
  /** Oldest first. */
  phases: Schema.Array(ExperimentPhase).check(Schema.isMaxLength(phasesMax)),
  decision: Schema.NullOr(ExperimentDecision)
})
export type ExperimentLife = typeof ExperimentLife.Type

export const experiments = resource({
  name: "experiments",
  singular: "experiment",
  identifier: "Experiment",
  fields,
  example: {
    name: "Short checkout",
    hypothesis: "Fewer fields, more orders",
    variants: [
      { id: "control", weight: 50, control: true },
      { id: "short-form", weight: 50 }
    ],
    goals: [
      {
        id: "ordered",
        measure: { kind: "rate", of: { event_types: ["order_completed"] } },
        minimum_effect: { kind: "absolute", value: 0.02 }
      }
    ]
  }
})
export type NewExperiment = typeof experiments.definition.Type

/** An experiment with its life. */
export const Experiment = Schema.Struct({ ...experiments.item.fields, ...ExperimentLife.fields }).annotate({
  identifier: "Experiment"
})
export type Experiment = typeof Experiment.Type

/** What starts the next phase of a running experiment; what it does not say stays. */
export const NewPhase = Schema.Struct({
  variants: Schema.optionalKey(
    Schema.Array(ExperimentVariant).check(Schema.isMinLength(1), Schema.isMaxLength(variantsMax))
  ),
  condition: Schema.optionalKey(Condition),
  percent: Schema.optionalKey(Percent),
  ...bucketing,
  reason: Schema.optionalKey(Note)
}).annotate({ identifier: "NewPhase", examples: [{ percent: 50, reason: "More traffic" }] })
export type NewPhase = typeof NewPhase.Type

export const NewDecision = Schema.Struct({
  decision: Schema.Literals(["ship", "roll_back", "inconclusive"]),
  variant: Schema.optionalKey(VariantName),
  reason: Schema.optionalKey(Note)
}).annotate({ identifier: "NewDecision", examples: [{ decision: "ship", variant: "short-form" }] })
export type NewDecision = typeof NewDecision.Type

const UnitId = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(300))

export const AssignRequest = Schema.Struct({
  user_id: Schema.optionalKey(UnitId),
  anonymous_id: Schema.optionalKey(UnitId),
  /** What the experiment's condition looks at. */
  context: Schema.optionalKey(ContextAttributes)
}).annotate({ identifier: "AssignRequest", examples: [{ user_id: "u1", context: { country: "DE" } }] })
export type AssignRequest = typeof AssignRequest.Type

export const AssignedVariant = Schema.Struct({
  experiment_id: Schema.String,
  /** `null`: not in the experiment; `reason` says why. */
  variant: Schema.NullOr(Schema.String),
  phase: Schema.NullOr(Schema.Int),
  bucket: Schema.NullOr(Schema.Finite),
  reason: Schema.Literals([
    "assigned",
    "stored",
    "forced",
    "off",
    "no_unit",
    "holdout",
    "layer",
    "old_assignment",
    "condition",
    "prerequisite",
    "rollout",
    "no_variant"
  ]),
  /** Pointer into the condition, the flag of the prerequisite, the layer, the holdout, or the override that forced it. */
  detail: Schema.NullOr(Schema.String),
  /** Of a sticky experiment: the variant was stored, or the store is away and the hash decided. */
  sticky: Schema.NullOr(Schema.Literals(["stored", "unavailable"])),
  /** Of a bandit, where the hash decided: what an exposure that the client writes itself should bear. */
  allocation: Schema.optionalKey(Schema.Struct({ step: Schema.Int, probability: Schema.Finite }))
}).annotate({ identifier: "AssignedVariant" })
export type AssignedVariant = typeof AssignedVariant.Type
