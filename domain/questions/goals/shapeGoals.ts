import type { Goal } from "../../../ports/analytics/Goal.ts"
import type { GoalConversion, GoalNumbers } from "../../../ports/analytics/GoalQuestion.ts"
import type { ResultPeriod, ResultRow } from "../../../ports/analytics/Question.ts"
import { exponentOf, formatMinorUnits, toMinorUnits } from "../../money/minorUnits.ts"
import { roundSignificant } from "../../statistics/significantDigits.ts"
import { smallGroupPeople } from "../../statistics/smallGroup.ts"
import { wilsonInterval } from "../../statistics/wilson.ts"
import { goalMetricNames, visitorsName } from "./planGoals.ts"

type Metrics = ResultRow["metrics"]

/** What a goal's conversions are worth. A property's sum is rounded to the currency's minor unit, half up. */
const valueOf = ({ value, ...goal }: Goal, metrics: Metrics, currency: string): GoalNumbers["value"] => {
  const names = goalMetricNames(goal)
  const found = metrics[names.value]
  switch (value?.kind) {
    case undefined:
      return null
    case "revenue":
      return { amount: String(found), currency }
    case "fixed": {
      const minor = BigInt(toMinorUnits(value.amount, value.currency)) * BigInt(Number(metrics[names.conversions]))
      return { amount: formatMinorUnits(minor, exponentOf(value.currency) ?? 0), currency: value.currency }
    }
    case "property": {
      const exponent = exponentOf(value.currency) ?? 0
      const minor = Math.floor(roundSignificant(Number(found) * 10 ** exponent) + 0.5)
      return { amount: formatMinorUnits(BigInt(minor), exponent), currency: value.currency }
    }
  }
}

const numbersOf = (goal: Goal, metrics: Metrics, currency: string): GoalNumbers => {
  const names = goalMetricNames(goal)
  const visitors = Number(metrics[visitorsName])
  const converters = Number(metrics[names.converters])
  const [low, high] = visitors === 0 ? [0, 0] : wilsonInterval(converters, visitors)
  return {
    visitors,
    small: visitors < smallGroupPeople,
    converters,
    conversions: Number(metrics[names.conversions]),
    rate: visitors === 0 ? null : roundSignificant(converters / visitors),
    rate_interval: visitors === 0 ? null : [roundSignificant(low), roundSignificant(high)],
    value: valueOf(goal, metrics, currency)
  }
}

/** Metrics of all goals as one answer for each. */
export const shapeGoals = (
  period: ResultPeriod,
  goals: ReadonlyArray<Goal>,
  currency: string
): ReadonlyArray<GoalConversion> =>
  goals.map((goal) => {
    const seriesOf = (series: ReadonlyArray<Metrics> | undefined) =>
      series === undefined ? {} : { series: series.map((metrics) => numbersOf(goal, metrics, currency)) }
    return {
      goal: goal.id,
      name: goal.name,
      ...numbersOf(goal, period.totals, currency),
      ...seriesOf(period.series),
      rows: period.rows.map(({ metrics, other, series, values: [value = null] }) => ({
        ...(other === undefined ? { dimension_value: value } : { other }),
        ...numbersOf(goal, metrics, currency),
        ...seriesOf(series)
      }))
    }
  })
