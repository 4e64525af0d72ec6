import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { createHold, holdKind, replaceHold } from "../../domain/analytics/retention/holds.ts"
import { createPolicy, dryRun, replacePolicy } from "../../domain/analytics/retention/policies.ts"
import { listItems, readItem, removeItem } from "../../domain/platform/resources.ts"
import { retentionPolicies } from "../../ports/analytics/RetentionPolicy.ts"
import type { LegalHold, RetentionPolicy } from "../../ports/analytics/RetentionPolicy.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"

export const policiesLayer = HttpApiBuilder.group(ServedApi, "retention_policies", (handlers) =>
  handlers.handleAll({
    dryRun: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(dryRun(workspace, payload))),
    list: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listItems<RetentionPolicy>(retentionPolicies, workspace, limit, cursor), paged))
      ),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createPolicy(principal, payload), (made) =>
            withLocation("/analytics/retention-policies", made)
          )
        )
      ),
    read: ({ params: { id } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(readItem<RetentionPolicy>(retentionPolicies, workspace, id), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    replace: ({ params: { id }, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(retentionPolicies, principal.workspace, id)).pipe(
            Effect.flatMap((revision) => replacePolicy(principal, id, payload, revision)),
            Effect.flatMap(({ item, revision }) => withRevision(revision, item))
          )
        )
      ),
    remove: ({ params: { id } }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(retentionPolicies, principal.workspace, id)).pipe(
            Effect.flatMap((revision) => removeItem(retentionPolicies, principal, id, revision)),
            Effect.as(HttpServerResponse.empty({ status: 204 }))
          )
        )
      )
  })
)

export const holdsLayer = HttpApiBuilder.group(ServedApi, "legal_holds", (handlers) =>
  handlers.handleAll({
    list: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listItems<LegalHold>(holdKind, workspace, limit, cursor), paged))
      ),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createHold(principal, payload), (made) => withLocation("/analytics/legal-holds", made))
        )
      ),
    read: ({ params: { id } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(readItem<LegalHold>(holdKind, workspace, id), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    replace: ({ params: { id }, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(holdKind, principal.workspace, id)).pipe(
            Effect.flatMap((revision) => replaceHold(principal, id, payload, revision)),
            Effect.flatMap(({ item, revision }) => withRevision(revision, item))
          )
        )
      ),
    remove: ({ params: { id } }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(holdKind, principal.workspace, id)).pipe(
            Effect.flatMap((revision) => removeItem(holdKind, principal, id, revision)),
            Effect.as(HttpServerResponse.empty({ status: 204 }))
          )
        )
      )
  })
)
