import { groupFigures } from "../../../ports/analytics/ExperimentEvidence.ts"
import type { AnalysedMetric } from "../../../ports/experiments/ExperimentAnalysis.ts"
import type { MetricSums } from "../../../ports/experiments/MetricSums.ts"
import type { ShadowRunsOutcome, ShadowRunsRequest } from "../../../ports/experiments/ShadowProof.ts"
import { compareAtAnyTime } from "../../statistics/confidenceSequence.ts"
import { randomNumbers } from "../../statistics/RandomNumbers.ts"
import type { RandomNumbers } from "../../statistics/RandomNumbers.ts"
import type { Steps } from "../../statistics/steps.ts"
import { compareMeans } from "../../statistics/welch.ts"
import { estimateMetric } from "../results/estimateMetric.ts"

const figures = groupFigures.length

/**
 * Experiments without a change on people as they were: each run puts half of the groups into either arm and looks at the
 * end of every day. As people are hashed into groups, a random half of the groups is a random half of the people.
 */
export const shadowRuns = function* (request: ShadowRunsRequest): Steps<ShadowRunsOutcome> {
  const { groups, metrics, runs, seed } = request
  const found = metrics.map(() => ({ runs: 0, alarms: 0, fixedAlarms: 0 }))
  for (let run = 0; run < runs; run += 1) {
    const inTreatment = halfOf(groups, randomNumbers(seed + run))
    for (const [index, metric] of metrics.entries()) {
      const { compared, fixed, sequential } = shadowRun(request, metric, request.grown[index]!, inTreatment)
      const own = found[index]!
      if (compared) own.runs += 1
      if (sequential) own.alarms += 1
      if (fixed) own.fixedAlarms += 1
      yield undefined
    }
  }
  return { metrics: found }
}

/** A random half of so many, by a shuffle (Fisher and Yates). */
const halfOf = (groups: number, random: RandomNumbers): Uint8Array => {
  const order = Uint32Array.from({ length: groups }, (_, at) => at)
  const isIn = new Uint8Array(groups)
  for (let at = 0; at < groups >> 1; at += 1) {
    const other = at + Math.floor(random.uniform() * (groups - at))
    const chosen = order[other]!
    order[other] = order[at]!
    isIn[chosen] = 1
  }
  return isIn
}

const shadowRun = (
  { alpha, days, groups, tuningUnits }: ShadowRunsRequest,
  metric: AnalysedMetric,
  grown: Float64Array,
  inTreatment: Uint8Array
) => {
  const control = new Float64Array(figures)
  const treatment = new Float64Array(figures)
  const design = { alpha, tuningUnits }
  let [compared, sequential, fixed] = [false, false, false]
  for (let day = 0; day < days; day += 1) {
    for (let group = 0; group < groups; group += 1) {
      const arm = inTreatment[group] === 1 ? treatment : control
      const from = (day * groups + group) * figures
      for (let figure = 0; figure < figures; figure += 1) arm[figure]! += grown[from + figure]!
    }
    const [left = "no_units", right = "no_units"] = estimateMetric(metric, [
      sumsOf(metric, control),
      sumsOf(metric, treatment)
    ]).arms
    if (typeof left === "string" || typeof right === "string") continue
    const look = compareAtAnyTime(left, right, design)
    const once = compareMeans(left, right, alpha)
    if (typeof look !== "string") {
      compared = true
      if (look.pValue < alpha) sequential = true
    }
    if (typeof once !== "string" && once.pValue < alpha) fixed = true
  }
  return { compared, sequential, fixed }
}

const sumsOf = ({ cuped, kind }: AnalysedMetric, arm: Float64Array): MetricSums => {
  const [count = 0, sum = 0, squares = 0, d = 0, dd = 0, yd = 0, x = 0, xx = 0, m = 0, mm = 0, xm = 0] = arm
  const [history = 0, xy = 0, xd = 0, my = 0, md = 0, y = 0, hd = 0] = arm.subarray(11)
  const isRatio = kind === "ratio"
  const below = { sum: m, squares: mm, covariates: xm, products: md, numerators: my, across: xd, outcomes: hd }
  return {
    count,
    converted: 0,
    sum,
    squares,
    ...(isRatio ? { denominator: { sum: d, squares: dd, products: yd } } : {}),
    ...(cuped === true
      ? {
          covariate: {
            count: history,
            sum: x,
            squares: xx,
            products: xy,
            outcomes: y,
            ...(isRatio ? { denominator: below } : {})
          }
        }
      : {})
  }
}
