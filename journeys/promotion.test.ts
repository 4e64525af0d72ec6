import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

const folder = freshFolder()
let server: ServerProcess
beforeAll(async () => {
  server = await startServer(folder)
})
afterAll(() => server.kill("SIGTERM"))

const flagsPath = "/experiments/feature-flags"
const send = (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) =>
  ask(server, method, path, {
    token: tokenFor(folder, { subject: "ada" }),
    headers,
    ...(body === undefined ? {} : { body })
  })
const done = async (status: number, answered: Promise<Answer>): Promise<Answer["body"]> => {
  const { body, status: is } = await answered
  assert.strictEqual(is, status, JSON.stringify(body))
  return body
}
const promote = (from: string, body: object) => send("POST", `/experiments/environments/${from}/promote`, body)
const said = async (key: string, environment: string) =>
  ((await done(200, send("GET", `${flagsPath}/${key}`)))["environments"] as Record<string, unknown>)[environment]

describe("a promotion between environments", () => {
  const rules = [{ id: "germany", condition: { country: "DE" }, serve: { variant: "on" } }]

  it("tells first what would differ, then does it, of all flags or of some parts of some", async () => {
    await done(201, send("POST", "/experiments/environments", { key: "staging" }))
    const staging = { enabled: true, default_variant: "off", rules }
    const environments = { staging, production: { enabled: false } }
    await done(201, send("POST", flagsPath, { key: "menu", type: "boolean", environments }))
    await done(201, send("POST", flagsPath, { key: "search", type: "boolean", environments }))
    await done(201, send("POST", flagsPath, { key: "elsewhere", type: "boolean" }))
    const dry = await done(200, promote("staging", { to: "production", flags: ["menu"], dry_run: true }))
    assert.deepStrictEqual(dry, {
      from: "staging",
      to: "production",
      outcome: "dry_run",
      change_request: null,
      approvals: 0,
      flags: [
        {
          flag: "menu",
          differences: [
            { pointer: "/environments/production/enabled", change: "changed", before: false, after: true },
            { pointer: "/environments/production/default_variant", change: "added", after: "off" },
            { pointer: "/environments/production/rules", change: "added", after: rules }
          ]
        }
      ],
      errors: []
    })
    assert.deepStrictEqual(await said("menu", "production"), { enabled: false })
    const rulesOnly = await done(200, promote("staging", { to: "production", flags: ["menu"], parts: ["rules"] }))
    assert.deepInclude(rulesOnly, { outcome: "applied" })
    assert.deepStrictEqual(await said("menu", "production"), { enabled: false, rules })
    const all = await done(200, promote("staging", { to: "production" }))
    assert.deepStrictEqual(
      (all["flags"] as ReadonlyArray<{ flag: string }>).map(({ flag }) => flag),
      ["menu", "search"]
    )
    assert.deepStrictEqual(await said("menu", "production"), staging)
    assert.deepStrictEqual(await said("search", "production"), staging)
    assert.deepInclude(await done(200, promote("staging", { to: "production" })), { outcome: "unchanged", flags: [] })
    const evaluated = await done(200, send("POST", `${flagsPath}/menu/evaluate`, { context: { country: "DE" } }))
    assert.isTrue(evaluated["value"])
  })

  it("is refused where something is not there, with what a dry run tells before", async () => {
    for (const [body, error] of [
      [{ to: "nowhere" }, "/to unknown_environment"],
      [{ to: "staging" }, "/to same_environment"],
      [{ to: "production", flags: ["menu", "elsewhere"] }, "/flags/1 unknown_flag"]
    ] as const) {
      const refused = await promote("staging", body)
      assert.strictEqual(refused.status, 400)
      const [first] = refused.body["errors"] as ReadonlyArray<{ pointer: string; code: string }>
      assert.strictEqual(`${first!.pointer} ${first!.code}`, error)
    }
    assert.strictEqual((await promote("nowhere", { to: "production" })).status, 404)
    const variants = [
      { id: "on", weight: 50 },
      { id: "off", weight: 50 }
    ]
    const trial = { key: "trial", name: "Trial", environment: "staging", variants }
    await done(201, send("POST", "/experiments/experiments", trial))
    const serving = [{ id: "trial", serve: { experiment: "trial" } }]
    const staging = { enabled: true, rules: serving }
    await done(201, send("POST", flagsPath, { key: "tried", type: "boolean", environments: { staging } }))
    const dry = await done(200, promote("staging", { to: "production", flags: ["tried"], dry_run: true }))
    const [error] = dry["errors"] as ReadonlyArray<{ code: string; detail: string }>
    assert.strictEqual(error!.code, "unknown_experiment")
    assert.include(error!.detail, "tried/environments/production/rules/0")
    assert.strictEqual((await promote("staging", { to: "production", flags: ["tried"] })).status, 409)
  })

  it("waits for approvals where the environment asks for them", async () => {
    const path = "/experiments/environments/production/approvals"
    await done(200, send("PUT", path, { approvals: 1 }, { "if-match": '"0"' }))
    const { headers, body } = await send("GET", `${flagsPath}/menu`)
    const { changed_at: _, changed_by: __, created_at: ___, created_by: ____, id: _____, ...flag } = body
    const environments = { ...(flag["environments"] as object), staging: { enabled: true, default_variant: "on" } }
    const etag = { "if-match": headers.get("etag")! }
    await done(200, send("PUT", `${flagsPath}/menu`, { ...flag, environments }, etag))
    const promoted = await done(200, promote("staging", { to: "production", flags: ["menu"] }))
    assert.deepInclude(promoted, { outcome: "in_review", approvals: 1 })
    assert.deepInclude((await said("menu", "production")) as object, { default_variant: "off" })
    const request = `/experiments/change-requests/${String(promoted["change_request"])}`
    const token = tokenFor(folder, { subject: "grace" })
    await done(200, ask(server, "POST", `${request}/approve`, { token, body: { version: 1 } }))
    await done(200, send("POST", `${request}/apply`))
    assert.deepStrictEqual(await said("menu", "production"), { enabled: true, default_variant: "on" })
  })
})
