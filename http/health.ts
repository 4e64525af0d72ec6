import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { ServedApi } from "./contract/Api.ts"
import { Readiness } from "./Readiness.ts"

/** Alive as long as it answers; ready by its parts. */
export const layer = HttpApiBuilder.group(
  ServedApi,
  "health",
  Effect.fnUntraced(function* (handlers) {
    const readiness = yield* Readiness
    return handlers.handleAll({
      live: () => Effect.succeed({ status: "ready" as const, parts: [] }),
      ready: () =>
        Effect.map(readiness.read, (health) =>
          health.status === "ready" || health.status === "degraded"
            ? health
            : HttpServerResponse.jsonUnsafe(health, { status: 503, headers: { "retry-after": "1" } })
        )
    })
  })
)
