import type { PlanField } from "../../ports/analytics/PlanFilter.ts"
import { pointerTo, quote } from "./literals.ts"
import { hashOf } from "./schema.ts"

const person = "coalesce(p.person, e.subject)"
const place = "struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id)"
/** Behind every event. */
const forever =
  "struct_pack(t := 9223372036854775807::bigint, r := 0::bigint, i := 0::integer, e := '00000000-0000-0000-0000-000000000000'::uuid)"

const joinedType = quote("account_joined")
const leftType = quote("account_left")

/** Types of accounts are plain names: they may stand in names of columns and tables. */
const alias = (type: string): string => `"account ${type}"`

const namedText = (type: string): string => `(e.accounts->>${pointerTo(type)})`

export const accountHash = (workspace: string, type: string, id: string): string =>
  hashOf(workspace, "g", `${quote(type)} || chr(31) || ${id}`)

/** Id of the account of an event `e`, where one of the joins below stands. */
export const accountIdText = (type: string): string => `coalesce(${namedText(type)}, ${alias(type)}.account_id)`

/** The same account as 64 bits. */
export const accountText = (type: string): string =>
  `coalesce(${accountHash("e.workspace", type, namedText(type))}, ${alias(type)}.account)`

/** Who has to belong somewhere for the event: nobody where the event names its account. */
const belonging = (type: string): string => `case when ${namedText(type)} is null then ${person} end`

/** What ties people to accounts of the type and unties them; what only says again what came right before is left out. */
const changesText = (workspace: string, type: string): string => `
    select ${person} as person, e.account, e.account_id, e.event_type = ${joinedType} as joined, ${place} as place
    from store.account_changes e left join store.people p on p.subject = e.subject
    where e.workspace = ${quote(workspace)} and e.account_type = ${quote(type)} and e.event_type in (${joinedType}, ${leftType})
    qualify struct_pack(a := e.account, j := e.event_type = ${joinedType}) is distinct from
      lag(struct_pack(a := e.account, j := e.event_type = ${joinedType})) over (partition by ${person} order by e.time_ms, e.received_us, e.idx, e.event_id)`

/** From when until when each person belongs to each account of the type, as places in arrival order. */
export const membershipsText = (workspace: string, type: string): string => `(
  select person, account, account_id, place as since, coalesce(next, ${forever}) as until from (
    select *, lead(place) over (partition by person, account order by place) as next from (${changesText(workspace, type)})
  ) where joined
)`

export const isOpen = (membership: string): string => `${membership}.until = ${forever}`

/** Gives each event every account of the type that it belongs to: a row for each. */
export const everyAccountJoin = (workspace: string, type: string): string => `
left join ${membershipsText(workspace, type)} ${alias(type)} on ${alias(type)}.person = ${belonging(type)}
  and ${place} >= ${alias(type)}.since and ${place} < ${alias(type)}.until`

/** Gives each event one account of the type: of those of its person the one joined last. */
export const mainAccountJoin = (workspace: string, type: string): string => `
asof left join (
  select c.person, c.place, arg_max(m.account, m.since) as account, arg_max(m.account_id, m.since) as account_id
  from (${changesText(workspace, type)}) c
  left join ${membershipsText(workspace, type)} m on m.person = c.person and m.since <= c.place and m.until > c.place
  group by c.person, c.place
) ${alias(type)} on ${alias(type)}.person = ${belonging(type)} and ${place} >= ${alias(type)}.place`

export type AccountTrait = Extract<PlanField, { readonly kind: "account_trait" }>

const traitAlias = ({ asOf, beforeMillis, name, type }: AccountTrait): string =>
  `"account trait ${type} ${beforeMillis ?? asOf} ${name.replaceAll('"', '""')}"`

/** The trait's value as JSON. */
export const accountTraitText = (trait: AccountTrait): string => `${traitAlias(trait)}.value`

const traitChanges = (workspace: string, { beforeMillis, name, type }: AccountTrait): string => `
  select e.account, ${place} as place, e.traits->${pointerTo(name)} as value from store.account_changes e
  where e.workspace = ${quote(workspace)} and e.account_type = ${quote(type)} and (e.traits->${pointerTo(name)}) is not null${
    beforeMillis === undefined ? "" : ` and e.time_ms < ${beforeMillis}`
  }`

/** Gives each event the trait of its account, whose join stands before. */
export const accountTraitJoin = (workspace: string, trait: AccountTrait): string => {
  const own = traitAlias(trait)
  return trait.asOf === "today"
    ? `
left join (
  select account, arg_max(value, place) as value from (${traitChanges(workspace, trait)}) group by 1
) ${own} on ${own}.account = ${accountText(trait.type)}`
    : `
asof left join (${traitChanges(workspace, trait)}
) ${own} on ${own}.account = ${accountText(trait.type)} and ${place} >= ${own}.place`
}
