import { assert, describe, it } from "@effect/vitest"
import type { Experiment, ExperimentDecision } from "../../../ports/experiments/Experiment.ts"
import { assembleResults } from "../results/assembleResults.ts"
import { finishedExperiment, isFinished, usualGoal } from "./finishedExperiment.ts"

const phase = { number: 1, started_at: 0, ended_at: 1, started_by: "k", reason: null, variants: [] }
const experiment = (more: Partial<Experiment> = {}): Experiment => ({
  id: "checkout",
  name: "Checkout",
  created_at: 0,
  created_by: "k",
  changed_at: 0,
  changed_by: "k",
  status: "stopped",
  phases: [phase],
  decision: null,
  ...more
})
const decided = (decision: ExperimentDecision["decision"], variant?: string): Partial<Experiment> => ({
  decision: { decision, ...(variant === undefined ? {} : { variant }), decided_at: 1, decided_by: "k" }
})
const rate = (converted: number) => ({ count: 1000, converted, sum: converted, squares: converted })

/** 1000 people in each arm, of whom so many convert. */
const results = (converted: ReadonlyArray<number>, direction: "increase" | "decrease" = "increase") =>
  assembleResults({
    experimentId: "checkout",
    plan: { method: "fixed", alpha: 0.05, power: 0.8, correction: "holm", tuning_units: 5000, planned_units: 1000 },
    variants: converted.map((_, arm) => ({ id: `v${arm}`, name: `v${arm}`, weight: 100 / converted.length })),
    control: "v0",
    metrics: [{ id: "bought", name: "Bought", role: "goal", kind: "rate", direction }],
    days: [
      {
        date: "2026-11-10",
        assigned: converted.map(() => 1000),
        participants: converted.map(() => 1000),
        sums: [converted.map(rate)]
      }
    ],
    fullDays: 10,
    coverage: 1,
    excluded: { two_variants: 0, bots: 0, immature: 0, carried_over: 0 },
    watermark: "0"
  })

describe("a finished experiment", () => {
  it("is one that ran and takes nobody more", () => {
    assert.isTrue(isFinished(experiment()))
    assert.isTrue(isFinished(experiment({ status: "archived" })))
    assert.isFalse(isFinished(experiment({ status: "running" })))
    assert.isFalse(isFinished(experiment({ status: "archived", phases: [] })))
  })

  it("went as it was decided, else as the figures say", () => {
    const outcome = (more: Partial<Experiment>, converted: ReadonlyArray<number>) => {
      const { outcome: found, shipped } = finishedExperiment(experiment(more), results(converted), "bought")
      return [found, shipped]
    }
    assert.deepStrictEqual(outcome({}, [200, 300]), ["won", false])
    assert.deepStrictEqual(outcome({}, [300, 200]), ["lost", false])
    assert.deepStrictEqual(outcome({}, [200, 201]), ["inconclusive", false])
    assert.deepStrictEqual(outcome(decided("ship", "v1"), [300, 200]), ["won", true])
    assert.deepStrictEqual(outcome(decided("ship", "v0"), [200, 300]), ["lost", false])
    assert.deepStrictEqual(outcome(decided("roll_back"), [200, 300]), ["lost", false])
    assert.deepStrictEqual(outcome(decided("inconclusive"), [200, 300]), ["inconclusive", false])
    assert.deepStrictEqual(finishedExperiment(experiment(), undefined, "bought"), {
      id: "checkout",
      outcome: "inconclusive",
      shipped: false,
      recommendation: undefined,
      follows: undefined,
      lift: undefined
    })
  })

  it("was decided as its rule says, or not", () => {
    const follows = (more: Partial<Experiment>, converted: ReadonlyArray<number>) =>
      finishedExperiment(experiment(more), results(converted), "bought").follows
    assert.isUndefined(follows({}, [200, 300]))
    assert.isTrue(follows(decided("ship", "v1"), [200, 300]))
    assert.isFalse(follows(decided("ship", "v0"), [200, 300]))
    assert.isFalse(follows(decided("roll_back"), [200, 300]))
    assert.isTrue(follows(decided("ship", "v0"), [300, 200]))
    assert.isTrue(follows(decided("roll_back"), [300, 200]))
    assert.isTrue(follows(decided("inconclusive"), [200, 201]))
    assert.isFalse(follows(decided("inconclusive"), [200, 300]))
  })

  it("has the lift of what is shipped, else of what surely differs, positive where it is better", () => {
    const effect = (more: Partial<Experiment>, ...given: Parameters<typeof results>) =>
      finishedExperiment(experiment(more), results(...given), "bought").lift?.effect
    assert.approximately(effect({}, [200, 210, 300])!, 0.5, 1e-12)
    assert.approximately(effect(decided("ship", "v1"), [200, 210, 300])!, 0.05, 1e-12)
    assert.approximately(effect({}, [200, 100], "decrease")!, 0.5, 1e-12)
    assert.isUndefined(effect({}, [0, 100]))
    assert.isUndefined(finishedExperiment(experiment(), results([200, 300]), "other").lift)
  })

  it("speaks of the goal that most have first", () => {
    const goal = (id: string) =>
      experiment({ goals: [{ id, measure: { kind: "rate", of: { event_types: ["order_completed"] } } }] })
    assert.strictEqual(usualGoal([goal("a"), goal("b"), goal("b"), experiment()]), "b")
    assert.strictEqual(usualGoal([goal("a"), goal("b")]), "a")
    assert.isUndefined(usualGoal([experiment()]))
  })
})
