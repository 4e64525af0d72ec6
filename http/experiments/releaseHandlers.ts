import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { releaseReport, settleRelease } from "../../domain/experiments/workflows/releaseReport.ts"
import { createRelease, removeRelease } from "../../domain/experiments/workflows/releases.ts"
import { releasePicture } from "../../domain/pictures/releasePicture.ts"
import { listItems, readItem } from "../../domain/platform/resources.ts"
import type { Revised } from "../../domain/platform/resources.ts"
import { pictureHeightUsual, pictureWidthUsual } from "../../ports/analytics/Picture.ts"
import { Pictures } from "../../ports/analytics/Pictures.ts"
import { releases } from "../../ports/experiments/GuardedRelease.ts"
import type { GuardedRelease, ReleaseReport } from "../../ports/experiments/GuardedRelease.ts"
import { asAccepted, svgAnswer } from "../analytics/pictured.ts"
import type { AskedSize } from "../analytics/pictured.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"

const drawn = Effect.fnUntraced(function* (
  report: ReleaseReport,
  { height = pictureHeightUsual, width = pictureWidthUsual }: AskedSize
) {
  const pictures = yield* Pictures
  return svgAnswer(yield* pictures.draw(releasePicture(report), { width, height }))
})

const told = ({ item, revision }: Revised<GuardedRelease>) => withRevision(revision, item)

export const layer = HttpApiBuilder.group(ServedApi, "releases", (handlers) =>
  handlers.handleAll({
    list: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listItems<GuardedRelease>(releases, workspace, limit, cursor), paged))
      ),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createRelease(principal, payload), (made) => withLocation("/experiments/releases", made))
        )
      ),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(readItem<GuardedRelease>(releases, workspace, params.id), told))
      ),
    evidence: ({ params, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(asAccepted(releaseReport(workspace, params.id), (report) => drawn(report, query)))
      ),
    complete: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(settleRelease(principal, params.id, "completed", payload.reason), told))
      ),
    abort: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(settleRelease(principal, params.id, "aborted", payload.reason), told))
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(releases, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => removeRelease(principal, params.id, revision)),
            Effect.as(HttpServerResponse.empty({ status: 204 }))
          )
        )
      )
  })
)
