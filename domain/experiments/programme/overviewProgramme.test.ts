import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { ExperimentProgramme } from "../../../ports/experiments/ExperimentProgramme.ts"
import type { FinishedExperiment, OverlappingExperiments } from "../../../ports/experiments/ExperimentProgramme.ts"
import { overviewProgramme } from "./overviewProgramme.ts"

const untold = { recommendation: undefined, follows: undefined }
const finished = (
  id: string,
  outcome: FinishedExperiment["outcome"],
  effect: number,
  variance: number
): FinishedExperiment => ({ id, outcome, shipped: outcome === "won", ...untold, lift: { effect, variance } })

const cell = (mean: number, count = 1000) => ({ count, mean, variance: 0.0001 })
const overlap = (second: string, both: number): OverlappingExperiments => ({
  first: "form",
  second,
  bothControl: cell(1),
  onlyFirst: cell(1.1),
  onlySecond: cell(1.1),
  bothTreatment: cell(both)
})

const overview = (...input: Parameters<typeof overviewProgramme>): ExperimentProgramme =>
  Schema.decodeSync(ExperimentProgramme)(overviewProgramme(...input))

describe("an overview of experiments", () => {
  const experiments = [
    finished("form", "won", 0.1, 0.0009),
    finished("price", "won", 0.06, 0.0004),
    finished("hero", "lost", -0.04, 0.0004),
    finished("footer", "inconclusive", 0.005, 0.0002),
    { id: "new", outcome: "inconclusive" as const, shipped: false, ...untold, lift: undefined }
  ]

  it("counts what won, with an interval", () => {
    const answer = overview(experiments, [], 0.05)
    assert.deepInclude(answer, { finished: 5, won: 2, lost: 1, inconclusive: 2, win_rate: 0.4 })
    assert.isTrue(answer.win_rate_interval![0] < 0.4 && answer.win_rate_interval![1] > 0.4)
  })

  it("says that shipped changes brought less than was measured", () => {
    const { impact } = overview(experiments, [], 0.05)
    assert.strictEqual(impact.outcome, "estimated")
    if (impact.outcome === "refused") return
    assert.approximately(impact.measured, 16, 1e-9)
    assert.isBelow(impact.lift, impact.measured)
    assert.isTrue(impact.lift_interval[0] < impact.lift && impact.lift < impact.lift_interval[1])
    assert.deepStrictEqual(
      impact.experiments.map(({ id }) => id),
      ["form", "price", "hero", "footer"]
    )
    assert.deepStrictEqual(overview([], [], 0.05).impact, { outcome: "refused", reason: "too_few_units" })
  })

  it("shows which pairs get into each other's way, corrected for the number of pairs", () => {
    const empty = { ...overlap("empty", 1.2), onlySecond: cell(0, 0) }
    const { overlaps } = overview([], [overlap("adds", 1.2), empty, overlap("clashes", 1)], 0.05)
    assert.deepStrictEqual(
      overlaps.map(({ interacts, second }) => [second, interacts]),
      [
        ["clashes", true],
        ["adds", false],
        ["empty", false]
      ]
    )
    assert.approximately(overlaps[0]!.interaction!, -0.2, 1e-12)
    assert.strictEqual(overlaps[0]!.adjusted_p_value, 2 * overlaps[0]!.p_value!)
    assert.isNull(overlaps[2]!.interaction)
  })

  it("is empty before the first experiment is over", () => {
    assert.deepInclude(overview([], [], 0.05), { finished: 0, win_rate: null, win_rate_interval: null, overlaps: [] })
  })
})
