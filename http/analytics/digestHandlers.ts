import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import {
  createDigest,
  previewDigest,
  readDigestState,
  removeDigest,
  replaceDigest,
  restoreDigest
} from "../../domain/analytics/workflows/digests.ts"
import { listItems, readItem } from "../../domain/platform/resources.ts"
import { listRevisions, readRevision } from "../../domain/platform/revisions.ts"
import { digests } from "../../ports/analytics/Digest.ts"
import type { Digest, NewDigest } from "../../ports/analytics/Digest.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"
import { measured } from "./queryMetrics.ts"

export const layer = HttpApiBuilder.group(ServedApi, "digests", (handlers) =>
  handlers.handleAll({
    state: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(readDigestState(workspace, params.id))),
    preview: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(measured(previewDigest(workspace, params.id)))
      ),
    list: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listItems<Digest>(digests, workspace, limit, cursor), paged))
      ),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createDigest(principal, payload), (made) => withLocation("/analytics/digests", made))
        )
      ),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(readItem<Digest>(digests, workspace, params.id), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    replace: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(digests, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => replaceDigest(principal, params.id, payload, revision)),
            Effect.flatMap(({ item, revision }) => withRevision(revision, item))
          )
        )
      ),
    revisions: ({ params, query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listRevisions<NewDigest>(digests, workspace, params.id, limit, cursor), paged))
      ),
    readRevision: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(readRevision<NewDigest>(digests, workspace, params.id, params.revision))
      ),
    restore: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(restoreDigest(principal, params.id, params.revision), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(digests, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => removeDigest(principal, params.id, revision)),
            Effect.as(HttpServerResponse.empty({ status: 204 }))
          )
        )
      )
  })
)
