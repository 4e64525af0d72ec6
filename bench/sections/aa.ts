import { peekedRuns } from "../../domain/statistics/peekedRuns.ts"
import { runToEnd } from "../../domain/statistics/steps.ts"
import type { ProofPopulation } from "../../ports/experiments/PeekingProof.ts"
import type { Figure, Section } from "../Figure.ts"

const runs = 1000
const days = 28
const design = { alpha: 0.05, tuningUnits: 5000 }
const unitsPerArmAndDay = [100, 500]

const populations: ReadonlyArray<readonly [name: string, population: ProofPopulation]> = [
  ["rate of 5 %", { kind: "rate", rate: 0.05 }],
  ["rate of 1 %", { kind: "rate", rate: 0.01 }],
  ["lognormal revenue, 3 % buyers", { kind: "revenue", buyers: 0.03, log_mean: 3.5, log_deviation: 1 }]
]

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

/** Experiments without an effect that are looked at every day, and one with an effect: no machine's speed is in it. */
export const aa: Section = {
  name: "aa",
  run: async () => {
    const figures: Array<Figure> = []
    for (const [name, population] of populations)
      for (const units of unitsPerArmAndDay) {
        const outcome = runToEnd(
          peekedRuns({
            control: population,
            treatment: population,
            unitsPerArmAndDay: units,
            days,
            runs,
            seed: 1,
            ...design
          })
        )
        figures.push({
          section: "aa",
          name: `A/A, ${name}, ${units} units per arm and day`,
          value: (100 * outcome.alarms) / runs,
          unit: "% of runs with an alarm",
          goal: { is: "below", bound: 5 },
          seen: `a fixed-horizon test looked at every day: ${percent(outcome.fixedAlarms / runs)}`
        })
      }
    const found = runToEnd(
      peekedRuns({
        control: { kind: "rate", rate: 0.05 },
        treatment: { kind: "rate", rate: 0.06 },
        unitsPerArmAndDay: 500,
        days,
        runs,
        seed: 1,
        ...design
      })
    )
    figures.push({
      section: "aa",
      name: "5 % v 6 %, 500 units per arm and day",
      value: (100 * found.alarms) / runs,
      unit: "% of runs that find it",
      goal: { is: "at least", bound: 70 }
    })
    return figures
  }
}
