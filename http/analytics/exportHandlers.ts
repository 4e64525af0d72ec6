import { Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { cancelExport, createExport, openExport, removeExport } from "../../domain/analytics/workflows/exports.ts"
import type { ExportActor } from "../../domain/analytics/workflows/exports.ts"
import { listItems, readItem } from "../../domain/platform/resources.ts"
import { holdsScope } from "../../domain/platform/tokens.ts"
import { eventExports } from "../../ports/analytics/EventExport.ts"
import type { EventExport } from "../../ports/analytics/EventExport.ts"
import { EventSpool } from "../../ports/analytics/EventSpool.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { readRange } from "../middleware/byteRange.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { problem } from "../middleware/problem.ts"
import { isUnchanged, matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"
import { EventStreams } from "./EventStreams.ts"

/** The file, or the part of it that is asked for, as fast as the client reads it. */
const answerFile = Effect.fnUntraced(function* (actor: ExportActor, id: string) {
  const { headers } = yield* HttpServerRequest.HttpServerRequest
  const spool = yield* EventSpool
  const { bytes, contentType, name, spool: spooled } = yield* openExport(actor, id)
  const etag = `"${spooled}"`
  const kept = { etag, "accept-ranges": "bytes", "cache-control": "private, no-store" }
  if (isUnchanged(headers["if-none-match"], etag)) return HttpServerResponse.empty({ status: 304, headers: kept })
  const asked = readRange(headers, { bytes, etag })
  if (asked.kind === "unsatisfiable") {
    const detail = `the file has ${bytes} bytes`
    return problem("range-not-satisfiable", { detail, headers: { ...kept, "content-range": `bytes */${bytes}` } })
  }
  const { from, to } = asked.kind === "part" ? asked : { from: 0, to: bytes }
  return HttpServerResponse.stream(spool.read(spooled, from, to), {
    status: asked.kind === "part" ? 206 : 200,
    contentType,
    contentLength: to - from,
    headers: {
      ...kept,
      "content-disposition": `attachment; filename="${name}"`,
      ...(asked.kind === "part" ? { "content-range": `bytes ${from}-${to - 1}/${bytes}` } : {})
    }
  })
})

const exportActor = Effect.map(CurrentPrincipal, (principal): ExportActor => ({
  ...principal,
  mayReadPersonalData: holdsScope(principal, "pii:read")
}))

export const layer = HttpApiBuilder.group(ServedApi, "exports", (handlers) =>
  handlers.handleAll({
    list: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listItems<EventExport>(eventExports, workspace, limit, cursor), paged))
      ),
    create: ({ payload }) =>
      Effect.flatMap(exportActor, (actor) =>
        answerProblems(Effect.flatMap(createExport(actor, payload), (made) => withLocation("/analytics/exports", made)))
      ),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(readItem<EventExport>(eventExports, workspace, params.id), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    cancel: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(cancelExport(principal, params.id), ({ item, revision }) => withRevision(revision, item))
        )
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(eventExports, principal.workspace, params.id)).pipe(
            Effect.andThen(removeExport(principal, params.id)),
            Effect.as(HttpServerResponse.empty({ status: 204 }))
          )
        )
      ),
    stream: ({ query }) => answerProblems(Effect.flatMap(EventStreams, ({ open }) => open(query))),
    file: ({ params }) => Effect.flatMap(exportActor, (actor) => answerProblems(answerFile(actor, params.id)))
  })
)
