import { clearCache, GrowthBook, setPolyfills } from "@growthbook/growthbook"
import type { TrackingCallback } from "@growthbook/growthbook"
import { EventSource } from "eventsource"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { growthbookFeatures } from "../domain/experiments/evaluation/growthbookFeatures.ts"
import type { FlagFile } from "../ports/experiments/FlagFile.ts"
import { asking } from "./asking.ts"
import { ask, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

const origin = "https://shop.example"
/** Of a browser: events of programs are taken for a bot's. */
const userAgent =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
let server: ServerProcess
let token: string
let sdkKey: string
let browserKey: string

const fromPage = (input: string | URL | Request, init: RequestInit = {}) =>
  fetch(input, { ...init, headers: { ...(init.headers as Record<string, string>), origin } })
/** A page's own: it sends the page's origin. */
class PageEventSource extends EventSource {
  constructor(url: string | URL) {
    super(url, { fetch: (input, init) => fromPage(input, init as RequestInit) })
  }
}
const onServer = () => setPolyfills({ fetch, EventSource })
const inPage = () => setPolyfills({ fetch: fromPage, EventSource: PageEventSource })

const { send } = asking(() => ({ server, token }))
const make = async (path: string, body: unknown): Promise<Answer> => {
  const answer = await send("POST", path, body)
  assert.strictEqual(answer.status, 201, JSON.stringify(answer.body))
  return answer
}
const makeFlag = (key: string, values: Readonly<Record<string, unknown>>, production: object, type = "string") =>
  make("/experiments/feature-flags", {
    key,
    type,
    variants: Object.entries(values).map(([name, value]) => ({ name, value })),
    environments: { production: { enabled: true, ...production } }
  })
const eventually = async (holds: () => boolean | Promise<boolean>, what: string, millisMax = 15_000) => {
  const deadline = Date.now() + millisMax
  while (!(await holds())) {
    if (Date.now() > deadline) assert.fail(`never: ${what}`)
    await new Promise((done) => setTimeout(done, 50))
  }
}

/** Values of all flags as the service itself evaluates them; `null`: the code's own default. */
const ownValues = async (context: object): Promise<ReadonlyMap<string, unknown>> => {
  const { body } = await send("POST", "/experiments/feature-flags/bulk-evaluate", { context })
  const flags = body["flags"] as ReadonlyArray<Readonly<Record<string, unknown>>>
  return new Map(flags.map((each) => [String(each["key"]), each["value"] ?? null]))
}

/** The same numbers in every run. */
const numbers = () => {
  let state = 20_260_101
  return (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
    return (state >>> 8) % below
  }
}
const next = numbers()
const oneOf = <Item>(items: ReadonlyArray<Item>): Item => items[next(items.length)]!

const conditions = [
  {},
  { country: "DE" },
  { country: { $in: ["FR", "US"] } },
  { age: { $gte: 18, $lt: 60 } },
  { $or: [{ plan: "pro" }, { age: { $gt: 65 } }] },
  { user_id: { $inGroup: "staff" } },
  { $savedGroup: { id: "adults" } },
  { app_version: { $vgte: "1.9.0" } }
]
const hashes = ["growthbook_1", "growthbook_2", "growthbook_2", "sha256"]
const generatedRule = (place: number, at: number) => ({
  id: `r${place}`,
  condition: oneOf(conditions),
  percent: oneOf([100, 100, 50, 12.5]),
  hash: oneOf(hashes),
  ...(next(3) === 0 ? { unit: ["company"] } : {}),
  ...(at > 5 && next(4) === 0
    ? { prerequisites: [{ flag: `generated-${next(5)}`, condition: { value: { $in: ["a", "b"] } } }] }
    : {}),
  serve:
    next(2) === 0
      ? { variant: oneOf(["a", "b", "c"]) }
      : {
          split: [
            { variant: "a", weight: 20 },
            { variant: "b", weight: 30 },
            { variant: "c", weight: 50 }
          ]
        }
})
const contexts = Array.from({ length: 40 }, (_, at) => ({
  user_id: `user-${at}`,
  ...(next(3) === 0 ? {} : { company: `company-${next(20)}` }),
  country: oneOf(["DE", "FR", "US"]),
  plan: oneOf(["free", "pro"]),
  age: next(90),
  app_version: oneOf(["1.2.0", "1.10.0", "2.0.0"])
}))

beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
  const scopes = ["flags:evaluate", "events:write"]
  const keys = await Promise.all([
    make("/platform/keys", { name: "server", scopes, environment: "production" }),
    make("/platform/keys", { name: "page", kind: "browser", scopes, origins: [origin], environment: "production" })
  ])
  const [secret, browser] = keys.map(({ body }) => String(body["token"]))
  sdkKey = secret!
  browserKey = browser!
  await make("/experiments/segments", { key: "staff", members: { attribute: "user_id", values: ["user-1", "user-2"] } })
  await make("/experiments/segments", { key: "adults", members: { condition: { age: { $gte: 18 } } } })
  for (const [key, hash] of [
    ["price", "growthbook_2"],
    ["own", "sha256"]
  ] as const) {
    await make("/experiments/experiments", {
      key,
      name: key,
      hash,
      unit: ["user_id"],
      variants: [
        { id: "control", weight: 50, control: true },
        { id: "low", weight: 50 }
      ],
      goals: [{ id: "ordered", measure: { kind: "rate", of: { event_types: ["order_completed"] } } }]
    })
    assert.strictEqual((await send("POST", `/experiments/experiments/${key}/start`)).status, 200)
    await makeFlag(
      key,
      { control: { cents: 1000 }, low: { cents: 800 }, none: null },
      { default_variant: "none", rules: [{ id: "try", serve: { experiment: key } }] },
      "json"
    )
  }
  await makeFlag("banner", { shown: "yes", hidden: "no" }, { default_variant: "hidden" })
  for (let at = 0; at < 30; at += 1) {
    const rules = Array.from({ length: 1 + next(3) }, (_, place) => generatedRule(place, at))
    await makeFlag(`generated-${at}`, { a: "a", b: "b", c: "c" }, { default_variant: oneOf(["c", null]), rules })
  }
})
afterAll(async () => {
  await clearCache()
  await server.kill("SIGTERM")
})

const changeBanner = async (variant: string) => {
  const path = "/experiments/feature-flags/banner"
  const { body, headers } = await send("GET", path)
  const { changed_at: _, changed_by: __, created_at: ___, created_by: ____, id: _____, ...flag } = body
  const environments = { production: { enabled: true, default_variant: variant } }
  const etag = { "if-match": headers.get("etag")! }
  assert.strictEqual((await send("PUT", path, { ...flag, environments }, etag)).status, 200)
}

/** What a page or a server does once it shows what an experiment served. */
const told: Array<Promise<Answer>> = []
const exposed = new Map<string, string>()
const tracking: TrackingCallback = (experiment, result) => {
  const properties = { experiment_id: experiment.key, variant: result.key, phase: Number(experiment.phase) }
  const body = eventOf({
    event_type: "experiment_exposed",
    [result.hashAttribute]: result.hashValue,
    anonymous_id: `device-of-${result.hashValue}`,
    properties
  })
  exposed.set(result.hashValue, result.key)
  told.push(
    ask(server, "POST", "/analytics/events/ingest", { token: sdkKey, body, headers: { "user-agent": userAgent } })
  )
}

describe("GrowthBook's client on a server, evaluating by itself", () => {
  let client: GrowthBook
  let remoteOnly: ReadonlyArray<string>
  beforeAll(async () => {
    onServer()
    client = new GrowthBook({ apiHost: server.url, clientKey: sdkKey, trackingCallback: tracking })
    const { error, success } = await client.init({ timeout: 10_000, streaming: true })
    assert.isTrue(success, error?.message)
    const file = await ask(server, "GET", "/experiments/sdk/payload", { token: sdkKey })
    remoteOnly = growthbookFeatures(file.body as unknown as FlagFile).remoteOnly
  })
  afterAll(() => client.destroy())

  it("loads its features by a key in the path, with a tag; one that is bound to nothing may not stand there", async () => {
    const path = (key: string) => `/api/features/${key}`
    const answer = await ask(server, "GET", path(sdkKey))
    assert.strictEqual(answer.status, 200)
    assert.strictEqual(answer.headers.get("x-sse-support"), "enabled")
    assert.deepStrictEqual(answer.body["remoteOnly"], remoteOnly)
    const etag = { "if-none-match": answer.headers.get("etag")! }
    assert.strictEqual((await ask(server, "GET", path(sdkKey), { headers: etag })).status, 304)
    const refused = await ask(server, "GET", path(token))
    assert.strictEqual(refused.status, 401)
    assert.include(String(refused.body["detail"]), "in an address")
    assert.strictEqual((await ask(server, "GET", path("sdk-nothing"))).status, 401)
    const page = await ask(server, "GET", path(browserKey), { headers: { origin } })
    assert.strictEqual(page.status, 400)
    assert.include(JSON.stringify(page.body), "remote_evaluation_required")
  })

  it("gives the values that we give, of every flag that it can evaluate, and knows no other", async () => {
    assert.includeMembers([...remoteOnly], ["own"])
    assert.notInclude(remoteOnly, "price")
    const translated = Object.keys(client.getFeatures()).length
    assert.isAbove(translated, 10)
    let differing = 0
    for (const context of contexts) {
      await client.setAttributes(context)
      for (const [key, value] of await ownValues(context)) {
        const found = client.evalFeature(key)
        if (remoteOnly.includes(key)) assert.strictEqual(found.source, "unknownFeature")
        else {
          assert.deepStrictEqual(found.value ?? null, value, `${key} for ${JSON.stringify(context)}`)
          if (found.source !== "defaultValue") differing += 1
        }
      }
    }
    assert.isAbove(differing, 100)
  })

  it("sees a change by the stream", async () => {
    assert.strictEqual(client.getFeatureValue("banner", ""), "no")
    await changeBanner("shown")
    await eventually(() => client.getFeatureValue("banner", "") === "yes", "the banner is shown")
    await changeBanner("hidden")
    await eventually(() => client.getFeatureValue("banner", "") === "no", "the banner is hidden")
  })

  it("tells by its tracking callback whom an experiment served, and that is what results count", async () => {
    for (let at = 0; at < 200; at += 1) {
      await client.setAttributes({ user_id: `buyer-${at}` })
      client.getFeatureValue("price", null)
    }
    await eventually(() => exposed.has("buyer-199"), "every exposure is sent")
    for (const { body, status } of await Promise.all(told)) assert.strictEqual(status, 200, JSON.stringify(body))
    const buyers = [...exposed].filter(([, variant], at) => at % (variant === "low" ? 2 : 4) === 0)
    const events = buyers.map(([user_id]) =>
      eventOf({ event_type: "order_completed", user_id, anonymous_id: `device-of-${user_id}` })
    )
    const sent = await ask(server, "POST", "/analytics/events/batch", {
      token,
      headers: { "user-agent": userAgent },
      body: { events }
    })
    assert.strictEqual(sent.body["stored"], events.length, JSON.stringify(sent.body))
    const unitsOf = (variant: string) => [...exposed.values()].filter((each) => each === variant).length
    const orderedOf = (variant: string) => buyers.filter(([, each]) => each === variant).length
    const expected = ["control", "low"].map((variant) => [variant, unitsOf(variant), orderedOf(variant)])
    await eventually(
      async () => {
        const { body } = await send("GET", "/experiments/experiments/price/results")
        const arms = body["variants"] as ReadonlyArray<Readonly<Record<string, unknown>>>
        const seen = arms.map(({ conversions, id, participants }) => [id, participants, conversions])
        return JSON.stringify(seen) === JSON.stringify(expected)
      },
      `results ${JSON.stringify(expected)}`
    )
  })
})

describe("GrowthBook's client in a page, evaluated remotely", () => {
  const callbacks: Array<ReadonlyArray<unknown>> = []
  let client: GrowthBook
  beforeAll(async () => {
    inPage()
    client = new GrowthBook({
      apiHost: server.url,
      clientKey: browserKey,
      remoteEval: true,
      attributes: contexts[0]!,
      trackingCallback: ({ key, phase }, result) =>
        void callbacks.push([key, phase, result.key, result.hashAttribute, result.hashValue])
    })
    const { error, success } = await client.init({ timeout: 10_000, streaming: true })
    assert.isTrue(success, error?.message)
  })
  afterAll(() => client.destroy())

  it("gives the values that we give, of every flag, and sees no rule", async () => {
    for (const context of contexts) {
      await client.setAttributes(context)
      const own = await ownValues(context)
      assert.sameMembers(Object.keys(client.getFeatures()), [...own.keys()])
      for (const [key, value] of own) assert.deepStrictEqual(client.evalFeature(key).value ?? null, value, key)
    }
    const text = JSON.stringify(client.getFeatures())
    for (const word of ["condition", "coverage", "hashVersion", "seed"]) assert.notInclude(text, `"${word}"`)
  })

  it("tells by its tracking callback of experiments that only we can evaluate, once they are looked at", async () => {
    await client.setAttributes({ user_id: "page-visitor" })
    callbacks.length = 0
    assert.deepStrictEqual(callbacks, [])
    const value = client.getFeatureValue("own", { cents: 0 })
    const assigned = await send("POST", "/experiments/experiments/own/assign", { user_id: "page-visitor" })
    const { variant } = assigned.body
    assert.strictEqual(value?.cents, variant === "low" ? 800 : 1000)
    assert.deepStrictEqual(callbacks, [["own", "1", variant, "user_id", "page-visitor"]])
  })

  it("sees a change by the stream, and forces variations where it is told to", async () => {
    await changeBanner("shown")
    await eventually(() => client.getFeatureValue("banner", "") === "yes", "the banner is shown")
    for (const [place, cents] of [1000, 800].entries()) {
      await client.setForcedVariations({ own: place })
      await eventually(() => client.getFeatureValue("own", { cents: 0 })?.cents === cents, `variation ${place}`)
    }
  })
})
