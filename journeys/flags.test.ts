import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { asking, errorsOf } from "./asking.ts"
import { startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const flagsPath = "/experiments/feature-flags"
const { send } = asking(() => ({ server, token }))
const made = async (path: string, body: unknown): Promise<Answer> => {
  const answer = await send("POST", path, body)
  assert.strictEqual(answer.status, 201, JSON.stringify(answer.body))
  return answer
}
const evaluate = async (key: string, context: object, environment?: string) => {
  const { body, status } = await send("POST", `${flagsPath}/${key}/evaluate`, {
    context,
    ...(environment === undefined ? {} : { environment })
  })
  assert.strictEqual(status, 200, JSON.stringify(body))
  return body
}

describe("a feature flag", () => {
  it("is made, evaluated, changed at a revision, and deleted", async () => {
    const answer = await made(flagsPath, { key: "dark-mode", type: "boolean" })
    assert.strictEqual(answer.headers.get("location"), `${flagsPath}/dark-mode`)
    assert.deepInclude(await evaluate("dark-mode", { user_id: "u1" }), {
      value: false,
      variant: "off",
      reason: "DISABLED"
    })
    const rules = [{ id: "germany", condition: { country: "DE" }, serve: { variant: "on" } }]
    const changed = {
      key: "dark-mode",
      type: "boolean",
      environments: { production: { enabled: true, default_variant: "off", rules } }
    }
    assert.strictEqual((await send("PUT", `${flagsPath}/dark-mode`, changed)).status, 428)
    assert.strictEqual((await send("PUT", `${flagsPath}/dark-mode`, changed, { "if-match": '"7"' })).status, 412)
    const put = await send("PUT", `${flagsPath}/dark-mode`, changed, { "if-match": '"1"' })
    assert.strictEqual(put.status, 200, JSON.stringify(put.body))
    assert.strictEqual(put.headers.get("etag"), '"2"')
    // A change of this process counts in the next answer.
    assert.deepInclude(await evaluate("dark-mode", { user_id: "u1", country: "DE" }), {
      value: true,
      reason: "TARGETING_MATCH",
      rule: "germany"
    })
    assert.deepInclude(await evaluate("dark-mode", { user_id: "u1" }), { value: false, reason: "DEFAULT", rule: null })
    const page = await send("GET", flagsPath)
    assert.deepStrictEqual(
      (page.body["items"] as ReadonlyArray<{ key: string }>).map(({ key }) => key),
      ["dark-mode"]
    )
    assert.strictEqual((await send("DELETE", `${flagsPath}/dark-mode`)).status, 204)
    assert.strictEqual((await send("POST", `${flagsPath}/dark-mode/evaluate`, {})).status, 404)
    assert.strictEqual((await send("GET", `${flagsPath}/dark-mode`)).status, 404)
  })

  it("names the place of what is wrong, in the flag as it was sent", async () => {
    const wrong = {
      key: "wrong",
      type: "number",
      variants: [
        { name: "one", value: 1 },
        { name: "two", value: "2" }
      ],
      environments: {
        nowhere: { enabled: true },
        production: {
          enabled: true,
          default_variant: "three",
          rules: [
            {
              id: "a",
              condition: { name: { $regex: "(a+)+(?=b)" } },
              serve: { split: [{ variant: "one", weight: 60 }] }
            },
            { id: "b", prerequisites: [{ flag: "missing", condition: { value: true } }], serve: { variant: "one" } }
          ]
        }
      }
    }
    const refused = await send("POST", flagsPath, wrong)
    assert.strictEqual(refused.status, 400)
    assert.deepStrictEqual(errorsOf(refused), [
      "/environments/nowhere unknown_environment",
      "/variants/1/value wrong_type",
      "/environments/production/default_variant unknown_variant",
      "/environments/production/rules/0/condition/name/$regex bad_pattern",
      "/environments/production/rules/0/serve/split weights",
      "/environments/production/rules/1/prerequisites/0/flag unknown_flag"
    ])
    const misspelt = await send("POST", flagsPath, { key: "a:b", type: "boolean" })
    assert.strictEqual(misspelt.status, 400)
    assert.deepStrictEqual(
      errorsOf(misspelt).map((each) => each.split(" ")[0]),
      ["/key"]
    )
  })

  it("is one of its key, and its key and type never change", async () => {
    await made(flagsPath, { key: "once", type: "boolean" })
    assert.strictEqual((await send("POST", flagsPath, { key: "once", type: "boolean" })).status, 409)
    const other = { key: "twice", type: "string", variants: [{ name: "a", value: "" }] }
    const refused = await send("PUT", `${flagsPath}/once`, other, { "if-match": '"1"' })
    assert.strictEqual(refused.status, 400)
    assert.deepStrictEqual(errorsOf(refused), ["/key immutable", "/type immutable"])
  })

  it("serves falsy values, and no value where the code's default is meant", async () => {
    const environments = { production: { enabled: true, default_variant: "none" } }
    for (const [key, value] of [
      ["empty", ""],
      ["zero", 0]
    ] as const) {
      const type = typeof value
      await made(flagsPath, { key, type, variants: [{ name: "none", value }], environments })
      assert.strictEqual((await evaluate(key, {}))["value"], value)
    }
    await made(flagsPath, { key: "unset", type: "json", variants: [{ name: "x", value: { a: 1 } }] })
    assert.notProperty(await evaluate("unset", {}), "value")
  })

  it("waits for its prerequisite, refuses a cycle, and is not deleted while another waits for it", async () => {
    await made(flagsPath, { key: "base", type: "boolean", environments: { production: { enabled: true } } })
    const prerequisites = [{ flag: "base", condition: { value: true } }]
    await made(flagsPath, {
      key: "above",
      type: "boolean",
      environments: { production: { enabled: true, prerequisites } }
    })
    assert.deepInclude(await evaluate("above", {}), { value: true })
    const cyclic = {
      key: "base",
      type: "boolean",
      environments: { production: { enabled: true, prerequisites: [{ flag: "above", condition: { value: true } }] } }
    }
    const refused = await send("PUT", `${flagsPath}/base`, cyclic, { "if-match": '"1"' })
    assert.strictEqual(refused.status, 400)
    assert.deepStrictEqual(errorsOf(refused), ["/environments/production/prerequisites/0/flag cycle"])
    assert.strictEqual((await send("DELETE", `${flagsPath}/base`)).status, 409)
    const off = { key: "base", type: "boolean", environments: { production: { enabled: false } } }
    assert.strictEqual((await send("PUT", `${flagsPath}/base`, off, { "if-match": '"1"' })).status, 200)
    const above = await evaluate("above", {})
    assert.deepInclude(above, { value: false, reason: "DEFAULT" })
    assert.deepInclude(above["metadata"], { prerequisite: "base" })
  })
})

describe("a flag of JSON", () => {
  const schema = {
    type: "object",
    required: ["title"],
    properties: { title: { type: "string", minLength: 1 }, steps: { $ref: "#/$defs/steps" } },
    additionalProperties: false,
    $defs: { steps: { type: "array", maxItems: 2, items: { enum: ["cart", "pay"] } } }
  }
  const banner = (more: object) => ({
    key: "banner",
    type: "json",
    schema,
    variants: [{ name: "plain", value: { title: "Hello" } }],
    default_variant: "plain",
    environments: { production: { enabled: true } },
    ...more
  })

  it("has values that meet its schema, when it is made, when it changes, and as a draft", async () => {
    const wrong = [
      { name: "plain", value: { title: "" } },
      { name: "long", value: { steps: ["cart", "fly"], colour: "red" } }
    ]
    const mistakes = [
      "/variants/0/value/title minLength",
      "/variants/1/value/title required",
      "/variants/1/value/steps/1 enum",
      "/variants/1/value/colour false"
    ]
    assert.deepStrictEqual(errorsOf(await send("POST", flagsPath, banner({ variants: wrong }))), mistakes)
    await made(flagsPath, banner({}))
    assert.deepInclude(await evaluate("banner", {}), { value: { title: "Hello" } })
    const changed = await send("PUT", `${flagsPath}/banner`, banner({ variants: wrong }), { "if-match": '"1"' })
    assert.deepStrictEqual(errorsOf(changed), mistakes)
    const draft = await send("POST", `${flagsPath}/banner/explain`, { draft: banner({ variants: wrong }) })
    assert.deepStrictEqual(
      errorsOf(draft),
      mistakes.map((each) => `/draft${each}`)
    )
    const { body } = await send("GET", `${flagsPath}/banner`)
    assert.deepStrictEqual(body["schema"], schema)
  })

  it("has a schema that is one", async () => {
    const given = { tpye: "object", properties: { a: { pattern: "(" } }, $ref: "https://elsewhere.example" }
    assert.deepStrictEqual(errorsOf(await send("POST", flagsPath, banner({ key: "b2", schema: given }))), [
      "/schema/tpye unknown_keyword",
      "/schema/properties/a/pattern bad_pattern",
      "/schema/$ref wrong_operand"
    ])
    const text = { key: "b3", type: "string", schema, variants: [{ name: "a", value: "a" }] }
    assert.deepStrictEqual(errorsOf(await send("POST", flagsPath, text)), ["/schema not_json"])
  })
})

describe("segments and environments", () => {
  it("serve who is in them, and stay while a flag names them", async () => {
    await made("/experiments/segments", { key: "staff", members: { attribute: "user_id", values: ["ada", 7] } })
    await made("/experiments/environments", { key: "staging" })
    const rules = [{ id: "staff", condition: { user_id: { $inGroup: "staff" } }, serve: { variant: "on" } }]
    const environments = { staging: { enabled: true, default_variant: "off", rules }, production: { enabled: false } }
    await made(flagsPath, { key: "internal", type: "boolean", environments })
    assert.deepInclude(await evaluate("internal", { user_id: "ada" }, "staging"), { value: true })
    assert.deepInclude(await evaluate("internal", { user_id: "bob" }, "staging"), { value: false })
    assert.deepInclude(await evaluate("internal", { user_id: "ada" }), { reason: "DISABLED" })
    const nowhere = await send("POST", `${flagsPath}/internal/evaluate`, { environment: "moon" })
    assert.strictEqual(nowhere.status, 400)
    assert.deepStrictEqual(errorsOf(nowhere), ["/environment unknown_environment"])
    assert.strictEqual((await send("DELETE", "/experiments/segments/staff")).status, 409)
    assert.strictEqual((await send("DELETE", "/experiments/environments/staging")).status, 409)
    assert.strictEqual((await send("POST", "/experiments/environments", { key: "production" })).status, 409)
    const loop = { key: "loop", members: { condition: { $savedGroup: { id: "gone" } } } }
    assert.deepStrictEqual(errorsOf(await send("POST", "/experiments/segments", loop)), [
      "/members/condition unknown_group"
    ])
  })

  it("forget an erased person, in their history too, and mean the same for everybody else", async () => {
    const on = { variant: "on" }
    const rules = [
      { id: "listed", condition: { user_id: { $in: ["ada", "ben"] } }, serve: on },
      { id: "alone", condition: { $or: [{ user_id: "ada" }, { user_id: { $eq: "eve@shop.example" } }] }, serve: on },
      { id: "others", condition: { user_id: { $ne: "ada" }, country: "FR" }, serve: on }
    ]
    const production = { enabled: true, default_variant: "off", rules }
    await made(flagsPath, { key: "by-name", type: "boolean", environments: { production } })
    await made("/experiments/experiments", {
      key: "by-name",
      name: "By name",
      condition: { $not: { user_id: "ada" } },
      variants: [{ id: "on", weight: 100 }]
    })
    const others = [{ user_id: "ben" }, { user_id: "cy" }, { user_id: "cy", country: "FR" }, {}]
    const answers = async () => {
      const found = []
      for (const context of others) found.push((await evaluate("by-name", context))["rule"])
      return found
    }
    const before = await answers()
    assert.deepStrictEqual(before, ["listed", null, "others", null])
    const held = await send("GET", "/analytics/persons/ada/export")
    const lines = held.body["lines"] as ReadonlyArray<{ readonly kind: string; readonly data: object }>
    const places = ["listed", "alone", "others"].map((_, at) => `/environments/production/rules/${at}/condition`)
    assert.deepStrictEqual(
      lines.filter(({ kind }) => kind === "flags" || kind === "experiments").map(({ data }) => data),
      [
        { id: "by-name", places: ["/condition"] },
        { id: "by-name", places }
      ]
    )
    const mail = await send("POST", "/analytics/persons/eve@shop.example/erase", {})
    assert.strictEqual(mail.status, 200, JSON.stringify(mail.body))
    const erased = await send("POST", "/analytics/persons/ada/erase", {})
    assert.strictEqual(erased.status, 200, JSON.stringify(erased.body))
    const stores = erased.body["stores"] as ReadonlyArray<{ readonly store: string; readonly removed: number }>
    assert.strictEqual(stores.find(({ store }) => store === "definitions")?.removed, 3)
    const { body } = await send("GET", "/experiments/segments/staff")
    assert.deepStrictEqual((body["members"] as { values: unknown }).values, [7])
    assert.deepInclude(await evaluate("internal", { user_id: "ada" }, "staging"), { value: false })
    assert.deepStrictEqual(await answers(), before)
    assert.isNull((await evaluate("by-name", { user_id: "ada" }))["rule"])
    const { body: experiment } = await send("GET", "/experiments/experiments/by-name")
    assert.deepStrictEqual(experiment["condition"], { $not: { user_id: { $in: [] } } })
    const pages = [`${flagsPath}/by-name`, `${flagsPath}/by-name/revisions`, "/platform/audit?target=flags/by-name"]
    for (const page of pages) {
      const text = JSON.stringify((await send("GET", page)).body)
      assert.notMatch(text, /"ada"|eve@/, page)
      assert.include(text, "by-name")
    }
  })
})

describe("many flags at once", () => {
  it("come from one revision; a name that is no flag says so in its place", async () => {
    const { body, status } = await send("POST", `${flagsPath}/bulk-evaluate`, {
      context: { user_id: "u1" },
      keys: ["zero", "nothing", "zero", "empty"]
    })
    assert.strictEqual(status, 200)
    const flags = body["flags"] as ReadonlyArray<Readonly<Record<string, unknown>>>
    assert.deepStrictEqual(
      flags.map((each) => [each["key"], each["value"] ?? each["error_code"]]),
      [
        ["zero", 0],
        ["nothing", "FLAG_NOT_FOUND"],
        ["empty", ""]
      ]
    )
    const all = await send("POST", `${flagsPath}/bulk-evaluate`, {})
    assert.isAbove((all.body["flags"] as ReadonlyArray<unknown>).length, 5)
    assert.strictEqual(all.body["revision"], body["revision"])
  })
})
