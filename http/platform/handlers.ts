import { Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { createKey, listKeys, revokeKey } from "../../domain/platform/keys.ts"
import { redrive } from "../../domain/platform/redrive.ts"
import { changeSettings, readSettings } from "../../domain/platform/settings.ts"
import type { RevisedSettings } from "../../domain/platform/settings.ts"
import { AuditLog } from "../../ports/platform/AuditLog.ts"
import { DeadLetters } from "../../ports/platform/DeadLetters.ts"
import { Refused } from "../../ports/platform/Refused.ts"
import { ExchangeRates } from "../../ports/reference/ExchangeRates.ts"
import { GeoLocator } from "../../ports/reference/GeoLocator.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"

const revised = ({ revision, settings }: RevisedSettings) =>
  HttpServerResponse.jsonUnsafe(settings, { headers: { etag: `"${revision}"` } })

/** The revision that `If-Match` names. */
const matchedRevision = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const match = /^"?(\d{1,9})"?$/.exec(request.headers["if-match"] ?? "")
  if (match !== null) return Number(match[1])
  const detail = "send If-Match with the revision that you change, as GET answers it in ETag"
  return yield* new Refused({ kind: "precondition-required", detail, errors: [] })
})

export const layer = HttpApiBuilder.group(ServedApi, "platform", (handlers) =>
  handlers.handleAll({
    settings: () =>
      Effect.gen(function* () {
        const { workspace } = yield* CurrentPrincipal
        const request = yield* HttpServerRequest.HttpServerRequest
        const found = yield* answerProblems(readSettings(workspace))
        if (HttpServerResponse.isHttpServerResponse(found)) return found
        const known = request.headers["if-none-match"] === `"${found.revision}"`
        return known
          ? HttpServerResponse.empty({ status: 304, headers: { etag: `"${found.revision}"` } })
          : revised(found)
      }),
    changeSettings: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.map(
            Effect.flatMap(matchedRevision, (revision) => changeSettings(principal, payload, revision)),
            revised
          )
        )
      ),
    keys: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(listKeys(workspace, limit, cursor))),
    createKey: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(createKey(principal, payload))),
    revokeKey: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(revokeKey(principal, params.id))),
    audit: ({ query: { limit = limitUsual, ...query } }) =>
      Effect.gen(function* () {
        const { workspace } = yield* CurrentPrincipal
        const audit = yield* AuditLog
        const page = audit.list({ workspace, limit, ...query })
        return yield* answerProblems(Effect.map(page, ({ items, next }) => ({ items, next: next ?? null })))
      }),
    deadLetters: ({ query: { limit = limitUsual, ...query } }) =>
      Effect.gen(function* () {
        const { workspace } = yield* CurrentPrincipal
        const letters = yield* DeadLetters
        const page = letters.list({ workspace, limit, ...query })
        return yield* answerProblems(
          Effect.map(page, ({ items, next }) => ({
            items: items.map(({ attempts, consumer, detail, failed_at, id, reason }) => ({
              id,
              consumer,
              reason,
              detail,
              failed_at,
              attempts
            })),
            next: next ?? null
          }))
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
          ]
        }
      })
  })
)
