import type { ExperimentPlan } from "../../ports/analytics/ExperimentPlan.ts"
import type { FunnelPlan } from "../../ports/analytics/FunnelPlan.ts"
import { stepsOf, takenText } from "./experimentEventsText.ts"
import type { EventColumns } from "./experimentEventsText.ts"
import { afterText, beforeText } from "./experimentText.ts"
import { person } from "./experimentUnitsText.ts"
import { funnelAttemptsText, funnelBestText, funnelEventsText } from "./funnelText.ts"

/** Who came through a metric's funnel and how long after the first exposure, from `experiment_completions`. */
export const completionColumnsText =
  "select u.unit, c.after_ms::double as after_ms from experiment_completions c join experiment_units u using (person)"

/**
 * Who came through a metric's funnel after the first exposure, and who before it, and when, into `experiment_completions`.
 * The funnel of analytics tells it, from events of those alone that have one of each step.
 */
export const completionsTexts = (plan: ExperimentPlan, columns: EventColumns, index: number): ReadonlyArray<string> => {
  const metric = plan.metrics[index]!
  const { beforeMillis, untilMillis } = metric
  const funnel = metric.funnel!
  const asked: FunnelPlan = {
    ...funnel,
    kind: "funnel",
    workspace: plan.workspace,
    revisions: plan.revisions,
    fromMillis: plan.fromMillis - beforeMillis,
    toMillis: plan.toMillis,
    breakdown: undefined,
    breakdownAt: "first",
    top: 0,
    binStartsMillis: []
  }
  const flags = stepsOf(metric).map((part) => takenText(columns, part))
  const last = funnel.steps.length - 1
  const time = [
    `e.time_ms >= c.first_ms - ${beforeMillis}`,
    `e.time_ms < ${plan.toMillis}`,
    ...(untilMillis === undefined ? [] : [`e.time_ms < c.first_ms + ${untilMillis}`])
  ]
  return [
    `create or replace temp table experiment_candidates as
with chances as (
  select person, any_value(first_ms) as first_ms
  from experiment_deeds where (${flags.join(" or ")}) and ((${afterText(metric)}) or (${beforeText(metric)}))
  group by person, after_ms < 0 having ${[...new Set(flags)].map((flag) => `bool_or(${flag})`).join(" and ")}
)
select person, any_value(first_ms) as first_ms from chances group by person`,
    funnelEventsText(asked, {
      join: ` join experiment_candidates c on c.person = ${person}`,
      conditions: time,
      part: "case when e.time_ms < c.first_ms then '-' else '+' end"
    }),
    funnelAttemptsText(asked),
    funnelBestText(asked),
    `create or replace temp table experiment_completions as
select c.person, b.t${last} - c.first_ms as after_ms
from funnel_best b join experiment_candidates c on c.person = b.person where b.furthest = ${funnel.steps.length}`
  ]
}
