import type { ExperimentPlan } from "../../ports/analytics/ExperimentPlan.ts"
import type { FunnelPlan } from "../../ports/analytics/FunnelPlan.ts"
import { takenText } from "./experimentEventsText.ts"
import type { EventColumns } from "./experimentEventsText.ts"
import { afterText, beforeText } from "./experimentText.ts"
import { dayAt, person } from "./experimentUnitsText.ts"
import { funnelAttemptsText, funnelBestText, funnelEventsText } from "./funnelText.ts"

export const noCompletionsText = `create or replace temp table experiment_completions
  (person ubigint, variant smallint, several boolean, entry smallint, first_ms bigint, after_ms bigint, day smallint)`

/**
 * Who came through a metric's funnel after the first exposure, or before it, and when, added to `experiment_completions`.
 * The funnel of analytics tells it, from events of those alone that have one of each step.
 */
export const completionsTexts = (
  plan: ExperimentPlan,
  columns: EventColumns,
  index: number,
  when: "after" | "before"
): ReadonlyArray<string> => {
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
  const flags = funnel.steps.map((filter) => takenText(columns, { filter, value: { kind: "count" } }))
  const last = funnel.steps.length - 1
  const time =
    when === "before"
      ? [`e.time_ms < c.first_ms`, `e.time_ms >= c.first_ms - ${beforeMillis}`]
      : [
          "e.time_ms >= c.first_ms",
          `e.time_ms < ${plan.toMillis}`,
          ...(untilMillis === undefined ? [] : [`e.time_ms < c.first_ms + ${untilMillis}`])
        ]
  return [
    `create or replace temp table experiment_candidates as
select person, any_value(variant) as variant, any_value(several) as several, any_value(entry) as entry, any_value(first_ms) as first_ms
from experiment_events where (${flags.join(" or ")}) and ${when === "after" ? afterText(metric) : beforeText(metric)}
group by person having ${[...new Set(flags)].map((flag) => `bool_or(${flag})`).join(" and ")}`,
    funnelEventsText(asked, { join: ` join experiment_candidates c on c.person = ${person}`, conditions: time }),
    funnelAttemptsText(asked),
    funnelBestText(asked),
    `insert into experiment_completions
select c.person, c.variant, c.several, c.entry, c.first_ms, b.t${last} - c.first_ms, ${when === "before" ? "-1" : dayAt(plan, `b.t${last}`)}
from funnel_best b join experiment_candidates c on c.person = b.person where b.furthest = ${funnel.steps.length}`
  ]
}
