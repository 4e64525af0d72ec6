import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import {
  archiveWorkspace,
  createWorkspace,
  listWorkspaces,
  readWorkspace,
  renameWorkspace,
  restoreWorkspace
} from "../../domain/platform/workspaces.ts"
import type { RevisedWorkspace } from "../../domain/platform/workspaces.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"

const revised = ({ revision, workspace }: RevisedWorkspace) => withRevision(revision, workspace)

export const layer = HttpApiBuilder.group(ServedApi, "workspaces", (handlers) =>
  handlers.handleAll({
    list: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(listWorkspaces(principal, limit, cursor), paged))
      ),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createWorkspace(principal, payload), (made) => withLocation("/platform/workspaces", made))
        )
      ),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(readWorkspace(principal, params.id), revised))
      ),
    rename: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readWorkspace(principal, params.id)).pipe(
            Effect.flatMap((revision) => renameWorkspace(principal, params.id, payload, revision)),
            Effect.flatMap(revised)
          )
        )
      ),
    archive: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readWorkspace(principal, params.id)).pipe(
            Effect.flatMap((revision) => archiveWorkspace(principal, params.id, revision)),
            Effect.flatMap(revised)
          )
        )
      ),
    restore: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(restoreWorkspace(principal, params.id), revised))
      )
  })
)
