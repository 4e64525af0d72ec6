import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { changeMembers } from "../../domain/analytics/workflows/cohortLists.ts"
import {
  createCohort,
  membersOfCohort,
  removeCohort,
  replaceCohort,
  restoreCohort,
  sizeOfCohort
} from "../../domain/analytics/workflows/cohorts.ts"
import { listItems, readItem } from "../../domain/platform/resources.ts"
import { listRevisions, readRevision } from "../../domain/platform/revisions.ts"
import { cohorts } from "../../ports/analytics/Cohort.ts"
import type { Cohort, NewCohort } from "../../ports/analytics/Cohort.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"
import { askedAt, measured } from "./queryMetrics.ts"

const path = "/analytics/cohorts"

export const layer = HttpApiBuilder.group(ServedApi, "cohorts", (handlers) =>
  handlers.handleAll({
    size: ({ params, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(measured(askedAt(workspace, query, sizeOfCohort(workspace, params.id, query.at))))
      ),
    members: ({ params, query: { limit = limitUsual, ...query } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(askedAt(workspace, query, membersOfCohort(workspace, params.id, { limit, ...query })), paged)
        )
      ),
    addMembers: ({ params, payload: { people } }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(changeMembers(principal, params.id, "added", people))
      ),
    removeMembers: ({ params, payload: { people } }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.andThen(
            matchRevision(readItem(cohorts, principal.workspace, params.id)),
            changeMembers(principal, params.id, "removed", people)
          )
        )
      ),
    list: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listItems<Cohort>(cohorts, workspace, limit, cursor), paged))
      ),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(createCohort(principal, payload), (made) => withLocation(path, made)))
      ),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(readItem<Cohort>(cohorts, workspace, params.id), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    replace: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(cohorts, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => replaceCohort(principal, params.id, payload, revision)),
            Effect.flatMap(({ item, revision }) => withRevision(revision, item))
          )
        )
      ),
    revisions: ({ params, query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listRevisions<NewCohort>(cohorts, workspace, params.id, limit, cursor), paged))
      ),
    readRevision: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(readRevision<NewCohort>(cohorts, workspace, params.id, params.revision))
      ),
    restore: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(restoreCohort(principal, params.id, params.revision), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(cohorts, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => removeCohort(principal, params.id, revision)),
            Effect.as(HttpServerResponse.empty({ status: 204 }))
          )
        )
      )
  })
)
