import type { NewExperiment } from "../../ports/experiments/Experiment.ts"
import { fullDaysMin } from "../../ports/experiments/DecisionRule.ts"

interface Mistake {
  readonly pointer: string
  readonly code: string
  readonly detail: string
}

const under = "/decision_rule"
const mistake = (pointer: string, code: string, detail: string): Mistake => ({
  pointer: `${under}${pointer}`,
  code,
  detail
})

/** What is wrong with the rule of a definition: it names what is not there, or waits for what never comes. */
export const decisionRuleMistakes = (definition: NewExperiment): ReadonlyArray<Mistake> => {
  const { allocation, analysis, decision_rule: rule, goals = [] } = definition
  if (rule === undefined) return []
  const { end_after_days: end, inconclusive, minimum_days: days = fullDaysMin, minimum_share: share = 0 } = rule
  const seen = new Set<string>()
  return [
    ...(allocation === undefined
      ? []
      : [mistake("", "adaptive_allocation", "a bandit is over once one variant is the best")]),
    ...(rule.goals ?? []).flatMap(({ id, minimum_effect, shown_by }, at) => {
      const isTwice = seen.has(id)
      seen.add(id)
      return [
        ...(isTwice ? [mistake(`/goals/${at}/id`, "duplicate", `${id} is here twice`)] : []),
        ...(goals.some((goal) => goal.id === id)
          ? []
          : [mistake(`/goals/${at}/id`, "unknown_goal", `there is no goal ${id}`)]),
        ...(shown_by !== undefined && minimum_effect === undefined
          ? [mistake(`/goals/${at}/shown_by`, "needs_minimum_effect", "says how a minimum_effect is shown")]
          : [])
      ]
    }),
    ...(share > 0 && analysis?.planned_units === undefined && goals[0]?.minimum_effect === undefined
      ? [
          mistake(
            "/minimum_share",
            "nothing_planned",
            "nothing is planned: name planned_units of the analysis, or a minimum_effect of the first goal"
          )
        ]
      : []),
    ...(end !== undefined && end < days
      ? [mistake("/end_after_days", "too_small", `is before the ${days} days that it takes to ship`)]
      : []),
    ...(inconclusive !== undefined && end === undefined
      ? [mistake("/inconclusive", "never_ends", "needs end_after_days")]
      : [])
  ]
}

/** What is wrong with the rule once the variants are as they will be. */
export const shippedMistakes = ({ decision_rule: rule, variants = [] }: NewExperiment): ReadonlyArray<Mistake> => {
  const end = rule?.inconclusive
  if (end?.action !== "ship") return []
  const { variant } = end
  const control = variants.find((each) => each.control === true) ?? variants[0]
  if (!variants.some(({ id }) => id === variant))
    return [mistake("/inconclusive/variant", "unknown_variant", `there is no variant ${variant}`)]
  return variant === control?.id
    ? [mistake("/inconclusive/variant", "is_control", "to keep the control is to roll back")]
    : []
}
