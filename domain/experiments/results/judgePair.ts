import type { BayesianBlock } from "../../../ports/experiments/ExperimentResults.ts"
import { chanceToBeat, expectedLoss, learn, liftInterval } from "../../statistics/betaPosterior.ts"
import type { Interval } from "../../statistics/Interval.ts"
import { judgeLift } from "../../statistics/normalPosterior.ts"
import type { StatisticsRefusal } from "../../statistics/StatisticsRefusal.ts"
import type { ArmPair } from "./ArmPair.ts"
import { percentOrNull } from "./percent.ts"

/**
 * A pair by beliefs: a rate from Beta(1, 1), all else normal with a flat prior on the relative lift. Where less is better,
 * a win is a decrease.
 */
export const judgePair = (pair: ArmPair, alpha: number): BayesianBlock => {
  if (pair.allocation === "untested") return { outcome: "refused", reason: "adaptive_allocation" }
  const verdict = pair.proportions === undefined ? judgeMeans(pair, alpha) : judgeRates(pair.proportions, alpha)
  if (typeof verdict === "string") return { outcome: "refused", reason: verdict }
  const { chance, interval, risk } = verdict
  return {
    outcome: "judged",
    chance_to_win: pair.metric.direction === "increase" ? chance : 1 - chance,
    risk: pair.metric.direction === "increase" ? risk : { control: risk.treatment, treatment: risk.control },
    credible_interval: [percentOrNull(interval[0]), percentOrNull(interval[1])]
  }
}

interface Judged {
  /** That the treatment is higher. */
  readonly chance: number
  readonly risk: { readonly control: number; readonly treatment: number }
  readonly interval: Interval
}

const judgeRates = (
  { control, treatment }: NonNullable<ArmPair["proportions"]>,
  alpha: number
): Judged | StatisticsRefusal => {
  const left = learn(control)
  const right = learn(treatment)
  if (typeof left === "string" || typeof right === "string") return "out_of_range"
  if (control.trials === 0 || treatment.trials === 0) return "no_units"
  return {
    chance: chanceToBeat(left, right),
    risk: { control: expectedLoss(left, right), treatment: expectedLoss(right, left) },
    interval: liftInterval(left, right, alpha)
  }
}

const judgeMeans = ({ control, treatment }: ArmPair, alpha: number): Judged | StatisticsRefusal => {
  if (typeof control === "string") return control
  if (typeof treatment === "string") return treatment
  const verdict = judgeLift(control, treatment, alpha)
  return typeof verdict === "string"
    ? verdict
    : { chance: verdict.chanceToWin, risk: verdict.risk, interval: verdict.credibleInterval }
}
