import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import {
  createAlert,
  listIncidents,
  readAlertState,
  readIncident,
  removeAlert,
  replaceAlert,
  restoreAlert,
  snoozeAlert,
  testAlert
} from "../../domain/analytics/workflows/alerts.ts"
import { listItems, readItem } from "../../domain/platform/resources.ts"
import { listRevisions, readRevision } from "../../domain/platform/revisions.ts"
import { alerts } from "../../ports/analytics/Alert.ts"
import type { Alert, NewAlert } from "../../ports/analytics/Alert.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"
import { measured } from "./queryMetrics.ts"

export const layer = HttpApiBuilder.group(ServedApi, "alerts", (handlers) =>
  handlers.handleAll({
    state: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(readAlertState(workspace, params.id))),
    test: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(measured(testAlert(workspace, params.id)))),
    snooze: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(snoozeAlert(principal, params.id, payload))),
    list: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listItems<Alert>(alerts, workspace, limit, cursor), paged))
      ),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createAlert(principal, payload), (made) => withLocation("/analytics/alerts", made))
        )
      ),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(readItem<Alert>(alerts, workspace, params.id), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    replace: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(alerts, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => replaceAlert(principal, params.id, payload, revision)),
            Effect.flatMap(({ item, revision }) => withRevision(revision, item))
          )
        )
      ),
    revisions: ({ params, query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listRevisions<NewAlert>(alerts, workspace, params.id, limit, cursor), paged))
      ),
    readRevision: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(readRevision<NewAlert>(alerts, workspace, params.id, params.revision))
      ),
    restore: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(restoreAlert(principal, params.id, params.revision), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(alerts, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => removeAlert(principal, params.id, revision)),
            Effect.as(HttpServerResponse.empty({ status: 204 }))
          )
        )
      )
  })
)

export const incidentsLayer = HttpApiBuilder.group(ServedApi, "incidents", (handlers) =>
  handlers.handleAll({
    list: ({ query: { limit = limitUsual, ...query } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listIncidents(workspace, { limit, ...query }), paged))
      ),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(readIncident(workspace, params.id), ({ incident, revision }) =>
            withRevision(revision, incident)
          )
        )
      )
  })
)
