import type { ExperimentBeside, ExperimentPlan } from "../../ports/analytics/ExperimentPlan.ts"
import type { PlanField, PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import { bucketText, fieldText, filterText } from "./conditionText.ts"
import { pointerTo, quote } from "./literals.ts"
import { traitJoins, traitsOf } from "./traitText.ts"

export const person = "coalesce(p.person, e.subject)"
const place = "struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id)"
/** As it is stored: a ciphertext is equal to no id. */
const property = (name: string) => `(e.properties->>${pointerTo(name)})`

/** The day of the workspace's calendar that an instant lies in, counted from the phase's first. */
export const dayAt = ({ buckets }: ExperimentPlan, instant: string): string =>
  bucketText(buckets).replaceAll("e.time_ms", instant)

/** Everybody's exposures up to the end of the phase, as a part of a statement: `e` is the event. */
const exposures = (
  plan: ExperimentPlan
): string => `from store.events e left join store.people p on p.subject = e.subject
  where e.workspace = ${quote(plan.workspace)} and e.event_type = ${quote(plan.exposures.eventType)} and e.time_ms < ${plan.toMillis}
    and ${property(plan.exposures.experiment)} = ${quote(plan.experiment)}`

const variantText = ({ exposures: { variant: name }, variants }: ExperimentPlan): string => {
  const places = variants.map((variant, index) => `when ${quote(variant)} then ${index}`)
  // A draft has no variant yet, and nobody is in it.
  return `(${places.length === 0 ? "null" : `case ${property(name)} ${places.join(" ")} end`})::smallint`
}

/**
 * An exposure that names the phase before was decided in the moment in which the new one began: it is of neither.
 */
const ofPhase = ({ fromMillis, phase }: ExperimentPlan): string => {
  const named = property("phase")
  return `(e.time_ms >= ${fromMillis} and (${named} is null or coalesce(try_cast(${named} as integer) = ${phase}, true)))`
}

/** Who was exposed, when first in the phase, and to which variants, into `experiment_people`. */
export const peopleText = (plan: ExperimentPlan): string => `create or replace temp table experiment_people as
${plan.trigger === undefined ? exposedText(plan) : triggeredText(plan, plan.trigger)}`

/** The first event that the trigger takes stands for an exposure, and a hash of the person for the variant. */
const triggeredText = (
  plan: ExperimentPlan,
  trigger: PlanFilter
): string => `select person, first_ms, variant as low, variant as high, false as before, true as of_phase from (
  select ${person} as person, min(e.time_ms) as first_ms,
    (md5_number_lower(${person}::varchar) % ${plan.variants.length})::smallint as variant
  from store.events e left join store.people p on p.subject = e.subject${traitJoins(plan.workspace, traitsOf(trigger, []))}
  where e.workspace = ${quote(plan.workspace)} and e.time_ms >= ${plan.fromMillis} and e.time_ms < ${plan.toMillis}
    and ${filterText(trigger)}
  group by all
)`

const exposedText = (
  plan: ExperimentPlan
): string => `select person, min(time_ms) filter (inside) as first_ms, min(variant) filter (inside) as low, max(variant) filter (inside) as high,
  bool_or(time_ms < ${plan.fromMillis}) as before, bool_or(of_phase) as of_phase
from (select *, of_phase and variant is not null as inside from (
  select ${person} as person, e.time_ms, ${variantText(plan)} as variant, ${ofPhase(plan)} as of_phase
  ${exposures(plan)}
)) group by person`

/** Units are counted from 0. */
const unitText = "(row_number() over () - 1)::uinteger as unit"

/** Units of the phase by their first exposure, into `experiment_units`; who was exposed before it is none. */
export const unitsText = (plan: ExperimentPlan): string => `create or replace temp table experiment_units as
${plan.trigger === undefined ? exposedUnitsText(plan) : `select ${unitText}, person, low as variant, first_ms, false as several, ${dayAt(plan, "first_ms")}::smallint as day from experiment_people`}`

const exposedUnitsText = (plan: ExperimentPlan): string => `with first_of_several as (
  select ${person} as person, arg_min(${variantText(plan)}, ${place}) as variant
  ${exposures(plan)}
    and ${ofPhase(plan)} and ${variantText(plan)} is not null
    and ${person} in (select person from experiment_people where low <> high) group by all
)
select ${unitText}, person, coalesce(s.variant, u.low)::smallint as variant, first_ms, low <> high as several, ${dayAt(plan, "first_ms")}::smallint as day
from experiment_people u left join first_of_several s using (person) where first_ms is not null and not before`

export const unitsHeldText = "select count(*)::integer as units from experiment_units"

/** The units' numbers, variants (from the second bit on, the first one says whether there are several) and first exposures. */
export const unitColumnsText =
  "select unit, (variant * 2 + several::integer)::uinteger as arm, first_ms::double as first_ms from experiment_units"

/** What events of units bear, into `experiment_subjects`: the ids that count for a unit. */
export const unitSubjectsText = `create or replace temp table experiment_subjects as
select u.person as subject, u.unit, u.first_ms from experiment_units u left join store.people p on p.subject = u.person
where p.person is null or p.person = u.person
union all
select p.subject, u.unit, u.first_ms from store.people p join experiment_units u on u.person = p.person where p.subject <> u.person`

export const carriedOverText = "select count(*)::integer as people from experiment_people where before and of_phase"

/** The last value that an event brought, or the first; of what belongs to a person, the one that stood last, be it none. */
const valueText = (field: PlanField, which: "first" | "last"): string => {
  const text = fieldText(field)
  if (field.kind === "trait" || field.kind === "account" || field.kind === "account_trait")
    return `arg_max_null(${text}, ${place})`
  const pick = which === "first" ? "arg_min" : "arg_max"
  // Events of no known origin do not take the known one away.
  return field.kind === "channel"
    ? `coalesce(${pick}(nullif(${text}, ${quote(field.otherwise)}), ${place}), ${quote(field.otherwise)})`
    : `${pick}(${text}, ${place})`
}

/** Each unit's value of the field at or before its first exposure, into `experiment_values`. */
export const valuesText = (
  plan: ExperimentPlan,
  { field, which }: Pick<NonNullable<ExperimentPlan["dimension"]>, "field" | "which">
): string => `create or replace temp table experiment_values as
with known as (
  select u.person, ${valueText(field, which)}::varchar as value
  from store.events e left join store.people p on p.subject = e.subject
  join experiment_units u on u.person = ${person}${traitJoins(plan.workspace, traitsOf(undefined, [field]))}
  where e.workspace = ${quote(plan.workspace)} and e.time_ms < ${plan.toMillis} and e.time_ms <= u.first_ms
  group by u.person
)
select u.*, k.value from experiment_units u left join known k on k.person = u.person`

/** Values of most units, into `experiment_slices`; who is in one variant alone counts. */
export const slicesText = (valuesMax: number): string => `create or replace temp table experiment_slices as
select value, (row_number() over (order by count(*) desc, value nulls last))::integer - 1 as slice, (count(*) over ())::integer as found
from experiment_values where not several group by value qualify slice < ${valuesMax}`

export const slicesFoundText = "select slice, value, found from experiment_slices order by slice"

/** The units again, each variant once for each slice: the text of metrics and counts then holds for slices too. */
export const slicedUnitsText = ({
  variants
}: ExperimentPlan): string => `create or replace temp table experiment_units as
select v.unit, v.person, (s.slice * ${variants.length} + v.variant)::integer as variant, v.first_ms, v.several, v.day
from experiment_values v join experiment_slices s on s.value is not distinct from v.value`

/** Kept, since units that are told apart otherwise take its place. */
export const wholeUnitsText = "create or replace temp table experiment_whole as from experiment_units"
export const restoredUnitsText = "create or replace temp table experiment_units as from experiment_whole"

/**
 * The units of a bandit once more, each variant once for each step, from `experiment_whole`: the text of metrics and counts
 * then holds for steps too.
 */
export const steppedUnitsText = (
  plan: ExperimentPlan,
  steps: ReadonlyArray<number>
): string => `create or replace temp table experiment_units as
with logged as (
  select ${person} as person, arg_min_null(try_cast(${property("step")} as integer), ${place}) as step
  ${exposures(plan)}
    and ${ofPhase(plan)} and ${variantText(plan)} is not null group by all
)
select u.unit, u.person, ((case when l.step between 1 and ${steps.length} then l.step - 1
  ${steps
    .map((start, at) => `when u.first_ms >= ${start} then ${at}`)
    .toReversed()
    .join("\n  ")} else 0 end) * ${plan.variants.length} + u.variant)::integer as variant,
  u.first_ms, u.several, u.day
from experiment_whole u join logged l using (person)`

/** People who are units of both, of `experiment_units` and of another experiment's in `experiment_whole`. */
export const sharedUnitsText = (
  plan: ExperimentPlan,
  { variants }: ExperimentBeside
): string => `create or replace temp table experiment_units as
select ${unitText}, person, (a.variant * ${variants.length} + b.variant)::integer as variant, greatest(a.first_ms, b.first_ms) as first_ms,
  a.several or b.several as several, ${dayAt(plan, "greatest(a.first_ms, b.first_ms)")}::smallint as day
from experiment_units a join experiment_whole b using (person)`
