import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import {
  approveStep,
  cancelSchedule,
  createSchedule,
  pauseSchedule,
  removeSchedule,
  replaceSchedule,
  resumeSchedule
} from "../../domain/experiments/workflows/schedules.ts"
import { listItems, readItem } from "../../domain/platform/resources.ts"
import type { Revised } from "../../domain/platform/resources.ts"
import { schedules } from "../../ports/experiments/FlagSchedule.ts"
import type { FlagSchedule } from "../../ports/experiments/FlagSchedule.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"

const told = ({ item, revision }: Revised<FlagSchedule>) => withRevision(revision, item)

export const layer = HttpApiBuilder.group(ServedApi, "schedules", (handlers) =>
  handlers.handleAll({
    approve: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(approveStep(principal, params.id, payload), told))
      ),
    pause: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(pauseSchedule(principal, params.id), told))
      ),
    resume: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(resumeSchedule(principal, params.id), told))
      ),
    cancel: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(cancelSchedule(principal, params.id), told))
      ),
    list: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listItems<FlagSchedule>(schedules, workspace, limit, cursor), paged))
      ),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createSchedule(principal, payload), (made) => withLocation("/experiments/schedules", made))
        )
      ),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(readItem<FlagSchedule>(schedules, workspace, params.id), told))
      ),
    replace: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(schedules, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => replaceSchedule(principal, params.id, payload, revision)),
            Effect.flatMap(told)
          )
        )
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(schedules, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => removeSchedule(principal, params.id, revision)),
            Effect.as(HttpServerResponse.empty({ status: 204 }))
          )
        )
      )
  })
)
