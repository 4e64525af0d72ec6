import { Deferred, Effect, Fiber, Layer, Stream } from "effect"
import { FetchHttpClient } from "effect/http"
import { Socket } from "effect/socket"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { liveEvents, make, ProblemFailure, withIdempotencyKey, withIfMatch } from "../http/client.ts"
import type { Client } from "../http/client.ts"
import { operations } from "../http/contract/Api.ts"
import { countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.kill("SIGTERM"))

const services = Layer.merge(FetchHttpClient.layer, Socket.layerWebSocketConstructorGlobal)
const withClient = <A, E>(
  use: (client: Client, token: string) => Effect.Effect<A, E, Socket.WebSocketConstructor>,
  workspace = "client"
) => {
  const token = tokenFor(server.folder, { workspace })
  return Effect.runPromise(
    Effect.flatMap(make({ baseUrl: server.url, token }), (client) => use(client, token)).pipe(Effect.provide(services))
  )
}
const problemOf = <A, E>(request: Effect.Effect<A, E, never>) =>
  Effect.map(Effect.flip(request), (failure) => {
    assert.instanceOf(failure, ProblemFailure)
    return failure as ProblemFailure
  })

/** Answers that go on for as long as somebody listens. */
const streams = ["/analytics/realtime/stream", "/experiments/sdk/stream", "/ofrep/v1/stream", "/sub/{client_key}"]

describe("the typed client", () => {
  it("has every endpoint of the contract but the WebSocket and the streams of server-sent events", () =>
    withClient((client) => {
      const groups = client as unknown as Record<string, Record<string, unknown>>
      const missing = operations.filter(({ id }) => {
        const [group, name] = id.split(".") as [string, string]
        return typeof groups[group]?.[name] !== "function"
      })
      assert.sameMembers(
        missing.map(({ path }) => path),
        streams
      )
      return Effect.void
    }))

  it("sends events, asks questions and reads lists, typed", async () => {
    const event = { ...eventOf({ event_type: "client_event" }), event_id: crypto.randomUUID() }
    await withClient((client) =>
      Effect.gen(function* () {
        const receipt = yield* client.events_in.ingest({ payload: event })
        assert.deepStrictEqual(receipt, { event_id: event.event_id })
        const batch = yield* client.events_in.batch({ payload: { events: [event] } })
        assert.strictEqual(batch.duplicates, 1)
      })
    )
    await countEvents(server, tokenFor(server.folder, { workspace: "client" }), 1)
    await withClient((client) =>
      Effect.gen(function* () {
        const question = { date_range: { from: "2020-01-01", to: "2029-12-31" }, metrics: ["events"] }
        const answer = yield* client.analytics.query({ query: {}, payload: question })
        assert.isTrue("totals" in answer && answer.totals["events"] === 1, JSON.stringify(answer))
        const step = { event_types: ["client_event"] }
        const funnel = { kind: "funnel", ...question, steps: [step, step] } as const
        const { metrics: _, ...asked } = funnel
        const told = yield* client.analytics.query({ query: {}, payload: asked })
        assert.isTrue(
          "kind" in told && told.kind === "funnel" && told.result.steps[0]?.people === 1,
          JSON.stringify(told)
        )
        const page = yield* client.analytics.events({ query: { limit: 1 } })
        assert.strictEqual(page.items[0]?.event_type, "client_event")
        assert.isNull(page.next)
      })
    )
  })

  it("changes what stands at a revision, and makes once by an Idempotency-Key", () =>
    withClient((client) =>
      Effect.gen(function* () {
        const [settings, response] = yield* client.platform.settings({ responseMode: "decoded-and-response" })
        const etag = response.headers["etag"]!
        const change = client.platform.changeSettings({ payload: { ...settings, time_zone: "Europe/Berlin" } })
        assert.strictEqual((yield* problemOf(change)).kind, "precondition-required")
        assert.strictEqual((yield* change.pipe(withIfMatch(etag))).time_zone, "Europe/Berlin")
        assert.strictEqual((yield* problemOf(change.pipe(withIfMatch(etag)))).kind, "stale")
        const merge = client.analytics
          .merge({ payload: { from: "old", into: "new" } })
          .pipe(withIdempotencyKey("client-1"))
        assert.deepStrictEqual(yield* merge, yield* merge)
        const merges = yield* client.analytics.merges({ query: {} })
        assert.strictEqual(merges.items.length, 1)
      })
    ))

  it("fails with the problem that the service answers, each wrong field in it", () =>
    withClient((client) =>
      Effect.gen(function* () {
        const wrong = { date_range: { from: "x", to: "y" }, metrics: ["evnets"] }
        const problem = yield* problemOf(client.analytics.query({ query: {}, payload: wrong }))
        assert.strictEqual(problem.kind, "bad-request")
        assert.strictEqual(problem.status, 400)
        const pointers = (problem.errors ?? []).map(({ pointer }) => pointer)
        assert.includeMembers(pointers, ["/metrics/0"])
        assert.include(problem.message, "/metrics/0")
        assert.match(problem.request_id ?? "", /^[0-9a-f-]{36}$/)
        const missing = yield* problemOf(client.analytics.person({ params: { id: "nobody" } }))
        assert.strictEqual(missing.kind, "not-found")
        const stranger = yield* make({ baseUrl: server.url, token: "abc" }).pipe(Effect.provide(services))
        assert.strictEqual((yield* problemOf(stranger.analytics.events({ query: {} }))).status, 401)
      })
    ))

  it("watches events as they come", () =>
    withClient((client, token) =>
      Effect.gen(function* () {
        const first = yield* Deferred.make<string>()
        const watcher = yield* Effect.forkChild(
          Stream.runForEach(liveEvents({ baseUrl: server.url, token }), (event) =>
            Deferred.succeed(first, event.event_type)
          )
        )
        const sending = Effect.andThen(
          // Each time another event: what was told before the watcher came is not told again.
          Effect.suspend(() => client.events_in.ingest({ payload: eventOf({ event_type: "watched" }) })),
          Effect.sleep("100 millis")
        )
        yield* Effect.raceFirst(Deferred.await(first), Effect.forever(sending))
        assert.strictEqual(yield* Deferred.await(first), "watched")
        yield* Fiber.interrupt(watcher)
      })
    ))

  it("needs nothing of Node, so that it runs in browsers", () => {
    const root = resolve(import.meta.dirname, "..")
    const seen = new Set<string>()
    const foreign: Array<string> = []
    const visit = (file: string) => {
      if (seen.has(file)) return
      seen.add(file)
      const source = readFileSync(file, "utf8")
      for (const [, name = ""] of source.matchAll(/^import (?!type )(?:\{[^}]*\}|\* as \w+|\w+) from "([^"]+)"$/gm)) {
        if (name.startsWith(".")) visit(join(dirname(file), name))
        else if (name !== "effect" && !name.startsWith("effect/")) foreign.push(`${file}: ${name}`)
      }
    }
    visit(join(root, "http", "client.ts"))
    assert.isAbove(seen.size, 15)
    assert.isTrue([...seen].every((file) => existsSync(file)))
    assert.deepStrictEqual(foreign, [])
  })
})
