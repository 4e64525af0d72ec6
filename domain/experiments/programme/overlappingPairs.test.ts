import { assert, describe, it } from "@effect/vitest"
import type { Experiment } from "../../../ports/experiments/Experiment.ts"
import { overlapCells } from "./overlapCells.ts"
import { overlappingPairs } from "./overlappingPairs.ts"

const bought = { id: "bought", measure: { kind: "rate", of: { event_types: ["order_completed"] } } } as const

const experiment = (id: string, from: number, to: number, more: Partial<Experiment> = {}): Experiment => ({
  id,
  name: id,
  created_at: 0,
  created_by: "k",
  changed_at: 0,
  changed_by: "k",
  status: "stopped",
  phases: [{ number: 1, started_at: from, ended_at: to, started_by: "k", reason: null, variants: [] }],
  decision: null,
  goals: [bought],
  ...more
})
const pairs = (...experiments: ReadonlyArray<Experiment>) =>
  overlappingPairs(experiments, "bought").map(({ first, second }) => `${first.experiment.id} ${second.experiment.id}`)

describe("pairs of experiments", () => {
  it("are those that ran at the same time, the longest first", () => {
    assert.deepStrictEqual(pairs(experiment("late", 8, 20), experiment("early", 0, 10), experiment("long", 1, 30)), [
      "long late",
      "early long",
      "early late"
    ])
    assert.deepStrictEqual(pairs(experiment("before", 0, 10), experiment("after", 10, 20)), [])
  })

  it("are none of one layer, of two environments, or without the metric", () => {
    const layer = { layer: { id: "page", percent: 50 } }
    assert.deepStrictEqual(pairs(experiment("a", 0, 10, layer), experiment("b", 0, 10, layer)), [])
    assert.deepStrictEqual(pairs(experiment("a", 0, 10, layer), experiment("b", 0, 10)), ["a b"])
    assert.deepStrictEqual(pairs(experiment("a", 0, 10), experiment("b", 0, 10, { environment: "staging" })), [])
    assert.deepStrictEqual(pairs(experiment("a", 0, 10), experiment("b", 0, 10, { goals: [] })), [])
  })

  it("have all variants but the control as one arm", () => {
    const rate = (converted: number) => ({ count: 100, converted, sum: converted, squares: converted })
    const metric = { id: "bought", name: "Bought", role: "goal", kind: "rate", direction: "increase" } as const
    // The first has two variants, the second three; the control of the second is its middle one.
    const cells = overlapCells(
      { id: "a", variants: 2, control: 0 },
      { id: "b", variants: 3, control: 1 },
      metric,
      [10, 20, 30, 40, 50, 60].map(rate)
    )
    const means = [cells.bothControl, cells.onlyFirst, cells.onlySecond, cells.bothTreatment]
    assert.deepStrictEqual(
      means.map(({ count, mean }) => [count, mean]),
      [
        [100, 0.2],
        [100, 0.5],
        [200, 0.2],
        [200, 0.5]
      ]
    )
  })
})
