import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { LiveFeed } from "../../ports/analytics/LiveFeed.ts"
import {
  exploreEvents,
  listEventTypes,
  listPeople,
  readPerson,
  readTimeline
} from "../../domain/analytics/workflows/explore.ts"
import { askQuestion } from "../../domain/analytics/workflows/askQuestion.ts"
import { listMerges, mergePeople, undoMerge } from "../../domain/analytics/workflows/mergePeople.ts"
import { holdsScope } from "../../domain/platform/tokens.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { measured } from "./queryMetrics.ts"

const windowMinutesUsual = 5

export const layer = HttpApiBuilder.group(ServedApi, "analytics", (handlers) =>
  handlers.handleAll({
    query: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(measured(askQuestion(workspace, payload)))),
    events: ({ query: { limit = limitUsual, ...query } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(exploreEvents(workspace, { limit, ...query }))
      ),
    eventTypes: () => Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(listEventTypes(workspace))),
    persons: ({ query: { limit = limitUsual, ...query } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(listPeople(workspace, { limit, ...query }))),
    person: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(readPerson({ ...principal, mayReadPersonalData: holdsScope(principal, "pii:read") }, params.id))
      ),
    timeline: ({ params, query: { limit = limitUsual, ...query } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(readTimeline(workspace, params.id, { limit, ...query }))
      ),
    merge: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(mergePeople(principal, payload))),
    merges: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(listMerges(workspace, limit, cursor))),
    undoMerge: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.as(undoMerge(principal, params.id), HttpServerResponse.empty({ status: 204 })))
      ),
    activeUsers: ({ query }) =>
      Effect.gen(function* () {
        const { workspace } = yield* CurrentPrincipal
        const feed = yield* LiveFeed
        return yield* answerProblems(feed.activeUsers(workspace, query.window ?? windowMinutesUsual))
      })
  })
)
