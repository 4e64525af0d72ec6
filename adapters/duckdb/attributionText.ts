import { directTouch, touchEventTypes } from "../../ports/analytics/AttributionPlan.ts"
import type { AttributionDimension, AttributionPlan } from "../../ports/analytics/AttributionPlan.ts"
import type { PeopleSource } from "../../ports/analytics/PeoplePlan.ts"
import { fieldText, filterText } from "./conditionText.ts"
import { isValue, quote } from "./literals.ts"
import { sessionSpansOf, sessionText, sessionTimesJoin } from "./sessionText.ts"
import { traitJoins, traitsOf } from "./traitText.ts"
import { ordersText, valueText } from "./trendText.ts"

const person = "coalesce(p.person, e.subject)"
const place = "struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id)"
const inPlace = (alias: string): string => `${alias}.time_ms, ${alias}.received_us, ${alias}.idx, ${alias}.event_id`

/** Where conversions come from, what each is worth, and whether it is an order or what takes one back. */
const sourceText = ({ conversions, workspace }: AttributionPlan) => {
  if (conversions.kind === "orders")
    return {
      table: ordersText(workspace, conversions.conversions),
      columns:
        "e.money_kind, coalesce(e.order_id, e.event_id::varchar) as order_key, e.currency, e.minor, e.amount::hugeint as amount",
      selection: undefined
    }
  const { property, selection } = conversions
  const amount = property === undefined ? "0" : `(${valueText(property)} * 1000000000::decimal(10, 0))`
  return {
    table: "store.events",
    columns: `'order' as money_kind, e.event_id::varchar as order_key, null::varchar as currency, null::bigint as minor, ${amount}::hugeint as amount`,
    selection
  }
}

/** Orders and refunds, or the events that are conversions, into `attribution_events`; `counted`: those of the range. */
export const attributionEventsText = (plan: AttributionPlan): string => {
  const { filter, fromMillis, toMillis, workspace } = plan
  const { columns, selection, table } = sourceText(plan)
  const filters = [selection, filter].filter((each) => each !== undefined)
  const inRange = [`e.time_ms >= ${fromMillis}`, `e.time_ms < ${toMillis}`, ...filters.map(filterText)].join(" and ")
  return `create or replace temp table attribution_events as
select ${columns}, ${person} as person, ${inPlace("e")}, ${inRange} as counted
from ${table} e left join store.people p on p.subject = e.subject${traitJoins(workspace, traitsOf({ kind: "and", filters }, []))}
where e.workspace = ${quote(workspace)}${selection === undefined ? "" : ` and ${inRange}`}`
}

/** Conversions of the range, and orders that refunds of the range take back, numbered in arrival order. */
export const attributionConversionsText = `create or replace temp table attribution_conversions as
select (row_number() over (order by ${inPlace("a")}))::integer as conversion, order_key, person, time_ms
from attribution_events a
where money_kind = 'order'
  and (counted or order_key in (select order_key from attribution_events where counted and money_kind = 'refund'))`

export const attributionCreditsText = (
  max: number
): string => `select c.conversion, a.amount, a.money_kind = 'refund' as refund, coalesce(c.person, a.person) as person
from attribution_events a left join attribution_conversions c on c.order_key = a.order_key
where a.counted
order by c.conversion nulls last, refund, ${inPlace("a")} limit ${max}`

/** Money that no rate converts. */
export const attributionLeftOutText = `select currency, count(*)::bigint as orders, sum(minor)::hugeint as minor
from attribution_events where counted and amount is null and minor is not null
group by currency order by currency`

/** From when until when touches of each person may count, into `attribution_people`. */
export const attributionPeopleText = ({ lookBackMillis }: AttributionPlan): string =>
  `create or replace temp table attribution_people as
select person, min(time_ms) - ${lookBackMillis} as from_ms, max(time_ms) as to_ms from attribution_conversions group by 1`

export interface TouchRange {
  readonly fromMillis: number
  readonly toMillis: number
}

/** Sessions in which those people did something then, from their first event to their last, into `session_spans`. */
export const touchSpansText = (
  { workspace }: AttributionPlan,
  derived: boolean,
  { fromMillis, toMillis }: TouchRange
): string =>
  sessionSpansOf(
    workspace,
    derived,
    `select distinct ${sessionText(derived)} as session
    from store.events e left join store.people p on p.subject = e.subject${sessionTimesJoin(derived)}
    join attribution_people a on a.person = ${person}
    where e.workspace = ${quote(workspace)} and e.time_ms >= ${fromMillis} and e.time_ms <= ${toMillis}
      and e.time_ms >= a.from_ms and e.time_ms <= a.to_ms`
  )

/** What a touch is called, where the event itself tells it, and where it is a click in a mail or a banner alone. */
const touchValueText = ({ channel, sources }: AttributionPlan, dimension: AttributionDimension): string => {
  const referrer = `case when ${filterText(sources.hasExternalReferrer)} then e.referrer_host end`
  const click = (email: string, banner: string) =>
    `case e.event_type when 'email_clicked' then ${quote(email)} when 'banner_clicked' then ${quote(banner)} end`
  switch (dimension) {
    case "channel":
      return `case when ${filterText(sources.isSource)} then ${fieldText(channel)} else coalesce(${click("email", "campaign")}, ${quote(directTouch)}) end`
    case "source":
      return `coalesce(e.source, ${referrer}, ${click("email", "banner")}, case when not ${filterText(sources.isSource)} then ${quote(directTouch)} end)`
    case "medium":
      return `coalesce(e.medium, ${click("email", "banner")})`
    case "campaign":
      return "e.campaign"
    case "landing_page":
      return "null::varchar"
  }
}

/** The one touch of each session with the person whose it is, into `session_touches`. */
export const sessionTouchesText = (
  plan: AttributionPlan,
  derived: boolean,
  { fromMillis, toMillis }: TouchRange
): string => {
  const isClick = `e.event_type in (${touchEventTypes.map(quote).join(", ")})`
  const rank = `case when ${filterText(plan.sources.isSource)} or ${isClick} then 0 when e.event_type = 'page_view' then 1 end`
  const landing = plan.dimension === "landing_page"
  return `create or replace temp table session_touches as
select coalesce(p.person, s.touch.subject) as person, s.touch.time_ms as time_ms, s.touch.received_us as received_us,
  s.touch.idx as idx, s.touch.event_id as event_id, s.touch.rank = 1 as direct, ${landing ? "s.landing" : "s.touch.value"} as value
from (
  select arg_min(struct_pack(subject := subject, time_ms := time_ms, received_us := received_us, idx := idx, event_id := event_id, rank := rank, value := value),
      struct_pack(o := rank, t := time_ms, r := received_us, i := idx, e := event_id)) filter (rank is not null) as touch${
        landing
          ? `,\n    arg_min_null(path, ${place.replaceAll("e.", "")}) filter (event_type = 'page_view') as landing`
          : ""
      }
  from (
    select ss.session as key, e.subject, ${inPlace("e")}, e.event_type, e.path, ${rank} as rank, ${touchValueText(plan, plan.dimension)} as value
    from store.events e${sessionTimesJoin(derived)} join session_spans ss on ss.session = ${sessionText(derived)}
    where e.workspace = ${quote(plan.workspace)} and e.time_ms >= ${fromMillis} and e.time_ms <= ${toMillis}
  )
  group by key
) s left join store.people p on p.subject = s.touch.subject
where s.touch is not null`
}

/** Every conversion `c` with the touches `t` that count for it. */
const touchedText = (columns: string, { keepDirect, lookBackMillis }: AttributionPlan): string =>
  `select ${columns}
from attribution_conversions c
join session_touches t on t.person = c.person and t.time_ms <= c.time_ms and t.time_ms >= c.time_ms - ${lookBackMillis}
${keepDirect ? "" : "qualify not t.direct or bool_and(t.direct) over (partition by c.conversion)\n"}`

/** Who has a conversion in the range; one with such a touch, or with none. Where there is no touch there is no table of them. */
export const attributedPeopleText = (
  { plan, touched }: Extract<PeopleSource, { readonly kind: "attribution" }>,
  touches: boolean
): string => {
  const counted =
    "select c.conversion, c.person from attribution_conversions c where c.order_key in (select order_key from attribution_events where counted and money_kind = 'order')"
  if (touched === undefined || (touched.kind === "unattributed" && !touches)) return `select person from (${counted})`
  if (!touches) return `select person from (${counted}) where false`
  const conversions = (condition: string) =>
    `select conversion from (${touchedText("c.conversion, t.value", plan)})${condition}`
  return touched.kind === "unattributed"
    ? `select person from (${counted}) where conversion not in (${conversions("")})`
    : `select person from (${counted}) where conversion in (${conversions(` where ${isValue("value", touched.value)}`)})`
}

/** Every conversion with the touches that count for it, the earliest first. */
export const attributionTouchesText = (plan: AttributionPlan, max: number): string =>
  `${touchedText("c.conversion, t.value, (c.time_ms - t.time_ms)::double as before", plan)}order by c.conversion, ${inPlace("t")} limit ${max}`
