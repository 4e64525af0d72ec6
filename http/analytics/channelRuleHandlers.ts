import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import {
  listChannelRevisions,
  previewChannelRules,
  readChannelRules,
  removeChannelRules,
  replaceChannelRules,
  restoreChannelRules
} from "../../domain/analytics/workflows/channelRules.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { matchRevision, withRevision } from "../middleware/revisions.ts"
import { measured } from "./queryMetrics.ts"

export const layer = HttpApiBuilder.group(ServedApi, "channel_rules", (handlers) =>
  handlers.handleAll({
    read: () =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(readChannelRules(workspace), ({ item, revision }) => withRevision(revision, item))
        )
      ),
    replace: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readChannelRules(principal.workspace)).pipe(
            Effect.flatMap((revision) => replaceChannelRules(principal, payload, revision)),
            Effect.flatMap(({ item, revision }) => withRevision(revision, item))
          )
        )
      ),
    remove: () =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readChannelRules(principal.workspace)).pipe(
            Effect.flatMap((revision) => removeChannelRules(principal, revision)),
            Effect.as(HttpServerResponse.empty({ status: 204 }))
          )
        )
      ),
    revisions: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listChannelRevisions(workspace, limit, cursor), paged))
      ),
    restore: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(restoreChannelRules(principal, payload.revision), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    preview: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(measured(previewChannelRules(workspace, payload)))
      )
  })
)
