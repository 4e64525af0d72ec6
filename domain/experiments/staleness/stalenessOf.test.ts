import { assert, describe, it } from "@effect/vitest"
import type { Experiment } from "../../../ports/experiments/Experiment.ts"
import type { Flag } from "../../../ports/experiments/Flag.ts"
import { stalenessOf } from "./stalenessOf.ts"

const day = 86_400_000
const stamps = { created_at: 0, created_by: "test", changed_at: 0, changed_by: "test" }
const flag: Flag = {
  id: "checkout",
  key: "checkout",
  type: "boolean",
  environments: {
    production: { enabled: true, default_variant: "off", rules: [{ id: "tried", serve: { experiment: "short" } }] }
  },
  ...stamps
}
const stoppedAt = 60 * day
const variants = [
  { id: "on", weight: 50 },
  { id: "off", weight: 50, control: true }
]
const experiment: Experiment = {
  id: "short",
  name: "Short checkout",
  variants,
  status: "stopped",
  phases: [
    {
      number: 1,
      started_at: 30 * day,
      ended_at: stoppedAt,
      started_by: "test",
      reason: null,
      variants
    }
  ],
  decision: null,
  ...stamps
}
const on = (now: number, standing: Experiment) =>
  stalenessOf(flag, { experiments: [standing], holdouts: [] }, { evaluatedAt: now, codeBranches: 0 }, now)

describe("a flag whose experiment has stopped", () => {
  it("is stale two weeks after the stop, not by its own old change", () => {
    const early = on(stoppedAt + day, experiment)
    assert.deepInclude(early, { state: "active", reasons: [], since: null })
    assert.deepStrictEqual(early.environments, [{ environment: "production", everybody: "off" }])
    const late = on(stoppedAt + 14 * day, experiment)
    assert.deepInclude(late, { state: "stale", reasons: ["one_sided"], since: stoppedAt })
  })

  it("is not the same for everybody while it runs", () => {
    const running: Experiment = { ...experiment, status: "running" }
    assert.deepStrictEqual(on(stoppedAt + 20 * day, running).environments, [{ environment: "production" }])
  })
})
