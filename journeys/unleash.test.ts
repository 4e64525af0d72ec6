import { startUnleash, Unleash } from "unleash-client"
import { UnleashClient } from "unleash-proxy-client"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

const origin = "https://shop.example"
let server: ServerProcess
let token: string
let serverKey: string
let browserKey: string

const send = (
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = { authorization: `Bearer ${token}` }
): Promise<Answer> => ask(server, method, path, { headers, ...(body === undefined ? {} : { body }) })
const made = async (path: string, body?: unknown): Promise<Answer> => {
  const answer = await send("POST", path, body)
  assert.isBelow(answer.status, 300, JSON.stringify(answer.body))
  return answer
}
const keyOf = async (body: object): Promise<string> => String((await made("/platform/keys", body)).body["token"])

const percents = { boolean: 30, string: 50 } as const
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
  await made("/experiments/environments", { key: "staging", name: "Staging" })
  const boolean = [{ id: "some", percent: percents.boolean, hash: "unleash", serve: { variant: "on" } }]
  await made("/experiments/feature-flags", {
    key: "new-checkout",
    type: "boolean",
    environments: { production: { enabled: true, default_variant: "off", rules: boolean } }
  })
  const variants = [
    { name: "short", value: "kurz – gut" },
    { name: "long", value: "" }
  ]
  const split = variants.map(({ name }) => ({ variant: name, weight: percents.string }))
  await made("/experiments/feature-flags", {
    key: "greeting",
    type: "string",
    variants,
    environments: {
      production: {
        enabled: true,
        default_variant: "long",
        rules: [{ id: "germans", condition: { country: "DE" }, hash: "unleash", serve: { split } }]
      },
      staging: { enabled: true, default_variant: "short" }
    }
  })
  await made("/experiments/feature-flags", {
    key: "ours",
    type: "boolean",
    environments: {
      production: {
        enabled: true,
        default_variant: "off",
        rules: [{ id: "half", percent: 50, serve: { variant: "on" } }]
      }
    }
  })
  const scopes = ["flags:evaluate"]
  serverKey = await keyOf({ name: "server", scopes, environment: "production" })
  browserKey = await keyOf({ name: "page", kind: "browser", origins: [origin], scopes, environment: "production" })
})
afterAll(() => server.kill("SIGTERM"))

const users = Array.from({ length: 60 }, (_, number) => `user-${number}`)
const valuesHere = async (userId: string, country: string) => {
  const context = { user_id: userId, country }
  const { body } = await send("POST", "/experiments/feature-flags/bulk-evaluate", { context })
  const found = body["flags"] as ReadonlyArray<{ readonly key: string; readonly value?: unknown }>
  return Object.fromEntries(found.map(({ key, value }) => [key, value]))
}
const untilTrue = async (what: () => Promise<boolean>): Promise<void> => {
  const deadline = Date.now() + 20_000
  while (!(await what())) {
    assert.isBelow(Date.now(), deadline, "it takes too long")
    await new Promise((next) => setTimeout(next, 100))
  }
}

describe("unleash-client, unmodified", () => {
  let client: Unleash
  beforeAll(async () => {
    client = await startUnleash({
      appName: "shop",
      url: `${server.url}/api`,
      customHeaders: { Authorization: serverKey },
      refreshInterval: 300,
      metricsInterval: 300,
      skipInstanceCountWarning: true
    })
  })
  afterAll(() => client.destroy())

  it("evaluates as we do, from what it was sent", async () => {
    const seen = new Set<unknown>()
    for (const userId of users) {
      for (const country of ["DE", "FR"]) {
        const ours = await valuesHere(userId, country)
        const context = { userId, properties: { country } }
        assert.strictEqual(client.isEnabled("new-checkout", context), ours["new-checkout"], userId)
        const variant = client.getVariant("greeting", context)
        assert.strictEqual(variant.payload?.value, ours["greeting"], userId)
        seen.add(ours["new-checkout"]).add(`${country} ${String(ours["greeting"])}`)
      }
    }
    assert.sameMembers([...seen], [true, false, "DE kurz – gut", "DE ", "FR "])
  })

  it("is not sent a flag of which it would share out the units otherwise, and the answer says why", async () => {
    assert.isUndefined(client.getFeatureToggleDefinition("ours"))
    const { body } = await send("GET", "/api/client/features", undefined, { authorization: serverKey })
    assert.deepStrictEqual(body["left_out"], [{ name: "ours", reason: "a rule shares units out by another hash" }])
  })

  it("learns of a change when it asks again", async () => {
    await made("/experiments/feature-flags", {
      key: "banner",
      type: "boolean",
      environments: { production: { enabled: true, default_variant: "on" } }
    })
    await untilTrue(async () => client.isEnabled("banner"))
  })

  it("tells how often it evaluated, by variant", async () => {
    await untilTrue(async () => {
      const { body } = await send("GET", "/experiments/feature-flags/greeting/usage")
      const variants = body["variants"] as ReadonlyArray<{ readonly variant: string; readonly evaluations: number }>
      // Each context once by us, once by the client.
      const counted = variants.reduce((sum, { evaluations }) => sum + evaluations, 0)
      return counted >= users.length * 4 && variants.some(({ variant }) => variant === "short")
    })
  })
})

describe("unleash-proxy-client, unmodified", () => {
  const clientOf = (key: string, clientOrigin?: string) =>
    new UnleashClient({
      appName: "page",
      url: `${server.url}/api/frontend`,
      clientKey: key,
      refreshInterval: 0,
      disableMetrics: true,
      storageProvider: { get: async () => undefined, save: async () => {} },
      ...(clientOrigin === undefined ? {} : { customHeaders: { origin: clientOrigin } }),
      fetch
    })

  it("has the values for its user, of every flag", async () => {
    const client = clientOf(browserKey, origin)
    await client.start()
    const seen = new Set<unknown>()
    for (const userId of users.slice(0, 20)) {
      await client.updateContext({ userId, properties: { country: "DE" } })
      const ours = await valuesHere(userId, "DE")
      assert.strictEqual(client.isEnabled("new-checkout"), ours["new-checkout"], userId)
      assert.strictEqual(client.isEnabled("ours"), ours["ours"], userId)
      assert.strictEqual(client.getVariant("greeting").payload?.value, ours["greeting"], userId)
      seen.add(ours["ours"])
    }
    assert.sameMembers([...seen], [true, false])
    client.stop()
  })

  it("reads the environment of its key alone", async () => {
    const staging = await keyOf({ name: "staging", scopes: ["flags:evaluate"], environment: "staging" })
    const client = clientOf(staging)
    await client.start()
    assert.strictEqual(client.getVariant("greeting").name, "short")
    assert.isFalse(client.isEnabled("new-checkout"))
    client.stop()
  })
})

describe("the endpoints of Unleash", () => {
  const features = (headers: Readonly<Record<string, string>> = {}) =>
    send("GET", "/api/client/features", undefined, { authorization: serverKey, ...headers })

  it("answer 304 while nothing changed, and anew when it did", async () => {
    const first = await features()
    const tag = first.headers.get("etag")!
    assert.strictEqual((await features({ "if-none-match": tag })).status, 304)
    await made("/experiments/feature-flags", { key: "later", type: "boolean" })
    const second = await features({ "if-none-match": tag })
    assert.strictEqual(second.status, 200)
    assert.notStrictEqual(second.headers.get("etag"), tag)
  })

  it("never give rules to a page", async () => {
    const headers = { authorization: browserKey, origin }
    const answer = await send("GET", "/api/client/features", undefined, headers)
    assert.strictEqual(answer.status, 403)
    assert.match(String(answer.body["detail"]), /\/api\/frontend/)
  })

  it("take no counts of a page, which could say anything", async () => {
    const body = { bucket: { toggles: { "new-checkout": { yes: 1_000_000 } } } }
    const answer = await send("POST", "/api/client/metrics", body, { authorization: browserKey, origin })
    assert.strictEqual(answer.status, 403)
  })

  it("remember contexts for the previews of drafts", async () => {
    const draft = { key: "banner", type: "boolean", environments: { production: { enabled: false } } }
    // A second has room for so many contexts.
    await untilTrue(async () => {
      await send("POST", "/api/frontend", { context: { userId: "previewed" } }, { authorization: serverKey })
      const { body } = await made("/experiments/feature-flags/banner/preview", { draft, units: 100 })
      return JSON.stringify(body["units"]).includes("previewed")
    })
  })

  it("take a context as a body, and say another tag for another one", async () => {
    const togglesFor = (userId: string, more: Readonly<Record<string, string>> = {}) =>
      send("POST", "/api/frontend", { context: { userId } }, { authorization: serverKey, ...more })
    const one = await togglesFor("user-1")
    assert.strictEqual(one.status, 200)
    const tag = one.headers.get("etag")!
    assert.strictEqual((await togglesFor("user-1", { "if-none-match": tag })).status, 304)
    assert.strictEqual((await togglesFor("user-2", { "if-none-match": tag })).status, 200)
  })

  it("refuse a key that is none, counts that are none, and a body that is none", async () => {
    assert.strictEqual((await features({ authorization: "nobody" })).status, 401)
    const report = (toggles: unknown) =>
      send("POST", "/api/client/metrics", { bucket: { toggles } }, { authorization: serverKey })
    const wrong = await report({ greeting: { yes: -1 } })
    assert.strictEqual(wrong.status, 400)
    assert.deepInclude((wrong.body["errors"] as ReadonlyArray<object>)[0], { pointer: "/bucket/toggles/greeting/yes" })
    assert.strictEqual((await report({ nowhere: { yes: 1 } })).status, 202)
    assert.strictEqual((await send("POST", "/api/client/register", {}, { authorization: serverKey })).status, 400)
  })
})
