import type { PlanCohort } from "../../../ports/analytics/PlanFilter.ts"
import { Effect } from "effect"
import { cohorts } from "../../../ports/analytics/Cohort.ts"
import type { Cohort } from "../../../ports/analytics/Cohort.ts"
import { cohortsReachedMax } from "../../../ports/analytics/CohortRule.ts"
import type { CohortRule } from "../../../ports/analytics/CohortRule.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { namedCohorts } from "../../questions/cohorts/namedCohorts.ts"
import type { NamedCohort } from "../../questions/cohorts/namedCohorts.ts"
import { planCohortRule } from "../../questions/cohorts/planCohortRule.ts"
import type { CohortScope } from "../../questions/cohorts/planCohortRule.ts"
import { hashValue } from "../../questions/hashQuestion.ts"
import { namedGoals } from "../../questions/goals/namedGoals.ts"
import { definitionOf } from "../../questions/revisions.ts"
import type { DefinitionRevision } from "../../questions/revisions.ts"
import { readMembers } from "./cohortLists.ts"
import { resolveGoals } from "./goalRules.ts"
import { readDefinition } from "./pastDefinitions.ts"

interface Held {
  readonly cohort: Cohort
  readonly revision: number
  /** The revision that stands, which may be a later one. */
  readonly standing: number
}

export const ruleOf = ({ membership }: Pick<Cohort, "membership">): CohortRule | undefined =>
  membership.kind === "live" ? membership.rule : undefined

const refuse = (pointer: string, code: string, detail: string) =>
  new InvalidQuestion({ errors: [{ pointer, code, detail }] })

/** The named cohorts that there are and all that these name, those first that others name. Refuses circles. */
export const reachCohorts = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  named: ReadonlyArray<NamedCohort>,
  /** A cohort whose rule names them. */
  owner?: string
) {
  const documents = yield* DocumentStore
  const found = new Map<string, Held>()
  const visit = (
    names: ReadonlyArray<NamedCohort>,
    path: ReadonlyArray<string>
  ): Effect.Effect<void, InvalidQuestion | Effect.Error<ReturnType<typeof documents.get>>, DocumentStore> =>
    Effect.forEach(
      names,
      Effect.fnUntraced(function* ({ id, pointer }) {
        if (path.includes(id)) return yield* refuse(pointer, "cyclic_cohort", `the cohort ${id} is a part of itself`)
        if (found.has(id)) return
        const standing = yield* documents.get(workspace, cohorts.name, id)
        if (standing === undefined) return
        const past = yield* readDefinition<Cohort>(workspace, cohorts, id)
        const held: Held = {
          cohort: past?.item ?? (standing.data as Cohort),
          revision: past?.revision ?? standing.revision,
          standing: standing.revision
        }
        // Wherever a circle closes, what is at fault is what was asked.
        yield* visit(
          namedCohorts(ruleOf(held.cohort)).map((each) => ({ ...each, pointer })),
          [...path, id]
        )
        found.set(id, held)
        if (found.size > cohortsReachedMax)
          return yield* refuse(
            pointer,
            "too_many",
            `${cohortsReachedMax} cohorts at the most, with those that they name`
          )
      }),
      { discard: true }
    )
  yield* visit(named, owner === undefined ? [] : [owner])
  return found
})

/** What the named cohorts mean: their rules and lists, as of an instant where one is given, and their revisions. */
export const resolveCohorts = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  named: ReadonlyArray<NamedCohort>,
  scope: CohortScope,
  beforeMillis?: number
) {
  const reached = yield* reachCohorts(workspace, named)
  const ofRules = [...reached.values()].flatMap(({ cohort }) => namedGoals(ruleOf(cohort)))
  const { goals, revisions: ofGoals } = yield* resolveGoals(workspace, ofRules, scope)
  const resolved = new Map<string, PlanCohort>()
  const revisions: Array<DefinitionRevision> = []
  for (const [id, held] of reached) {
    const { cohort } = held
    const asked = ruleOf(cohort)
    if (asked === undefined) {
      const { members, revision } = yield* readMembers(workspace, id, held.revision, held.standing)
      revisions.push([definitionOf(cohorts, id), revision])
      // The revision tells the list, which may have many thousand ids.
      const digest = hashValue(["list", id, revision, beforeMillis ?? null])
      resolved.set(id, { digest, rule: { kind: "listed", ...members }, beforeMillis })
      continue
    }
    revisions.push([definitionOf(cohorts, id), held.revision])
    const { errors, rule } = planCohortRule(asked, "", { ...scope, goals, cohorts: resolved }, beforeMillis)
    if (errors.length > 0) return yield* new InvalidQuestion({ errors: errors.map(inCohort(cohort)) })
    resolved.set(id, { digest: hashValue([rule, beforeMillis ?? null]), rule, beforeMillis })
  }
  return { cohorts: resolved, revisions: [...revisions, ...ofGoals] }
})

/** What was right when the cohort was kept may be wrong by now: a trait that is encrypted since, a cohort that is gone. */
const inCohort =
  ({ name }: Cohort) =>
  ({ code, detail, pointer }: FieldError): FieldError => ({
    pointer: "",
    code,
    detail: `the cohort ${name} at ${pointer}: ${detail}`
  })
