import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { EventLog } from "../ports/analytics/EventLog.ts"
import { EventStore } from "../ports/analytics/EventStore.ts"
import { DocumentStore } from "../ports/documents/DocumentStore.ts"
import { WorkspaceId } from "../ports/WorkspaceId.ts"
import { ServedApi } from "./contract/Api.ts"
import { ServerStop } from "./ServerStop.ts"

const probed = WorkspaceId.make("default")
const partTimeout = "2 seconds"

/** Alive, and ready part by part: a part that fails makes the whole not ready. */
export const layer = HttpApiBuilder.group(
  ServedApi,
  "health",
  Effect.fnUntraced(function* (handlers) {
    const log = yield* EventLog
    const store = yield* EventStore
    const documents = yield* DocumentStore
    const stop = yield* ServerStop
    const check = <A, E>(name: string, probe: Effect.Effect<A, E>) =>
      probe.pipe(
        Effect.timeout(partTimeout),
        Effect.match({ onSuccess: () => ({ name, status: "ok" }), onFailure: () => ({ name, status: "degraded" }) })
      )
    return handlers.handleAll({
      live: () => Effect.succeed({ status: "ready" as const, parts: [] }),
      ready: () =>
        Effect.gen(function* () {
          const parts = yield* Effect.all(
            [
              check("event_log", log.partitions),
              check("event_store", store.position("0")),
              check("documents", documents.get(probed, "settings", "workspace"))
            ],
            { concurrency: "unbounded" }
          )
          const ready = !stop.isStopping() && parts.every((part) => part.status === "ok")
          const body = { status: ready ? ("ready" as const) : ("starting" as const), parts }
          return ready ? body : HttpServerResponse.jsonUnsafe(body, { status: 503 })
        })
    })
  })
)
