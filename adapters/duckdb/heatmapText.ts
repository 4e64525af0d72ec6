import { viewMillisMax } from "../../ports/analytics/HeatmapPlan.ts"
import type { HeatmapPlan } from "../../ports/analytics/HeatmapPlan.ts"
import type { PeopleSource } from "../../ports/analytics/PeoplePlan.ts"
import { scrollPercentMax } from "../../ports/analytics/SessionPlan.ts"
import { fieldText } from "./conditionText.ts"
import { isValue } from "./literals.ts"
import { deviceText, isTrueText, numberText, ofDevice, pageEventsText } from "./pageText.ts"
import { person } from "./peopleText.ts"

/** The cell of a place on a length; what lies outside is at the edge. */
const cellText = (at: string, length: string, cells: number): string =>
  `least(${cells - 1}, greatest(0, floor(${at} / ${length} * ${cells})))::integer`

/** Clicks with their cells, into `heatmap_clicks`. */
export const heatmapClicksText = (plan: HeatmapPlan): string =>
  `create or replace temp table heatmap_clicks as
with clicks as (
select ${person} as person, ${deviceText} as device,
  ${isTrueText("fixed")} as fixed, ${isTrueText("dead")} as dead, ${fieldText({ kind: "property", name: "selector" })} as selector,
  ${numberText("x")} as x, ${numberText("y")} as y, ${numberText("page_width")} as w, ${numberText("document_height")} as h
from ${pageEventsText(plan, ["element_clicked"])}
)
select person, device, fixed, dead, selector, coalesce(x is not null and y is not null and w > 0 and h > 0, false) as placed, w, h,
  case when w > 0 then ${cellText("x", "w", plan.columns)} end as c, case when h > 0 then ${cellText("y", "h", plan.rows)} end as r
from clicks where ${ofDevice("device", plan)}`

export const heatmapLayersText = `select device, fixed, count(*)::integer as clicks, count(*) filter (placed)::integer as placed, count(distinct person)::integer as people,
  median(w) filter (placed)::double as width, median(h) filter (placed)::double as height
from heatmap_clicks group by device, fixed order by device, fixed`

export const heatmapCellsText = `select device, fixed, c as "column", r as "row", count(*)::integer as clicks, count(distinct person)::integer as people
from heatmap_clicks where placed group by all order by device, fixed, "row", "column"`

/** Who clicked on a layer, in a cell of it or on an element. */
export const heatmapPeopleText = ({
  device,
  fixed,
  place
}: Extract<PeopleSource, { readonly kind: "heatmap" }>): string => {
  const conditions = [
    isValue("device", device),
    fixed ? "fixed" : "not fixed",
    ...(place?.kind === "cell" ? ["placed", `c = ${place.column}`, `r = ${place.row}`] : []),
    ...(place?.kind === "element" ? [isValue("selector", place.selector)] : [])
  ]
  return `select person from heatmap_clicks where ${conditions.join(" and ")}`
}

/** Elements with their rank among those of their class of devices, into `heatmap_elements`. */
export const heatmapElementsText = `create or replace temp table heatmap_elements as
select *, row_number() over (partition by device order by clicks desc, selector, fixed) as rank from (
  select device, selector, fixed, count(*)::integer as clicks, count(*) filter (dead)::integer as dead, count(distinct person)::integer as people
  from heatmap_clicks where selector is not null group by all
)`

export const topElementsText = ({ top }: HeatmapPlan): string =>
  `select * from heatmap_elements where rank <= ${top} order by device, rank`

export const otherElementsText = ({ top }: HeatmapPlan): string =>
  `select device, count(*)::integer as elements, sum(clicks)::integer as clicks from heatmap_elements where rank > ${top} group by device order by device`

const scrolled = `case e.event_type when 'page_exit' then ${numberText("scroll_percent")} when 'scroll_depth' then ${numberText("percent")} end`

/** Page views by class of devices and furthest whole percent. */
export const heatmapViewsText = (plan: HeatmapPlan): string =>
  `with told as (
select e.anonymous_id as visitor, e.host, e.path, e.time_ms as t, e.received_us as r, e.idx as i, e.event_id as e,
  e.event_type = 'page_view' as begins, ${deviceText} as device, ${scrolled} as percent
from ${pageEventsText({ ...plan, toMillis: plan.toMillis + viewMillisMax }, ["page_view", "page_exit", "scroll_depth"])}
), numbered as (
  select *, count(*) filter (begins) over (partition by visitor, host, path order by t, r, i, e rows unbounded preceding) as n from told
), views as (
  select visitor, host, path, n, any_value(device) filter (begins) as device, any_value(t) filter (begins) as begin
  from numbered where n > 0 group by visitor, host, path, n
), reached as (
  select v.device, max(case when x.percent between 0 and ${scrollPercentMax} and x.t - v.begin <= ${viewMillisMax} then floor(x.percent) end)::integer as percent
  from views v join numbered x on x.visitor = v.visitor and x.host is not distinct from v.host and x.path is not distinct from v.path and x.n = v.n
  where v.begin < ${plan.toMillis} and ${ofDevice("v.device", plan)}
  group by v.device, v.visitor, v.host, v.path, v.n
)
select device, percent, count(*)::integer as views from reached group by all order by device, percent`
