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

export interface ExperimentMetricPlan {
  readonly part: ExperimentPart
  /** Of a ratio: what it is divided by. */
  readonly denominator: ExperimentPart | undefined
  /** Whether a unit has any of it counts, not how much. */
  readonly yes: boolean
  /** From so long after the first exposure on; until so long after it, exclusive, where there is an end. */
  readonly fromMillis: number
  readonly untilMillis: number | undefined
  /** Only units whose window is over, on the day that it ends. */
  readonly complete: boolean
  readonly cap: ExperimentCap | undefined
  /** So long before the first exposure counts as history. */
  readonly historyMillis: number | undefined
}

/** What units did from their first exposure on, by variant and day. People stand for units. */
export interface ExperimentPlan {
  readonly kind: "experiment"
  readonly workspace: string
  readonly revisions: string
  readonly experiment: string
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
  /** Units also by their value of a field at or before their first exposure; values of most units only. */
  readonly dimension?: { readonly field: PlanField; readonly valuesMax: number } | undefined
  /**
   * Of a bandit: when each of its steps began, in ms UTC. Units are told apart by the step that their first exposure names
   * (its place from 1), or in which it was where it names none.
   */
  readonly steps?: ReadonlyArray<number> | undefined
}

/** What one day brought to one variant; sums over units, each sum what it grew by. */
export interface ExperimentMetricRow {
  readonly variant: number
  readonly day: number
  readonly count: number
  readonly converted: number
  readonly sum: number
  readonly squares: number
  readonly denominator: { readonly sum: number; readonly squares: number; readonly products: number }
  readonly history: {
    readonly count: number
    readonly sum: number
    readonly squares: number
    readonly products: number
    readonly outcomes: number
  }
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
  readonly metrics: ReadonlyArray<ReadonlyArray<ExperimentMetricRow>>
}

export interface ExperimentRows {
  readonly units: ReadonlyArray<ExperimentUnitRow>
  /** By metric; of units that saw one variant. */
  readonly metrics: ReadonlyArray<ReadonlyArray<ExperimentMetricRow>>
  /** The same with those of several in the variant that they saw first; absent where there are none. */
  readonly intended: ReadonlyArray<ReadonlyArray<ExperimentMetricRow>> | undefined
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
