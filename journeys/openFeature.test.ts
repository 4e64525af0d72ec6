import { OFREPProvider } from "@openfeature/ofrep-provider"
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider"
import { OpenFeature } from "@openfeature/server-sdk"
import type { Hook } from "@openfeature/server-sdk"
import { OpenFeature as OpenFeatureWeb, ProviderEvents } from "@openfeature/web-sdk"
import type { Hook as WebHook, Provider } from "@openfeature/web-sdk"
import { EventSource } from "eventsource"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

const origin = "https://shop.example"
/** Of a browser: events of programs are taken for a bot's. */
const userAgent =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
/** A page's own: it sends the page's origin. */
class PageEventSource extends EventSource {
  constructor(url: string | URL) {
    super(url, { fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, origin } }) })
  }
}
let server: ServerProcess
let token: string
let browserKey: string

const make = async (path: string, body: unknown): Promise<Answer> => {
  const answer = await ask(server, "POST", path, { token, body })
  assert.strictEqual(answer.status, 201, JSON.stringify(answer.body))
  return answer
}
const makeFlag = (key: string, type: string, values: Readonly<Record<string, unknown>>, production: object) =>
  make("/experiments/feature-flags", {
    key,
    type,
    variants: Object.entries(values).map(([name, value]) => ({ name, value })),
    environments: { production: { enabled: true, ...production } }
  })
const ownValue = async (key: string, context: object) =>
  (await ask(server, "POST", `/experiments/feature-flags/${key}/evaluate`, { token, body: { context } })).body["value"]

const exposed = async (unit: string) => {
  const path = "/analytics/events?event_type=experiment_exposed&limit=100"
  for (let attempt = 0; ; attempt += 1) {
    const { body } = await ask(server, "GET", path, { token })
    const items = (body["items"] ?? []) as ReadonlyArray<Readonly<Record<string, unknown>>>
    const found = items.filter((each) => each["user_id"] === unit)
    if (found.length > 0 || attempt === 100) return found
    await new Promise((after) => setTimeout(after, 100))
  }
}

beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
  const page = { name: "page", kind: "browser", scopes: ["flags:evaluate", "events:write"], origins: [origin] }
  browserKey = String((await make("/platform/keys", page)).body["token"])
  const germany = [{ id: "germany", condition: { country: "DE" }, serve: { variant: "yes" } }]
  await makeFlag("banner", "boolean", { yes: true, no: false }, { default_variant: "no", rules: germany })
  await makeFlag("greeting", "string", { usual: "hello", empty: "" }, { default_variant: "empty" })
  await makeFlag("rows", "number", { few: 10.5 }, { default_variant: "few" })
  await makeFlag("layout", "json", { wide: { columns: [1, 2], name: "wide" } }, { default_variant: "wide" })
  await makeFlag("code", "string", { unused: "x" }, { default_variant: null })
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
  const tried = [{ id: "try", serve: { experiment: "form" } }]
  await makeFlag("form", "string", { control: "long", short: "brief" }, { rules: tried })
})
afterAll(async () => {
  await OpenFeature.close()
  await OpenFeatureWeb.close()
  await server.kill("SIGTERM")
})

describe("OpenFeature's provider on a server", () => {
  const client = () => OpenFeature.getClient()
  beforeAll(() =>
    OpenFeature.setProviderAndWait(
      new OFREPProvider({ baseUrl: server.url, headers: [["authorization", `Bearer ${token}`]] })
    )
  )

  it("gives values of every type, with variant, reason and metadata", async () => {
    const met = await client().getBooleanDetails("banner", false, { targetingKey: "u1", country: "DE" })
    assert.deepInclude(met, { value: true, variant: "yes", reason: "TARGETING_MATCH" })
    assert.deepInclude(met.flagMetadata, { rule: "germany" })
    const context = { targetingKey: "u1" }
    assert.isFalse(await client().getBooleanValue("banner", true, context))
    assert.strictEqual(await client().getStringValue("greeting", "default", context), "")
    assert.strictEqual(await client().getNumberValue("rows", 1, context), 10.5)
    assert.deepStrictEqual(await client().getObjectValue("layout", {}, context), { columns: [1, 2], name: "wide" })
  })

  it("gives the code's default where the flag says so, and where something is wrong, with the error's code", async () => {
    const context = { targetingKey: "u1" }
    assert.strictEqual(await client().getStringValue("code", "mine", context), "mine")
    for (const [key, asked, errorCode] of [
      ["nothing", context, "FLAG_NOT_FOUND"],
      ["greeting", {}, "TARGETING_KEY_MISSING"]
    ] as const) {
      const { value, ...details } = await client().getStringDetails(key, "mine", asked)
      assert.deepStrictEqual([value, details.reason, String(details.errorCode)], ["mine", "ERROR", errorCode])
    }
    const { errorCode, value } = await client().getNumberDetails("greeting", 7, context)
    assert.deepStrictEqual([value, String(errorCode)], [7, "TYPE_MISMATCH"])
  })

  it("gives what the flag itself gives, and exposes whom an experiment serves", async () => {
    for (let index = 0; index < 20; index += 1) {
      const unit = `server-${index}`
      const value = await client().getStringValue("form", "", { targetingKey: unit })
      assert.strictEqual(value, await ownValue("form", { user_id: unit }))
    }
    assert.lengthOf(await exposed("server-0"), 1)
  })

  it("lets a hook of the caller see what is needed of the experiment", async () => {
    const seen: Array<unknown> = []
    const hook: Hook = {
      after: (_, { flagMetadata, variant }) =>
        void seen.push([flagMetadata["experiment"], flagMetadata["phase"], variant])
    }
    const { variant } = await client().getStringDetails("form", "", { targetingKey: "u1" }, { hooks: [hook] })
    assert.deepStrictEqual(seen, [["form", 1, variant]])
  })
})

describe("OpenFeature's provider in a page", () => {
  const unit = "page-1"
  /** What a page does once it shows what an experiment served. */
  const exposing: WebHook = {
    after: ({ context }, { flagMetadata, variant }) => {
      if (flagMetadata["experiment"] === undefined) return
      const properties = { experiment_id: flagMetadata["experiment"], variant, phase: flagMetadata["phase"] }
      const user = { user_id: context.targetingKey, anonymous_id: "device-1" }
      void ask(server, "POST", "/analytics/events/ingest", {
        token: browserKey,
        headers: { origin, "user-agent": userAgent },
        body: eventOf({ event_type: "experiment_exposed", ...user, properties })
      })
    }
  }
  beforeAll(async () => {
    Object.assign(globalThis, { EventSource: PageEventSource })
    await OpenFeatureWeb.setContext({ targetingKey: unit, country: "DE" })
    // Its types are written for a looser compiler: `hooks` may be there and undefined.
    const provider = new OFREPWebProvider({
      baseUrl: server.url,
      headers: [
        ["authorization", `Bearer ${browserKey}`],
        ["origin", origin]
      ],
      cacheMode: "disabled"
    }) as Provider
    await OpenFeatureWeb.setProviderAndWait(provider)
  })

  it("gives values of every type from one request, exposing nobody", async () => {
    const client = OpenFeatureWeb.getClient()
    assert.deepInclude(client.getBooleanDetails("banner", false), { value: true, reason: "TARGETING_MATCH" })
    assert.strictEqual(client.getStringValue("greeting", "default"), "")
    assert.strictEqual(client.getNumberValue("rows", 1), 10.5)
    assert.deepStrictEqual(client.getObjectValue("layout", {}), { columns: [1, 2], name: "wide" })
    assert.strictEqual(client.getStringValue("code", "mine"), "mine")
    const { errorCode, value } = client.getStringDetails("nothing", "mine")
    assert.deepStrictEqual([value, String(errorCode)], ["mine", "FLAG_NOT_FOUND"])
    assert.strictEqual(client.getStringValue("form", ""), await ownValueUnexposed("form", unit))
  })

  it("records the exposure by a hook, once the value is shown", async () => {
    const client = OpenFeatureWeb.getClient()
    const { variant } = client.getStringDetails("form", "", { hooks: [exposing] })
    const [event, ...more] = await exposed(unit)
    assert.deepStrictEqual(more, [])
    assert.deepInclude(event?.["properties"] as object, { experiment_id: "form", variant, phase: 1 })
  })

  it("hears of a change by the stream that it was told of, and of nothing while nothing changes", async () => {
    const client = OpenFeatureWeb.getClient()
    const changes: Array<ReadonlyArray<string>> = []
    client.addHandler(ProviderEvents.ConfigurationChanged, (details) => {
      changes.push(details?.flagsChanged ?? [])
    })
    await new Promise((after) => setTimeout(after, 600))
    assert.deepStrictEqual(changes, [])
    await makeFlag("later", "boolean", { yes: true }, { default_variant: "yes" })
    for (let attempt = 0; changes.length === 0 && attempt < 100; attempt += 1) {
      await new Promise((after) => setTimeout(after, 50))
    }
    assert.deepStrictEqual(changes, [["later"]])
    assert.isTrue(client.getBooleanValue("later", false))
  })

  it("gives the values of another context once the context has changed", async () => {
    await OpenFeatureWeb.setContext({ targetingKey: "page-2", country: "FR" })
    assert.isFalse(OpenFeatureWeb.getClient().getBooleanValue("banner", true))
  })
})

/** The flag's value for a unit, without a trace of the question. */
const ownValueUnexposed = async (key: string, unit: string) => {
  const body = { context: { user_id: unit }, keys: [key] }
  const answer = await ask(server, "POST", "/experiments/feature-flags/bulk-evaluate", { token, body })
  return (answer.body["flags"] as ReadonlyArray<Readonly<Record<string, unknown>>>)[0]?.["value"]
}
