import { Effect, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { auditFilterOf, exportAudit } from "../../domain/platform/auditQuestions.ts"
import { readDeadLetter, redrive, redriveAll, removeDeadLetter } from "../../domain/platform/redrive.ts"
import { AuditLog } from "../../ports/platform/AuditLog.ts"
import { DeadLetters } from "../../ports/platform/DeadLetters.ts"
import type { DeadLetter } from "../../ports/platform/DeadLetters.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { matchRevision, withRevision } from "../middleware/revisions.ts"

const noContent = HttpServerResponse.empty({ status: 204 })

export const auditLayer = HttpApiBuilder.group(ServedApi, "audit", (handlers) =>
  handlers.handleAll({
    list: ({ query: { cursor, limit = limitUsual, ...asked } }) =>
      Effect.gen(function* () {
        const { workspace } = yield* CurrentPrincipal
        const audit = yield* AuditLog
        const page = Effect.flatMap(auditFilterOf(asked), (filter) =>
          audit.list({ workspace, limit, cursor, ...filter })
        )
        return yield* answerProblems(Effect.flatMap(page, ({ items, next }) => paged({ items, next: next ?? null })))
      }),
    export: ({ query }) =>
      Effect.gen(function* () {
        const { workspace } = yield* CurrentPrincipal
        const records = Effect.flatMap(auditFilterOf(query), (filter) => exportAudit(workspace, filter))
        // A failure on the way cuts the connection: the reader sees that the last line is not the last.
        return yield* answerProblems(Effect.map(records, Stream.orDie))
      })
  })
)

const withoutLine = (letter: DeadLetter) => {
  const { line: _, ...item } = letter
  return item
}

export const deadLettersLayer = HttpApiBuilder.group(ServedApi, "dead_letters", (handlers) =>
  handlers.handleAll({
    list: ({ query: { limit = limitUsual, state = "waiting", ...query } }) =>
      Effect.gen(function* () {
        const { workspace } = yield* CurrentPrincipal
        const letters = yield* DeadLetters
        const page = letters.list({ workspace, state, limit, ...query })
        return yield* answerProblems(
          Effect.flatMap(page, ({ items, next }) => paged({ items: items.map(withoutLine), next: next ?? null }))
        )
      }),
    redriveAll: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(redriveAll(principal, payload))),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(readDeadLetter(workspace, params.id), ({ letter, revision }) => withRevision(revision, letter))
        )
      ),
    redrive: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.as(redrive(principal, params.id), noContent))
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readDeadLetter(principal.workspace, params.id)).pipe(
            Effect.andThen(removeDeadLetter(principal, params.id)),
            Effect.as(noContent)
          )
        )
      )
  })
)
