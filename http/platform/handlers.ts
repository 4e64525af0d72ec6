import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { createKey, listKeys, readKey, revokeKey } from "../../domain/platform/keys.ts"
import { redrive } from "../../domain/platform/redrive.ts"
import { changeSettings, readSettings } from "../../domain/platform/settings.ts"
import type { RevisedSettings } from "../../domain/platform/settings.ts"
import { AuditLog } from "../../ports/platform/AuditLog.ts"
import { DeadLetters } from "../../ports/platform/DeadLetters.ts"
import { ExchangeRates } from "../../ports/reference/ExchangeRates.ts"
import { GeoLocator } from "../../ports/reference/GeoLocator.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"

const revised = ({ revision, settings }: RevisedSettings) => withRevision(revision, settings)

export const layer = HttpApiBuilder.group(ServedApi, "platform", (handlers) =>
  handlers.handleAll({
    settings: () =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(readSettings(workspace), revised))
      ),
    changeSettings: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readSettings(principal.workspace)).pipe(
            Effect.flatMap((revision) => changeSettings(principal, payload, revision)),
            Effect.flatMap(revised)
          )
        )
      ),
    keys: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listKeys(workspace, limit, cursor), paged))
      ),
    createKey: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(createKey(principal, payload), (made) => withLocation("/platform/keys", made)))
      ),
    revokeKey: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.andThen(matchRevision(readKey(principal.workspace, params.id)), revokeKey(principal, params.id))
        )
      ),
    audit: ({ query: { limit = limitUsual, ...query } }) =>
      Effect.gen(function* () {
        const { workspace } = yield* CurrentPrincipal
        const audit = yield* AuditLog
        const page = audit.list({ workspace, limit, ...query })
        return yield* answerProblems(Effect.flatMap(page, ({ items, next }) => paged({ items, next: next ?? null })))
      }),
    deadLetters: ({ query: { limit = limitUsual, ...query } }) =>
      Effect.gen(function* () {
        const { workspace } = yield* CurrentPrincipal
        const letters = yield* DeadLetters
        const page = letters.list({ workspace, limit, ...query })
        return yield* answerProblems(
          Effect.flatMap(page, ({ items, next }) =>
            paged({
              items: items.map(({ attempts, consumer, detail, failed_at, id, reason }) => ({
                id,
                consumer,
                reason,
                detail,
                failed_at,
                attempts
              })),
              next: next ?? null
            })
          )
        )
      }),
    redrive: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.as(redrive(principal, params.id), HttpServerResponse.empty({ status: 204 })))
      ),
    attributions: () =>
      Effect.gen(function* () {
        const rates = yield* ExchangeRates
        const geo = yield* GeoLocator
        return {
          items: [
            { data: "exchange_rates", ...rates.attribution },
            { data: "geo", ...geo.attribution }
          ],
          next: null
        }
      })
  })
)
