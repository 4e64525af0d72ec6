import { Effect, Layer } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { readApprovalPolicy, replaceApprovalPolicy } from "../../domain/experiments/workflows/approvals.ts"
import { applyRequest, diffRequest, rebaseRequest } from "../../domain/experiments/workflows/applyRequest.ts"
import {
  approveRequest,
  commentRequest,
  createRequest,
  listRequests,
  rejectRequest,
  removeRequest,
  replaceRequest,
  scheduleRequest,
  submitRequest,
  withdrawRequest
} from "../../domain/experiments/workflows/changeRequests.ts"
import { readRequest } from "../../domain/experiments/workflows/requestSteps.ts"
import type { Revised } from "../../domain/platform/resources.ts"
import type { ChangeRequest } from "../../ports/experiments/ChangeRequest.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"

const told = ({ item, revision }: Revised<ChangeRequest>) => withRevision(revision, item)

const requestsLayer = HttpApiBuilder.group(ServedApi, "changeRequests", (handlers) =>
  handlers.handleAll({
    list: ({ query: { cursor, limit = limitUsual, status } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listRequests(workspace, status, limit, cursor), paged))
      ),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createRequest(principal, payload), (made) =>
            withLocation("/experiments/change-requests", made)
          )
        )
      ),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(readRequest(workspace, params.id), told))
      ),
    replace: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readRequest(principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => replaceRequest(principal, params.id, payload, revision)),
            Effect.flatMap(told)
          )
        )
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readRequest(principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => removeRequest(principal, params.id, revision)),
            Effect.as(HttpServerResponse.empty({ status: 204 }))
          )
        )
      ),
    diff: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(diffRequest(principal, params.id))),
    submit: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(submitRequest(principal, params.id), told))
      ),
    approve: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(approveRequest(principal, params.id, payload), told))
      ),
    reject: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(rejectRequest(principal, params.id, payload.reason), told))
      ),
    withdraw: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(withdrawRequest(principal, params.id, payload.reason), told))
      ),
    comment: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(commentRequest(principal, params.id, payload.text), told))
      ),
    rebase: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(rebaseRequest(principal, params.id, payload), told))
      ),
    schedule: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(scheduleRequest(principal, params.id, payload), told))
      ),
    unschedule: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readRequest(principal.workspace, params.id)).pipe(
            Effect.andThen(scheduleRequest(principal, params.id, undefined)),
            Effect.flatMap(told)
          )
        )
      ),
    apply: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(applyRequest(principal, params.id), told))
      ),
    bypass: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(applyRequest(principal, params.id, payload.reason), told))
      )
  })
)

const approvalsLayer = HttpApiBuilder.group(ServedApi, "approvals", (handlers) =>
  handlers.handleAll({
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(readApprovalPolicy(workspace, params.id), ({ item, revision }) => withRevision(revision, item))
        )
      ),
    replace: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readApprovalPolicy(principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => replaceApprovalPolicy(principal, params.id, payload, revision)),
            Effect.flatMap(({ item, revision }) => withRevision(revision, item))
          )
        )
      )
  })
)

export const layer = Layer.mergeAll(requestsLayer, approvalsLayer)
