import type { PlanField, PlanFilter } from "./PlanFilter.ts"

/** An attempt may not hold an event of this kind behind its event of step `after` and before that of step `before`. */
export interface FunnelExclusion {
  readonly filter: PlanFilter
  /** Steps counted from 0. Where the step `before` is not reached, the attempt's window ends the span. */
  readonly after: number
  readonly before: number
}

/**
 * People by how far their best attempt comes. An attempt begins at an event of the first step in the range (`any`: of
 * whatever step) and takes for each next step the earliest event behind the one before (`strict`: the very next event
 * of the person) within `windowMillis` of its begin, the limit included. Order is arrival order; an event serves one step.
 * In any order an event serves the first listed step that it fits and equal steps need as many events.
 * The best attempt is the furthest, then the one whose last event is the earliest, then the latest begun. A person all of
 * whose furthest attempts hold an excluded event is not counted at all.
 */
export interface FunnelPlan {
  readonly kind: "funnel"
  readonly workspace: string
  readonly revisions: string
  readonly fromMillis: number
  /** Exclusive. */
  readonly toMillis: number
  readonly order: "sequential" | "strict" | "any"
  readonly steps: ReadonlyArray<PlanFilter>
  /** Holds for every event of the funnel. */
  readonly filter: PlanFilter | undefined
  readonly windowMillis: number
  /** Counts accounts of the type instead of people. */
  readonly accountType?: string
  readonly exclusions: ReadonlyArray<FunnelExclusion>
  readonly breakdown: PlanField | undefined
  /** Whose value of the breakdown counts: an event of the attempt, by its step or its place; `all`: each value by itself. */
  readonly breakdownAt: "first" | "last" | "all" | number
  readonly top: number
  /** Borders of the histograms, ascending, the first 0; ms. */
  readonly binStartsMillis: ReadonlyArray<number>
}

export interface FunnelRow {
  /**
   * Index into `groups`, `other` for what is behind the top (not with `all`, where one person may stand in many groups),
   * `undefined` for everybody.
   */
  readonly group: number | "other" | undefined
  /** By step. */
  readonly people: ReadonlyArray<number>
  /** By step from the second on: from the event of the step before. */
  readonly times: ReadonlyArray<{
    readonly sumMillis: bigint
    readonly medianMillis: number | null
    /** By bin. */
    readonly people: ReadonlyArray<number>
  }>
  readonly open: number
}

/** What answers a {@link FunnelPlan}. */
export interface FunnelRows {
  /** The breakdown's values, those with most people at the first step first. */
  readonly groups: ReadonlyArray<string | null>
  readonly rows: ReadonlyArray<FunnelRow>
  /** Arrival of the newest event held, ms UTC; windows are open that end behind it. */
  readonly asOfMillis: number | undefined
}
