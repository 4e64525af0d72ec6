import { Effect, Stream } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { keepPreference, listPreferences } from "../../domain/analytics/privacy/preferences.ts"
import { listRestrictions } from "../../domain/analytics/privacy/restrictions.ts"
import {
  challengeRequest,
  createRequest,
  decideRequest,
  exportRequest,
  listRequests,
  readRequest,
  retryRequest,
  verifyRequest
} from "../../domain/analytics/privacy/requests.ts"
import { holdsScope } from "../../domain/platform/tokens.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { withLocation, withRevision } from "../middleware/revisions.ts"

export const layer = HttpApiBuilder.group(ServedApi, "privacy", (handlers) =>
  handlers.handleAll({
    list: ({ query: { cursor, limit = limitUsual, ...filter } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listRequests(workspace, filter, limit, cursor), paged))
      ),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createRequest(principal, payload), (made) => withLocation("/platform/privacy/requests", made))
        )
      ),
    read: ({ params: { id } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(readRequest(workspace, id), ({ item, revision }) => withRevision(revision, item)))
      ),
    challenge: ({ params: { id } }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(challengeRequest(principal, id))),
    decide: ({ params: { id }, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(decideRequest(principal, id, payload))),
    verify: ({ params: { id }, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(verifyRequest(principal, id, payload))),
    retry: ({ params: { id } }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(retryRequest(principal, id))),
    export: ({ params: { id } }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.map(
            exportRequest({ ...principal, mayReadPersonalData: holdsScope(principal, "pii:read") }, id),
            // A failure on the way cuts the connection: the reader misses the record of the end.
            Stream.orDie
          )
        )
      ),
    restrictions: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listRestrictions(workspace, limit, cursor), paged))
      ),
    preferences: ({ query: { cursor, limit = limitUsual, person } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listPreferences(workspace, person, limit, cursor), paged))
      ),
    prefer: ({ payload: { person, ...decided } }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(keepPreference(principal, person, decided)))
  })
)
