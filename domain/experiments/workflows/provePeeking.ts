import { Effect } from "effect"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import { proofDefaults, proofDrawsMax } from "../../../ports/experiments/PeekingProof.ts"
import type { ProofRequest, ProofResult } from "../../../ports/experiments/PeekingProof.ts"
import { Computation } from "../../../ports/platform/Computation.ts"
import { wilsonInterval } from "../../statistics/wilson.ts"

const arms = 2

/** How often experiments that are looked at every day raise an alarm, by simulation on a thread of its own. */
export const provePeeking = Effect.fn("provePeeking")(function* (request: ProofRequest) {
  const { alpha, days, population, runs, seed, treatment, tuning_units, units_per_arm_and_day } = {
    ...proofDefaults,
    ...request
  }
  const draws = runs * days * arms * units_per_arm_and_day
  if (draws > proofDrawsMax) {
    const detail = `${runs} runs of ${days} days draw ${draws} units; at most ${proofDrawsMax} are drawn`
    return yield* new InvalidQuestion({ errors: [{ pointer: "/runs", code: "too_many", detail }] })
  }
  const outcome = yield* (yield* Computation).run("peekedRuns", {
    control: population,
    treatment: treatment ?? population,
    unitsPerArmAndDay: units_per_arm_and_day,
    days,
    runs,
    seed,
    alpha,
    tuningUnits: tuning_units
  })
  const share = (alarms: number): ProofResult["sequential"] => ({
    alarms,
    share: alarms / runs,
    interval: wilsonInterval(alarms, runs)
  })
  const result: ProofResult = {
    runs,
    days,
    seed,
    without_effect: treatment === undefined,
    sequential: share(outcome.alarms),
    fixed: share(outcome.fixedAlarms)
  }
  return result
})
