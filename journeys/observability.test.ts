import { readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { namingMistakes, readExposition } from "./exposition.ts"
import type { Family } from "./exposition.ts"
import { ask, countEvents, eventOf, freshFolder, spawnServer, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

interface Part {
  readonly name: string
  readonly status: string
  readonly reason?: string
  readonly since?: string
}

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const scrape = async (of: ServerProcess = server): Promise<ReadonlyArray<Family>> => {
  const response = await fetch(of.metricsUrl)
  assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/)
  const { families, mistakes } = readExposition(await response.text())
  assert.deepStrictEqual([...mistakes, ...families.flatMap(namingMistakes)], [])
  return families
}

const valueOf = (
  families: ReadonlyArray<Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {}
): number => {
  const samples = families.flatMap((family) => family.samples)
  const found = samples.filter(
    (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value)
  )
  assert.isAbove(found.length, 0, `${name} ${JSON.stringify(labels)}`)
  return found.reduce((sum, sample) => sum + sample.value, 0)
}

const logLines = (text: string): ReadonlyArray<Readonly<Record<string, unknown>>> =>
  text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)

describe("metrics", () => {
  it("count what was asked, by names and labels of closed sets", { timeout: 60_000 }, async () => {
    const odd = { event_type: "odd_type_1234", anonymous_id: "device-1234", user_id: "person-1234" }
    await ask(server, "POST", "/analytics/events/ingest", { token, body: eventOf(odd) })
    const twice = eventOf()
    await ask(server, "POST", "/analytics/events/batch", { token, body: { events: [twice, twice, { nothing: 1 }] } })
    await ask(server, "POST", "/analytics/events/ingest", { token, body: {} })
    await countEvents(server, token, 2)
    await ask(server, "POST", "/analytics/query", { token, body: { metrics: ["unheard_of_1234"] } })
    await ask(server, "GET", "/analytics/persons/person-1234?limit=1", { token })
    await ask(server, "GET", "/no/such/path-1234", { token })
    await fetch(`${server.url}/health/live`, { method: "PATCH" })

    const families = await scrape()
    const ingested = (outcome: string) => valueOf(families, "marketing_events_ingested_total", { outcome })
    assert.deepStrictEqual(["stored", "duplicate", "dropped", "refused"].map(ingested), [2, 1, 0, 2])
    assert.strictEqual(valueOf(families, "marketing_events_ingestion_latency_seconds_count"), 3)
    assert.isAtLeast(valueOf(families, "marketing_analytics_query_latency_seconds_count"), 1)
    assert.strictEqual(valueOf(families, "marketing_analytics_query_errors_total", { reason: "timeout" }), 0)
    const requests = (labels: Readonly<Record<string, string>>) =>
      valueOf(families, "marketing_http_requests_total", labels)
    assert.strictEqual(requests({ method: "POST", route: "/analytics/events/ingest", status: "2xx" }), 1)
    assert.strictEqual(requests({ method: "POST", route: "/analytics/events/ingest", status: "4xx" }), 1)
    assert.strictEqual(requests({ route: "/analytics/persons/:id" }), 1)
    assert.strictEqual(requests({ method: "GET", route: "unmatched", status: "4xx" }), 1)
    assert.strictEqual(requests({ method: "PATCH", route: "unmatched", status: "4xx" }), 1)
    assert.strictEqual(valueOf(families, "marketing_consumed_lines_total", { consumer: "index" }), 2)
    for (const consumer of ["index", "live"]) {
      assert.isBelow(valueOf(families, "marketing_consumer_lag_seconds", { consumer }), 60)
      assert.isAtLeast(valueOf(families, "marketing_consumer_lag_bytes", { consumer }), 0)
    }
    for (const name of [
      "marketing_event_log_bytes",
      "marketing_build_info",
      "process_resident_memory_bytes",
      "process_cpu_seconds_total",
      "process_start_time_seconds"
    ]) {
      assert.isAbove(valueOf(families, name), 0, name)
    }
    for (const name of [
      "marketing_stream_watchers",
      "marketing_stream_readers_dropped_total",
      "marketing_event_log_waiting_bytes",
      "marketing_event_store_questions_waiting",
      "marketing_document_writes_waiting",
      "nodejs_eventloop_lag_p99_seconds"
    ]) {
      assert.isAtLeast(valueOf(families, name), 0, name)
    }
    assert.isAbove(valueOf(families, "marketing_bundled_data_age_seconds", { data: "geo" }), 0)
    assert.notInclude(JSON.stringify(families), "1234")
  })

  it("count watchers while they watch", { timeout: 60_000 }, async () => {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/analytics/realtime/stream`, [token])
    await new Promise((done, failed) => {
      socket.onopen = done
      socket.onerror = failed
    })
    assert.strictEqual(valueOf(await scrape(), "marketing_stream_watchers"), 1)
    socket.close()
    await new Promise((done) => (socket.onclose = done))
    const deadline = Date.now() + 5000
    while (valueOf(await scrape(), "marketing_stream_watchers") > 0 && Date.now() < deadline) {
      await new Promise((done) => setTimeout(done, 50))
    }
    assert.strictEqual(valueOf(await scrape(), "marketing_stream_watchers"), 0)
  })

  it("stand alone on their port", async () => {
    const { origin } = new URL(server.metricsUrl)
    for (const path of ["/", "/health/live", "/metrics/more", "/analytics/events"]) {
      assert.strictEqual((await fetch(origin + path)).status, 404, path)
    }
    assert.strictEqual((await fetch(`${origin}/metrics`, { method: "POST" })).status, 404)
    assert.strictEqual((await fetch(`${server.url}/metrics`)).status, 404)
  })
})

describe("health", () => {
  it("names every part", async () => {
    const ready = await ask(server, "GET", "/health/ready")
    assert.strictEqual(ready.status, 200)
    assert.strictEqual(ready.body["status"], "ready")
    const parts = ready.body["parts"] as ReadonlyArray<Part>
    for (const name of ["event_log", "event_store", "documents", "subject_keys", "consumer_index", "consumer_live"]) {
      assert.deepInclude(parts, { name, status: "ok" })
    }
    assert.strictEqual((await ask(server, "GET", "/health/live")).status, 200)
  })

  it("is not ready until the store holds what the log held at the start", { timeout: 60_000 }, async () => {
    const folder = freshFolder()
    const own = tokenFor(folder)
    const first = await startServer(folder)
    const events = Array.from({ length: 1000 }, () => eventOf())
    for (let batch = 0; batch < 5; batch += 1) {
      const body = { events: events.map((event) => ({ ...event, event_id: crypto.randomUUID() })) }
      assert.strictEqual((await ask(first, "POST", "/analytics/events/batch", { token: own, body })).status, 200)
    }
    await first.kill("SIGTERM")
    for (const name of readdirSync(folder).filter((each) => each.startsWith("events.duckdb"))) {
      rmSync(join(folder, name), { recursive: true })
    }
    const again = await startServer(folder)
    try {
      assert.strictEqual(await countEvents(again, own, 5000, 0), 5000)
      const told = () => logLines(again.output()).some((line) => line["message"] === "ready")
      for (let tries = 0; tries < 100 && !told(); tries += 1) await new Promise((done) => setTimeout(done, 50))
    } finally {
      await again.kill("SIGTERM")
    }
    for (const message of ["starting", "ready"]) {
      assert.lengthOf(
        logLines(again.output()).filter((line) => line["message"] === message),
        1
      )
    }
  })
})

describe("the log of a process", () => {
  it(
    "is JSON lines from its start, which stores nothing, to its end; none is an error for what callers did wrong",
    { timeout: 60_000 },
    async () => {
      const own = await startServer(undefined, { LOG_LEVEL: "debug" })
      const families = await scrape(own)
      assert.strictEqual(valueOf(families, "marketing_event_log_bytes"), 0)
      assert.strictEqual(valueOf(families, "marketing_events_ingested_total"), 0)
      await ask(own, "POST", "/analytics/events/ingest", { body: eventOf() })
      await ask(own, "POST", "/analytics/events/ingest", { token: tokenFor(own.folder), body: "{" })
      await ask(own, "GET", "/nowhere")
      // The service asks itself ten times a second whether it is ready: requests may be answered before it says so.
      while (!own.output().includes('"message":"ready"')) await new Promise((done) => setTimeout(done, 20))
      assert.deepStrictEqual(await own.kill("SIGTERM"), { code: 0, signal: null })
      const lines = logLines(own.output())
      const messages = lines.map((line) => line["message"])
      assert.deepStrictEqual(
        ["starting", "ready", "stopping", "stopped"].map((message) => messages.indexOf(message)),
        ["starting", "ready", "stopping", "stopped"].map((message) => messages.lastIndexOf(message))
      )
      assert.deepStrictEqual(
        messages.filter((message) => /^st|^re/.test(String(message))),
        ["starting", "ready", "stopping", "stopped"]
      )
      assert.isAtMost(Number(lines.at(-1)!["drained_seconds"]), 30)
      for (const line of lines) {
        assert.include(["debug", "info"], line["level"], JSON.stringify(line))
        assert.match(String(line["time"]), /^\d{4}-\d\d-\d\dT/)
      }
    }
  )

  it("names mistakes of its configuration at once", async () => {
    const wrong = await spawnServer(freshFolder(), {
      LOG_LEVEL: "loud",
      OTLP_ENDPOINT: "collector",
      TRACE_SAMPLING: "2",
      OTLP_HEADERS: "nothing"
    })
    assert.strictEqual((await wrong.ended).code, 1)
    for (const name of ["LOG_LEVEL=loud", "OTLP_ENDPOINT=collector", "TRACE_SAMPLING=2", "OTLP_HEADERS"]) {
      assert.include(wrong.output(), name)
    }
  })
})
