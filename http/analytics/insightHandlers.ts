import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import {
  answerInsight,
  answerInsightWithNotes,
  createInsight,
  removeInsight,
  replaceInsight,
  restoreInsight
} from "../../domain/analytics/workflows/insights.ts"
import { createShare, removeShare, shareKind } from "../../domain/analytics/workflows/shares.ts"
import { listItems, readItem } from "../../domain/platform/resources.ts"
import { listRevisions, readRevision } from "../../domain/platform/revisions.ts"
import { insights } from "../../ports/analytics/Insight.ts"
import type { Insight, InsightAnswer, NewInsight } from "../../ports/analytics/Insight.ts"
import type { Share } from "../../ports/analytics/Share.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"
import { askAt } from "../../domain/analytics/workflows/askAt.ts"
import { asAccepted, picture } from "./pictured.ts"
import { measured } from "./queryMetrics.ts"

/** Its own, or that of its question's answer, where the caller names that one. */
const watermarkOfEither = ({ answer, watermark }: InsightAnswer, named: string | undefined): string | null =>
  answer.result.watermark === named ? named : watermark

export const layer = HttpApiBuilder.group(ServedApi, "insights", (handlers) =>
  handlers.handleAll({
    answer: ({ params, query: { annotations, watermark, ...query } }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => {
        const { workspace } = principal
        const asked = annotations === "true" ? answerInsightWithNotes(principal, params.id) : undefined
        const answered = asked ?? answerInsight(workspace, params.id)
        return answerProblems(
          asAccepted(
            measured(askAt(workspace, watermark, answered, (given) => watermarkOfEither(given, watermark))),
            ({ answer, name }) => picture(answer, { ...query, title: name })
          )
        )
      }),
    list: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listItems<Insight>(insights, workspace, limit, cursor), paged))
      ),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createInsight(principal, payload), (made) => withLocation("/analytics/insights", made))
        )
      ),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(readItem<Insight>(insights, workspace, params.id), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    replace: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(insights, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => replaceInsight(principal, params.id, payload, revision)),
            Effect.flatMap(({ item, revision }) => withRevision(revision, item))
          )
        )
      ),
    revisions: ({ params, query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listRevisions<NewInsight>(insights, workspace, params.id, limit, cursor), paged))
      ),
    readRevision: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(readRevision<NewInsight>(insights, workspace, params.id, params.revision))
      ),
    restore: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(restoreInsight(principal, params.id, params.revision), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(insights, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => removeInsight(principal, params.id, revision)),
            Effect.as(HttpServerResponse.empty({ status: 204 }))
          )
        )
      )
  })
)

export const sharesLayer = HttpApiBuilder.group(ServedApi, "shares", (handlers) =>
  handlers.handleAll({
    list: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listItems<Share>(shareKind, workspace, limit, cursor), paged))
      ),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createShare(principal, payload), (made) => withLocation("/analytics/shares", made))
        )
      ),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(readItem<Share>(shareKind, workspace, params.id), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(shareKind, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => removeShare(principal, params.id, revision)),
            Effect.as(HttpServerResponse.empty({ status: 204 }))
          )
        )
      )
  })
)
