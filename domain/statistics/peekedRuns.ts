import type { PeekingOutcome, PeekingRequest, ProofPopulation } from "../../ports/experiments/PeekingProof.ts"
import type { ArmEstimate } from "./ArmEstimate.ts"
import { meanEstimate, rateEstimate } from "./ArmEstimate.ts"
import { compareAtAnyTime } from "./confidenceSequence.ts"
import { randomNumbers } from "./RandomNumbers.ts"
import type { RandomNumbers } from "./RandomNumbers.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"
import type { Steps } from "./steps.ts"
import { compareMeans } from "./welch.ts"

/** Experiments that somebody looks at every day and stops at the first alarm: all runs, one piece each, so that whoever drives them can let others run. */
export const peekedRuns = function* (set: PeekingRequest): Steps<PeekingOutcome> {
  let alarms = 0
  let fixedAlarms = 0
  for (let run = 0; run < set.runs; run++) {
    const { fixed, sequential } = peekedRun(set, randomNumbers(set.seed + run))
    if (sequential) alarms += 1
    if (fixed) fixedAlarms += 1
    yield undefined
  }
  return { runs: set.runs, alarms, fixedAlarms }
}

/** Whether any day of one run raised an alarm. */
const peekedRun = (
  set: PeekingRequest,
  random: RandomNumbers
): { readonly sequential: boolean; readonly fixed: boolean } => {
  const control = { count: 0, sum: 0, squares: 0 }
  const treatment = { count: 0, sum: 0, squares: 0 }
  const { alpha } = set
  const design = { alpha, tuningUnits: set.tuningUnits }
  let sequential = false
  let fixed = false
  for (let day = 0; day < set.days; day++) {
    observe(control, set.control, set.unitsPerArmAndDay, random)
    observe(treatment, set.treatment, set.unitsPerArmAndDay, random)
    const left = estimateOf(control, set.control)
    const right = estimateOf(treatment, set.treatment)
    if (typeof left === "string" || typeof right === "string") continue
    const look = compareAtAnyTime(left, right, design)
    if (typeof look !== "string" && look.pValue < alpha) sequential = true
    const once = compareMeans(left, right, alpha)
    if (typeof once !== "string" && once.pValue < alpha) fixed = true
  }
  return { sequential, fixed }
}

interface Observed {
  count: number
  sum: number
  squares: number
}

/** A day's units. */
const observe = (sums: Observed, population: ProofPopulation, units: number, random: RandomNumbers): void => {
  const share = population.kind === "rate" ? population.rate : population.buyers
  for (let unit = 0; unit < units; unit++) {
    if (random.uniform() >= share) continue
    const value =
      population.kind === "rate" ? 1 : Math.exp(population.log_mean + population.log_deviation * random.normal())
    sums.sum += value
    sums.squares += value * value
  }
  sums.count += units
}

const estimateOf = (sums: Observed, { kind }: ProofPopulation): ArmEstimate | StatisticsRefusal =>
  kind === "rate" ? rateEstimate(sums.sum, sums.count) : meanEstimate(sums)
