import { Clock, Effect } from "effect"
import { readdirSync } from "node:fs"
import process from "node:process"
import type { Gauges, ObservedGauge } from "../ports/platform/Gauges.ts"
import { ExchangeRates } from "../ports/reference/ExchangeRates.ts"
import { GeoLocator } from "../ports/reference/GeoLocator.ts"
import { watchEventLoop } from "./eventLoopDelay.ts"

const openFiles = (): number | undefined => {
  try {
    return readdirSync("/proc/self/fd").length
  } catch {
    return undefined
  }
}

const cpuSeconds = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1e6
}

type Named = readonly [name: string, description: string, read: () => number | undefined]

const gauge = ([name, description, read]: Named, more: Partial<ObservedGauge> = {}): ObservedGauge => ({
  name,
  description,
  read: Effect.sync(read),
  ...more
})

const observeAll = (gauges: Gauges, observed: ReadonlyArray<ObservedGauge>) =>
  Effect.forEach(observed, (each) => gauges.observe(each), { discard: true })

/** The process itself, under the names that Prometheus' own client libraries use. */
export const observeProcess = Effect.fnUntraced(function* (gauges: Gauges, version: string) {
  const clock = yield* Clock.Clock
  const now = () => clock.currentTimeMillisUnsafe()
  const startedAt = now() / 1000 - process.uptime()
  const loop = watchEventLoop(now)
  yield* Effect.addFinalizer(() => Effect.sync(loop.stop))
  const runtime = process.versions["bun"] === undefined ? "node" : "bun"
  yield* observeAll(gauges, [
    gauge(["marketing_build_info", "The version that runs, always 1", () => 1], {
      labels: { version, runtime, runtime_version: process.version }
    }),
    gauge(["process_cpu_seconds_total", "Processor time used, user and system", cpuSeconds], { type: "counter" }),
    gauge(["process_resident_memory_bytes", "Resident memory", () => process.memoryUsage.rss()]),
    gauge(["process_start_time_seconds", "Start of the process since 1970", () => startedAt]),
    gauge(["process_open_fds", "Open file descriptors", openFiles]),
    gauge(["nodejs_heap_size_used_bytes", "JavaScript heap in use", () => process.memoryUsage().heapUsed]),
    gauge(["nodejs_eventloop_lag_p50_seconds", "Event loop delay of the last minute, median", () => loop.read().p50]),
    gauge([
      "nodejs_eventloop_lag_p99_seconds",
      "Event loop delay of the last minute, 99th percentile",
      () => loop.read().p99
    ]),
    gauge(["nodejs_eventloop_lag_max_seconds", "Event loop delay of the last minute, longest", () => loop.read().max])
  ])
})

/** How old the data is that came with the product or that the operator brought. */
export const observeBundledData = Effect.fnUntraced(function* (gauges: Gauges) {
  const clock = yield* Clock.Clock
  const rates = yield* ExchangeRates
  const geo = yield* GeoLocator
  const age = (asOf: string) => (clock.currentTimeMillisUnsafe() - Date.parse(asOf)) / 1000
  const aged = (data: string, asOf: string) =>
    gauge(["marketing_bundled_data_age_seconds", "Age of reference data", () => age(asOf)], { labels: { data } })
  yield* observeAll(gauges, [aged("exchange_rates", rates.attribution.as_of), aged("geo", geo.attribution.as_of)])
})
