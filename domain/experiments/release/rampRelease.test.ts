import { assert, describe, it } from "vitest"
import type { FlagRule } from "../../../ports/experiments/FlagFile.ts"
import type { GuardedRelease, NewGuardedRelease } from "../../../ports/experiments/GuardedRelease.ts"
import type { MetricSums } from "../../../ports/experiments/MetricSums.ts"
import {
  beginRelease,
  decideRamp,
  endRelease,
  nextStep,
  releasedRule,
  releaseMistakes,
  releasingRule,
  verdictsOf
} from "./rampRelease.ts"
import type { StepEvidence } from "./rampRelease.ts"

const start = Date.parse("2026-12-01T00:00:00Z")
const act = (seconds: number) => ({ at: start + seconds * 1000, by: "worker" })
const failed = { event_types: ["checkout_failed"] }
const definition: NewGuardedRelease = {
  flag: "checkout",
  rule: "all",
  control: "off",
  steps: [
    { percent: 10, hold_seconds: 60, units: 500 },
    { percent: 50, hold_seconds: 60, units: 500 }
  ],
  guardrails: [{ id: "errors", measure: { kind: "rate", of: failed }, direction: "decrease", margin: 0.05 }]
}
const stamps = { id: "r", created_at: start, created_by: "ada", changed_at: start, changed_by: "ada" }
const release: GuardedRelease = { ...definition, ...stamps, ...beginRelease(definition, "on", undefined, act(0)) }
const rate = (converted: number, count: number): MetricSums => ({
  count,
  converted,
  sum: converted,
  squares: converted
})
const seen = (control: MetricSums, treatment: MetricSums): StepEvidence => ({
  units: { control: control.count, treatment: treatment.count },
  evidence: [{ metric: "errors", control, treatment }]
})
const decide = (of: GuardedRelease, seconds: number, evidence: StepEvidence) =>
  decideRamp(of, act(seconds).at, evidence, verdictsOf(of, evidence))

describe("a guarded release", () => {
  it("holds until time, people and evidence are there, then takes the next step, and is over behind the last", () => {
    const few = seen(rate(4, 90), rate(1, 10))
    assert.deepStrictEqual(decide(release, 10, few), { kind: "hold", waitsFor: ["time", "units"] })
    const oneSided = seen(rate(4, 600), rate(0, 0))
    assert.deepStrictEqual(decide(release, 70, oneSided), { kind: "hold", waitsFor: ["evidence"] })
    const enough = seen(rate(20, 900), rate(2, 100))
    assert.deepStrictEqual(decide(release, 59, enough), { kind: "hold", waitsFor: ["time"] })
    assert.deepStrictEqual(decide(release, 60, enough), { kind: "advance", percent: 50 })
    const second = nextStep(release, 50, enough, act(60))
    assert.deepStrictEqual(second.steps_taken, [
      {
        number: 1,
        percent: 10,
        started_at: "2026-12-01T00:00:00.000Z",
        ended_at: "2026-12-01T00:01:00.000Z",
        ...enough
      },
      { number: 2, percent: 50, started_at: "2026-12-01T00:01:00.000Z", ended_at: null, units: null, evidence: [] }
    ])
    assert.deepStrictEqual(decide(second, 100, seen(rate(6, 300), rate(6, 300))), { kind: "hold", waitsFor: ["time"] })
    assert.deepStrictEqual(decide(second, 120, seen(rate(6, 300), rate(6, 300))), { kind: "advance", percent: 100 })
  })

  it("is rolled back for harm over all its steps, whatever gates hold", () => {
    const first = seen(rate(45, 900), rate(9, 100))
    assert.strictEqual(decide(release, 5, first).kind, "hold")
    const second = nextStep(release, 50, first, act(60))
    const harm = seen(rate(50, 1000), rate(110, 1000))
    const decision = decide(second, 61, harm)
    assert.deepStrictEqual(decision, { kind: "roll_back", harmed: ["errors"] })
    const verdicts = verdictsOf(second, harm)
    assert.deepInclude(verdicts[0], { state: "harmed", units: 3000 })
    const over = endRelease(second, "rolled_back", act(61), { evidence: harm, verdicts, detail: "errors" })
    assert.deepInclude(over, { status: "rolled_back", occupies: null, verdicts })
    assert.deepInclude(over.steps_taken[1], { ended_at: "2026-12-01T00:01:01.000Z", ...harm })
    assert.deepStrictEqual(
      over.history.map(({ percent, what }) => [what, percent]),
      [
        ["began", 10],
        ["stepped", 50],
        ["rolled_back", 0]
      ]
    )
  })

  it("has its rule serve whom it targets as long as it runs, and one variant afterwards", () => {
    const rule: FlagRule = {
      id: "all",
      condition: { country: "DE" },
      percent: 5,
      enabled: false,
      serve: { variant: "on" }
    }
    const releasing = releasingRule(rule, "r")
    assert.deepStrictEqual(releasing, {
      id: "all",
      condition: { country: "DE" },
      release: true,
      serve: { experiment: "r" }
    })
    assert.deepStrictEqual(releasedRule(releasing, release, "completed").serve, { variant: "on" })
    for (const status of ["rolled_back", "aborted"] as const)
      assert.deepStrictEqual(releasedRule(releasing, release, status).serve, { variant: "off" })
  })

  it("has steps that grow, and guardrails that it can watch", () => {
    const [guardrail] = definition.guardrails
    const wrong = {
      ...definition,
      steps: [{ percent: 10 }, { percent: 10 }],
      guardrails: [guardrail!, { ...guardrail!, cuped_days: 14 }]
    }
    assert.deepStrictEqual(
      releaseMistakes(wrong).map(({ code, pointer }) => [pointer, code]),
      [
        ["/steps/1/percent", "not_ascending"],
        ["/guardrails/1/id", "duplicate"],
        ["/guardrails/1/cuped_days", "no_history"]
      ]
    )
  })
})
