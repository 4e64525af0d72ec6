import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { PlannedExperiment, PlanRequest } from "../../../ports/experiments/ExperimentPlan.ts"
import { planExperiment } from "./planExperiment.ts"

const request: PlanRequest = {
  metric: { kind: "rate", rate: 0.2 },
  goal: { given: "effect", effect: { kind: "absolute", value: 0.05 } },
  units_per_day: 400,
  method: "fixed"
}

const planned = (more: Partial<PlanRequest> = {}): PlannedExperiment => {
  const answer = planExperiment(Schema.decodeSync(PlanRequest)({ ...request, ...more }))
  if (typeof answer === "string") throw new Error(`refused: ${answer}`)
  return Schema.decodeSync(PlannedExperiment)(answer)
}

describe("a planned experiment", () => {
  it("takes the units of Evan Miller's calculator, and the days until both arms have them", () => {
    assert.deepInclude(planned(), { units_per_arm: 1030, units: 2060, effect: 0.05, lift: 25, days: 6 })
    const relative = planned({ goal: { given: "effect", effect: { kind: "relative", value: 0.25 } } })
    assert.strictEqual(relative.units_per_arm, 1030)
  })

  it("goes from units or days to the effect and back", () => {
    const byUnits = planned({ goal: { given: "units", units_per_arm: 1030 } })
    assert.approximately(byUnits.effect, 0.05, 1e-4)
    const byDays = planned({ goal: { given: "days", days: 6 } })
    assert.deepInclude(byDays, { units_per_arm: 1200, days: 6 })
    assert.isBelow(byDays.effect, byUnits.effect)
    assert.strictEqual(
      planned({ goal: { given: "effect", effect: { kind: "absolute", value: byDays.effect } } }).units_per_arm,
      1200
    )
  })

  it("asks more of a sequence, of several variants and of uneven arms, less of what history explains", () => {
    const { units_per_arm: plain, days } = planned()
    assert.isAbove(planned({ method: "sequential" }).units_per_arm, plain)
    const four = planned({ weights: [1, 1, 1, 1] })
    assert.isAbove(four.units_per_arm, plain)
    assert.approximately(four.comparison_alpha, 0.05 / 3, 1e-12)
    assert.isAbove(planned({ weights: [90, 10] }).days!, days!)
    assert.isBelow(planned({ correlation: 0.7 }).units_per_arm, 0.6 * plain)
  })

  it("tells week by week what could be found, ever smaller", () => {
    const { weeks } = planned()
    assert.strictEqual(weeks.length, 8)
    for (const [index, week] of weeks.slice(1).entries()) assert.isBelow(week.effect!, weeks[index]!.effect!)
    assert.deepInclude(planned({ units_per_day: 0 }), { days: null })
    assert.isNull(planned({ units_per_day: 0 }).weeks[0]!.effect)
  })

  it("plans a mean from its standard deviation, and a decrease by its own numbers", () => {
    const revenue = planned({
      metric: { kind: "mean", mean: 40, standard_deviation: 100 },
      goal: { given: "effect", effect: { kind: "relative", value: 0.1 } }
    })
    // (1.95996 + .84162)² · 2 · 100² / 4².
    assert.strictEqual(revenue.units_per_arm, 9811)
    assert.strictEqual(revenue.effect, 4)
    assert.isBelow(planned({ direction: "decrease" }).units_per_arm, planned().units_per_arm)
  })

  it("says why where nothing can be planned", () => {
    const refusal = (more: Partial<PlanRequest>) => planExperiment({ ...request, ...more })
    assert.strictEqual(refusal({ metric: { kind: "rate", rate: 0 } }), "out_of_range")
    assert.strictEqual(
      refusal({
        metric: { kind: "mean", mean: 0, standard_deviation: 1 },
        goal: { given: "effect", effect: { kind: "relative", value: 0.1 } }
      }),
      "control_is_zero"
    )
    assert.strictEqual(refusal({ goal: { given: "days", days: 1 }, units_per_day: 1 }), "too_few_units")
    assert.strictEqual(refusal({ goal: { given: "effect", effect: { kind: "absolute", value: 0.9 } } }), "out_of_range")
  })
})
