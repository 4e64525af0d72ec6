import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { createHmac } from "node:crypto"
import { connect } from "node:net"
import { gzipSync } from "node:zlib"
import { operations } from "../http/contract/Api.ts"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const endpoints = operations.map(({ method, path }) => ({ method, path: path.replaceAll(/\{\w+\}/g, "x") }))
const guarded = endpoints.filter(({ path }) => !path.startsWith("/health/"))

const isProblem = (answer: Answer, status: number, kind: string) => {
  assert.strictEqual(answer.status, status, JSON.stringify(answer.body))
  assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
  assert.strictEqual(answer.body["type"], `https://broxiva.dev/problems/${kind}`)
  assert.strictEqual(answer.body["status"], status)
}

const unsigned = () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")
  const [, body] = token.split(".")
  return `${part({ alg: "none", typ: "JWT" })}.${body}.`
}
const withHeader = (header: unknown, secret: string) => {
  const text = `${Buffer.from(JSON.stringify(header)).toString("base64url")}.${token.split(".")[1]}`
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`
}

const badTokens: ReadonlyArray<readonly [name: string, make: () => string | undefined]> = [
  ["no token", () => undefined],
  ["a token that is none", () => "abc"],
  ["an expired token", () => tokenFor(server.folder, { expiresAtMillis: Date.now() - 1000 })],
  ["an unsigned token", unsigned],
  ["a token of another algorithm", () => withHeader({ alg: "HS512", typ: "JWT" }, "x")],
  ["a token that brings its own key", () => withHeader({ alg: "HS256", jwk: { kty: "oct", k: "eA" } }, "x")],
  ["a token with a changed claim", () => token.replace(/\.(.)/, (_, first: string) => `.${first === "e" ? "f" : "e"}`)]
]

describe("every endpoint", () => {
  it("stands in the contract with its rules", () => {
    assert.isAbove(guarded.length, 20)
  })

  for (const [name, make] of badTokens) {
    it(`refuses ${name}`, async () => {
      for (const { method, path } of guarded) {
        const bad = make()
        const answer = await ask(server, method, path, bad === undefined ? {} : { token: bad })
        isProblem(answer, 401, "unauthenticated")
        assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer realm="broxiva"/)
      }
    })
  }

  it("refuses a token without its scope", async () => {
    const scoped = tokenFor(server.folder, { scopes: ["flags:evaluate"] })
    for (const { method, path } of guarded)
      isProblem(await ask(server, method, path, { token: scoped }), 403, "forbidden")
  })

  it("refuses a browser key but for sending events, and there from another origin", async () => {
    const browser = tokenFor(server.folder, { kind: "browser", scopes: ["*"], origins: ["https://shop.example"] })
    const headers = { origin: "https://shop.example" }
    for (const { method, path } of guarded.filter(({ path: each }) => !each.startsWith("/analytics/events/"))) {
      isProblem(await ask(server, method, path, { token: browser, headers }), 403, "forbidden")
    }
    const send = (origin: Record<string, string>) =>
      ask(server, "POST", "/analytics/events/ingest", { token: browser, headers: origin, body: eventOf() })
    isProblem(await send({ origin: "https://evil.example" }), 403, "forbidden")
    isProblem(await send({}), 403, "forbidden")
    assert.strictEqual((await send(headers)).status, 200)
    const beacon = await fetch(`${server.url}/analytics/events/ingest?key=${browser}`, {
      method: "POST",
      headers: { ...headers, "content-type": "text/plain" },
      body: JSON.stringify(eventOf())
    })
    assert.strictEqual(beacon.status, 200)
  })

  it("answers every admitted request with its limit and its id", async () => {
    for (const { method, path } of guarded) {
      const answer = await ask(server, method, path, { token, headers: { "x-request-id": "walk-1" } })
      assert.notInclude(
        [401, 403, 404, 405, 500],
        path.endsWith("/x") || path.includes("/x/") ? 0 : answer.status,
        `${method} ${path}`
      )
      assert.isBelow(answer.status, 500, `${method} ${path}`)
      assert.match(answer.headers.get("ratelimit-policy") ?? "", /^"\w+";q=\d+;w=60$/)
      assert.strictEqual(answer.headers.get("x-request-id"), "walk-1")
    }
  })

  it("refuses a revoked key within a second", async () => {
    const made = await ask(server, "POST", "/platform/keys", { token, body: { name: "soon gone", scopes: ["*"] } })
    assert.strictEqual(made.status, 201)
    const own = String(made.body["token"])
    assert.strictEqual((await ask(server, "GET", "/platform/keys", { token: own })).status, 200)
    const revoked = await ask(server, "DELETE", `/platform/keys/${String(made.body["id"])}`, { token })
    assert.isNumber(revoked.body["revoked_at"])
    await new Promise((done) => setTimeout(done, 1000))
    for (const { method, path } of guarded)
      isProblem(await ask(server, method, path, { token: own }), 401, "unauthenticated")
  })

  it("shows another workspace nothing", async () => {
    await ask(server, "POST", "/analytics/events/ingest", { token, body: eventOf({ anonymous_id: "only-mine" }) })
    await countEvents(server, token, 1)
    const foreign = tokenFor(server.folder, { workspace: "other" })
    isProblem(await ask(server, "GET", "/analytics/persons/only-mine", { token: foreign }), 404, "not-found")
    const events = await ask(server, "GET", "/analytics/events", { token: foreign })
    assert.deepStrictEqual(events.body["items"], [])
    const keys = await ask(server, "GET", "/platform/keys", { token: foreign })
    assert.deepStrictEqual(keys.body["items"], [])
  })
})

const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) })

/** What is sent, and what the answer says: status, then pointer and code of each error. */
const badEvents: ReadonlyArray<
  readonly [name: string, body: () => unknown, status: number, errors: ReadonlyArray<readonly [string, string]>]
> = [
  ["a wrong type", () => eventOf({ event_type: 5 }), 400, [["/event_type", "wrong_type"]]],
  ["a missing field", () => eventOf({ anonymous_id: undefined }), 400, [["/anonymous_id", "missing"]]],
  ["an unknown field", () => eventOf({ "a/b~": 1 }), 400, [["/a~1b~0", "unknown_field"]]],
  [
    "an unknown field of the context",
    () => eventOf({ context: { page: { uri: "/" } } }),
    400,
    [["/context/page/uri", "unknown_field"]]
  ],
  [
    "a day that does not exist",
    () => eventOf({ timestamp: "2026-02-30T00:00:00Z" }),
    400,
    [["/timestamp", "not_an_instant"]]
  ],
  [
    "a time without offset",
    () => eventOf({ timestamp: "2026-02-03T00:00:00" }),
    400,
    [["/timestamp", "not_an_instant"]]
  ],
  [
    "a bad UUID",
    () => eventOf({ event_id: "0b7c6c62-8f7e-1c8e-9d3b-0d6a5f1c2e34" }),
    400,
    [["/event_id", "not_a_uuid"]]
  ],
  [
    "all errors at once",
    () => ({}),
    400,
    [
      ["/event_id", "missing"],
      ["/event_type", "missing"],
      ["/anonymous_id", "missing"],
      ["/session_id", "missing"],
      ["/timestamp", "missing"]
    ]
  ],
  [
    "an event over 32 KB",
    () => eventOf({ properties: Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`p${n}`, "x".repeat(7000)])) }),
    413,
    [["", "too_large"]]
  ],
  ["a body over the limit", () => eventOf({ properties: { x: "x".repeat(70_000) } }), 413, [["", "too_large"]]],
  ["100 levels", () => eventOf({ properties: nested(100) }), 400, [["", "too_deep"]]],
  [
    "a key __proto__",
    () => JSON.stringify(eventOf()).replace("{", '{"properties":{"__proto__":{"a":1}},'),
    400,
    [["/properties/__proto__", "forbidden_key"]]
  ],
  [
    "a key twice",
    () => JSON.stringify(eventOf()).replace("{", '{"event_type":"x",'),
    400,
    [["/event_type", "duplicate_key"]]
  ],
  ["a lone surrogate", () => JSON.stringify(eventOf()).replace("page_view", "\\ud800"), 400, [["", "lone_surrogate"]]],
  ["no JSON", () => "{", 400, [["", "not_json"]]],
  ["a list", () => [], 400, [["", "wrong_type"]]],
  [
    "a number that JSON cannot hold",
    () => JSON.stringify(eventOf()).replace("{", '{"properties":{"n":1e999},'),
    400,
    [["/properties/n", "out_of_range"]]
  ]
]

describe("ingestion", () => {
  it("stores nothing of what it refuses, and says exactly what is wrong", async () => {
    const own = tokenFor(server.folder, { workspace: "refusing" })
    const send = (body: unknown, headers: Record<string, string> = {}) =>
      ask(server, "POST", "/analytics/events/ingest", { token: own, body, headers })
    for (const [name, body, status, errors] of badEvents) {
      const answer = await send(body())
      isProblem(answer, status, status === 413 ? "too-large" : "bad-request")
      const found = (answer.body["errors"] as ReadonlyArray<{ pointer: string; code: string }>).map((each) => [
        each.pointer,
        each.code
      ])
      assert.deepStrictEqual(
        found,
        errors.map((each) => [...each]),
        name
      )
    }
    isProblem(await send(eventOf(), { "content-type": "application/xml" }), 415, "unsupported-media-type")
    isProblem(await send(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])), 400, "bad-request")
    isProblem(await send(gzipSync(Buffer.alloc(10_000_000, " ")), { "content-encoding": "gzip" }), 413, "too-large")
    isProblem(await send(Buffer.from("no gzip"), { "content-encoding": "gzip" }), 400, "bad-request")
    await send(gzipSync(JSON.stringify(eventOf())), { "content-encoding": "gzip" })
    assert.strictEqual(await countEvents(server, own, 1), 1)
  })

  it("refuses a batch of 1001 whole, and keeps good events beside bad ones", async () => {
    const own = tokenFor(server.folder, { workspace: "batches" })
    const send = (body: unknown) => ask(server, "POST", "/analytics/events/batch", { token: own, body })
    const many = await send({ events: Array.from({ length: 1001 }, () => eventOf()) })
    isProblem(many, 413, "too-large")
    assert.include(JSON.stringify(many.body), "1000")
    isProblem(await send({ events: [] }), 400, "bad-request")
    isProblem(await send({ events: [eventOf()], more: 1 }), 400, "bad-request")
    const once = eventOf()
    const mixed = {
      events: [once, { ...eventOf(), event_type: 1 }, once, eventOf({ timestamp: "2100-01-01T00:00:00Z" })]
    }
    const first = await send(mixed)
    const { results: _, ...counts } = first.body
    assert.deepStrictEqual(counts, { stored: 2, duplicates: 1, dropped: 0, refused: 1 })
    const results = first.body["results"] as ReadonlyArray<Record<string, unknown>>
    assert.deepStrictEqual(
      results.map((each) => each["status"]),
      ["stored", "refused", "duplicate", "stored"]
    )
    assert.strictEqual(
      (results[1]!["errors"] as ReadonlyArray<{ pointer: string }>)[0]!.pointer,
      "/events/1/event_type"
    )
    assert.deepStrictEqual(results[3]!["notes"], ["time_clamped"])
    const again = await send(mixed)
    assert.strictEqual(again.body["stored"], 0)
    assert.strictEqual(again.body["duplicates"], 3)
    assert.strictEqual(await countEvents(server, own, 2), 2)
  })

  it("lets only keys with events:import say that events are historical", async () => {
    const writer = tokenFor(server.folder, { scopes: ["events:write"] })
    isProblem(
      await ask(server, "POST", "/analytics/events/batch", {
        token: writer,
        body: { events: [eventOf()], historical: true }
      }),
      403,
      "forbidden"
    )
  })

  it(
    "answers headers that are too large, and bodies that never come, with a problem",
    { timeout: 60_000 },
    async () => {
      const { port } = new URL(server.url)
      const raw = (text: string) =>
        new Promise<string>((done) => {
          let read = ""
          const socket = connect(Number(port), "127.0.0.1", () => socket.write(text))
          socket.on("data", (chunk) => (read += chunk.toString()))
          socket.on("close", () => done(read))
        })
      assert.match(
        await raw(`GET / HTTP/1.1\r\nhost: x\r\nx: ${"x".repeat(20_000)}\r\n\r\n`),
        /^HTTP\/1\.1 431 .*application\/problem\+json/s
      )
      const slow = raw(
        `POST /analytics/events/ingest HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{`
      )
      assert.match(await slow, /408/)
    }
  )

  it("limits requests by principal and says when to come back", async () => {
    const limited = await startServer(undefined, { RATE_LIMITS: "ingest=5" })
    try {
      const own = tokenFor(limited.folder)
      const statuses: Array<number> = []
      for (let count = 0; count < 7; count += 1) {
        const answer = await ask(limited, "POST", "/analytics/events/ingest", { token: own, body: eventOf() })
        statuses.push(answer.status)
        if (answer.status === 429) {
          isProblem(answer, 429, "rate-limited")
          assert.isAtLeast(Number(answer.headers.get("retry-after")), 1)
        }
      }
      // A window may end in between: then more than five pass, never more than five a window.
      assert.include(statuses, 200)
      assert.isAtMost(statuses.slice(0, 5).filter((status) => status === 429).length, 0)
    } finally {
      await limited.kill("SIGTERM")
    }
  })
})
