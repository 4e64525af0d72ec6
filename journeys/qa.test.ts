import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { asking, errorsOf } from "./asking.ts"
import { ask, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
  await done(201, "POST", "/experiments/environments", { key: "staging" })
  await done(201, "POST", flagsPath, { key: "dark", type: "boolean" })
  await done(201, "POST", "/experiments/experiments", { key: "short", name: "Short", variants, goals })
  await done(200, "POST", "/experiments/experiments/short/start")
  const rules = [{ id: "trial", serve: { experiment: "short" } }]
  const environments = { production: { enabled: true, default_variant: "off", rules } }
  await done(201, "POST", flagsPath, { key: "checkout", type: "boolean", environments })
})
afterAll(() => server.kill("SIGTERM"))

const flagsPath = "/experiments/feature-flags"
const overrides = "/experiments/qa-overrides"
const links = "/experiments/qa-links"
const archetypes = "/experiments/archetypes"
const variants = [
  { id: "on", weight: 50 },
  { id: "off", weight: 50 }
]
const goals = [{ id: "ordered", measure: { kind: "rate", of: { event_types: ["order_completed"] } } }]

const { done } = asking(() => ({ server, token }))
const evaluate = async (key: string, context: object, more: object = {}, query = "") =>
  (await done(200, "POST", `${flagsPath}/${key}/evaluate${query}`, { context, ...more })).body
const assigned = async (user_id: string, query = "") =>
  (await done(200, "POST", `/experiments/experiments/short/assign${query}`, { user_id })).body

/** Whom events of exposure name, once `marker` is among them: what came before it is written before it. */
const exposedUpTo = async (marker: string): Promise<ReadonlyArray<string>> => {
  await assigned(marker)
  for (let attempt = 0; ; attempt += 1) {
    const { body } = await done(200, "GET", "/analytics/events?event_type=experiment_exposed&limit=100")
    const users = (body["items"] as ReadonlyArray<{ readonly user_id: string }>).map(({ user_id }) => user_id)
    if (users.includes(marker)) return users
    assert.isBelow(attempt, 100)
    await new Promise((after) => setTimeout(after, 100))
  }
}

describe("overrides of testers", () => {
  it("give them a variant of a flag that is off for everybody else, and say so", async () => {
    const testers = { key: "testers", target: { flag: "dark" }, variant: "on", units: ["ada", "grace"] }
    await done(201, "POST", overrides, testers)
    const { revision: _, ...seen } = await evaluate("dark", { user_id: "ada" })
    assert.deepStrictEqual(seen, {
      key: "dark",
      value: true,
      variant: "on",
      reason: "TARGETING_MATCH",
      rule: null,
      bucket: null,
      metadata: { forced: true, override: "testers" }
    })
    assert.deepInclude(await evaluate("dark", { user_id: "bob" }), { value: false, reason: "DISABLED" })
    assert.deepInclude(await evaluate("dark", { anonymous_id: "ada" }), { value: false })
    assert.deepInclude(await evaluate("dark", { user_id: "ada" }, { environment: "staging" }), { value: false })
    const all = await done(200, "POST", `${flagsPath}/bulk-evaluate`, { context: { user_id: "grace" } })
    const flags = all.body["flags"] as ReadonlyArray<Readonly<Record<string, unknown>>>
    assert.deepInclude(
      flags.find(({ key }) => key === "dark"),
      { value: true }
    )
    const explained = await done(200, "POST", `${flagsPath}/dark/explain`, { context: { user_id: "ada" } })
    assert.deepInclude(explained.body["metadata"], { override: "testers" })
  })

  it("give them an arm of a running experiment, by flag and by assignment, and expose nobody", async () => {
    for (const variant of ["on", "off"]) {
      const units = [`tester-${variant}`]
      await done(201, "POST", overrides, { key: variant, target: { experiment: "short" }, variant, units })
      assert.deepInclude(await assigned(`tester-${variant}`), { variant, reason: "forced", detail: variant })
      const flag = await evaluate("checkout", { user_id: `tester-${variant}` })
      assert.deepInclude(flag, { variant, rule: "trial" })
      assert.deepInclude(flag["metadata"], { forced: true, override: variant })
    }
    assert.sameMembers([...(await exposedUpTo("first"))], ["first"])
  })

  it("are refused where they mean nothing or contradict, and hold what they name", async () => {
    const wrong = { key: "wrong", target: { flag: "nothing" }, variant: "on", units: ["x"] }
    assert.deepStrictEqual(errorsOf(await done(400, "POST", overrides, wrong)), ["/target/flag unknown_flag"])
    const blue = { key: "wrong", target: { flag: "dark" }, variant: "blue", units: ["x", "ada"] }
    assert.deepStrictEqual(errorsOf(await done(400, "POST", overrides, blue)), [
      "/variant unknown_variant",
      "/units/1 taken"
    ])
    const placed = { key: "p", target: { experiment: "short" }, environment: "staging", variant: "on", units: [] }
    assert.deepStrictEqual(errorsOf(await done(400, "POST", overrides, placed)), ["/environment not_of_flag"])
    const again = { key: "testers", target: { flag: "dark" }, variant: "on", units: [] }
    assert.deepStrictEqual(errorsOf(await done(409, "POST", overrides, again)), ["/key taken"])
    const inUse = await done(409, "DELETE", `${flagsPath}/dark`)
    assert.deepStrictEqual(errorsOf(inUse), [" in_use"])
    assert.include(JSON.stringify(inUse.body), "qa_overrides/testers")
  })

  it("name testers by their ids alone where the environment asks for approvals", async () => {
    await done(201, "POST", "/experiments/environments", { key: "guarded" })
    const germans = {
      key: "germans",
      target: { flag: "dark" },
      environment: "guarded",
      variant: "on",
      attribute: "country",
      units: ["DE"]
    }
    const made = await done(201, "POST", overrides, germans)
    await done(200, "PUT", "/experiments/environments/guarded/approvals", { approvals: 1 }, { "if-match": '"0"' })
    const more = { ...germans, units: ["DE", "FR"] }
    const changed = await done(403, "PUT", `${overrides}/germans`, more, { "if-match": made.headers.get("etag")! })
    assert.deepStrictEqual(errorsOf(changed), ["/attribute needs_approval"])
    const french = { ...germans, key: "french", units: ["FR"] }
    assert.deepStrictEqual(errorsOf(await done(403, "POST", overrides, french)), ["/attribute needs_approval"])
    const { attribute: _, ...byId } = french
    await done(201, "POST", overrides, { ...byId, units: ["marie"] })
    assert.deepInclude(await evaluate("dark", { user_id: "marie" }, { environment: "guarded" }), { value: true })
    await done(204, "DELETE", `${overrides}/germans`)
    await done(204, "DELETE", `${overrides}/french`)
    // Elsewhere nobody is asked.
    await done(201, "POST", overrides, { ...germans, environment: "production" })
    await done(204, "DELETE", `${overrides}/germans`)
  })

  it("are changed at a revision, and forget an erased person", async () => {
    const less = { key: "testers", target: { flag: "dark" }, variant: "on", units: ["ada", "bob"] }
    await done(200, "PUT", `${overrides}/testers`, less, { "if-match": '"1"' })
    assert.deepInclude(await evaluate("dark", { user_id: "grace" }), { value: false })
    await done(200, "POST", "/analytics/persons/ada/erase", {})
    const { body } = await done(200, "GET", `${overrides}/testers`)
    assert.deepStrictEqual(body["units"], ["bob"])
    assert.deepInclude(await evaluate("dark", { user_id: "ada" }), { value: false })
    assert.deepInclude(await evaluate("dark", { user_id: "bob" }), { value: true })
    await done(204, "DELETE", `${overrides}/testers`)
    assert.deepInclude(await evaluate("dark", { user_id: "bob" }), { value: false })
  })
})

describe("a signed link", () => {
  const made = async (body: object) => (await done(201, "POST", links, body)).body
  const refusedAs = async (qa: string, more: object = {}) =>
    errorsOf(await done(400, "POST", `${flagsPath}/dark/evaluate?qa=${encodeURIComponent(qa)}`, more))

  it("forces variants wherever flags are evaluated, by parameter or header, and exposes nobody", async () => {
    const forced = { flags: { dark: "on" }, experiments: { short: "off" } }
    const qa = String((await made({ forced, minutes: 5 }))["token"])
    const query = `?qa=${qa}`
    assert.deepInclude(await evaluate("dark", {}, {}, query), { value: true, metadata: { forced: true } })
    const byHeader = await done(200, "POST", `${flagsPath}/dark/evaluate`, {}, { "x-qa-link": qa })
    assert.deepInclude(byHeader.body, { value: true })
    for (const user of ["qa-1", "qa-2", "qa-3"]) {
      assert.deepInclude(await assigned(user, query), { variant: "off", reason: "forced" })
      assert.deepInclude(await evaluate("checkout", { user_id: user }, {}, query), { variant: "off" })
    }
    const bulk = await done(200, "POST", `${flagsPath}/bulk-evaluate${query}`, { keys: ["dark"] })
    assert.deepInclude((bulk.body["flags"] as ReadonlyArray<object>)[0], { value: true })
    const context = { targetingKey: "qa-4" }
    const ofrep = await done(200, "POST", `/ofrep/v1/evaluate/flags/checkout${query}`, { context })
    assert.deepInclude(ofrep.body, { variant: "off" })
    const all = await done(200, "POST", "/ofrep/v1/evaluate/flags", { context }, { "x-qa-link": qa })
    const dark = (all.body["flags"] as ReadonlyArray<Readonly<Record<string, unknown>>>).find(
      ({ key }) => key === "dark"
    )
    assert.deepInclude(dark, { value: true })
    // Nor does what it does not force.
    const other = String((await made({ forced: { flags: { dark: "on" } } }))["token"])
    await assigned("qa-5", `?qa=${other}`)
    const exposed = await exposedUpTo("second")
    assert.sameMembers([...exposed], ["first", "second"])
  })

  it("is refused once changed, in another environment and workspace, and when revoked", async () => {
    const link = await made({ forced: { flags: { dark: "on" } } })
    const qa = String(link["token"])
    assert.deepStrictEqual(await refusedAs(`${qa.slice(0, -2)}AA`), ["/qa not_signed"])
    const [id, , signature] = qa.split(".")
    assert.deepStrictEqual(await refusedAs(`${id}.${Date.now() + 1e12}.${signature}`), ["/qa not_signed"])
    assert.deepStrictEqual(await refusedAs(qa, { environment: "staging" }), ["/qa other_environment"])
    const elsewhere = tokenFor(server.folder, { workspace: "other" } as never)
    await ask(server, "POST", flagsPath, { token: elsewhere, body: { key: "dark", type: "boolean" } })
    const foreign = await ask(server, "POST", `${flagsPath}/dark/evaluate?qa=${qa}`, { token: elsewhere, body: {} })
    assert.deepStrictEqual(errorsOf(foreign), ["/qa not_signed"])
    const listed = await done(200, "GET", links)
    assert.notInclude(JSON.stringify(listed.body), qa)
    await done(204, "DELETE", `${links}/${String(link["id"])}`)
    assert.deepStrictEqual(await refusedAs(qa), ["/qa revoked"])
    const ofrep = await done(400, "POST", `/ofrep/v1/evaluate/flags/dark?qa=${qa}`, { context: { targetingKey: "u" } })
    assert.strictEqual(ofrep.body["key"], "dark")
  })

  it("forces for the testers alone whom it names, and goes when one of them is erased", async () => {
    const link = await made({ forced: { flags: { dark: "on" } }, units: ["tester-1", "tester-2"] })
    const qa = String(link["token"])
    assert.deepStrictEqual(await refusedAs(qa, { context: { user_id: "somebody" } }), ["/qa other_unit"])
    assert.deepStrictEqual(await refusedAs(qa), ["/qa other_unit"])
    for (const context of [{ user_id: "tester-1" }, { user_id: "u", anonymous_id: "tester-2" }]) {
      assert.deepInclude(await evaluate("dark", context, {}, `?qa=${qa}`), { value: true })
    }
    await done(200, "POST", `/ofrep/v1/evaluate/flags/dark?qa=${qa}`, { context: { targetingKey: "tester-1" } })
    const refused = await done(400, "POST", `/experiments/experiments/short/assign?qa=${qa}`, { user_id: "somebody" })
    assert.deepStrictEqual(errorsOf(refused), ["/qa other_unit"])
    const exported = await ask(server, "GET", "/analytics/persons/tester-1/export", { token })
    assert.notInclude(JSON.stringify(exported.body), "tester-2")
    await done(200, "POST", "/analytics/persons/tester-1/erase")
    await done(404, "GET", `${links}/${String(link["id"])}`)
    assert.deepStrictEqual(await refusedAs(qa, { context: { user_id: "tester-2" } }), ["/qa revoked"])
  })

  it("forces what there is alone, for 7 days at the most", async () => {
    const forced = { flags: { nothing: "on" }, experiments: { short: "blue" } }
    assert.deepStrictEqual(errorsOf(await done(400, "POST", links, { forced })), [
      "/forced/flags/nothing unknown_flag",
      "/forced/experiments/short unknown_variant"
    ])
    const long = await done(400, "POST", links, { forced: {}, minutes: 7 * 24 * 60 + 1 })
    assert.include(errorsOf(long)[0], "/minutes")
  })
})

describe("archetypes", () => {
  const check = async (body: object = {}) => (await done(200, "POST", `${archetypes}/check`, body)).body

  it("tell which expectations flags do not meet, also with a draft that is not published", async () => {
    const rules = [{ id: "germany", condition: { country: "DE" }, serve: { variant: "on" } }]
    const flag = {
      key: "prices",
      type: "boolean",
      environments: { production: { enabled: true, default_variant: "off", rules } }
    }
    await done(201, "POST", flagsPath, flag)
    const german = { key: "german", context: { country: "DE" }, expected: { prices: { variant: "on" } } }
    const other = { key: "other", context: {}, expected: { prices: { value: false }, unmade: { variant: null } } }
    await done(201, "POST", archetypes, german)
    await done(201, "POST", archetypes, other)
    assert.deepStrictEqual(errorsOf(await done(409, "POST", archetypes, german)), ["/key taken"])
    assert.deepStrictEqual(await check(), {
      archetypes: 2,
      expectations: 3,
      failed: 1,
      failures: [
        { archetype: "other", environment: "production", flag: "unmade", expected: { variant: null }, got: null }
      ]
    })
    const draft = { ...flag, environments: { production: { enabled: true, default_variant: "on", rules: [] } } }
    const drafted = await check({ keys: ["other"], draft })
    assert.deepInclude(drafted, { archetypes: 1, expectations: 2, failed: 2 })
    assert.deepInclude((drafted["failures"] as ReadonlyArray<object>)[0], {
      flag: "prices",
      got: { variant: "on", value: true, reason: "STATIC", rule: null }
    })
    assert.deepInclude(await check(), { failed: 1 })
    const unknown = await done(400, "POST", `${archetypes}/check`, { keys: ["german", "nobody"] })
    assert.deepStrictEqual(errorsOf(unknown), ["/keys/1 unknown_archetype"])
    const moon = { ...german, key: "moon", environment: "moon" }
    assert.deepStrictEqual(errorsOf(await done(400, "POST", archetypes, moon)), ["/environment unknown_environment"])
  })

  it("that bear the id of somebody go with them", async () => {
    const eve = { key: "eve", context: { user_id: "eve@shop.example" }, expected: {} }
    await done(201, "POST", archetypes, eve)
    await done(200, "POST", "/analytics/persons/eve@shop.example/erase", {})
    await done(404, "GET", `${archetypes}/eve`)
    await done(200, "GET", `${archetypes}/german`)
  })
})
