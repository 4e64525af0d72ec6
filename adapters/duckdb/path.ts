import type { PathPlan, PathRows } from "../../ports/analytics/PathPlan.ts"
import type { PathNode } from "../../ports/analytics/PathQuestion.ts"
import type { Read, Row } from "./Engine.ts"
import { peopleShares, readEvents } from "./eventColumns.ts"
import { newestArrival } from "./newestArrival.ts"
import { PathCounts } from "./PathCounts.ts"
import {
  otherText,
  pathColumnsText,
  pathEdgesText,
  pathEventsText,
  pathFirstsText,
  pathGroupsText,
  pathNameListText,
  pathNamesText,
  pathNodesText,
  pathStepsText,
  timesOf,
  topText
} from "./pathText.ts"
import { walkPaths } from "./walkPaths.ts"

export const answerPaths = async (read: Read, plan: PathPlan): Promise<PathRows> => {
  const asOfMillis = await newestArrival(read, plan.workspace)
  return { ...((await walkedRows(read, plan)) ?? (await joinedRows(read, plan))), asOfMillis }
}

type Answered = Omit<PathRows, "asOfMillis">

/** Steps that are counted in memory, some 40 bytes each. */
const walkedStepsMax = 8_000_000

/** None where the ids of events alone tell the order of two of them, or there are too many steps. */
const walkedRows = async (read: Read, plan: PathPlan): Promise<Answered | undefined> => {
  await read(pathNamesText(plan))
  const counts = new PathCounts(plan)
  const { from, to } = timesOf(plan)
  for (const share of await peopleShares(read, plan.workspace, from, to)) {
    const { events } = await readEvents(read, pathColumnsText(plan, share))
    for await (const lot of events.ordered()) {
      if (lot.ambiguous) return undefined
      await walkPaths(lot, plan, counts)
    }
    if (counts.steps > walkedStepsMax) return undefined
  }
  const [names] = await read.lists(pathNameListText)
  return counts.rows(plan.top, (node) => nodeOf(names?.getItem(node)))
}

/** By one order of all events. */
const joinedRows = async (read: Read, plan: PathPlan): Promise<Answered> => {
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
    })
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
