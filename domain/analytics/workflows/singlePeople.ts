import { Effect } from "effect"
import type { AnyQuestion } from "../../../ports/analytics/AnyQuestion.ts"
import { cohorts } from "../../../ports/analytics/Cohort.ts"
import type { Cohort } from "../../../ports/analytics/Cohort.ts"
import { goals } from "../../../ports/analytics/Goal.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { isPersonalProperty, isPersonalTrait } from "../../privacy/personalNames.ts"
import { namedCohorts } from "../../questions/cohorts/namedCohorts.ts"
import { namedGoals } from "../../questions/goals/namedGoals.ts"
import { ruleOf } from "./cohortRules.ts"

/** Whose values are people, their visits or their orders: they are no aggregates. */
const singling = [
  "user_id",
  "anonymous_id",
  "session_id",
  "person_id",
  "customer_id",
  "order_id",
  "refund_id",
  "transaction_id"
]
const trait = "trait:"
const property = "property:"

const singlesOut = (dimension: string): boolean => {
  if (dimension.startsWith(trait)) return isPersonalTrait(dimension.slice(trait.length), singling)
  const isProperty = dimension.startsWith(property)
  return isProperty ? isPersonalProperty(dimension.slice(property.length), singling) : singling.includes(dimension)
}

/** Of a breakdown a trait is enough: its values may be as many as people. */
const breaksDown = (dimension: unknown): boolean =>
  typeof dimension === "string" && (dimension.startsWith(trait) || singlesOut(dimension))

/** Whether a value is there says nothing of whose it is. */
const anyone: ReadonlySet<unknown> = new Set(["is_set", "is_not_set"])

/** Places of a question, a rule or a filter that name people: breakdowns, and conditions at whatever depth. */
export const singledAt = (value: unknown, pointer = ""): ReadonlyArray<string> => {
  if (typeof value !== "object" || value === null) return []
  const { dimension, dimensions, operator } = value as Readonly<Record<string, unknown>>
  if (typeof dimension === "string" && operator !== undefined) {
    return singlesOut(dimension) && !anyone.has(operator) ? [pointer] : []
  }
  const broken = Array.isArray(dimensions) ? dimensions : []
  return [
    ...(breaksDown(dimension) ? [`${pointer}/dimension`] : []),
    ...broken.flatMap((each, index) => (breaksDown(each) ? [`${pointer}/dimensions/${index}`] : [])),
    ...Object.entries(value).flatMap(([key, part]) => singledAt(part, `${pointer}/${key}`))
  ]
}

/** Where a question shows or picks single people, also by a list of them or by a rule or a goal that it names. */
export const singlePeopleIn = Effect.fn("singlePeopleIn")(function* (workspace: WorkspaceId, question: AnyQuestion) {
  const documents = yield* DocumentStore
  const seen = new Set<string>()
  const open: Array<{ readonly part: unknown; readonly at: string | undefined }> = [{ part: question, at: undefined }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { at, part } = next
    const [own] = singledAt(part)
    if (own !== undefined) return at ?? own
    for (const { id, pointer } of namedGoals(part)) {
      if (seen.has(`goal ${id}`)) continue
      seen.add(`goal ${id}`)
      open.push({ part: (yield* documents.get(workspace, goals.name, id))?.data, at: at ?? pointer })
    }
    for (const { id, pointer } of namedCohorts(part)) {
      if (seen.has(`cohort ${id}`)) continue
      seen.add(`cohort ${id}`)
      const cohort = (yield* documents.get(workspace, cohorts.name, id))?.data as Cohort | undefined
      if (cohort?.membership.kind === "static") return at ?? pointer
      if (cohort !== undefined) open.push({ part: ruleOf(cohort), at: at ?? pointer })
    }
  }
  return undefined
})
