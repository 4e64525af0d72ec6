import type { PathPlaceWanted, PeopleSource } from "../../../ports/analytics/PeoplePlan.ts"
import type { ShownNumber } from "../../../ports/analytics/PeopleQuestion.ts"
import { planLifecycle } from "../activity/planLifecycle.ts"
import { planStickiness } from "../activity/planStickiness.ts"
import { planFunnel } from "../funnel/planFunnel.ts"
import { planPaths } from "../paths/planPaths.ts"
import { planQuestion } from "../planQuestion.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { planRetention } from "../retention/planRetention.ts"
import { ofClicks, ofHeatmap } from "./ofPages.ts"
import { ofAttribution, ofGoals, ofLifetime, ofSessions } from "./ofVisits.ts"
import { outside, within, wrong } from "./ReadNumber.ts"
import type { Of, ReadNumber } from "./ReadNumber.ts"

/** What a list behind a number holds; the number has to count them. */
export type Counted = "people" | "accounts"

/** Whom a number counts, with every name and place resolved, or everything that is wrong with it. Knows no engine. */
export const planShownNumber = (asked: ShownNumber, scope: QuestionScope, counted: Counted = "people"): ReadNumber => {
  if ("trend" in asked) return ofTrend(asked, scope, counted)
  const read = planOther(asked, scope)
  if ("errors" in read) return read
  const accountType = accountTypeOfSource(read.source)
  if ((accountType === undefined) === (counted === "people")) return read
  const question = aggregating.find((kind) => kind in asked)
  const pointer = question === undefined ? "" : `/${question}/aggregate_by`
  return counted === "people"
    ? wrong(pointer, "counts_accounts", "accounts stand behind the number: POST /analytics/accounts/query")
    : wrong(pointer, "counts_people", "people stand behind the number: POST /analytics/people/query")
}

/** Questions that may count accounts. */
const aggregating = ["funnel", "retention", "stickiness", "lifecycle", "paths"] as const

/** The type of the accounts that stand behind a number, `undefined` where people do. */
export const accountTypeOfSource = (source: PeopleSource): string | undefined =>
  source.kind === "trend"
    ? source.accountType
    : "plan" in source && "accountType" in source.plan
      ? source.plan.accountType
      : undefined

const planOther = (asked: Exclude<ShownNumber, Of<"trend">>, scope: QuestionScope): ReadNumber => {
  if ("funnel" in asked) return ofFunnel(asked, scope)
  if ("retention" in asked) return ofRetention(asked, scope)
  if ("stickiness" in asked) return ofStickiness(asked, scope)
  if ("lifecycle" in asked) return ofLifecycle(asked, scope)
  if ("paths" in asked) return ofPaths(asked, scope)
  if ("sessions" in asked) return ofSessions(asked, scope)
  if ("goals" in asked) return ofGoals(asked, scope)
  if ("attribution" in asked) return ofAttribution(asked, scope)
  if ("ltv" in asked) return ofLifetime(asked, scope)
  return "clicks" in asked ? ofClicks(asked, scope) : ofHeatmap(asked, scope)
}

const ofFunnel = ({ funnel, outcome = "reached", step, value }: Of<"funnel">, scope: QuestionScope): ReadNumber => {
  const read = planFunnel(funnel, scope)
  if ("errors" in read) return within("funnel", read.errors)
  const { plan, zone } = read.planned
  if (value !== undefined && plan.breakdown === undefined)
    return wrong("/value", "no_dimension", "the funnel has no dimension")
  // Everybody counts once where no value is asked for, as in the answer.
  const own = value === undefined ? { ...plan, breakdown: undefined, breakdownAt: "first" as const } : plan
  return (
    outside("/step", step, outcome === "reached" ? 1 : 2, plan.steps.length) ?? {
      source: { kind: "funnel", plan: own, step: step - 1, outcome, value: value ?? null },
      zone
    }
  )
}

const ofRetention = (
  { cohort, outcome = "returned", period, retention }: Of<"retention">,
  scope: QuestionScope
): ReadNumber => {
  const read = planRetention(retention, scope)
  if ("errors" in read) return within("retention", read.errors)
  const { orAfter, periods, plan, zone } = read.planned
  return (
    outside("/cohort", cohort, 0, plan.cohortCount - 1) ??
    (period === undefined ? undefined : outside("/period", period, 0, periods)) ?? {
      source: {
        kind: "retention",
        plan,
        cohort,
        returned: period === undefined ? undefined : { period, orAfter, yes: outcome === "returned" }
      },
      zone
    }
  )
}

const ofTrend = ({ bucket, trend, values = [] }: Of<"trend">, scope: QuestionScope, counted: Counted): ReadNumber => {
  const read = planQuestion(trend, scope)
  if ("errors" in read) return within("trend", read.errors)
  const { bucketStarts, metricNames, plan, zone } = read.planned
  const { length } = plan.breakdown
  const [accounts, another] = plan.metrics.filter((each) => each.kind === "accounts")
  if (counted === "people" && !metricNames.includes("people"))
    return wrong("/trend/metrics", "no_people", "people stand behind the metric people: ask for it")
  if (counted === "accounts" && (accounts === undefined || another !== undefined))
    return wrong("/trend/metrics", "no_accounts", "accounts stand behind the metric accounts: ask for it, of one type")
  if (values.length > 0 && values.length !== length)
    return wrong("/values", "wrong_length", `one for each of the ${length} dimensions`)
  return (
    (bucket === undefined ? undefined : outside("/bucket", bucket, 0, bucketStarts.length - 1)) ?? {
      source: {
        kind: "trend",
        plan,
        bucket,
        values,
        ...(counted === "accounts" && accounts !== undefined ? { accountType: accounts.accountType } : {})
      },
      zone
    }
  )
}

const ofStickiness = (
  { at_least = false, intervals, stickiness }: Of<"stickiness">,
  scope: QuestionScope
): ReadNumber => {
  const read = planStickiness(stickiness, scope)
  if ("errors" in read) return within("stickiness", read.errors)
  const { plan, zone } = read.planned
  return (
    (intervals === undefined ? undefined : outside("/intervals", intervals, 1, plan.bucketCount)) ?? {
      source: { kind: "stickiness", plan, atLeast: intervals ?? 1, atMost: at_least ? undefined : intervals },
      zone
    }
  )
}

const ofLifecycle = ({ lifecycle, period, state }: Of<"lifecycle">, scope: QuestionScope): ReadNumber => {
  const read = planLifecycle(lifecycle, scope)
  if ("errors" in read) return within("lifecycle", read.errors)
  const { plan, zone } = read.planned
  // The plan's first bucket is the one before the first that is asked for.
  return (
    outside("/period", period, 0, plan.bucketCount - 2) ?? {
      source: { kind: "lifecycle", plan, bucket: period + 1, state },
      zone
    }
  )
}

const ofPaths = (asked: Of<"paths">, scope: QuestionScope): ReadNumber => {
  const read = planPaths(asked.paths, scope)
  if ("errors" in read) return within("paths", read.errors)
  const { plan, zone } = read.planned
  const { from, node, outcome = "passed", step, to } = asked
  const everybody = step === undefined && node === undefined && from === undefined && to === undefined
  const place: PathPlaceWanted | undefined =
    step === undefined
      ? undefined
      : node !== undefined && from === undefined && to === undefined
        ? { kind: "node", step, node, dropped: outcome === "dropped" }
        : node === undefined && from !== undefined && to !== undefined
          ? { kind: "edge", step, from, to }
          : undefined
  if (place === undefined && !everybody)
    return wrong("", "no_place", "a node is { step, node }, an edge is { step, from, to }")
  return (
    (step === undefined ? undefined : outside("/step", step, place?.kind === "edge" ? 1 : 0, plan.steps)) ?? {
      source: { kind: "path", plan, place },
      zone
    }
  )
}
