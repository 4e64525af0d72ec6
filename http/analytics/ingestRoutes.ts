import { Clock, Context, Effect, Metric } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import type { HttpServerRequest } from "effect/http"
import type { ClientHints } from "../../domain/analytics/ingestion/clientHints.ts"
import { make as makeIngestion } from "../../domain/analytics/workflows/ingest.ts"
import type { IngestRequest } from "../../domain/analytics/workflows/ingest.ts"
import { holdsScope } from "../../domain/platform/tokens.ts"
import type { BatchReceipt, InvalidEvents } from "../../ports/analytics/IngestReceipt.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import { fromZero } from "../../ports/platform/fromZero.ts"
import { batchBodyBytesMax, eventBodyBytesMax } from "../contract/bodyLimits.ts"
import { batchRules, ingestRules } from "../contract/analytics.ts"
import type { Rules } from "../contract/EndpointRules.ts"
import { asResponse, DirectRoutes, TextAnswer } from "../DirectRoutes.ts"
import type { Answer } from "../DirectRoutes.ts"
import { makeAdmit } from "../middleware/admit.ts"
import type { Admitted } from "../middleware/admit.ts"
import { readText } from "../middleware/body.ts"
import { answerOf } from "../middleware/failures.ts"
import { logPartFailure } from "../middleware/partFailures.ts"
import { refuseParameters } from "../middleware/parameters.ts"

const ingested = Metric.counter("marketing_events_ingested_total", {
  description: "Events answered by ingestion, by what became of them",
  incremental: true
})
const stored = fromZero(Metric.withAttributes(ingested, { outcome: "stored" }))
const duplicate = fromZero(Metric.withAttributes(ingested, { outcome: "duplicate" }))
const dropped = fromZero(Metric.withAttributes(ingested, { outcome: "dropped" }))
const refused = fromZero(Metric.withAttributes(ingested, { outcome: "refused" }))
const latency = Metric.histogram("marketing_events_ingestion_latency_seconds", {
  description: "Time from the request to the durable event",
  boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
})
const dropCounter = Metric.counter("marketing_events_dropped_total", {
  description: "Events not kept, by reason",
  incremental: true
})
const dropOf = (reason: string) => Metric.withAttributes(dropCounter, { reason })

/** sendBeacon sends `text/plain`, which needs no preflight. */
const types = ["application/json", "text/plain"]
const noServices: Context.Context<never> = Context.empty()

/** The two hottest endpoints: plain routes that admit, read and answer with no more than they need. */
export const layer = HttpRouter.use(
  Effect.fnUntraced(function* (router) {
    const admit = yield* makeAdmit
    const ingestion = yield* makeIngestion
    const clock = yield* Clock.Clock
    const direct = yield* DirectRoutes

    const exchange = <A>(
      rules: Rules,
      bytesMax: number,
      ingest: (request: IngestRequest, body: string) => Effect.Effect<A, InvalidEvents | PortFailure>,
      answer: (receipt: A) => TextAnswer
    ) => {
      const bodyRules = { bytesMax, types }
      const refuse = (failure: InvalidEvents | PortFailure, { requestId }: Admitted): Effect.Effect<Answer> => {
        refused.updateUnsafe(1, noServices)
        if (failure._tag === "InvalidEvents") return Effect.succeed(answerOf(failure))
        return Effect.as(Effect.annotateLogs(logPartFailure(failure), { request_id: requestId }), answerOf(failure))
      }
      return (request: HttpServerRequest.HttpServerRequest): Effect.Effect<Answer> => {
        const start = clock.currentTimeMillisUnsafe()
        return Effect.flatMapEager(admit(request, rules), (admitted): Effect.Effect<Answer> => {
          if (HttpServerResponse.isHttpServerResponse(admitted)) return Effect.succeed(admitted)
          const finish = (made: Answer): Answer => {
            latency.updateUnsafe((clock.currentTimeMillisUnsafe() - start) / 1000, noServices)
            return made instanceof TextAnswer
              ? made.with(admitted.headers)
              : HttpServerResponse.setHeaders(made, admitted.headers)
          }
          const strange = refuseParameters(request, [])
          if (strange !== undefined) return Effect.succeed(finish(strange))
          return Effect.flatMapEager(readText(request, bodyRules), (body): Effect.Effect<Answer> => {
            if (typeof body !== "string") return Effect.succeed(finish(body))
            return Effect.matchEffect(ingest(ingestRequest(request, admitted), body), {
              onSuccess: (receipt) => Effect.succeed(finish(answer(receipt))),
              onFailure: (failure) => Effect.map(refuse(failure, admitted), finish)
            })
          })
        })
      }
    }

    const serve = (path: `/${string}`, made: (request: HttpServerRequest.HttpServerRequest) => Effect.Effect<Answer>) =>
      Effect.andThen(
        router.add("POST", path, (request) => Effect.map(made(request), asResponse)),
        direct.add(path, made)
      )

    yield* serve(
      "/analytics/events/ingest",
      exchange(ingestRules, eventBodyBytesMax, ingestion.ingestEvent, (receipt) => {
        const counter = receipt.dropped !== undefined ? dropped : receipt.duplicate === true ? duplicate : stored
        counter.updateUnsafe(1, noServices)
        if (receipt.dropped === undefined) return json(receipt)
        dropOf(receipt.dropped).updateUnsafe(1, noServices)
        return json(receipt, { "x-event-dropped": receipt.dropped })
      })
    )
    yield* serve(
      "/analytics/events/batch",
      exchange(batchRules, batchBodyBytesMax, ingestion.ingestBatch, (receipt) => {
        stored.updateUnsafe(receipt.stored, noServices)
        duplicate.updateUnsafe(receipt.duplicates, noServices)
        dropped.updateUnsafe(receipt.dropped, noServices)
        refused.updateUnsafe(receipt.refused, noServices)
        for (const item of receipt.results)
          if (item.dropped !== undefined) dropOf(item.dropped).updateUnsafe(1, noServices)
        return new TextAnswer(batchText(receipt))
      })
    )
  })
)

const json = (value: unknown, headers?: Readonly<Record<string, string>>): TextAnswer =>
  new TextAnswer(JSON.stringify(value), headers)

/** As `JSON.stringify` would write it; most results are so short that it costs more to prepare for than to write. */
const batchText = ({ dropped, duplicates, refused, results, stored }: BatchReceipt): string => {
  let text = `{"stored":${stored},"duplicates":${duplicates},"dropped":${dropped},"refused":${refused},"results":[`
  for (const [place, item] of results.entries()) {
    if (place > 0) text += ","
    text +=
      item.status === "stored" && item.notes === undefined
        ? `{"index":${item.index},"status":"stored","event_id":"${item.event_id}"}`
        : JSON.stringify(item)
  }
  return `${text}]}`
}

const traceparentForm = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

const ingestRequest = (request: HttpServerRequest.HttpServerRequest, { ip, principal }: Admitted): IngestRequest => {
  const userAgent = request.headers["user-agent"]
  const traceparent = request.headers["traceparent"]
  const made: { -readonly [Fact in keyof IngestRequest]: IngestRequest[Fact] } = {
    workspace: principal.workspace,
    keyKind: principal.kind,
    mayImport: holdsScope(principal, "events:import")
  }
  if (ip !== undefined) made.ip = ip
  if (userAgent !== undefined) made.userAgent = userAgent
  if (principal.kind === "browser") made.clientHints = clientHintsOf(request)
  if (principal.kind === "browser" && request.headers["sec-gpc"] === "1") made.globalPrivacyControl = true
  if (traceparent !== undefined && traceparentForm.test(traceparent)) made.traceparent = traceparent
  return made
}

const clientHintsOf = ({ headers }: HttpServerRequest.HttpServerRequest): ClientHints => ({
  brands: headers["sec-ch-ua"],
  mobile: headers["sec-ch-ua-mobile"],
  platform: headers["sec-ch-ua-platform"]
})
