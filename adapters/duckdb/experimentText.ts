import type { ExperimentMetricPlan, ExperimentPlan } from "../../ports/analytics/ExperimentPlan.ts"
import { dayAt } from "./experimentUnitsText.ts"
import type { Pass } from "./ExperimentTally.ts"

/** The day from which on a unit counts. */
export const entryText = (plan: ExperimentPlan, { complete, untilMillis = 0 }: ExperimentMetricPlan, day: string) =>
  complete ? `${dayAt(plan, `(first_ms + ${untilMillis})`)}::smallint` : day

/** Which units count. */
export const amongText = (
  { toMillis }: ExperimentPlan,
  { complete, untilMillis = 0 }: ExperimentMetricPlan,
  pass: Pass
): string =>
  [
    ...(pass === "alone" ? ["not several"] : []),
    ...(complete ? [`first_ms + ${untilMillis} < ${toMillis}`] : []),
    "true"
  ].join(" and ")

/** The metric's time after the first exposure, and the one before it. */
export const afterText = ({ fromMillis, untilMillis }: ExperimentMetricPlan): string =>
  `after_ms >= ${fromMillis}${untilMillis === undefined ? "" : ` and after_ms < ${untilMillis}`}`
export const beforeText = ({ beforeMillis }: ExperimentMetricPlan): string =>
  `after_ms < 0 and after_ms >= -${beforeMillis}`
