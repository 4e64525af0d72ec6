import { rageMillisMax, ragePixelsMax } from "../../ports/analytics/ClickPlan.ts"
import type { ClickPlan } from "../../ports/analytics/ClickPlan.ts"
import type { PeopleSource } from "../../ports/analytics/PeoplePlan.ts"
import { fieldText } from "./conditionText.ts"
import { isValue } from "./literals.ts"
import { deviceText, isTrueText, numberText, ofDevice, pageEventsText } from "./pageText.ts"
import { person } from "./peopleText.ts"

const near = (a: string, b: string): string =>
  `(${a}.x - ${b}.x) ** 2 + (${a}.y - ${b}.y) ** 2 <= ${ragePixelsMax ** 2}`

/** Clicks of the range with whether they are rage clicks and begin a burst, into `rage_clicks`. */
export const rageClicksText = (plan: ClickPlan): string => {
  const around = { ...plan, fromMillis: plan.fromMillis - rageMillisMax, toMillis: plan.toMillis + rageMillisMax }
  return `create or replace temp table rage_clicks as
with told as (
select ${person} as person, e.anonymous_id as visitor, e.host, e.path, e.time_ms as t, e.received_us as r, e.idx as i, e.event_id as e,
  ${deviceText} as device, ${isTrueText("fixed")} as fixed, ${isTrueText("dead")} as dead, ${fieldText({ kind: "property", name: "selector" })} as selector,
  ${numberText("x")} as x, ${numberText("y")} as y
from ${pageEventsText(around, ["element_clicked"])}
), clicks as (
  select *, x is not null and y is not null as placed from told where ${ofDevice("device", plan)}
), followed as (
  select *, lead(struct_pack(t := t, x := x, y := y)) over w as second, lead(struct_pack(t := t, x := x, y := y), 2) over w as third, struct_pack(x := x, y := y) as first
  from clicks window w as (partition by visitor, host, path, fixed, placed order by t, r, i, e)
), judged as (
  select *, coalesce(placed and third.t - t <= ${rageMillisMax} and ${near("first", "second")} and ${near("first", "third")} and ${near("second", "third")}, false) as three
  from followed
), marked as (
  select *, coalesce(lag(three) over w, false) as before, coalesce(lag(three, 2) over w, false) as before_that
  from judged window w as (partition by visitor, host, path, fixed, placed order by t, r, i, e)
)
select person, host, path, selector, dead, three or before or before_that as rage, three and not before and not before_that as begins
from marked where t >= ${plan.fromMillis} and t < ${plan.toMillis}`
}

const counts = `count(*)::integer as clicks, count(*) filter (rage)::integer as rage_clicks, count(*) filter (begins)::integer as rage_bursts,
  count(*) filter (dead)::integer as dead_clicks, count(distinct person)::integer as people,
  count(distinct person) filter (rage)::integer as rage_people, count(distinct person) filter (dead)::integer as dead_people`

const first = { rage: "rage_clicks", dead: "dead_clicks", clicks: "clicks" } as const

export const rageElementsText = ({ order, top }: ClickPlan): string =>
  `select *, count(*) over ()::integer as elements from (
  select host, path, selector, ${counts}
  from rage_clicks where selector is not null group by host, path, selector
) order by ${first[order]} desc, rage_clicks desc, dead_clicks desc, clicks desc, host nulls last, path nulls last, selector limit ${top}`

export const rageTotalsText = `select ${counts} from rage_clicks`

const kinds = { all: "true", rage: "rage", dead: "dead" } as const

/** Who clicked there, in anger or in vain. */
export const clickPeopleText = ({ counted, element }: Extract<PeopleSource, { readonly kind: "click" }>): string => {
  const conditions =
    element === undefined
      ? []
      : (["selector", "host", "path"] as const).map((column) => isValue(column, element[column]))
  return `select person from rage_clicks where ${[kinds[counted], ...conditions].join(" and ")}`
}
