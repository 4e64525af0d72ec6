import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import {
  previewChannelRules,
  readChannelRules,
  removeChannelRules,
  replaceChannelRules
} from "../../domain/analytics/workflows/channelRules.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"
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
    preview: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(measured(previewChannelRules(workspace, payload)))
      )
  })
)
