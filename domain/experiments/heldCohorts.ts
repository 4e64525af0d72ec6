import { Effect } from "effect"
import type { CohortMembers, HeldMembers } from "../../ports/analytics/CohortMembers.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import type { Definitions } from "./evaluation/fileOf.ts"

const cohortsIn = ({ segments }: Definitions): ReadonlySet<string> =>
  new Set(segments.flatMap(({ members }) => ("cohort" in members ? [members.cohort] : [])))

/**
 * Members of the cohorts that segments name, of every workspace that is held. One whose members cannot be read keeps
 * those that it had; one that is not there, or was never read, has none.
 */
export const makeHeldCohorts = (source: CohortMembers["Service"]) => {
  const held = new Map<WorkspaceId, Map<string, HeldMembers | undefined>>()

  const readOne = (workspace: WorkspaceId, cohort: string) =>
    Effect.gen(function* () {
      const read = yield* source.read(workspace, cohort, held.get(workspace)?.get(cohort)?.state)
      if (read === "unchanged") return
      if (read === "too_many") {
        return yield* Effect.logWarning(
          "a cohort that a segment names has grown too large: its members stay as they were",
          {
            cohort
          }
        )
      }
      held.get(workspace)?.set(cohort, read)
    }).pipe(
      Effect.catchCause((cause) =>
        Effect.logWarning("the members of a cohort could not be read: they stay as they were", cause)
      )
    )

  return {
    isMember: (workspace: WorkspaceId) => (cohort: string, id: string) =>
      held.get(workspace)?.get(cohort)?.has(id) ?? false,
    /** Cohorts that are new are read before anybody asks for them; others are let go. */
    hold: (workspace: WorkspaceId, definitions: Definitions) =>
      Effect.suspend(() => {
        const named = cohortsIn(definitions)
        const known = held.get(workspace) ?? new Map<string, HeldMembers | undefined>()
        held.set(workspace, known)
        for (const cohort of known.keys()) if (!named.has(cohort)) known.delete(cohort)
        const fresh = [...named].filter((cohort) => !known.has(cohort))
        for (const cohort of fresh) known.set(cohort, undefined)
        return Effect.forEach(fresh, (cohort) => readOne(workspace, cohort), { discard: true })
      }),
    forget: (workspace: WorkspaceId): void => void held.delete(workspace),
    /** One after the other, so that questions of people go before. */
    readAll: Effect.suspend(() =>
      Effect.forEach(
        [...held].flatMap(([workspace, cohorts]) => [...cohorts.keys()].map((cohort) => [workspace, cohort] as const)),
        ([workspace, cohort]) => readOne(workspace, cohort),
        { discard: true }
      )
    )
  }
}
