import type { PathRows } from "../../../ports/analytics/PathPlan.ts"
import type { PathResult } from "../../../ports/analytics/PathQuestion.ts"

/** Rows of the store as the answer. */
export const shapePaths = ({
  edges,
  nodes,
  otherEdges,
  otherNodes,
  people
}: PathRows): Pick<PathResult, "people" | "edges" | "other_edges" | "nodes" | "other_nodes"> => ({
  people,
  edges: edges.map(({ medianMillis, ...edge }) => ({ ...edge, median_ms: medianMillis })),
  other_edges: otherEdges,
  nodes,
  other_nodes: otherNodes
})
