import { planAttribution } from "../attribution/planAttribution.ts"
import { planVisitors } from "../goals/planGoals.ts"
import { planLifetime } from "../lifetime/planLifetime.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { planSessions } from "../sessions/planSessions.ts"
import { outside, within, wrong } from "./ReadNumber.ts"
import type { Of, ReadNumber } from "./ReadNumber.ts"

/** What lies outside of the series that the question asks for. */
const noBucket = (bucket: number | undefined, buckets: number) =>
  bucket === undefined ? undefined : outside("/bucket", bucket, 0, buckets - 1)

export const ofSessions = ({ bucket, sessions, value }: Of<"sessions">, scope: QuestionScope): ReadNumber => {
  const read = planSessions(sessions, scope)
  if ("errors" in read) return within("sessions", read.errors)
  const { bucketStarts, plan, zone } = read.planned
  if (value !== undefined && plan.breakdown === undefined)
    return wrong("/value", "no_dimension", "the question has no dimension")
  const own = value === undefined ? { ...plan, breakdown: undefined } : plan
  return (
    noBucket(bucket, bucketStarts.length) ?? {
      source: { kind: "session", plan: own, bucket, value: value ?? null },
      zone
    }
  )
}

export const ofGoals = (
  { bucket, goal, goals: { goals: named, ...request }, outcome = "converted", value }: Of<"goals">,
  scope: QuestionScope
): ReadNumber => {
  const read = planVisitors(request, scope)
  if ("errors" in read) return within("goals", read.errors)
  const { bucketStarts, plan, zone } = read.planned
  const known = goal === undefined ? undefined : scope.goals?.get(goal)
  if (goal !== undefined && (known === undefined || named?.includes(goal) === false))
    return wrong("/goal", "unknown_goal", `there is no goal ${goal} in the answer`)
  if (value !== undefined && plan.breakdown.length === 0)
    return wrong("/value", "no_dimension", "the question has no dimension")
  return (
    noBucket(bucket, bucketStarts.length) ?? {
      source: {
        kind: "trend",
        plan,
        bucket,
        values: value === undefined ? [] : [value],
        ...(known === undefined ? {} : { converted: { by: known.conversions, yes: outcome === "converted" } })
      },
      zone
    }
  )
}

export const ofAttribution = (
  { attribution, unattributed, value }: Of<"attribution">,
  scope: QuestionScope
): ReadNumber => {
  const read = planAttribution(attribution, scope)
  if ("errors" in read) return within("attribution", read.errors)
  const { plan, zone } = read.planned
  if (unattributed === true && value !== undefined)
    return wrong("/value", "no_place", "what nothing touched has no value")
  const touched =
    unattributed === true
      ? { kind: "unattributed" as const }
      : value === undefined
        ? undefined
        : { kind: "value" as const, value }
  return { source: { kind: "attribution", plan, touched }, zone }
}

export const ofLifetime = ({ cohort, ltv }: Of<"ltv">, scope: QuestionScope): ReadNumber => {
  const read = planLifetime(ltv, scope)
  if ("errors" in read) return within("ltv", read.errors)
  const { plan, zone } = read.planned
  return outside("/cohort", cohort, 0, plan.cohortCount - 1) ?? { source: { kind: "lifetime", plan, cohort }, zone }
}
