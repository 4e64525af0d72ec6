import { assert, describe, it } from "@effect/vitest"
import { groupFigures } from "../../../ports/analytics/ExperimentEvidence.ts"
import type { AnalysedMetric } from "../../../ports/experiments/ExperimentAnalysis.ts"
import { randomNumbers } from "../../statistics/RandomNumbers.ts"
import { runToEnd } from "../../statistics/steps.ts"
import { shadowRuns } from "./shadowRuns.ts"

const [days, groups, perDay] = [28, 256, 120]
const rate: AnalysedMetric = { id: "r", name: "r", role: "goal", kind: "rate", direction: "increase" }
const request = { days, groups, runs: 200, seed: 7, alpha: 0.05, tuningUnits: 5000 }

/** People of many days, of whom so many convert at once; `isOdd` says who converts more often. */
const people = (rateOf: (group: number) => number): Float64Array => {
  const random = randomNumbers(3)
  const grown = new Float64Array(days * groups * groupFigures.length)
  for (let day = 0; day < days; day += 1) {
    for (let person = 0; person < perDay; person += 1) {
      const group = Math.floor(random.uniform() * groups)
      const at = (day * groups + group) * groupFigures.length
      const converts = Number(random.uniform() < rateOf(group))
      grown[at]! += 1
      grown[at + 1]! += converts
      grown[at + 2]! += converts
    }
  }
  return grown
}

describe("experiments without a change on people as they were", () => {
  it("raise few alarms by the sequence, and many by a test that is made for one look", () => {
    const input = { ...request, metrics: [rate], grown: [people(() => 0.2)] }
    const outcome = runToEnd(shadowRuns(input))
    const [found] = outcome.metrics
    assert.strictEqual(found!.runs, 200)
    assert.isAtMost(found!.alarms, 10)
    assert.isAtLeast(found!.fixedAlarms, 20)
    assert.deepStrictEqual(runToEnd(shadowRuns(input)), outcome)
    assert.notDeepEqual(runToEnd(shadowRuns({ ...input, seed: 9000 })), outcome)
  })

  it("raise alarms where people of a group are not alike others, which a sound split would not show", () => {
    const lumps = people((group) => (group < 4 ? 1 : 0.02))
    const [found] = runToEnd(shadowRuns({ ...request, metrics: [rate], grown: [lumps] })).metrics
    assert.isAbove(found!.alarms, 20)
  })

  it("cannot be compared where nobody does anything, and raise no alarm", () => {
    const [found] = runToEnd(shadowRuns({ ...request, runs: 5, metrics: [rate], grown: [people(() => 0)] })).metrics
    assert.deepStrictEqual(found, { runs: 0, alarms: 0, fixedAlarms: 0 })
  })
})
