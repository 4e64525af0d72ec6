import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import {
  createAnnotation,
  listAnnotations,
  listNoteRevisions,
  readAnnotation,
  readNoteRevision,
  removeAnnotation,
  replaceAnnotation,
  restoreAnnotation
} from "../../domain/analytics/workflows/annotations.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"

export const layer = HttpApiBuilder.group(ServedApi, "annotations", (handlers) =>
  handlers.handleAll({
    list: ({ query: { limit = limitUsual, ...query } }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(listAnnotations(principal, { limit, ...query }), paged))
      ),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createAnnotation(principal, payload), (made) => withLocation("/analytics/annotations", made))
        )
      ),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(readAnnotation(principal, params.id), ({ item, revision }) => withRevision(revision, item))
        )
      ),
    replace: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readAnnotation(principal, params.id)).pipe(
            Effect.flatMap((revision) => replaceAnnotation(principal, params.id, payload, revision)),
            Effect.flatMap(({ item, revision }) => withRevision(revision, item))
          )
        )
      ),
    revisions: ({ params, query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(listNoteRevisions(principal, params.id, limit, cursor), paged))
      ),
    readRevision: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(readNoteRevision(principal, params.id, params.revision))
      ),
    restore: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(restoreAnnotation(principal, params.id, params.revision), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readAnnotation(principal, params.id)).pipe(
            Effect.flatMap((revision) => removeAnnotation(principal, params.id, revision)),
            Effect.as(HttpServerResponse.empty({ status: 204 }))
          )
        )
      )
  })
)
