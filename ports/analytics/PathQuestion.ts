import { Schema } from "effect"
import { EventSelection } from "./FunnelQuestion.ts"
import { Filter } from "./Question.ts"

export const pathStepsMax = 20
export const pathStepsUsual = 5
/** 30 days. */
export const pathMinutesMax = 43_200
export const pathGapMinutesUsual = 30
export const pathWindowMinutesUsual = 1440
export const pathGroupsMax = 50
export const pathGroupCharactersMax = 200
export const pathEdgesMax = 100
export const pathEdgesUsual = 50

export const PathQuestion = Schema.Struct({
  /** The event that paths start from or end at lies in it; the others may lie outside. */
  date_range: Schema.Struct({ from: Schema.String, to: Schema.String }),
  time_zone: Schema.optionalKey(Schema.String),
  as_of: Schema.optionalKey(Schema.Literals(["today", "event"])),
  /** Paths go forward from a person's first such event in the range. Any event where neither start nor end is given. */
  start: Schema.optionalKey(EventSelection),
  /** Paths go backward from a person's first such event in the range; instead of `start`. */
  end: Schema.optionalKey(EventSelection),
  /** Events that paths lead through; any by default. */
  through: Schema.optionalKey(EventSelection),
  /** Holds for every event of a path. */
  filters: Schema.optionalKey(Filter),
  /** 1 to 20, 5 by default. */
  steps: Schema.optionalKey(Schema.Int),
  /** Between two events of a path, the limit included; 30 by default. */
  gap_minutes: Schema.optionalKey(Schema.Int),
  /** From the first event of a path to its last, the limit included; a day by default. */
  window_minutes: Schema.optionalKey(Schema.Int),
  /**
   * `both` (the default): page views show their page's path, other events their type; `events`: all show their type;
   * `pages`: page views alone, besides the event that paths start from or end at.
   */
  nodes: Schema.optionalKey(Schema.Literals(["both", "events", "pages"])),
  /** Pages whose path fits are shown as the first rule that they fit; `*` stands for any characters: `/blog/*`. */
  groups: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Several events of one node in a row are one; it counts for them at the one nearest to the start, or to the end. */
  collapse_loops: Schema.optionalKey(Schema.Boolean),
  /** Edges and nodes to answer, the largest first: 1 to 100, 50 by default. */
  top: Schema.optionalKey(Schema.Int)
}).annotate({
  identifier: "PathQuestion",
  examples: [
    {
      date_range: { from: "2026-11-01", to: "2026-11-23" },
      start: { event_types: ["page_view"], filters: { dimension: "path", operator: "is", value: "/pricing" } },
      groups: ["/blog/*"],
      collapse_loops: true
    }
  ]
})
export type PathQuestion = typeof PathQuestion.Type

export const PathNode = Schema.Struct({
  kind: Schema.Literals(["page", "event"]),
  /** Path of the page or the rule that groups it; type of the event. */
  name: Schema.String
})
export type PathNode = typeof PathNode.Type

export const PathEdge = Schema.Struct({
  /** Counted from the start, or back from the end; 1 touches it. */
  step: Schema.Int,
  from: PathNode,
  to: PathNode,
  people: Schema.Int,
  /** In the node away from the start or end: more than people only where loops are collapsed. */
  events: Schema.Int,
  median_ms: Schema.Finite
})

export const PathPlace = Schema.Struct({
  /** 0 is the start or the end. */
  step: Schema.Int,
  node: PathNode,
  people: Schema.Int,
  /** Of these, people whose path goes no further, whatever the number of steps asked for. */
  dropped: Schema.Int
})

export const PathResult = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  /** Who has a path. Everybody counts once, by the path of their first start or end event in the range. */
  people: Schema.Int,
  /** Most people first, then by step and names. */
  edges: Schema.Array(PathEdge),
  /** By step, what is behind the top. */
  other_edges: Schema.Array(
    Schema.Struct({ step: Schema.Int, edges: Schema.Int, people: Schema.Int, events: Schema.Int })
  ),
  nodes: Schema.Array(PathPlace),
  other_nodes: Schema.Array(
    Schema.Struct({ step: Schema.Int, nodes: Schema.Int, people: Schema.Int, dropped: Schema.Int })
  ),
  /** Arrival of the newest event that is counted. */
  as_of: Schema.NullOr(Schema.String),
  time_zone: Schema.String,
  watermark: Schema.String,
  query_hash: Schema.String,
  warnings: Schema.Array(Schema.Struct({ pointer: Schema.String, detail: Schema.String }))
}).annotate({ identifier: "PathResult" })
export type PathResult = typeof PathResult.Type
