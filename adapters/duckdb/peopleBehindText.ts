import type { LifecycleState, PathPlaceWanted, PeopleSource } from "../../ports/analytics/PeoplePlan.ts"
import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import type { PathPlan } from "../../ports/analytics/PathPlan.ts"
import type { PathNode } from "../../ports/analytics/PathQuestion.ts"
import { accountHash, isOpen, membershipsText } from "./accountText.ts"
import { lifecyclePeopleText, activeBucketsText } from "./activityText.ts"
import { clickPeopleText, rageClicksText } from "./clickText.ts"
import { membersText } from "./cohortText.ts"
import { bucketText, fieldText, filterText, unset } from "./conditionText.ts"
import { funnelAttemptsText, funnelBestText, funnelEventsText } from "./funnelText.ts"
import { heatmapClicksText, heatmapPeopleText } from "./heatmapText.ts"
import { lifetimePaymentsText } from "./lifetimeText.ts"
import { quote } from "./literals.ts"
import { pathEventsText, pathFirstsText, pathGroupsText, pathStepsText } from "./pathText.ts"
import {
  retentionMembersText,
  retentionOwnText,
  retentionReturnsText,
  retentionStartsText,
  returnedText
} from "./retentionText.ts"
import { traitJoins, traitsOf, unitConditions, unitText } from "./traitText.ts"

type Source<Kind extends PeopleSource["kind"]> = Extract<PeopleSource, { readonly kind: Kind }>

/** What makes the tables that the people stand in, and the query of these people. */
export interface PeopleTexts {
  readonly before: ReadonlyArray<string>
  readonly people: string
}

export const peopleBehindText = (
  workspace: string,
  source: Exclude<PeopleSource, { readonly kind: "session" | "attribution" }>
): PeopleTexts => {
  switch (source.kind) {
    case "cohort":
      return { before: [], people: membersText(source.cohort) }
    case "account_members":
      return { before: [], people: membersOfText(workspace, source) }
    case "funnel":
      return funnelPeople(source)
    case "retention":
      return retentionPeople(source)
    case "trend":
      return { before: [], people: trendPeople(source) }
    case "stickiness": {
      const { atLeast, atMost, plan } = source
      const most = atMost === undefined ? "" : ` and buckets <= ${atMost}`
      return {
        before: [],
        people: `select person from (${activeBucketsText(plan)}) where buckets >= ${atLeast}${most}`
      }
    }
    case "lifecycle": {
      const { bucket, plan, state } = source
      return {
        before: [],
        people: `select person from (${lifecyclePeopleText(plan)}) where ${stateText(state, bucket)}`
      }
    }
    case "path":
      return pathPeople(source)
    case "lifetime":
      return {
        before: [lifetimePaymentsText(source.plan)],
        people: `select person from lifetime_payments where kind = 'order' and cohort = ${source.cohort}`
      }
    case "click":
      return { before: [rageClicksText(source.plan)], people: clickPeopleText(source) }
    case "heatmap":
      return { before: [heatmapClicksText(source.plan)], people: heatmapPeopleText(source) }
  }
}

const membersOfText = (workspace: string, { accountId, accountType }: Source<"account_members">): string =>
  `select m.person from ${membershipsText(workspace, accountType)} m
  where m.account = ${accountHash(quote(workspace), accountType, quote(accountId))} and ${isOpen("m")}`

const funnelPeople = ({ outcome, plan, step, value }: Source<"funnel">): PeopleTexts => ({
  before: [funnelEventsText(plan), funnelAttemptsText(plan), funnelBestText(plan)],
  people: `select person from funnel_best where furthest ${outcome === "reached" ? ">" : "="} ${step}${
    plan.breakdown === undefined ? "" : ` and g = ${quote(value ?? unset)}`
  }`
})

const retentionPeople = ({ cohort, plan, returned }: Source<"retention">): PeopleTexts => {
  const condition =
    returned === undefined
      ? ""
      : ` and ${returned.yes ? "" : "not "}(${returnedText(plan, returned.period, returned.orAfter)})`
  return {
    before: [retentionStartsText(plan), retentionReturnsText(plan), retentionOwnText(plan)],
    people: `select person from (${retentionMembersText}) where cohort = ${cohort}${condition}`
  }
}

const trendPeople = (source: Source<"trend">): string => {
  const { converted } = source
  if (converted === undefined) return trendPeopleWith(source, undefined)
  const converts = trendPeopleWith(source, converted.by)
  return converted.yes ? converts : `${trendPeopleWith(source, undefined)}\nexcept (${converts})`
}

const trendPeopleWith = (
  { accountType, bucket, plan, values }: Source<"trend">,
  where: PlanFilter | undefined
): string => {
  const traits = traitsOf(plan.filter, values.length === 0 ? [] : plan.breakdown)
  const conditions = [
    `e.workspace = ${quote(plan.workspace)}`,
    `e.time_ms >= ${plan.fromMillis}`,
    `e.time_ms < ${plan.toMillis}`,
    ...(plan.eventTypes.length === 0 ? [] : [`e.event_type in (${plan.eventTypes.map(quote).join(", ")})`]),
    ...unitConditions(accountType),
    ...(plan.filter === undefined ? [] : [filterText(plan.filter)]),
    ...(where === undefined ? [] : [filterText(where)]),
    ...(bucket === undefined ? [] : [`${bucketText(plan.buckets)} = ${bucket}`]),
    ...values.map((value, at) => `coalesce(${fieldText(plan.breakdown[at]!)}, '${unset}') = ${quote(value ?? unset)}`)
  ]
  return `select distinct ${unitText(accountType)} as person
from store.events e left join store.people p on p.subject = e.subject${traitJoins(plan.workspace, traits, accountType)}
where ${conditions.join(" and ")}`
}

/** Bit n + 1 of a pattern is bucket n; the lowest is what a number has in common with its negative. */
const stateText = (state: LifecycleState, bucket: number): string => {
  const active = (at: number) => `(pattern >> ${at + 1}) & 1 = 1`
  const fresh = `(pattern & (-pattern)) >> ${bucket + 1} = 1`
  switch (state) {
    case "active":
      return active(bucket)
    case "new":
      return fresh
    case "returning":
      return `${active(bucket)} and ${active(bucket - 1)}`
    case "resurrecting":
      return `${active(bucket)} and not ${active(bucket - 1)} and not ${fresh}`
    case "dormant":
      return `${active(bucket - 1)} and not ${active(bucket)}`
  }
}

const nodeText = ({ kind, name }: PathNode): string => quote(`${kind === "page" ? "p" : "e"}${name}`)

const placeText = (place: PathPlaceWanted, { direction }: PathPlan): string => {
  if (place.kind === "node")
    return `step = ${place.step} and node = ${nodeText(place.node)}${place.dropped ? " and dropped" : ""}`
  const [near, node] = direction === "forward" ? [place.from, place.to] : [place.to, place.from]
  return `step = ${place.step} and near = ${nodeText(near)} and node = ${nodeText(node)}`
}

const pathPeople = ({ place, plan }: Source<"path">): PeopleTexts =>
  place === undefined
    ? { before: [pathFirstsText(plan)], people: "select person from path_firsts" }
    : {
        before: [
          pathFirstsText(plan),
          pathEventsText(plan),
          ...(plan.pages && plan.groups.length > 0 ? [pathGroupsText(plan)] : []),
          pathStepsText(plan, "with people")
        ],
        people: `select person from path_steps where ${placeText(place, plan)}`
      }
