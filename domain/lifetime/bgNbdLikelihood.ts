import { evaluationOf, noSums } from "../statistics/EvaluationSums.ts"
import type { EvaluationSums } from "../statistics/EvaluationSums.ts"
import type { Objective } from "../statistics/maximise.ts"
import type { BgNbdParameters } from "./BgNbdParameters.ts"
import type { SummaryGroups } from "./SummaryGroups.ts"

const groupsPerSlice = 4096

/**
 * The BG/NBD log-likelihood of all customers, its gradient and Hessian, over (ln r, ln α, ln a, ln b), α in units of
 * `weeksPerUnit` (Fader, Hardie and Lee 2005, "Counting Your Customers" the Easy Way, equation 6). The paper's factors
 * are grouped so that no two large logarithms are taken off each other:
 *
 *     ln L = Σ_{j<x} ln[(r + j) (b + j) / (a + b + j)] + ln[f(T) + δ_{x>0} f(t_x) a / (b + x − 1)]
 *     ln f(t) = −r ln(1 + t / α) − x ln(α + t)
 */
export const bgNbdLikelihood = (groups: SummaryGroups, weeksPerUnit: number): Objective =>
  function* (point) {
    const [r, alpha, a, b] = point.map(Math.exp) as [number, number, number, number]
    const parameters = { r, alpha, a, b }
    const sums = noSums(4)
    addRisingFactorials(sums, groups.frequencyAbove, parameters)
    for (let index = 0; index < groups.customersAlike.length; index++) {
      addTiming(sums, groups, index, weeksPerUnit, parameters)
      if (index % groupsPerSlice === groupsPerSlice - 1) yield undefined
    }
    return evaluationOf(sums)
  }

/** Σ_{j<x} ln[(r + j) (b + j) / (a + b + j)] over all customers. */
const addRisingFactorials = (sums: EvaluationSums, above: Float64Array, { a, b, r }: BgNbdParameters): void => {
  const { gradient, hessian } = sums
  for (let j = 0; j < above.length; j++) {
    const n = above[j]!
    const rate = r / (r + j)
    const left = b / (b + j)
    const leaving = a / (a + b + j)
    const staying = b / (a + b + j)
    sums.value += n * Math.log(((r + j) * (b + j)) / (a + b + j))
    gradient[0]! += n * rate
    gradient[2]! -= n * leaving
    gradient[3]! += n * (left - staying)
    hessian[0]! += n * rate * (1 - rate)
    hessian[10]! -= n * leaving * (1 - leaving)
    hessian[14]! += n * leaving * staying
    hessian[15]! += n * (left * (1 - left) - staying * (1 - staying))
  }
}

/** ln[f(T) + δ_{x>0} f(t_x) a / (b + x − 1)] for the customers of one group. */
const addTiming = (
  sums: EvaluationSums,
  groups: SummaryGroups,
  index: number,
  weeksPerUnit: number,
  { a, alpha, b, r }: BgNbdParameters
): void => {
  const { gradient, hessian } = sums
  const x = groups.frequency[index]!
  const n = groups.customersAlike[index]!
  const age = groups.ageWeeks[index]! / weeksPerUnit
  const logAge = Math.log1p(age / alpha)
  const logAlpha = Math.log(alpha)
  const byAge = (r * age - x * alpha) / (alpha + age)
  const byAge2 = (-alpha * age * (x + r)) / (alpha + age) ** 2
  const crossAge = (r * age) / (alpha + age)
  const logAlive = -(r + x) * logAge - x * logAlpha
  // Densities are per week of each purchase, whatever the unit.
  sums.value -= n * x * Math.log(weeksPerUnit)
  if (x === 0) {
    sums.value += n * logAlive
    gradient[0]! -= n * r * logAge
    gradient[1]! += n * byAge
    hessian[0]! -= n * r * logAge
    hessian[4]! += n * crossAge
    hessian[5]! += n * byAge2
    return
  }
  const recency = groups.recencyWeeks[index]! / weeksPerUnit
  const logRecency = Math.log1p(recency / alpha)
  const byRecency = (r * recency - x * alpha) / (alpha + recency)
  const byRecency2 = (-alpha * recency * (x + r)) / (alpha + recency) ** 2
  const crossRecency = (r * recency) / (alpha + recency)
  const logGone = Math.log(a / (b + x - 1)) - (r + x) * logRecency - x * logAlpha
  const gap = Math.exp(-Math.abs(logGone - logAlive))
  const gone = logGone > logAlive ? 1 / (1 + gap) : gap / (1 + gap)
  const alive = logGone > logAlive ? gap / (1 + gap) : 1 / (1 + gap)
  const byB = -b / (b + x - 1)
  const mixing = n * gone * alive
  const d0 = r * (logAge - logRecency)
  const d1 = byRecency - byAge
  sums.value += n * (Math.max(logAlive, logGone) + Math.log1p(gap))
  gradient[0]! -= n * r * (alive * logAge + gone * logRecency)
  gradient[1]! += n * (alive * byAge + gone * byRecency)
  gradient[2]! += n * gone
  gradient[3]! += n * gone * byB
  hessian[0]! += mixing * d0 * d0 - n * r * (alive * logAge + gone * logRecency)
  hessian[4]! += mixing * d0 * d1 + n * (alive * crossAge + gone * crossRecency)
  hessian[5]! += mixing * d1 * d1 + n * (alive * byAge2 + gone * byRecency2)
  hessian[8]! += mixing * d0
  hessian[9]! += mixing * d1
  hessian[10]! += mixing
  hessian[12]! += mixing * d0 * byB
  hessian[13]! += mixing * d1 * byB
  hessian[14]! += mixing * byB
  hessian[15]! += mixing * byB * byB + n * gone * byB * (1 + byB)
}
