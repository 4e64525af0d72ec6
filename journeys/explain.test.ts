import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { variantBucket } from "../domain/bucketing/sha256Buckets.ts"
import { asking, errorsOf } from "./asking.ts"
import { ask, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const flagsPath = "/experiments/feature-flags"
const { done, send } = asking(() => ({ server, token }))
const explain = async (key: string, body: object, at?: string) =>
  (
    await done(
      200,
      "POST",
      `${flagsPath}/${key}/explain${at === undefined ? "" : `?at=${encodeURIComponent(at)}`}`,
      body
    )
  ).body
const served = (rule: string, more: object = {}) => ({
  rule,
  outcome: "served",
  detail: null,
  hash_input: null,
  bucket: null,
  ...more
})
const passedOver = (rule: string, outcome: string, detail: string | null) => ({
  rule,
  outcome,
  detail,
  hash_input: null,
  bucket: null
})

const variants = [
  { id: "on", weight: 50 },
  { id: "off", weight: 50 }
]
const goals = [{ id: "ordered", measure: { kind: "rate", of: { event_types: ["order_completed"] } } }]
const checkout = (percent: number) => ({
  key: "checkout",
  type: "boolean",
  environments: {
    production: {
      enabled: true,
      default_variant: "off",
      rules: [
        { id: "germany", condition: { country: "DE" }, serve: { variant: "on" } },
        { id: "trial", serve: { experiment: "short" } },
        { id: "rest", percent, serve: { variant: "on" } }
      ]
    }
  }
})

describe("the playground", () => {
  it("tells of every rule why it did not serve, and what was hashed for the one that did", async () => {
    await done(201, "POST", "/experiments/experiments", { key: "short", name: "Short", variants, goals })
    await done(201, "POST", flagsPath, checkout(0))
    assert.deepInclude(await explain("checkout", { context: { country: "DE" } }), {
      value: true,
      rule: "germany",
      environment: "production",
      as_of: null,
      trace: [served("germany")]
    })
    const before = await explain("checkout", { context: { user_id: "u1" } })
    assert.deepInclude(before, { value: false, reason: "DEFAULT", rule: null })
    assert.deepStrictEqual(before["trace"], [
      passedOver("germany", "condition", "/country"),
      passedOver("trial", "off", null),
      passedOver("rest", "rollout", null)
    ])
    await done(200, "POST", "/experiments/experiments/short/start")
    const bucket = variantBucket("short", "u1")
    const after = await explain("checkout", { context: { user_id: "u1" } })
    assert.deepInclude(after, { variant: bucket < 50 ? "on" : "off", reason: "SPLIT", rule: "trial", bucket })
    assert.deepStrictEqual(after["trace"], [
      passedOver("germany", "condition", "/country"),
      served("trial", { hash_input: "short:u1", bucket })
    ])
  })

  it("forces variants of flags and of experiments, and refuses those that are not there", async () => {
    for (const variant of ["on", "off"]) {
      const arm = await explain("checkout", { context: { user_id: "u1" }, forced: { experiments: { short: variant } } })
      assert.deepInclude(arm, { variant, rule: "trial" })
      assert.deepInclude(arm["metadata"], { forced: true })
      const flag = await explain("checkout", { forced: { flags: { checkout: variant } } })
      assert.deepInclude(flag, { variant, reason: "STATIC", trace: [] })
    }
    const forced = { flags: { checkout: "blue", nothing: "on" }, experiments: { short: "long", nothing: "on" } }
    assert.deepStrictEqual(errorsOf(await done(400, "POST", `${flagsPath}/checkout/explain`, { forced })), [
      "/forced/flags/checkout unknown_variant",
      "/forced/flags/nothing unknown_flag",
      "/forced/experiments/short unknown_variant",
      "/forced/experiments/nothing unknown_experiment"
    ])
  })

  it("tries a draft before it is published, of a new flag too, and names its mistakes", async () => {
    const context = { user_id: "u1", country: "FR" }
    const rules = [{ id: "france", condition: { country: "FR" }, serve: { variant: "on" } }]
    const draft = (key: string) => ({
      key,
      type: "boolean",
      environments: { production: { enabled: true, default_variant: "off", rules } }
    })
    assert.deepInclude(await explain("checkout", { context, draft: draft("checkout") }), {
      value: true,
      rule: "france"
    })
    assert.deepInclude(await explain("checkout", { context }), { rule: "trial" })
    assert.deepInclude(await explain("unmade", { context, draft: draft("unmade") }), { value: true, rule: "france" })
    await done(404, "GET", `${flagsPath}/unmade`)
    const wrong = { key: "checkout", type: "boolean", environments: { moon: { enabled: true } } }
    assert.deepStrictEqual(errorsOf(await done(400, "POST", `${flagsPath}/checkout/explain`, { draft: wrong })), [
      "/draft/environments/moon unknown_environment"
    ])
    assert.deepStrictEqual(
      errorsOf(await done(400, "POST", `${flagsPath}/checkout/explain`, { draft: draft("other") })),
      ["/draft/key immutable"]
    )
  })

  it("exposes nobody, unlike an evaluation", async () => {
    await explain("checkout", { context: { user_id: "looked-at" } })
    await done(200, "POST", `${flagsPath}/checkout/evaluate`, { context: { user_id: "exposed" } })
    for (let attempt = 0; ; attempt += 1) {
      const { body } = await done(200, "GET", "/analytics/events?event_type=experiment_exposed&limit=100")
      const users = (body["items"] as ReadonlyArray<{ readonly user_id: string }>).map(({ user_id }) => user_id)
      if (users.length > 0) {
        assert.deepStrictEqual(users, ["exposed"])
        break
      }
      assert.isBelow(attempt, 100)
      await new Promise((after) => setTimeout(after, 100))
    }
  })

  it("needs the right to read experiments, not the one of browsers to evaluate", async () => {
    const browser = tokenFor(server.folder, { scopes: ["flags:evaluate"] })
    const refused = await ask(server, "POST", `${flagsPath}/checkout/explain`, { token: browser, body: {} })
    assert.strictEqual(refused.status, 403)
  })
})

describe("the definitions of another time", () => {
  it("are evaluated as they stood: flags, segments, experiments, and what has been deleted since", async () => {
    const context = { user_id: "ada" }
    const members = (values: ReadonlyArray<string>) => ({ key: "staff", members: { attribute: "user_id", values } })
    const rules = [{ id: "staff", condition: { user_id: { $inGroup: "staff" } }, serve: { variant: "on" } }]
    const environments = { production: { enabled: true, default_variant: "off", rules } }
    const past = async () => {
      const now = new Date().toISOString()
      // Changes are told apart by the millisecond.
      await new Promise((after) => setTimeout(after, 5))
      return now
    }
    const begin = await past()
    await done(201, "POST", "/experiments/segments", members(["ada"]))
    const alone = await past()
    await done(201, "POST", flagsPath, { key: "tools", type: "boolean", environments })
    const made = await past()
    await done(200, "PUT", "/experiments/segments/staff", members(["bob"]), { "if-match": '"1"' })
    const changed = await past()
    await done(204, "DELETE", `${flagsPath}/tools`)
    await done(404, "POST", `${flagsPath}/tools/explain`, { context })

    const then = await explain("tools", { context }, made)
    assert.deepInclude(then, { value: true, rule: "staff", revision: null, as_of: Date.parse(made) })
    const later = await explain("tools", { context }, changed)
    assert.deepInclude(later, { value: false, trace: [passedOver("staff", "condition", "/user_id/$inGroup")] })
    for (const at of [begin, alone, new Date().toISOString()]) {
      const path = `${flagsPath}/tools/explain?at=${encodeURIComponent(at)}`
      assert.match(String((await done(404, "POST", path, { context })).body["detail"]), /was no flag tools/u)
    }
  })

  it("hold what a flag rests on through others: prerequisites, groups in groups, experiments and holdouts", async () => {
    const past = async () => {
      const now = new Date().toISOString()
      await new Promise((after) => setTimeout(after, 5))
      return now
    }
    const flag = (key: string, more: object) => ({
      key,
      type: "boolean",
      environments: { production: { enabled: true, default_variant: "off", ...more } }
    })
    const group = (key: string, members: object) => done(201, "POST", "/experiments/segments", { key, members })
    await group("inner", { attribute: "user_id", values: ["ada"] })
    await group("outer", { condition: { user_id: { $inGroup: "inner" } } })
    await done(201, "POST", flagsPath, flag("base", { rules: [{ id: "all", serve: { variant: "on" } }] }))
    await done(201, "POST", "/experiments/experiments", { key: "deep", name: "Deep", variants, goals })
    await done(200, "POST", "/experiments/experiments/deep/start")
    const prerequisites = [{ flag: "base", condition: { value: true } }]
    const rule = { id: "staff", condition: { $savedGroup: { id: "outer" } }, serve: { experiment: "deep" } }
    await done(201, "POST", flagsPath, flag("top", { prerequisites, rules: [rule] }))
    const before = await past()
    await done(201, "POST", "/experiments/holdouts", { key: "half", percent: 100 })
    const held = await past()
    for (const percent of [50, 10, 0]) {
      const { headers } = await send("GET", "/experiments/holdouts/half")
      await done(
        200,
        "PUT",
        "/experiments/holdouts/half",
        { key: "half", percent },
        { "if-match": headers.get("etag")! }
      )
    }
    const released = await past()
    await done(200, "PUT", `${flagsPath}/base`, flag("base", { enabled: false }), { "if-match": '"1"' })
    const bucket = variantBucket("deep", "ada")
    const arm = { variant: bucket < 50 ? "on" : "off", rule: "staff", bucket }
    const context = { user_id: "ada" }
    assert.deepInclude(await explain("top", { context }, before), arm)
    assert.deepInclude((await explain("top", { context }, held))["metadata"], { holdout: "half" })
    assert.deepInclude(await explain("top", { context }, released), arm)
    assert.deepInclude((await explain("top", { context }, await past()))["metadata"], { prerequisite: "base" })
    await done(204, "DELETE", "/experiments/holdouts/half")
  })

  it("are refused where there were none, and where the time is none or to come", async () => {
    for (const [at, code] of [
      ["2020-01-01T00:00:00Z", "before_history"],
      ["yesterday", "not_an_instant"],
      ["2026-01-01T00:00:00", "not_an_instant"],
      ["2999-01-01T00:00:00+02:00", "in_future"]
    ] as const) {
      const path = `${flagsPath}/checkout/explain?at=${encodeURIComponent(at)}`
      assert.deepStrictEqual(errorsOf(await done(400, "POST", path, {})), [`/at ${code}`])
    }
    const path = `${flagsPath}/checkout/explain?at=${encodeURIComponent(new Date().toISOString())}`
    assert.deepStrictEqual(errorsOf(await done(400, "POST", path, { environment: "moon" })), [
      "/environment unknown_environment"
    ])
  })
})

describe("the revisions of a flag", () => {
  it("come newest first by page, also of a deleted one, and each can be evaluated again", async () => {
    const flag = (enabled: boolean) => ({ key: "kept", type: "boolean", environments: { production: { enabled } } })
    await done(201, "POST", flagsPath, flag(false))
    await done(200, "PUT", `${flagsPath}/kept`, flag(true), { "if-match": '"1"' })
    await done(204, "DELETE", `${flagsPath}/kept`)
    const first = await done(200, "GET", `${flagsPath}/kept/revisions?limit=2`)
    const second = await done(200, "GET", `${flagsPath}/kept/revisions?limit=2&cursor=${String(first.body["next"])}`)
    assert.match(first.headers.get("link")!, /rel="next"/u)
    assert.isNull(second.body["next"])
    const revisions = [first, second].flatMap(
      ({ body }) =>
        body["items"] as ReadonlyArray<{
          readonly change: string
          readonly changed_at: number
          readonly changed_by: string
          readonly flag: { readonly environments: unknown } | null
        }>
    )
    assert.deepStrictEqual(
      revisions.map(({ change, flag: was }) => [change, was?.environments ?? null]),
      [
        ["deleted", null],
        ["changed", { production: { enabled: true } }],
        ["made", { production: { enabled: false } }]
      ]
    )
    assert.strictEqual(new Set(revisions.map(({ changed_by }) => changed_by)).size, 1)
    const [, changed, made] = revisions.map(({ changed_at }) => new Date(changed_at).toISOString())
    assert.deepInclude(await explain("kept", {}, changed), { value: true })
    assert.deepInclude(await explain("kept", {}, made), { value: false, reason: "DISABLED" })
    await done(404, "GET", `${flagsPath}/nothing/revisions`)
  })
})
