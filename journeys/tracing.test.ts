import { assert, describe, it } from "vitest"
import { startCollector } from "./Collector.ts"
import type { CollectedSpan } from "./Collector.ts"
import { ask, countEvents, eventOf, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"

const hex = (bytes: number) => Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex")
const traceparent = (flags: string) => {
  const traceId = hex(16)
  return { traceId, header: `00-${traceId}-${hex(8)}-${flags}` }
}
const named = (spans: ReadonlyArray<CollectedSpan>, name: string) => spans.filter((span) => span.name === name)

const person = "ada.lovelace@example.com"
const clientAddress = "203.0.113.77"

describe("a trace", () => {
  it("goes from the request through the log to the consumer, and shows nobody", { timeout: 60_000 }, async () => {
    const collector = await startCollector()
    const folder = freshFolder()
    const server = await startServer(folder, {
      OTLP_ENDPOINT: collector.endpoint,
      OTLP_HEADERS: "x-collector-key=letmein",
      TRACE_SAMPLING: "0",
      TRUSTED_HOPS: "1",
      LOG_LEVEL: "debug"
    })
    try {
      const token = tokenFor(folder, { kind: "browser", scopes: ["*"], origins: ["https://shop.example"] })
      const { header, traceId } = traceparent("01")
      const send = (body: unknown, more: Record<string, string> = {}) =>
        fetch(`${server.url}/analytics/events/ingest?key=${token}`, {
          method: "POST",
          headers: {
            origin: "https://shop.example",
            "content-type": "text/plain",
            "x-forwarded-for": clientAddress,
            "user-agent":
              "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36",
            "x-request-id": person,
            ...more
          },
          body: JSON.stringify(body)
        })
      const event = eventOf({ user_id: person, properties: { email: person } })
      const answer = await send(event, { traceparent: header })
      assert.strictEqual(answer.status, 200)
      // One whose caller asked for no record, one that asked for nothing, one that fails.
      await send(eventOf(), { traceparent: traceparent("00").header })
      await send(eventOf())
      const refused = traceparent("01")
      await send({ nothing: person }, { traceparent: refused.header })
      await countEvents(server, tokenFor(folder), 3)

      const spans = await collector.await((all) => all.some((span) => span.name === "EventStore.insert"))
      const [served] = named(spans, "POST /analytics/events/ingest")
      assert.deepInclude(served, { traceId, parentSpanId: header.split("-")[2]!, kind: 2 })
      assert.deepStrictEqual(served!.attributes, {
        "http.request.method": "POST",
        "http.route": "/analytics/events/ingest",
        "url.scheme": "http",
        "http.response.status_code": 200
      })
      assert.strictEqual(answer.headers.get("traceresponse"), `00-${traceId}-${served!.spanId}-01`)
      for (const name of ["EventLog.append", "SubjectKeys.getOrCreate"]) {
        const [step] = named(spans, name)
        assert.deepInclude(step, { traceId, parentSpanId: served!.spanId }, name)
      }
      const indexed = named(spans, "process index").find((span) => span.traceId === traceId)
      assert.deepInclude(indexed, { parentSpanId: served!.spanId, kind: 5 })
      assert.deepInclude(
        indexed!.links.map((link) => ({ traceId: link.traceId, spanId: link.spanId })),
        { traceId, spanId: served!.spanId }
      )
      const [inserted] = named(spans, "EventStore.insert")
      assert.deepInclude(inserted, { traceId, parentSpanId: indexed!.spanId })

      const failed = named(spans, "POST /analytics/events/ingest").find((span) => span.traceId === refused.traceId)
      assert.strictEqual(failed!.attributes["http.response.status_code"], 400)
      assert.lengthOf(named(spans, "POST /analytics/events/ingest"), 2)

      assert.include(collector.received(), "x-collector-key")
      await server.kill("SIGTERM")
      const secrets = [
        person,
        encodeURIComponent(person),
        clientAddress,
        token,
        token.split(".")[2]!,
        "key=ey",
        "Lovelace"
      ]
      for (const secret of secrets) {
        assert.notInclude(collector.received().toLowerCase(), secret.toLowerCase())
        assert.notInclude(server.output().toLowerCase(), secret.toLowerCase())
      }
      assert.notInclude(collector.received(), event.event_id)
    } finally {
      collector.close()
      await server.kill("SIGTERM")
    }
  })

  it(
    "is begun for the share that is configured, has a span for the steps of a question, and ends with the process",
    { timeout: 60_000 },
    async () => {
      const collector = await startCollector()
      const server = await startServer(freshFolder(), { OTLP_ENDPOINT: `${collector.endpoint}/`, TRACE_SAMPLING: "1" })
      try {
        const token = tokenFor(server.folder)
        const asked = await ask(server, "POST", "/analytics/query", {
          token,
          body: { date_range: { from: "2026-01-01", to: "2026-01-31" }, metrics: ["events"], event_types: [person] }
        })
        assert.strictEqual(asked.status, 200)
        const [, traceId] = (asked.headers.get("traceresponse") ?? "").split("-")
        await ask(server, "GET", `/analytics/persons/${encodeURIComponent(person)}?x=${person}`, { token })
        await server.kill("SIGTERM")
        const spans = collector.spans
        const [served] = named(spans, "POST /analytics/query")
        assert.strictEqual(served!.traceId, traceId)
        const steps = spans.filter((span) => span.traceId === traceId).map((span) => span.name)
        assert.includeMembers(steps, ["askQuestion", "planQuestion", "EventStore.answer"])
        assert.lengthOf(named(spans, "GET /analytics/persons/:id"), 1)
        assert.notInclude(collector.received(), "lovelace")
        for (const span of spans) assert.match(span.name, /^[\w .:/-]+$/)
      } finally {
        collector.close()
        await server.kill("SIGTERM")
      }
    }
  )

  it("is not recorded, and nothing fails, where no collector answers", { timeout: 60_000 }, async () => {
    const server = await startServer(freshFolder(), { OTLP_ENDPOINT: "http://127.0.0.1:9", TRACE_SAMPLING: "1" })
    const token = tokenFor(server.folder)
    assert.strictEqual((await ask(server, "POST", "/analytics/events/ingest", { token, body: eventOf() })).status, 200)
    assert.strictEqual(await countEvents(server, token, 1), 1)
    assert.deepStrictEqual(await server.kill("SIGTERM"), { code: 0, signal: null })
  })
})
