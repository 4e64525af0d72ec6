import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { connect } from "node:net"
import { gzipSync } from "node:zlib"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const isProblem = (answer: Answer, status: number, kind: string) => {
  assert.strictEqual(answer.status, status, JSON.stringify(answer.body))
  assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
  assert.strictEqual(answer.body["type"], `https://broxiva.dev/problems/${kind}`)
  assert.strictEqual(answer.body["status"], status)
}

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

  it("answers a body that never comes with a problem", { timeout: 60_000 }, async () => {
    const { port } = new URL(server.url)
    const raw = (text: string) =>
      new Promise<string>((done) => {
        let read = ""
        const socket = connect(Number(port), "127.0.0.1", () => socket.write(text))
        socket.on("data", (chunk) => (read += chunk.toString()))
        socket.on("close", () => done(read))
      })
    const slow = raw(
      `POST /analytics/events/ingest HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{`
    )
    assert.match(await slow, /^HTTP\/1\.1 408 .*application\/problem\+json.*problems\/timeout/s)
  })
})

const deep = (depth: number): string =>
  `${'{"not":'.repeat(depth)}{"dimension":"country","operator":"is","value":"DE"}${"}".repeat(depth)}`

/** The parameter `filters`, and pointer and code of each error. */
const badFilters: ReadonlyArray<
  readonly [name: string, filters: string, errors: ReadonlyArray<readonly [string, string]>]
> = [
  ["no JSON", "{", [["/filters", "not_json"]]],
  [
    "a key twice",
    '{"dimension":"country","operator":"is","value":"DE","value":"FR"}',
    [["/filters/value", "duplicate_key"]]
  ],
  [
    "a key __proto__",
    '{"__proto__":{},"dimension":"country","operator":"is","value":"DE"}',
    [["/filters/__proto__", "forbidden_key"]]
  ],
  [
    "half of a surrogate pair",
    '{"dimension":"country","operator":"is","value":"\\ud800"}',
    [["/filters", "lone_surrogate"]]
  ],
  ["100 levels", deep(100), [["/filters", "too_deep"]]]
]

describe("filters of the explorer", () => {
  for (const [name, filters, errors] of badFilters) {
    it(`are refused with ${name}`, async () => {
      const answer = await ask(server, "GET", `/analytics/events?filters=${encodeURIComponent(filters)}`, { token })
      isProblem(answer, 400, "bad-request")
      const found = (answer.body["errors"] as ReadonlyArray<{ pointer: string; code: string }>).map((each) => [
        each.pointer,
        each.code
      ])
      assert.deepStrictEqual(
        found,
        errors.map((each) => [...each])
      )
    })
  }

  it("are refused with a pointer to what is wrong in them", async () => {
    for (const [filters, pointer] of [
      ["5", "/filters"],
      ["[]", "/filters"],
      ["null", "/filters"],
      ['{"and":5}', "/filters/and"],
      ['{"and":[{"dimension":"country","operator":"is","value":"DE","more":1}]}', "/filters/and/0"],
      ['{"dimension":"country","operator":"is","value":{}}', "/filters/value"],
      ['{"dimension":"countri","operator":"is","value":"DE"}', "/filters/dimension"],
      [
        `{"or":[${Array.from({ length: 101 }, () => '{"dimension":"country","operator":"is","value":"DE"}').join(",")}]}`,
        "/filters"
      ],
      [deep(20), undefined]
    ] as const) {
      const answer = await ask(server, "GET", `/analytics/events?filters=${encodeURIComponent(filters)}`, { token })
      isProblem(answer, 400, "bad-request")
      const [first] = answer.body["errors"] as ReadonlyArray<{ pointer: string }>
      if (pointer !== undefined) assert.strictEqual(first?.pointer, pointer, filters.slice(0, 100))
    }
    const leftOut = "from=2011-12-30&to=2011-12-30&time_zone=Pacific/Apia"
    const empty = await ask(server, "GET", `/analytics/trends?${leftOut}`, { token })
    isProblem(empty, 400, "bad-request")
    assert.deepInclude((empty.body["errors"] as ReadonlyArray<object>)[0], { code: "empty_range" })
    const reversed = await ask(server, "GET", "/analytics/events?from=2026-11-02&to=2026-11-01", { token })
    isProblem(reversed, 400, "bad-request")
    assert.deepInclude((reversed.body["errors"] as ReadonlyArray<object>)[0], {
      pointer: "/to",
      code: "reversed_range"
    })
  })
})
