import { assert, describe, it } from "@effect/vitest"
import type { PeekingRequest, ProofPopulation } from "../../ports/experiments/PeekingProof.ts"
import { peekedRuns } from "./peekedRuns.ts"
import { randomNumbers } from "./RandomNumbers.ts"
import { runToEnd } from "./steps.ts"

const populations: Record<string, ProofPopulation> = {
  "a rate of 5 %": { kind: "rate", rate: 0.05 },
  "a rate of 1 %": { kind: "rate", rate: 0.01 },
  "lognormal revenue of 3 % buyers": { kind: "revenue", buyers: 0.03, log_mean: 3.5, log_deviation: 1 }
}

const asked = { days: 28, runs: 200, seed: 20_261_130, alpha: 0.05, tuningUnits: 5000 }

const run = (set: Omit<PeekingRequest, keyof typeof asked>) => runToEnd(peekedRuns({ ...asked, ...set }))

describe("experiments that are looked at every day", () => {
  for (const [name, population] of Object.entries(populations))
    for (const unitsPerArmAndDay of [100, 500])
      it(`raise few alarms without an effect: ${name}, ${unitsPerArmAndDay} units per arm and day`, () => {
        const outcome = run({ control: population, treatment: population, unitsPerArmAndDay })
        assert.isAtMost(outcome.alarms / outcome.runs, 0.05)
        // The test that is made for one look shows that the same data would have fooled somebody.
        assert.isAtLeast(outcome.fixedAlarms / outcome.runs, 0.15)
      })

  it("find 6 % against 5 % in most runs", () => {
    const control: ProofPopulation = { kind: "rate", rate: 0.05 }
    const outcome = run({ control, treatment: { kind: "rate", rate: 0.06 }, unitsPerArmAndDay: 500 })
    assert.isAtLeast(outcome.alarms / outcome.runs, 0.7)
  })

  it("are the same for one seed and others for another", () => {
    const few = { ...asked, runs: 40, unitsPerArmAndDay: 100 }
    const control: ProofPopulation = { kind: "rate", rate: 0.05 }
    const treatment: ProofPopulation = { kind: "rate", rate: 0.08 }
    const first = runToEnd(peekedRuns({ ...few, control, treatment }))
    assert.deepStrictEqual(runToEnd(peekedRuns({ ...few, control, treatment })), first)
    assert.notDeepEqual(runToEnd(peekedRuns({ ...few, control, treatment, seed: 7 })), first)
  })
})

describe("random numbers", () => {
  it("are spread evenly, and normally", () => {
    const { normal, uniform } = randomNumbers(11)
    const count = 100_000
    const cells = Array.from({ length: 20 }, () => 0)
    let [sum, squares, fourth] = [0, 0, 0]
    for (let index = 0; index < count; index++) {
      cells[Math.floor(uniform() * 20)]! += 1
      const z = normal()
      sum += z
      squares += z * z
      fourth += z ** 4
    }
    const expected = count / 20
    const chiSquare = cells.reduce((total, cell) => total + (cell - expected) ** 2 / expected, 0)
    // The χ² of 19 degrees lies below 43.8 with probability .999.
    assert.isBelow(chiSquare, 43.8)
    assert.approximately(sum / count, 0, 0.015)
    assert.approximately(squares / count, 1, 0.02)
    assert.approximately(fourth / count, 3, 0.15)
  })
})
