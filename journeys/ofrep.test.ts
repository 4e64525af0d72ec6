import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { readEvents } from "./EventStreamReader.ts"
import { ask, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string

const single = (key: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  ask(server, "POST", `/ofrep/v1/evaluate/flags/${key}`, { token, body, headers })
const bulk = (context: unknown, headers: Readonly<Record<string, string>> = {}, query = "") =>
  ask(server, "POST", `/ofrep/v1/evaluate/flags${query}`, { token, body: { context }, headers })
const make = async (path: string, body: unknown): Promise<Answer> => {
  const answer = await ask(server, "POST", path, { token, body })
  assert.strictEqual(answer.status, 201, JSON.stringify(answer.body))
  return answer
}
const flagsOf = ({ body }: Answer) =>
  Object.fromEntries(
    (body["flags"] as ReadonlyArray<Readonly<Record<string, unknown>>>).map((each) => [String(each["key"]), each])
  )

beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
  const germany = [{ id: "germany", condition: { country: "DE" }, serve: { variant: "on" } }]
  await make("/experiments/environments", { key: "staging" })
  await make("/experiments/feature-flags", {
    key: "banner",
    type: "boolean",
    environments: {
      production: { enabled: true, default_variant: "off", rules: germany },
      staging: { enabled: true, default_variant: "on" }
    }
  })
  await make("/experiments/feature-flags", {
    key: "limits",
    type: "json",
    variants: [{ name: "small", value: { rows: 10 } }],
    environments: { production: { enabled: true, default_variant: "small" } }
  })
  await make("/experiments/feature-flags", { key: "unset", type: "string", variants: [{ name: "x", value: "x" }] })
  const half = [
    {
      id: "half",
      serve: {
        split: [
          { variant: "on", weight: 50 },
          { variant: "off", weight: 50 }
        ]
      }
    }
  ]
  await make("/experiments/feature-flags", {
    key: "half",
    type: "boolean",
    environments: { production: { enabled: true, rules: half } }
  })
})
afterAll(() => server.kill("SIGTERM"))

describe("OFREP, one flag", () => {
  it("gives value, variant, reason and flat metadata", async () => {
    const met = await single("banner", { context: { targetingKey: "u1", country: "DE" } })
    assert.strictEqual(met.status, 200, JSON.stringify(met.body))
    const { metadata, ...answer } = met.body
    assert.deepStrictEqual(answer, { key: "banner", value: true, variant: "on", reason: "TARGETING_MATCH" })
    assert.deepInclude(metadata as object, { rule: "germany" })
    const unmet = await single("banner", { context: { targetingKey: "u1" } })
    assert.deepInclude(unmet.body, { value: false, reason: "UNKNOWN" })
    assert.deepInclude(unmet.body["metadata"] as object, { reason: "DEFAULT" })
    assert.deepInclude((await single("limits", { context: { targetingKey: "u1" } })).body, {
      value: { rows: 10 },
      reason: "STATIC"
    })
  })

  it("has no value where the code's default is meant", async () => {
    const { body, status } = await single("unset", { context: { targetingKey: "u1" } })
    assert.strictEqual(status, 200)
    assert.notProperty(body, "value")
    assert.notProperty(body, "variant")
    assert.strictEqual(body["reason"], "DISABLED")
  })

  it("hashes the targeting key as user_id, unless user_id or anonymous_id is given", async () => {
    for (let index = 0; index < 20; index += 1) {
      const own = await ask(server, "POST", "/experiments/feature-flags/half/evaluate", {
        token,
        body: { context: { user_id: `u${index}` } }
      })
      const value = async (context: object) => (await single("half", { context })).body["value"]
      assert.strictEqual(await value({ targetingKey: `u${index}` }), own.body["value"])
      assert.strictEqual(await value({ targetingKey: "other", user_id: `u${index}` }), own.body["value"])
      const anonymous = await ask(server, "POST", "/experiments/feature-flags/half/evaluate", {
        token,
        body: { context: { anonymous_id: `u${index}` } }
      })
      assert.strictEqual(await value({ targetingKey: "x", anonymous_id: `u${index}` }), anonymous.body["value"])
    }
  })

  it("names the flag and a code where something is wrong", async () => {
    for (const [key, body, status, errorCode] of [
      ["nothing", { context: { targetingKey: "u1" } }, 404, "FLAG_NOT_FOUND"],
      ["nöthing%20here", { context: { targetingKey: "u1" } }, 404, "FLAG_NOT_FOUND"],
      ["banner", "{", 400, "PARSE_ERROR"],
      ["banner", [], 400, "PARSE_ERROR"],
      ["banner", {}, 400, "INVALID_CONTEXT"],
      ["banner", { context: 5 }, 400, "INVALID_CONTEXT"],
      ["banner", { context: { targetingKey: 5 } }, 400, "INVALID_CONTEXT"],
      ["banner", { context: { targetingKey: "k".repeat(1001) } }, 400, "INVALID_CONTEXT"],
      ["banner", { context: {} }, 400, "TARGETING_KEY_MISSING"],
      ["banner", { context: { targetingKey: "", user_id: "" } }, 400, "TARGETING_KEY_MISSING"]
    ] as const) {
      const answer = await single(key, body)
      assert.strictEqual(answer.status, status, `${key} ${JSON.stringify(body)}: ${JSON.stringify(answer.body)}`)
      assert.deepInclude(answer.body, { key: decodeURIComponent(key), errorCode })
      assert.isString(answer.body["errorDetails"])
      assert.strictEqual(answer.headers.get("content-type"), "application/json")
    }
  })

  it("is of the environment that parameter or header names", async () => {
    const context = { targetingKey: "u1" }
    const named = await single("banner?environment=staging", { context })
    assert.deepInclude(named.body, { value: true })
    assert.deepInclude((await single("banner", { context }, { "x-environment": "staging" })).body, { value: true })
    const nowhere = await single("banner", { context }, { "x-environment": "moon" })
    assert.strictEqual(nowhere.status, 400)
    assert.deepInclude(nowhere.body, { key: "banner", errorCode: "GENERAL" })
  })
})

describe("OFREP, all flags", () => {
  it("come with a strong tag of the context and of what it gets", async () => {
    const context = { targetingKey: "u1", country: "DE", plan: { name: "pro", seats: [1, 2] } }
    const first = await bulk(context)
    assert.strictEqual(first.status, 200, JSON.stringify(first.body))
    const flags = flagsOf(first)
    assert.hasAllKeys(flags, ["banner", "limits", "unset", "half"])
    assert.deepInclude(flags["banner"], { value: true, variant: "on", reason: "TARGETING_MATCH" })
    assert.notProperty(flags["unset"], "value")
    assert.deepInclude(first.body["metadata"] as object, { environment: "production" })
    const etag = first.headers.get("etag")!
    assert.match(etag, /^"[\w-]{43}"$/)
    assert.include(first.headers.get("access-control-expose-headers"), "etag")

    const reordered = { plan: { seats: [1, 2], name: "pro" }, country: "DE", targetingKey: "u1" }
    const again = await bulk(reordered, { "if-none-match": etag }, "?flagConfigEtag=abc&flagConfigLastModified=1")
    assert.strictEqual(again.status, 304)
    assert.strictEqual(again.headers.get("etag"), etag)
    assert.deepStrictEqual(again.body, {})
    for (const other of [
      { ...context, targetingKey: "u2" },
      { ...context, plan: { name: "pro", seats: [2, 1] } },
      { ...context, more: null },
      { targetingKey: "u1", country: "DE" }
    ]) {
      assert.strictEqual((await bulk(other, { "if-none-match": etag })).status, 200, JSON.stringify(other))
    }
    assert.strictEqual((await bulk(context, { "if-none-match": "*" })).status, 200)
    assert.strictEqual((await bulk(context, { "if-none-match": etag }, "?environment=staging")).status, 200)
  })

  it("are sent anew once a definition has changed", async () => {
    const context = { targetingKey: "u1" }
    const etag = (await bulk(context)).headers.get("etag")!
    assert.strictEqual((await bulk(context, { "if-none-match": etag })).status, 304)
    await make("/experiments/feature-flags", { key: "later", type: "boolean" })
    const changed = await bulk(context, { "if-none-match": etag })
    assert.strictEqual(changed.status, 200)
    assert.property(flagsOf(changed), "later")
  })

  it("refuse a wrong context with a code", async () => {
    for (const [context, errorCode] of [
      [undefined, "INVALID_CONTEXT"],
      [[], "INVALID_CONTEXT"],
      [{}, "TARGETING_KEY_MISSING"]
    ] as const) {
      const answer = await bulk(context)
      assert.strictEqual(answer.status, 400)
      assert.deepInclude(answer.body, { errorCode })
      assert.notProperty(answer.body, "key")
    }
  })

  it("are given to a page with a browser key of its origin, and to no other page", async () => {
    const origin = "https://shop.example"
    const made = await make("/platform/keys", {
      name: "page",
      kind: "browser",
      scopes: ["flags:evaluate"],
      origins: [origin]
    })
    const asked = (from: string) =>
      ask(server, "POST", "/ofrep/v1/evaluate/flags", {
        token: String(made.body["token"]),
        body: { context: { targetingKey: "u1" } },
        headers: { origin: from }
      })
    const answer = await asked(origin)
    assert.strictEqual(answer.status, 200, JSON.stringify(answer.body))
    assert.strictEqual(answer.headers.get("access-control-allow-origin"), "*")
    assert.strictEqual((await asked("https://evil.example")).status, 403)
  })
})

describe("an exposure", () => {
  const exposed = async (atLeast: number) => {
    for (let attempt = 0; ; attempt += 1) {
      const path = "/analytics/events?event_type=experiment_exposed&limit=100"
      const { body } = await ask(server, "GET", path, { token })
      const items = (body["items"] ?? []) as ReadonlyArray<Readonly<Record<string, unknown>>>
      if (items.length >= atLeast || attempt === 100) return items
      await new Promise((after) => setTimeout(after, 100))
    }
  }

  it("is written for one flag, once, and never for all flags at once", async () => {
    await make("/experiments/experiments", {
      key: "form",
      name: "Form",
      variants: [
        { id: "control", weight: 50 },
        { id: "short", weight: 50 }
      ],
      goals: [{ id: "ordered", measure: { kind: "rate", of: { event_types: ["order_completed"] } } }]
    })
    assert.strictEqual((await ask(server, "POST", "/experiments/experiments/form/start", { token })).status, 200)
    await make("/experiments/feature-flags", {
      key: "form",
      type: "string",
      variants: [
        { name: "control", value: "long" },
        { name: "short", value: "short" }
      ],
      environments: { production: { enabled: true, rules: [{ id: "try", serve: { experiment: "form" } }] } }
    })
    assert.deepInclude(flagsOf(await bulk({ targetingKey: "all" }))["form"]?.["metadata"] as object, {
      experiment: "form",
      phase: 1
    })
    for (const unit of ["one", "one", "two"]) {
      const { body } = await single("form", { context: { targetingKey: unit } })
      assert.deepInclude(body, { reason: "SPLIT" })
    }
    const events = await exposed(2)
    assert.deepStrictEqual(events.map((event) => event["user_id"]).toSorted(), ["one", "two"])
  })
})

describe("OFREP, the stream", () => {
  const origin = "https://shop.example"
  const browser = () => tokenFor(server.folder, { kind: "browser", scopes: ["flags:evaluate"], origins: [origin] })
  const bulkOf = (as: string, query = "") =>
    ask(server, "POST", `/ofrep/v1/evaluate/flags${query}`, {
      token: as,
      headers: { origin },
      body: { context: { targetingKey: "u1" } }
    })
  const uriOf = ({ body }: Answer) =>
    (body["eventStreams"] as ReadonlyArray<{ readonly endpoint: { readonly requestUri: string } }>)[0]!.endpoint
      .requestUri

  it("is told to a browser key with all that a page needs to open it, and to no secret key", async () => {
    const answer = await bulkOf(browser(), "?environment=staging")
    assert.strictEqual(answer.status, 200, JSON.stringify(answer.body))
    const [stream, ...more] = answer.body["eventStreams"] as ReadonlyArray<Readonly<Record<string, unknown>>>
    assert.deepStrictEqual(more, [])
    assert.deepInclude(stream!, { type: "sse", inactivityDelaySec: 120 })
    const reader = await readEvents(server.url + uriOf(answer), { origin })
    assert.strictEqual(reader.status, 200)
    reader.close()
    assert.strictEqual((await readEvents(server.url + uriOf(answer), { origin: "https://evil.example" })).status, 403)
    assert.notProperty((await bulk({ targetingKey: "u1" })).body, "eventStreams")
  })

  it("says what to do as the protocol has it, and by the last event's id whether something was missed", async () => {
    const uri = uriOf(await bulkOf(browser()))
    const reader = await readEvents(server.url + uri, { origin })
    const first = await reader.event(0)
    assert.strictEqual(first.event, "message")
    assert.deepInclude(JSON.parse(first.data) as object, { type: "refetchEvaluation" })
    const etag = String((JSON.parse(first.data) as { readonly etag: string }).etag)
    const told = await bulkOf(browser(), `?flagConfigEtag=${encodeURIComponent(etag)}`)
    assert.strictEqual(told.status, 200)
    await make("/experiments/feature-flags", {
      key: "streamed",
      type: "boolean",
      environments: { production: { enabled: true } }
    })
    const second = await reader.event(1)
    assert.notStrictEqual(second.data, first.data)
    reader.close()
    const back = await readEvents(server.url + uri, { origin, "last-event-id": first.id })
    assert.deepInclude(await back.event(0), { id: second.id, data: second.data })
    back.close()
  })
})
