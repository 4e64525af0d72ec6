import type { LifecyclePlan } from "../../ports/analytics/LifecyclePlan.ts"
import type { StickinessPlan } from "../../ports/analytics/StickinessPlan.ts"
import { bucketText } from "./conditionText.ts"
import { activeEvents, person, selectedEvents } from "./peopleText.ts"
import { unitText } from "./traitText.ts"

/** On how many buckets each person was active. */
export const activeBucketsText = (plan: StickinessPlan): string => {
  const { accountType, buckets, filter, fromMillis, toMillis, workspace } = plan
  const times = [`e.time_ms >= ${fromMillis}`, `e.time_ms < ${toMillis}`]
  return `
  select person, count(*) as buckets from (
    select distinct ${unitText(accountType)} as person, ${bucketText(buckets)}::integer as bucket
    from ${activeEvents(workspace, filter, times, buckets, [fromMillis, toMillis], accountType)}
  ) group by person
`
}

/** People by the number of buckets that they were active on. */
export const stickinessText = (plan: StickinessPlan): string =>
  `select buckets::integer as buckets, count(*)::integer as people from (${activeBucketsText(plan)}) group by buckets order by buckets`

/** One bit for what came before bucket 0, and one for each bucket: integers of 63 bits where they are enough. */
const bitsText = ({ bucketCount }: LifecyclePlan) => (bucketCount + 1 <= 63 ? "bigint" : "hugeint")

/** Each person's pattern of activity: bit 0 is all that came before bucket 0, bit n + 1 is bucket n. */
export const lifecyclePeopleText = (plan: LifecyclePlan): string => {
  const { accountType, buckets, filter, fromMillis, toMillis, workspace } = plan
  const bit = `case when e.time_ms < ${fromMillis} then 0 else 1 + ${bucketText(buckets)} end`
  const times = [`e.time_ms < ${toMillis}`]
  const held = `
  select ${unitText(accountType)} as person, bit_or(1::${bitsText(plan)} << (${bit})::integer) as pattern
    from ${activeEvents(workspace, filter, times, buckets, [fromMillis, toMillis], accountType)}
  group by 1
`
  if (accountType !== undefined) return held
  // Of what is gone by retention the first event alone is known: whoever had one is new then, and never later.
  return `
  select person, bit_or(pattern) as pattern from (${held}  union all
  select person, 1::${bitsText(plan)} << (${bit.replaceAll("e.time_ms", "t")})::integer from (
    select ${person} as person, min(e.time_ms) as t from ${selectedEvents(workspace, filter, times, undefined, "firsts")}
    group by 1)
  ) group by person
`
}

/** How many people have each pattern, into `lifecycle_patterns`. */
export const lifecyclePatternsText = (plan: LifecyclePlan): string =>
  `create or replace temp table lifecycle_patterns as
select pattern, count(*) as people from (${lifecyclePeopleText(plan)}) group by pattern`

/** Of each bucket, as columns: people active in it, in it and in the one before, and in none before it. */
export const lifecycleRowsText = (plan: LifecyclePlan): string => {
  const isActive = (bucket: number) => `(pattern >> ${bucket + 1}) & 1 = 1`
  const people = (condition: string) => `coalesce(sum(people) filter (${condition}), 0)::integer`
  const columns = Array.from({ length: plan.bucketCount }, (_, bucket) => {
    const active = `${people(isActive(bucket))} as active${bucket}`
    if (bucket === 0) return active
    const returning = people(`${isActive(bucket)} and ${isActive(bucket - 1)}`)
    // The lowest bit of a number is what it has in common with its negative.
    const fresh = people(`(pattern & (-pattern)) = (1::${bitsText(plan)} << ${bucket + 1})`)
    return `${active}, ${returning} as returning${bucket}, ${fresh} as fresh${bucket}`
  })
  return `select ${columns.join(",\n  ")}\nfrom lifecycle_patterns`
}
