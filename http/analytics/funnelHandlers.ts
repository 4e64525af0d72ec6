import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { askFunnel } from "../../domain/analytics/workflows/askFunnel.ts"
import { askKeptFunnel, createFunnel, replaceFunnel, restoreFunnel } from "../../domain/analytics/workflows/funnels.ts"
import { listItems, readItem } from "../../domain/platform/resources.ts"
import { listRevisions, readRevision, removeKept } from "../../domain/platform/revisions.ts"
import { funnels } from "../../ports/analytics/Funnel.ts"
import type { Funnel, NewFunnel } from "../../ports/analytics/Funnel.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"
import { pictured } from "./pictured.ts"
import { askedAt, measured } from "./queryMetrics.ts"

const path = "/analytics/funnels"

export const layer = HttpApiBuilder.group(ServedApi, "funnels", (handlers) =>
  handlers.handleAll({
    ask: ({ payload, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(pictured("funnel", {}, measured(askedAt(workspace, query, askFunnel(workspace, payload)))))
      ),
    conversion: ({ params, query: { from, height, to, watermark, width, ...rest } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          pictured(
            "funnel",
            { width, height },
            measured(
              askedAt(
                workspace,
                { watermark },
                askKeptFunnel(workspace, params.id, { date_range: { from, to }, ...rest })
              )
            )
          )
        )
      ),
    list: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listItems<Funnel>(funnels, workspace, limit, cursor), paged))
      ),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(createFunnel(principal, payload), (made) => withLocation(path, made)))
      ),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(readItem<Funnel>(funnels, workspace, params.id), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    replace: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(funnels, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => replaceFunnel(principal, params.id, payload, revision)),
            Effect.flatMap(({ item, revision }) => withRevision(revision, item))
          )
        )
      ),
    revisions: ({ params, query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listRevisions<NewFunnel>(funnels, workspace, params.id, limit, cursor), paged))
      ),
    readRevision: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(readRevision<NewFunnel>(funnels, workspace, params.id, params.revision))
      ),
    restore: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(restoreFunnel(principal, params.id, params.revision), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(funnels, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => removeKept(funnels, principal, params.id, revision)),
            Effect.as(HttpServerResponse.empty({ status: 204 }))
          )
        )
      )
  })
)
