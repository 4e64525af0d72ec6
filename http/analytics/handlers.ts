import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import {
  exploreEvents,
  listDropped,
  listEventTypes,
  listPeople,
  readPerson,
  readTimeline
} from "../../domain/analytics/workflows/explore.ts"
import { withAnnotations } from "../../domain/analytics/workflows/annotations.ts"
import { activeUsers } from "../../domain/analytics/workflows/activeUsers.ts"
import { askChanges } from "../../domain/analytics/workflows/askChanges.ts"
import { askAt } from "../../domain/analytics/workflows/askAt.ts"
import { askAny } from "../../domain/analytics/workflows/askAny.ts"
import { askFlatQuestion, askQuestion } from "../../domain/analytics/workflows/askQuestion.ts"
import { listMerges, mergePeople, readMerge, undoMerge } from "../../domain/analytics/workflows/mergePeople.ts"
import { holdsScope } from "../../domain/platform/tokens.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"
import { asAccepted, picture, pictured } from "./pictured.ts"
import { askedAt, measured } from "./queryMetrics.ts"

const windowMinutesUsual = 5

export const layer = HttpApiBuilder.group(ServedApi, "analytics", (handlers) =>
  handlers.handleAll({
    query: ({ payload, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.gen(function* () {
            return "kind" in payload
              ? yield* asAccepted(
                  measured(
                    askAt(workspace, query.watermark, askAny(workspace, payload), ({ result }) => result.watermark)
                  ),
                  (answer) => picture(answer, {})
                )
              : yield* pictured("trend", {}, measured(askedAt(workspace, query, askQuestion(workspace, payload))))
          })
        )
      ),
    changes: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(measured(askChanges(workspace, payload)))),
    trends: ({ query: { annotations, ...query } }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => {
        const answer = askFlatQuestion(principal.workspace, query)
        const asked =
          annotations === "true" ? Effect.flatMap(answer, (result) => withAnnotations(principal, result)) : answer
        return answerProblems(pictured("trend", query, measured(askedAt(principal.workspace, query, asked))))
      }),
    dropped: ({ query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(listDropped(workspace, query))),
    events: ({ query: { limit = limitUsual, ...query } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(exploreEvents(workspace, { limit, ...query }), paged))
      ),
    eventTypes: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listEventTypes(workspace, limit, cursor), paged))
      ),
    persons: ({ query: { limit = limitUsual, ...query } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listPeople(workspace, { limit, ...query }), paged))
      ),
    person: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(readPerson({ ...principal, mayReadPersonalData: holdsScope(principal, "pii:read") }, params.id))
      ),
    timeline: ({ params, query: { limit = limitUsual, ...query } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(readTimeline(workspace, params.id, { limit, ...query }), paged))
      ),
    merge: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(mergePeople(principal, payload), (made) => withLocation("/analytics/persons/merges", made))
        )
      ),
    merges: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listMerges(workspace, limit, cursor), paged))
      ),
    readMerge: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(readMerge(workspace, params.id), ({ merge, revision }) => withRevision(revision, merge))
        )
      ),
    undoMerge: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readMerge(principal.workspace, params.id)).pipe(
            Effect.andThen(undoMerge(principal, params.id)),
            Effect.as(HttpServerResponse.empty({ status: 204 }))
          )
        )
      ),
    activeUsers: ({ query: { window = windowMinutesUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(activeUsers(workspace, window)))
  })
)
