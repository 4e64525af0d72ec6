import type {
  ExperimentProgramme,
  FinishedExperiment,
  OverlappingExperiments
} from "../../../ports/experiments/ExperimentProgramme.ts"
import { interactionOf } from "../../statistics/interaction.ts"
import { holm } from "../../statistics/multipleComparisons.ts"
import { cumulativeImpact } from "../../statistics/shrinkage.ts"
import { wilsonInterval } from "../../statistics/wilson.ts"
import { percent, percents } from "../results/percent.ts"

/** What all experiments together say: how many won, what they brought, which ones got into each other's way. */
export const overviewProgramme = (
  finished: ReadonlyArray<FinishedExperiment>,
  overlapping: ReadonlyArray<OverlappingExperiments>,
  alpha: number
): ExperimentProgramme => {
  const count = (outcome: FinishedExperiment["outcome"]): number =>
    finished.filter((experiment) => experiment.outcome === outcome).length
  const won = count("won")
  return {
    finished: finished.length,
    won,
    lost: count("lost"),
    inconclusive: count("inconclusive"),
    win_rate: finished.length === 0 ? null : won / finished.length,
    win_rate_interval: finished.length === 0 ? null : wilsonInterval(won, finished.length),
    impact: impactOf(finished, alpha),
    overlaps: overlapsOf(overlapping, alpha)
  }
}

const impactOf = (finished: ReadonlyArray<FinishedExperiment>, alpha: number): ExperimentProgramme["impact"] => {
  const measured = finished.flatMap(({ id, lift, shipped }) =>
    lift === undefined || !(lift.variance > 0) ? [] : [{ id, shipped, ...lift }]
  )
  const found = cumulativeImpact(measured, alpha)
  if (typeof found === "string") return { outcome: "refused", reason: found }
  return {
    outcome: "estimated",
    measured: percent(found.measured),
    lift: percent(found.impact),
    lift_interval: percents(found.interval)!,
    experiments: measured.map(({ effect, id, shipped }, index) => ({
      id,
      measured: percent(effect),
      shrunk: percent(found.shrunk[index]!.mean),
      shipped
    }))
  }
}

const overlapsOf = (
  overlapping: ReadonlyArray<OverlappingExperiments>,
  alpha: number
): ExperimentProgramme["overlaps"] => {
  const tested = overlapping.map((pair) => ({ pair, found: interactionOf(pair, alpha) }))
  const told = tested.flatMap((each) => (typeof each.found === "string" ? [] : [{ ...each, found: each.found }]))
  const adjusted = holm(told.map(({ found }) => found.pValue))
  const known = told.map(({ found, pair }, index) => ({
    ...namesOf(pair),
    interaction: found.effect,
    interval: found.interval,
    p_value: found.pValue,
    adjusted_p_value: adjusted[index]!,
    interacts: adjusted[index]! < alpha
  }))
  const unknown = tested.flatMap(({ found, pair }) =>
    typeof found === "string"
      ? [
          {
            ...namesOf(pair),
            interaction: null,
            interval: null,
            p_value: null,
            adjusted_p_value: null,
            interacts: false
          }
        ]
      : []
  )
  return [...known.toSorted((a, b) => a.p_value - b.p_value), ...unknown]
}

const namesOf = ({ bothControl, bothTreatment, first, onlyFirst, onlySecond, second }: OverlappingExperiments) => ({
  first,
  second,
  units: bothControl.count + onlyFirst.count + onlySecond.count + bothTreatment.count
})
