import type { PathNode, PathResult } from "../../ports/analytics/PathQuestion.ts"
import type { Drawn } from "./Drawn.ts"

/** Edges of one picture, those with most people. */
const edgesDrawnMax = 40

const idOf = (step: number, { kind, name }: PathNode): string => `${step} ${kind} ${name}`
const labelOf = ({ kind, name }: PathNode): string => (kind === "event" ? `«${name}»` : name)

/** Ways from node to node. Backward paths are drawn in the order in which people went them, too. */
export const pathPicture = (result: PathResult): Drawn => {
  const { edges, people } = result
  const drawn = edges.slice(0, edgesDrawnMax)
  const isBackward = leadTo(nodesAtStart(result), drawn)
  const last = Math.max(0, ...drawn.map(({ step }) => step))
  const ends = (edge: PathResult["edges"][number]) =>
    isBackward ? { from: last - edge.step, to: last - edge.step + 1 } : { from: edge.step - 1, to: edge.step }
  const nodes = new Map<string, { readonly id: string; readonly label: string; readonly depth: number }>()
  const links = drawn.map((edge) => {
    const depth = ends(edge)
    const [from, to] = [idOf(depth.from, edge.from), idOf(depth.to, edge.to)]
    nodes.set(from, { id: from, label: labelOf(edge.from), depth: depth.from })
    nodes.set(to, { id: to, label: labelOf(edge.to), depth: depth.to })
    return { from, to, value: edge.people }
  })
  return {
    title: "Paths",
    description: `${people} people; ${drawn
      .map((edge) => `${labelOf(edge.from)} to ${labelOf(edge.to)} ${edge.people}`)
      .join(", ")}.`,
    shape: links.length === 0 ? undefined : { kind: "flows", nodes: [...nodes.values()], links }
  }
}

const nodesAtStart = ({ nodes }: PathResult): ReadonlySet<string> =>
  new Set(nodes.filter(({ step }) => step === 0).map(({ node }) => idOf(0, node)))

/** Whether the nearest edges lead to the nodes that paths are told from, and do not leave them. */
const leadTo = (start: ReadonlySet<string>, edges: PathResult["edges"]): boolean => {
  const nearest = edges.filter(({ step }) => step === 1)
  const all = (side: "from" | "to") => nearest.every((edge) => start.has(idOf(0, edge[side])))
  return nearest.length > 0 && all("to") && !all("from")
}
