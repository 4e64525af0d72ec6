import type { PlanField, PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import { accountText, accountTraitJoin, everyAccountJoin, mainAccountJoin } from "./accountText.ts"
import { pointerTo, quote } from "./literals.ts"

type Trait = Extract<PlanField, { readonly kind: "trait" }>

const fieldsOf = (filter: PlanFilter | undefined): ReadonlyArray<PlanField> => {
  if (filter === undefined || filter.kind === "bears_index" || filter.kind === "member_of") return []
  if ("filters" in filter) return filter.filters.flatMap(fieldsOf)
  return filter.kind === "not" ? fieldsOf(filter.filter) : [filter.field]
}

/** Fields that are read beside the event: of its person, or of its account. */
export type JoinedField = Trait | Extract<PlanField, { readonly kind: "account" | "account_trait" }>

/** Every trait, account and trait of an account that a filter or a breakdown names, once. */
export const traitsOf = (
  filter: PlanFilter | undefined,
  breakdown: ReadonlyArray<PlanField>
): ReadonlyArray<JoinedField> => {
  const joined = [...fieldsOf(filter), ...breakdown].flatMap((field) => (isJoined(field) ? [field] : []))
  return [...new Map(joined.map((field) => [JSON.stringify(field), field])).values()]
}

const isJoined = (field: PlanField): field is JoinedField =>
  field.kind === "trait" || field.kind === "account" || field.kind === "account_trait"

const alias = (part: string, { asOf, beforeMillis, name }: Trait): string => {
  const when = beforeMillis === undefined ? asOf : String(beforeMillis)
  return `"${part} ${when} ${name.replaceAll('"', '""')}"`
}

const place = "struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id)"
const person = "coalesce(p.person, e.subject)"

/** The trait's value as JSON. What set a trait goes before what set it once. */
export const traitText = (trait: Trait): string =>
  trait.asOf === "today"
    ? `${alias("trait", trait)}.value`
    : `coalesce(${alias("trait", trait)}.value, case when ${alias("once", trait)}.place <= ${place} then ${alias("once", trait)}.value end)`

/** Where a person's values of the trait come from: each event that set it. */
const changes = (workspace: string, { beforeMillis, name }: Trait, part: "traits" | "traits_once"): string => `
  select ${person} as person, ${place} as place, e.${part}->${pointerTo(name)} as value
  from store.events e left join store.people p on p.subject = e.subject
  where e.workspace = ${quote(workspace)} and e.${part} is not null and (e.${part}->${pointerTo(name)}) is not null${
    beforeMillis === undefined ? "" : ` and e.time_ms < ${beforeMillis}`
  }`

const today = (workspace: string, trait: Trait): string => `
left join (
  select person, coalesce(max(newest), max(oldest)) as value from (
    select person, arg_max(value, place) as newest, null as oldest from (${changes(workspace, trait, "traits")}) group by 1
    union all
    select person, null, arg_min(value, place) from (${changes(workspace, trait, "traits_once")}) group by 1
  ) group by 1
) ${alias("trait", trait)} on ${alias("trait", trait)}.person = ${person}`

const atEvent = (workspace: string, trait: Trait): string => `
asof left join (${changes(workspace, trait, "traits")}
) ${alias("trait", trait)} on ${alias("trait", trait)}.person = ${person} and ${place} >= ${alias("trait", trait)}.place
left join (
  select person, min(place) as place, arg_min(value, place) as value from (${changes(workspace, trait, "traits_once")}) group by 1
) ${alias("once", trait)} on ${alias("once", trait)}.person = ${person}`

/**
 * Joins that give each event the traits of its person and its account; they need `p`, the people. Where accounts of a type
 * are counted, an event stands once for each account of the type that it belongs to.
 */
export const traitJoins = (
  workspace: string,
  fields: ReadonlyArray<JoinedField>,
  countedType: string | undefined = undefined
): string => {
  const named = fields.flatMap((field) => (field.kind === "trait" ? [] : [field.type]))
  const types = new Set(countedType === undefined ? named : [countedType, ...named])
  const accounts = [...types].map((type) =>
    (type === countedType ? everyAccountJoin : mainAccountJoin)(workspace, type)
  )
  const traits = fields.map((field) => {
    if (field.kind === "account") return ""
    if (field.kind === "account_trait") return accountTraitJoin(workspace, field)
    return (field.asOf === "today" ? today : atEvent)(workspace, field)
  })
  return [...accounts, ...traits].join("")
}

/** Whom an event counts for: its person, or its account of the type. */
export const unitText = (accountType: string | undefined): string =>
  accountType === undefined ? person : accountText(accountType)

/** That it counts for anybody at all. */
export const unitConditions = (accountType: string | undefined): ReadonlyArray<string> =>
  accountType === undefined ? [] : [`${accountText(accountType)} is not null`]
