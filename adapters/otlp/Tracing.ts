import { Cause, Effect, Exit, Layer, Tracer } from "effect"
import { FetchHttpClient } from "effect/http"
import { OtlpExporter, OtlpSerialization, OtlpTracer } from "effect/observability"
import { Tracing } from "../../ports/platform/Tracing.ts"

export interface OtlpOptions {
  /** Base address of a collector (OTLP over HTTP); `/v1/traces` is asked. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  readonly share: number
  readonly version: string
}

/** Attributes that leave the process: all of them from closed sets. What else a span is given stays here. */
export const exportedAttributes: ReadonlySet<string> = new Set([
  "error.type",
  "http.request.method",
  "http.response.status_code",
  "http.route",
  "messaging.batch.message_count",
  "messaging.consumer.group.name",
  "messaging.operation.name",
  "messaging.operation.type",
  "messaging.system",
  "url.scheme"
])

const nameOf = (failure: unknown): string => {
  const { _tag, name } = (typeof failure === "object" && failure !== null ? failure : {}) as {
    readonly _tag?: unknown
    readonly name?: unknown
  }
  const found = [_tag, name].find((each) => typeof each === "string" && /^[\w.]{1,80}$/.test(each))
  return typeof found === "string" ? found : "Error"
}

const failedOf = (name: string) => Exit.die(Object.assign(new Error(name), { name, stack: name }))

/** How it ended, by name alone: messages and stack traces may hold what a person has written. */
const withoutWords = (exit: Exit.Exit<unknown, unknown>, errorType: unknown): Exit.Exit<unknown, unknown> => {
  if (Exit.isSuccess(exit)) return errorType === undefined ? Exit.void : failedOf(String(errorType))
  return Cause.hasInterruptsOnly(exit.cause) ? Exit.interrupt() : failedOf(nameOf(Cause.squash(exit.cause)))
}

/** Spans that carry only names from the code, numbers and ids of traces. */
const withoutPersonalData = (tracer: Tracer.Tracer): Tracer.Tracer =>
  Tracer.make({
    span: (options) => {
      const span = tracer.span(options)
      const attribute = span.attribute.bind(span)
      const end = span.end.bind(span)
      span.attribute = (key, value) => {
        if (exportedAttributes.has(key)) attribute(key, value)
      }
      span.event = () => undefined
      span.end = (time, exit) => end(time, withoutWords(exit, span.attributes.get("error.type")))
      return span
    }
  })

/** Traces to an OpenTelemetry collector, in batches off the requests' path; what is left is sent before the end. */
export const layer = (options: OtlpOptions): Layer.Layer<never> =>
  Layer.effect(
    Tracing,
    Effect.map(
      OtlpTracer.make({
        url: `${options.endpoint.replace(/\/+$/, "")}/v1/traces`,
        headers: options.headers,
        resource: { serviceName: "broxiva", serviceVersion: options.version },
        exportInterval: "1 second"
      }),
      (tracer) => ({ tracer: withoutPersonalData(tracer), share: options.share })
    )
  ).pipe(Layer.provide([OtlpExporter.layerFlusher, OtlpSerialization.layerJson, FetchHttpClient.layer]))
