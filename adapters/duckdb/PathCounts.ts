import { setImmediate as nextTurn } from "node:timers/promises"
import type { PathEdgeRow, PathNodeRow, PathPlan, PathRows } from "../../ports/analytics/PathPlan.ts"
import type { PathNode } from "../../ports/analytics/PathQuestion.ts"
import { Numbers } from "./Numbers.ts"
import { PairCounts } from "./PairCounts.ts"
import type { PathSteps } from "./walkPaths.ts"

const stepsFirst = 1024
/** Pairs, and steps, that are worked on at once. */
const pairsPerTurn = 100_000

/** Counts the edges and nodes of paths, whose nodes are numbered in the order of their names. */
export class PathCounts implements PathSteps {
  readonly #edges = new PairCounts()
  readonly #nodes = new PairCounts()
  /** Of each step that was taken: the edge, and how long it took. */
  #taken = new Uint32Array(stepsFirst)
  #millis = new Float64Array(stepsFirst)
  #steps = 0
  #people = 0
  readonly #forward: boolean

  constructor({ direction }: Pick<PathPlan, "direction">) {
    this.#forward = direction === "forward"
  }

  /** Steps that were taken, each of which takes memory. */
  get steps(): number {
    return this.#steps
  }

  readonly path = (): void => {
    this.#people += 1
  }

  readonly step = (
    step: number,
    near: number,
    node: number,
    events: number,
    millis: number,
    dropped: boolean
  ): void => {
    this.#nodes.add(step, node, 0, dropped ? 1 : 0)
    if (step === 0) return
    const [from, to] = this.#forward ? [near, node] : [node, near]
    if (this.#steps === this.#taken.length) this.#lengthen()
    this.#taken[this.#steps] = this.#edges.add(step, from, to, events)
    this.#millis[this.#steps] = millis
    this.#steps += 1
  }

  #lengthen(): void {
    const [taken, millis] = [new Uint32Array(this.#steps * 2), new Float64Array(this.#steps * 2)]
    taken.set(this.#taken)
    millis.set(this.#millis)
    this.#taken = taken
    this.#millis = millis
  }

  async rows(top: number, name: (node: number) => PathNode): Promise<Omit<PathRows, "asOfMillis">> {
    const [edges, nodes] = [await largest(this.#edges, top), await largest(this.#nodes, top)]
    const medians = await this.#medians(edges)
    const [otherEdges, otherNodes] = [await behind(this.#edges, edges), await behind(this.#nodes, nodes)]
    return {
      people: this.#people,
      edges: edges.map((edge): PathEdgeRow => ({
        step: this.#edges.step(edge),
        from: name(this.#edges.from(edge)),
        to: name(this.#edges.to(edge)),
        people: this.#edges.people(edge),
        events: this.#edges.sum(edge),
        medianMillis: medians.get(edge)!.median()!
      })),
      otherEdges: otherEdges.map(({ count, people, step, sum }) => ({
        step,
        edges: count,
        people,
        events: sum
      })),
      nodes: nodes.map((node): PathNodeRow => ({
        step: this.#nodes.step(node),
        node: name(this.#nodes.from(node)),
        people: this.#nodes.people(node),
        dropped: this.#nodes.sum(node)
      })),
      otherNodes: otherNodes.map(({ count, people, step, sum }) => ({
        step,
        nodes: count,
        people,
        dropped: sum
      }))
    }
  }

  /** How long the steps along each of the edges took. */
  async #medians(edges: ReadonlyArray<number>): Promise<ReadonlyMap<number, Numbers>> {
    const times = new Map(edges.map((edge) => [edge, new Numbers()]))
    const shown = new Uint8Array(this.#edges.size)
    for (const edge of edges) shown[edge] = 1
    for (let at = 0; at < this.#steps; at += 1) {
      if (at % pairsPerTurn === pairsPerTurn - 1) await nextTurn()
      if (shown[this.#taken[at]!] === 1) times.get(this.#taken[at]!)!.add(this.#millis[at]!)
    }
    return times
  }
}

/** By people, the most first, then by step and names. */
const compare = (pairs: PairCounts, one: number, other: number): number =>
  pairs.people(other) - pairs.people(one) ||
  pairs.step(one) - pairs.step(other) ||
  pairs.from(one) - pairs.from(other) ||
  pairs.to(one) - pairs.to(other)

const largest = async (pairs: PairCounts, top: number): Promise<ReadonlyArray<number>> => {
  const kept: Array<number> = []
  for (let pair = 0; pair < pairs.size; pair += 1) {
    if (pair % pairsPerTurn === pairsPerTurn - 1) await nextTurn()
    if (kept.length === top && compare(pairs, pair, kept.at(-1)!) > 0) continue
    let [from, to] = [0, kept.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (compare(pairs, kept[middle]!, pair) < 0) from = middle + 1
      else to = middle
    }
    kept.splice(from, 0, pair)
    if (kept.length > top) kept.pop()
  }
  return kept
}

interface Behind {
  readonly step: number
  count: number
  people: number
  sum: number
}

/** What is behind the largest, by step. */
const behind = async (pairs: PairCounts, top: ReadonlyArray<number>): Promise<ReadonlyArray<Behind>> => {
  const shown = new Set(top)
  const steps: Array<Behind> = []
  for (let pair = 0; pair < pairs.size; pair += 1) {
    if (pair % pairsPerTurn === pairsPerTurn - 1) await nextTurn()
    if (shown.has(pair)) continue
    const step = pairs.step(pair)
    const found = (steps[step] ??= { step, count: 0, people: 0, sum: 0 })
    found.count += 1
    found.people += pairs.people(pair)
    found.sum += pairs.sum(pair)
  }
  return steps.filter((each) => each !== undefined)
}
