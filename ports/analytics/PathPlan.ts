import type { PathNode } from "./PathQuestion.ts"
import type { PlanFilter } from "./PlanFilter.ts"

/**
 * Which nodes people pass after or before their first anchor event (in arrival order) in the range. A path goes on with the
 * next event that it may lead through while that is no more than the gap from the last one and no more than the window
 * from the anchor; both limits are included.
 */
export interface PathPlan {
  readonly kind: "path"
  readonly workspace: string
  readonly revisions: string
  /** Range of the anchors. */
  readonly fromMillis: number
  /** Exclusive. */
  readonly toMillis: number
  readonly direction: "forward" | "backward"
  readonly anchor: PlanFilter
  readonly through: PlanFilter
  readonly steps: number
  readonly gapMillis: number
  readonly windowMillis: number
  /** Whether page views are shown by their page's path. */
  readonly pages: boolean
  /** The first that a page's path fits takes its place; `*` is any characters. */
  readonly groups: ReadonlyArray<string>
  /** Events that show the node of the one before, seen from the anchor, belong to its step. */
  readonly collapse: boolean
  /** Edges and nodes to show. */
  readonly top: number
}

export interface PathEdgeRow {
  /** Distance from the anchor, 1 touches it. */
  readonly step: number
  readonly from: PathNode
  readonly to: PathNode
  readonly people: number
  /** In the node away from the anchor. */
  readonly events: number
  readonly medianMillis: number
}

export interface PathNodeRow {
  readonly step: number
  readonly node: PathNode
  readonly people: number
  readonly dropped: number
}

/** What answers a {@link PathPlan}: the largest by people, then by step, then by the nodes' kind and name; the rest by step. */
export interface PathRows {
  readonly people: number
  readonly edges: ReadonlyArray<PathEdgeRow>
  readonly otherEdges: ReadonlyArray<{
    readonly step: number
    readonly edges: number
    readonly people: number
    readonly events: number
  }>
  readonly nodes: ReadonlyArray<PathNodeRow>
  readonly otherNodes: ReadonlyArray<{
    readonly step: number
    readonly nodes: number
    readonly people: number
    readonly dropped: number
  }>
  /** Arrival of the newest event held, ms UTC. */
  readonly asOfMillis: number | undefined
}
