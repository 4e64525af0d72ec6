import type { FunnelPlan } from "./FunnelPlan.ts"
import type { PlanField, PlanFilter } from "./PlanFilter.ts"
import type { BucketRun, ConversionRun } from "./TrendPlan.ts"

/** What is added up of the events that a filter takes. Revenue is in minor units of the plan's currency. */
export interface ExperimentPart {
  readonly filter: PlanFilter
  readonly value: { readonly kind: "count" | "revenue" } | { readonly kind: "property"; readonly name: string }
}

export type ExperimentCap =
  | { readonly kind: "absolute"; readonly value: number }
  | { readonly kind: "percentile"; readonly share: number; readonly ignoreZeros: boolean }

/** A funnel that a unit may come through. */
export type ExperimentFunnel = Pick<FunnelPlan, "order" | "steps" | "filter" | "windowMillis" | "exclusions">

/** Which value of all is asked for. */
export interface ExperimentQuantile {
  readonly share: number
  /** Of each event, or of each unit's total. */
  readonly per: "event" | "unit"
  readonly ignoreZeros: boolean
  /** Standard errors from the share to the shares of its interval's ends. */
  readonly reach: number
}

export interface ExperimentMetricPlan {
  /** Of a funnel: its last step. */
  readonly part: ExperimentPart
  /** Of a ratio: what it is divided by. */
  readonly denominator: ExperimentPart | undefined
  /** Its last event is what counts, once; all its events lie in the metric's time. */
  readonly funnel: ExperimentFunnel | undefined
  readonly quantile: ExperimentQuantile | undefined
  /** Whether a unit has any of it counts, not how much. */
  readonly yes: boolean
  /** From so long after the first exposure on; until so long after it, exclusive, where there is an end. */
  readonly fromMillis: number
  readonly untilMillis: number | undefined
  /** Only units whose window is over, on the day that it ends. */
  readonly complete: boolean
  readonly cap: ExperimentCap | undefined
  /** So long before the first exposure the same is looked at. */
  readonly beforeMillis: number
  /** Whether units that did anything in that time are told apart from those that nothing is known of. */
  readonly adjusts: boolean
}

/** Which events are exposures, and the properties that say to what of which variant. */
export interface ExperimentExposures {
  readonly eventType: string
  readonly experiment: string
  readonly variant: string
}

/** A phase of another experiment. */
export type ExperimentBeside = Pick<ExperimentPlan, "experiment" | "phase" | "variants" | "fromMillis" | "toMillis">

/** What units did from their first exposure on, by variant and day. People stand for units. */
export interface ExperimentPlan {
  readonly kind: "experiment"
  readonly workspace: string
  readonly revisions: string
  readonly experiment: string
  readonly exposures: ExperimentExposures
  /**
   * Instead of exposures: the first event of the phase that the filter takes stands for a person's exposure, and a hash of
   * the person for the variant, one of as many as there are variants.
   */
  readonly trigger?: PlanFilter | undefined
  /** Exposures that name another phase are of that one, whenever they were. */
  readonly phase: number
  readonly variants: ReadonlyArray<string>
  /** The phase; its end is exclusive, and nothing after it counts. */
  readonly fromMillis: number
  readonly toMillis: number
  /** Days of the workspace's calendar. */
  readonly buckets: ReadonlyArray<BucketRun>
  readonly conversions: ReadonlyArray<ConversionRun>
  readonly metrics: ReadonlyArray<ExperimentMetricPlan>
  /**
   * Only people who are also units of this one, from the later of both first exposures on, by both variants: the place
   * of the first times the number of the second's variants, plus the place of the second.
   */
  readonly beside?: ExperimentBeside | undefined
  /** Units also by their value of a field at or before their first exposure; values of most units only. */
  readonly dimension?:
    | { readonly field: PlanField; readonly which: "first" | "last"; readonly valuesMax: number }
    | undefined
  /**
   * Of a bandit: when each of its steps began, in ms UTC. Units are told apart by the step that their first exposure names
   * (its place from 1), or in which it was where it names none.
   */
  readonly steps?: ReadonlyArray<number> | undefined
}

/** Days at whose ends a quantile is told, the last ones: nothing of it adds up from day to day. */
export const quantileDaysMax = 28

/**
 * What one day brought to one variant; sums over units, each sum what it grew by. y is a unit's total, d its denominator,
 * x and m the same before its first exposure.
 */
export interface ExperimentMetricRow {
  readonly variant: number
  readonly day: number
  readonly count: number
  readonly converted: number
  readonly sum: number
  readonly squares: number
  readonly denominator: { readonly sum: number; readonly squares: number; readonly products: number }
  /** Of all units. */
  readonly before: {
    readonly sum: number
    readonly squares: number
    readonly denominator: { readonly sum: number; readonly squares: number; readonly products: number }
  }
  /** Of units that did anything before; the others have neither x nor m. */
  readonly history: {
    readonly count: number
    /** Σ x y, Σ x d, Σ m y, Σ m d, Σ y, Σ d */
    readonly xy: number
    readonly xd: number
    readonly my: number
    readonly md: number
    readonly y: number
    readonly d: number
  }
}

/** A quantile as it stood at the end of a day: of the values up to then. */
export interface ExperimentQuantileRow {
  readonly variant: number
  readonly day: number
  /** Units that have a value, and one that is not zero. */
  readonly count: number
  readonly converted: number
  /** Of all values. */
  readonly sum: number
  readonly squares: number
  readonly value: number
  /** Values at the ends of its interval; none where units are too few. */
  readonly ends: readonly [low: number, high: number] | undefined
}

export type ExperimentMetricRows =
  | { readonly kind: "changes"; readonly rows: ReadonlyArray<ExperimentMetricRow> }
  | {
      readonly kind: "states"
      readonly rows: ReadonlyArray<ExperimentQuantileRow>
      /** Of values before the first exposure, at the end of the last day. */
      readonly before: ReadonlyArray<ExperimentQuantileRow>
    }

/** Where totals were cut. */
export interface ExperimentCut {
  readonly cap: number
  /** Units of one variant alone whose total lies above it. */
  readonly units: number
}

export interface ExperimentUnitRow {
  readonly variant: number
  readonly day: number
  /** By the variant seen first, whatever came later. */
  readonly assigned: number
  /** Those of one variant alone. */
  readonly participants: number
}

/** Units of one step. */
export type ExperimentStepRows = Pick<ExperimentRows, "units" | "metrics">

/** Units with one value; `null` are those without any. */
export interface ExperimentSliceRows {
  readonly value: string | null
  readonly units: ReadonlyArray<ExperimentUnitRow>
  readonly metrics: ReadonlyArray<ExperimentMetricRows>
}

export interface ExperimentRows {
  readonly units: ReadonlyArray<ExperimentUnitRow>
  /** By metric; of units that saw one variant. */
  readonly metrics: ReadonlyArray<ExperimentMetricRows>
  /** By metric; none where nothing is cut. */
  readonly cuts: ReadonlyArray<ExperimentCut | undefined>
  /** Metrics with those of several in the variant that they saw first; absent where there are none. */
  readonly intended: ReadonlyArray<ExperimentMetricRows> | undefined
  /** Where a dimension was asked for: the value of most units first. */
  readonly slices: ReadonlyArray<ExperimentSliceRows>
  /** Where steps were asked for: one for each. */
  readonly steps: ReadonlyArray<ExperimentStepRows>
  /** Values that are in no slice. */
  readonly valuesLeftOut: number
  readonly twoVariants: number
  readonly carriedOver: number
  readonly asOfMillis: number | undefined
}
