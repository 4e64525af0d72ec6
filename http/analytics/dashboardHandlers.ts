import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import {
  answerDashboard,
  answerDashboardWithNotes,
  createDashboard,
  replaceDashboard,
  restoreDashboard
} from "../../domain/analytics/workflows/dashboards.ts"
import { askAt } from "../../domain/analytics/workflows/askAt.ts"
import { removeDashboard } from "../../domain/analytics/workflows/digests.ts"
import { listItems, readItem } from "../../domain/platform/resources.ts"
import { listRevisions, readRevision } from "../../domain/platform/revisions.ts"
import { dashboards } from "../../ports/analytics/Dashboard.ts"
import type { Dashboard, NewDashboard } from "../../ports/analytics/Dashboard.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"
import { measured } from "./queryMetrics.ts"

export const layer = HttpApiBuilder.group(ServedApi, "dashboards", (handlers) =>
  handlers.handleAll({
    answers: ({ params, query }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => {
        const noted = query.annotations === "true" ? answerDashboardWithNotes(principal, params.id) : undefined
        const asked = noted ?? answerDashboard(principal.workspace, params.id)
        return answerProblems(
          measured(askAt(principal.workspace, query.watermark, asked, ({ watermark }) => watermark))
        )
      }),
    list: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listItems<Dashboard>(dashboards, workspace, limit, cursor), paged))
      ),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createDashboard(principal, payload), (made) => withLocation("/analytics/dashboards", made))
        )
      ),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(readItem<Dashboard>(dashboards, workspace, params.id), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    replace: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(dashboards, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => replaceDashboard(principal, params.id, payload, revision)),
            Effect.flatMap(({ item, revision }) => withRevision(revision, item))
          )
        )
      ),
    revisions: ({ params, query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(listRevisions<NewDashboard>(dashboards, workspace, params.id, limit, cursor), paged)
        )
      ),
    readRevision: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(readRevision<NewDashboard>(dashboards, workspace, params.id, params.revision))
      ),
    restore: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(restoreDashboard(principal, params.id, params.revision), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(dashboards, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => removeDashboard(principal, params.id, revision)),
            Effect.as(HttpServerResponse.empty({ status: 204 }))
          )
        )
      )
  })
)
