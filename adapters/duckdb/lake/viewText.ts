import type { LakeSelection } from "../../../ports/analytics/EventLake.ts"
import { linkedUsersMax } from "../../../ports/analytics/EventStore.ts"
import type { UserMerge } from "../../../ports/analytics/EventStore.ts"
import { quote } from "../literals.ts"
import { hashOf, isLinkable } from "../schema.ts"
import { columnNames, emptyEvents, eventsOf, isSelected, personalColumns } from "./lakeText.ts"

export interface SeenEvents {
  readonly workspace: string
  readonly paths: ReadonlyArray<string>
  readonly removing: ReadonlyArray<LakeSelection>
  readonly personalColumns: boolean
}

/** Columns that the asker may see. */
export const seenColumns = (withPersonal: boolean): ReadonlyArray<string> =>
  columnNames.filter((name) => withPersonal || !personalColumns.has(name))

/** The events of files that may be seen, by the columns that may be seen. */
export const seenEvents = (seen: SeenEvents): string => {
  const rows = seen.paths.length === 0 ? emptyEvents : eventsOf(seen.paths)
  const kept = seen.removing.map((selection) => `not ${isSelected(selection)}`)
  const columns = seenColumns(seen.personalColumns).map((name) => `"${name}"`)
  return `select ${columns.join(", ")} from (${rows})${kept.length === 0 ? "" : ` where ${kept.join(" and ")}`}`
}

export const viewNames = ["events", "identities", "person_events"] as const

const isUser = isLinkable("user_id")

const mergedUsers = (workspace: string, merges: ReadonlyArray<UserMerge>): string => {
  const hashed = (id: string) => hashOf(quote(workspace), "u", quote(id))
  const rows = merges.map(({ from, into }) => `(${hashed(from)}, ${hashed(into)}, ${quote(into)})`)
  return rows.length === 0
    ? "select 0::ubigint as subject, 0::ubigint as person, '' as person_id where false"
    : `select * from (values ${rows.join(", ")}) v(subject, person, person_id)`
}

/**
 * The views of a closed room. Who an event counts for follows the rules of the event store: `events.subject` is whom it was
 * sent for, `identities` says which subjects are another's, `person_events` has both joined.
 */
export const viewsOf = (seen: SeenEvents, merges: ReadonlyArray<UserMerge>): ReadonlyArray<string> => {
  const own = quote(seen.workspace)
  const subject = `case when ${isUser} then ${hashOf(own, "u", "user_id")} else ${hashOf(own, "a", "anonymous_id")} end`
  return [
    `create view events as select *, ${subject} as subject,
     case when ${isUser} then user_id else anonymous_id end as subject_id from (${seenEvents(seen)})`,
    `create view identities as
     with links as (
       select ${hashOf(own, "a", "anonymous_id")} as subject, user_id,
         min(struct_pack(t := "time", r := received_at, i := batch_index, e := event_id)) as place
       from events where ${isUser} and ${isLinkable("anonymous_id")} group by all
     ), firsts as (
       select subject, arg_min(user_id, place) as user_id from links group by subject having count(*) <= ${linkedUsersMax}
     ), merges as (${mergedUsers(seen.workspace, merges)})
     select f.subject, coalesce(m.person, ${hashOf(own, "u", "f.user_id")}) as person, coalesce(m.person_id, f.user_id) as person_id
     from firsts f left join merges m on m.subject = ${hashOf(own, "u", "f.user_id")}
     union all select subject, person, person_id from merges`,
    `create view person_events as
     select e.*, coalesce(i.person, e.subject) as person, coalesce(i.person_id, e.subject_id) as person_id
     from events e left join identities i on i.subject = e.subject`
  ]
}
