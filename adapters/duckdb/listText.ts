import type { EventPlace } from "../../ports/analytics/EventStore.ts"
import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import { quote } from "./literals.ts"
import { filterText } from "./conditionText.ts"
import { isUnrestricted } from "./restricting.ts"
import { hashOf, isLinkable, ownIdText } from "./schema.ts"
import { traitJoins, traitsOf } from "./traitText.ts"

const joined = "store.events e left join store.people p on p.subject = e.subject"
/** With first events that are gone by retention. */
const joinedEver = joined.replace("store.events", "store.ever")
const person = "coalesce(p.person, e.subject)"

/** The person that an id stands for: a user's own or merged, or a device's user. A user id goes before a device's. */
const personOf = (workspace: string, id: string): string => {
  const hash = (kind: "u" | "a") => hashOf(quote(workspace), kind, quote(id))
  const resolved = (kind: "u" | "a") =>
    `(select coalesce((select person from store.people where subject = ${hash(kind)}), ${hash(kind)}))`
  return `(case when exists (select 1 from store.ever where subject = ${hash("u")}) then ${resolved("u")} else ${resolved("a")} end)`
}

/** Ids of the person: users, and devices that no other person's user has events on. */
export const subjectsText = (workspace: string, id: string): string => `with asked as materialized (
  select ${personOf(workspace, id)} as person
), own as materialized (
  select e.user_id, e.anonymous_id from ${joinedEver} where e.workspace = ${quote(workspace)} and ${person} = (select person from asked)
), shared as (
  select e.anonymous_id from ${joinedEver}
  where e.workspace = ${quote(workspace)} and ${isLinkable("e.user_id")} and ${person} <> (select person from asked)
    and e.anonymous_id in (select anonymous_id from own)
)
select user_id as id from own where ${isLinkable("user_id")}
union
select anonymous_id from own where ${isLinkable("anonymous_id")} and anonymous_id not in (select anonymous_id from shared)
order by 1`

/** First events of the person that are gone by retention, a page behind that id. */
export const firstsOfText = (workspace: string, personId: string, after: string | undefined, limit: number): string =>
  `select e.event_id::varchar as event_id, e.event_type, e.anonymous_id, e.user_id, e.time_ms, e.received_us, e.idx
from ${joined.replace("store.events", "store.firsts")}
where e.workspace = ${quote(workspace)} and ${person} = ${personOf(workspace, personId)}${after === undefined ? "" : ` and e.event_id > ${quote(after)}::uuid`}
order by e.event_id limit ${limit}`

/** Id that a person goes by: the id of the user it resolves to, else the one it was first seen with. */
export const personIdText = `coalesce(
  min(${ownIdText}) filter (where e.subject = ${person}),
  min(${ownIdText}))`

export const eventsText = (request: {
  readonly workspace: string
  readonly fromMillis: number
  readonly toMillis: number
  readonly filter: PlanFilter | undefined
  readonly personId?: string | undefined
  readonly withoutRestricted?: boolean | undefined
  readonly before?: EventPlace | undefined
  readonly limit: number
}): string => {
  const { before, filter, fromMillis, limit, personId, toMillis, withoutRestricted, workspace } = request
  const conditions = [
    `e.workspace = ${quote(workspace)}`,
    `e.time_ms >= ${fromMillis}`,
    `e.time_ms < ${toMillis}`,
    ...(filter === undefined ? [] : [filterText(filter)]),
    ...(personId === undefined ? [] : [`${person} = ${personOf(workspace, personId)}`]),
    ...(withoutRestricted === true ? [`e.${isUnrestricted}`] : []),
    ...(before === undefined
      ? []
      : [
          `(e.time_ms, e.received_us, e.idx, e.event_id) < (${before.time}, ${before.received_at}, ${before.index}, ${quote(before.event_id)}::uuid)`
        ])
  ]
  // Places first, then whole rows of the page alone: a sort of all columns is ten times slower.
  return `with places as materialized (
  select e.rowid as place, ${person} as person from ${joined}${traitJoins(workspace, traitsOf(filter, []))} where ${conditions.join(" and ")}
  order by e.time_ms desc, e.received_us desc, e.idx desc, e.event_id desc limit ${limit}
), page as materialized (
  select e.*, places.person from store.events e join places on places.place = e.rowid
), members as materialized (
  select person as subject, person from page union select subject, person from store.people where person in (select person from page)
), names as (
  select ${person} as person, ${personIdText} as person_id from store.events e join members p on p.subject = e.subject group by 1
)
select page.* exclude (id_hash, subject, session, person), page.event_id::varchar as event_id, names.person_id
from page join names on names.person = page.person
order by time_ms desc, received_us desc, idx desc, page.event_id desc`
}

export const peopleText = (request: {
  readonly workspace: string
  readonly filter?: PlanFilter | undefined
  readonly personId?: string | undefined
  readonly withoutRestricted?: boolean | undefined
  readonly idPrefix?: string | undefined
  readonly before?: { readonly last_seen: number; readonly person_id: string } | undefined
  readonly limit: number
}): string => {
  const { before, filter, idPrefix, limit, personId, withoutRestricted, workspace } = request
  const begins = (id: string) => `coalesce(starts_with(e.${id}, ${quote(idPrefix ?? "")}), false)`
  const own = [
    `e.workspace = ${quote(workspace)}`,
    ...(personId === undefined ? [] : [`${person} = ${personOf(workspace, personId)}`]),
    ...(withoutRestricted === true ? [`e.${isUnrestricted}`] : [])
  ]
  const having = [
    ...(filter === undefined ? [] : [`bool_or(${filterText(filter)})`]),
    ...(idPrefix === undefined ? [] : [`bool_or(${begins("user_id")} or ${begins("anonymous_id")})`]),
    ...(before === undefined
      ? []
      : [`(max(e.time_ms), ${personIdText}) < (${before.last_seen}, ${quote(before.person_id)})`])
  ]
  return `select ${personIdText} as person_id, min(e.time_ms) as first_seen, max(e.time_ms) as last_seen, count(*)::bigint as events
from ${joined}${traitJoins(workspace, traitsOf(filter, []))} where ${own.join(" and ")} group by ${person}
${having.length === 0 ? "" : `having ${having.join(" and ")}`}
order by last_seen desc, person_id desc limit ${limit}`
}

/** Events with traits that are read for one person; a person with more shows the newest. */
export const traitEventsMax = 10_000

export const traitsText = (workspace: string, personId: string): string => `
select e.event_id::varchar as event_id, ${ownIdText} as subject_id, e.traits::varchar as traits, e.traits_once::varchar as traits_once
from ${joined}
where e.workspace = ${quote(workspace)} and (e.traits is not null or e.traits_once is not null)
  and ${person} = ${personOf(workspace, personId)}
order by e.time_ms desc, e.received_us desc, e.idx desc, e.event_id desc limit ${traitEventsMax}`
