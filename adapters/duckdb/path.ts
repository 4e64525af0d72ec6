import type { PathPlan, PathRows } from "../../ports/analytics/PathPlan.ts"
import type { PathNode } from "../../ports/analytics/PathQuestion.ts"
import type { Read, Row } from "./Engine.ts"
import { newestArrival } from "./newestArrival.ts"
import {
  otherText,
  pathEdgesText,
  pathEventsText,
  pathFirstsText,
  pathGroupsText,
  pathNodesText,
  pathStepsText,
  topText
} from "./pathText.ts"

export const answerPaths = async (read: Read, plan: PathPlan): Promise<PathRows> => {
  await read(pathFirstsText(plan))
  await read(pathEventsText(plan))
  if (plan.pages && plan.groups.length > 0) await read(pathGroupsText(plan))
  await read(pathStepsText(plan))
  await read(pathEdgesText(plan))
  await read(pathNodesText)
  const [total] = await read("select count(*) as people from path_firsts")
  const edges = await read(topText("path_edges", plan))
  const otherEdges = await read(otherText("path_edges", "events", plan))
  const nodes = await read(topText("path_nodes", plan))
  const otherNodes = await read(otherText("path_nodes", "dropped", plan))
  return {
    people: Number(total?.["people"]),
    edges: edges.map((row) => ({
      step: Number(row["step"]),
      from: nodeOf(row["from"]),
      to: nodeOf(row["to"]),
      people: Number(row["people"]),
      events: Number(row["events"]),
      medianMillis: Number(row["median"])
    })),
    otherEdges: otherEdges.map((row) => {
      const { count, people, step, sum } = otherOf(row)
      return { step, edges: count, people, events: sum }
    }),
    nodes: nodes.map((row) => ({
      step: Number(row["step"]),
      node: nodeOf(row["node"]),
      people: Number(row["people"]),
      dropped: Number(row["dropped"])
    })),
    otherNodes: otherNodes.map((row) => {
      const { count, people, step, sum } = otherOf(row)
      return { step, nodes: count, people, dropped: sum }
    }),
    asOfMillis: await newestArrival(read, plan.workspace)
  }
}

const otherOf = (row: Row) => ({
  step: Number(row["step"]),
  count: Number(row["count"]),
  people: Number(row["people"]),
  sum: Number(row["sum"])
})

const nodeOf = (value: unknown): PathNode => {
  const text = String(value)
  return { kind: text.startsWith("p") ? "page" : "event", name: text.slice(1) }
}
