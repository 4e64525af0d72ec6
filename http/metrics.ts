import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import { PrometheusMetrics } from "effect/observability"
import { createServer } from "node:http"
import { EventLog } from "../ports/analytics/EventLog.ts"
import { Gauges } from "../ports/platform/Gauges.ts"
import type { ObservedGauge } from "../ports/platform/Gauges.ts"
import { observeBundledData, observeProcess } from "./processGauges.ts"

/** A gauge that takes longer is left out: a scrape never hangs. */
const readTimeout = "1 second"

const escapeLabel = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")
const escapeHelp = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")

const sample = ({ labels = {}, name }: ObservedGauge, value: number): string => {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`)
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`
}

/** Families of the text format 0.0.4: all samples of a name stand together under its one HELP and TYPE. */
export const formatGauges = (read: ReadonlyArray<readonly [gauge: ObservedGauge, value: number]>): string => {
  const families = Map.groupBy(read, ([{ name }]) => name)
  return [...families]
    .flatMap(([name, samples]) => {
      const [{ description, type = "gauge" }] = samples[0]!
      const head = [`# HELP ${name} ${escapeHelp(description)}`, `# TYPE ${name} ${type}`]
      return [...head, ...samples.map(([gauge, value]) => sample(gauge, value))]
    })
    .map((line) => `${line}\n`)
    .join("")
}

const readGauge = (gauge: ObservedGauge) =>
  gauge.read.pipe(
    Effect.timeout(readTimeout),
    Effect.match({
      onFailure: () => [],
      onSuccess: (value) => (value === undefined ? [] : [[gauge, value] as const])
    })
  )

/** What the process counted, then what its parts answer when they are asked. */
const scrape = Effect.gen(function* () {
  const gauges = yield* Gauges
  const read = yield* Effect.forEach(gauges.read(), readGauge, { concurrency: "unbounded" })
  const counted = yield* PrometheusMetrics.format()
  return HttpServerResponse.text(`${counted.trimEnd()}\n${formatGauges(read.flat())}`, {
    contentType: "text/plain; version=0.0.4; charset=utf-8"
  })
})

const observeLog = Effect.fnUntraced(function* (gauges: Gauges) {
  const log = yield* EventLog
  for (const partition of yield* log.partitions) {
    yield* gauges.observe({
      name: "marketing_event_log_bytes",
      description: "Bytes of lines that the event log retains",
      labels: { partition },
      read: log.backlogBytes(partition, undefined)
    })
  }
})

/** Prometheus metrics on a port of their own, which serves nothing else. */
export const layer = (options: { readonly port: number; readonly host: string; readonly version: string }) => {
  const observed = Layer.effectDiscard(
    Effect.gen(function* () {
      const gauges = yield* Gauges
      yield* observeProcess(gauges, options.version)
      yield* observeBundledData(gauges)
      yield* observeLog(gauges)
    })
  )
  return HttpRouter.serve(Layer.merge(HttpRouter.add("GET", "/metrics", scrape), observed), {
    disableLogger: true,
    disableListenLog: true
  }).pipe(Layer.provide(NodeHttpServer.layer(createServer, options)))
}
