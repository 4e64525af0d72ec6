import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { PathPlaceWanted, PeopleSource } from "../../../ports/analytics/PeoplePlan.ts"
import type { ShownNumber } from "../../../ports/analytics/PeopleQuestion.ts"
import { planLifecycle } from "../activity/planLifecycle.ts"
import { planStickiness } from "../activity/planStickiness.ts"
import { planFunnel } from "../funnel/planFunnel.ts"
import { planPaths } from "../paths/planPaths.ts"
import { planQuestion } from "../planQuestion.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { planRetention } from "../retention/planRetention.ts"

type Of<Key extends string> = Extract<ShownNumber, { readonly [name in Key]: unknown }>
type Read = { readonly source: PeopleSource; readonly zone: string } | { readonly errors: ReadonlyArray<FieldError> }

/** What a list behind a number holds; the number has to count them. */
export type Counted = "people" | "accounts"

/** Whom a number counts, with every name and place resolved, or everything that is wrong with it. Knows no engine. */
export const planShownNumber = (asked: ShownNumber, scope: QuestionScope, counted: Counted = "people"): Read => {
  if ("trend" in asked) return ofTrend(asked, scope, counted)
  const read = planOther(asked, scope)
  if ("errors" in read) return read
  const accountType = accountTypeOfSource(read.source)
  if ((accountType === undefined) === (counted === "people")) return read
  const [question = ""] = Object.keys(asked).filter((key) => kindsOfQuestion.has(key))
  return counted === "people"
    ? wrong(
        `/${question}/aggregate_by`,
        "counts_accounts",
        "accounts stand behind the number: POST /analytics/accounts/query"
      )
    : wrong(
        `/${question}/aggregate_by`,
        "counts_people",
        "people stand behind the number: POST /analytics/people/query"
      )
}

const kindsOfQuestion: ReadonlySet<string> = new Set(["funnel", "retention", "stickiness", "lifecycle", "paths"])

/** The type of the accounts that stand behind a number, `undefined` where people do. */
export const accountTypeOfSource = (source: PeopleSource): string | undefined =>
  source.kind === "trend"
    ? source.accountType
    : "plan" in source && "accountType" in source.plan
      ? source.plan.accountType
      : undefined

const planOther = (asked: Exclude<ShownNumber, Of<"trend">>, scope: QuestionScope): Read => {
  if ("funnel" in asked) return ofFunnel(asked, scope)
  if ("retention" in asked) return ofRetention(asked, scope)
  if ("stickiness" in asked) return ofStickiness(asked, scope)
  return "lifecycle" in asked ? ofLifecycle(asked, scope) : ofPaths(asked, scope)
}

const wrong = (pointer: string, code: string, detail: string): { readonly errors: ReadonlyArray<FieldError> } => ({
  errors: [{ pointer, code, detail }]
})

/** What is wrong with the question itself, where it stands here. */
const within = (name: string, errors: ReadonlyArray<FieldError>): { readonly errors: ReadonlyArray<FieldError> } => ({
  errors: errors.map((error) => ({ ...error, pointer: `/${name}${error.pointer}` }))
})

const outside = (pointer: string, value: number, first: number, last: number) =>
  value < first || value > last ? wrong(pointer, "out_of_range", `must lie between ${first} and ${last}`) : undefined

const ofFunnel = ({ funnel, outcome = "reached", step, value }: Of<"funnel">, scope: QuestionScope): Read => {
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
): Read => {
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

const ofTrend = ({ bucket, trend, values = [] }: Of<"trend">, scope: QuestionScope, counted: Counted): Read => {
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

const ofStickiness = ({ at_least = false, intervals, stickiness }: Of<"stickiness">, scope: QuestionScope): Read => {
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

const ofLifecycle = ({ lifecycle, period, state }: Of<"lifecycle">, scope: QuestionScope): Read => {
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

const ofPaths = (asked: Of<"paths">, scope: QuestionScope): Read => {
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
