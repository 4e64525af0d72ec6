import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
let stagingKey: Readonly<Record<string, unknown>>
let stagingToken: string

const send = (
  method: string,
  path: string,
  body?: unknown,
  as = token,
  headers: Readonly<Record<string, string>> = {}
) => ask(server, method, path, { token: as, headers, ...(body === undefined ? {} : { body }) })
const make = async (path: string, body: unknown): Promise<Answer> => {
  const answer = await send("POST", path, body)
  assert.strictEqual(answer.status, 201, JSON.stringify(answer.body))
  return answer
}
const errorsOf = ({ body }: Answer) =>
  ((body["errors"] ?? []) as ReadonlyArray<{ readonly pointer: string; readonly code: string }>).map(
    ({ code, pointer }) => `${pointer} ${code}`
  )
const experiment = (key: string, environment?: string) => ({
  key,
  name: key,
  ...(environment === undefined ? {} : { environment }),
  variants: [
    { id: "a", weight: 50 },
    { id: "b", weight: 50 }
  ],
  goals: [{ id: "ordered", measure: { kind: "rate", of: { event_types: ["order_completed"] } } }]
})

beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
  await make("/experiments/environments", { key: "staging" })
  await make("/experiments/feature-flags", {
    key: "banner",
    type: "string",
    variants: ["production", "staging"].map((name) => ({ name, value: `of ${name}` })),
    environments: {
      production: { enabled: true, default_variant: "production" },
      staging: { enabled: true, default_variant: "staging" }
    }
  })
  for (const environment of [undefined, "staging"]) {
    const key = `form-${environment ?? "production"}`
    await make("/experiments/experiments", experiment(key, environment))
    const started = await send("POST", `/experiments/experiments/${key}/start`)
    assert.strictEqual(started.status, 200, JSON.stringify(started.body))
  }
  const scopes = ["flags:evaluate", "events:write"]
  const { body } = await make("/platform/keys", { name: "staging", scopes, environment: "staging" })
  stagingKey = body
  stagingToken = String(body["token"])
})
afterAll(() => server.kill("SIGTERM"))

describe("a key of one environment", () => {
  it("is told by its environment, keeps it when it is rotated, and holds only what clients need", async () => {
    assert.strictEqual(stagingKey["environment"], "staging")
    const { body } = await make(`/platform/keys/${String(stagingKey["id"])}/rotate`, {})
    assert.strictEqual(body["environment"], "staging")
    const whole = await make("/platform/keys", { name: "whole", scopes: ["flags:evaluate"] })
    assert.notProperty(whole.body, "environment")
    for (const [asked, error] of [
      [{ scopes: ["flags:evaluate"], environment: "nowhere" }, "/environment unknown_environment"],
      [{ scopes: ["flags:evaluate"], environment: "a:b" }, "/environment wrong_format"],
      [{ scopes: ["experiments:read"], environment: "staging" }, "/scopes not_for_environments"],
      [{ scopes: ["*"], environment: "staging" }, "/scopes not_for_environments"]
    ] as const) {
      const refused = await send("POST", "/platform/keys", { name: "key", ...asked })
      assert.strictEqual(refused.status, 400, JSON.stringify(refused.body))
      assert.deepStrictEqual(errorsOf(refused), [error])
    }
  })

  it("reads that environment where none is named, and where it is named", async () => {
    const path = "/experiments/feature-flags"
    for (const environment of [{}, { environment: "staging" }]) {
      const one = await send("POST", `${path}/banner/evaluate`, environment, stagingToken)
      assert.deepInclude(one.body, { value: "of staging" })
      const all = await send("POST", `${path}/bulk-evaluate`, environment, stagingToken)
      assert.deepInclude(all.body, { environment: "staging" })
      assert.deepInclude((all.body["flags"] as ReadonlyArray<object>)[0]!, { value: "of staging" })
    }
    const context = { targetingKey: "u1" }
    const one = await send("POST", "/ofrep/v1/evaluate/flags/banner", { context }, stagingToken)
    assert.deepInclude(one.body, { value: "of staging" })
    const all = await send("POST", "/ofrep/v1/evaluate/flags", { context }, stagingToken)
    assert.deepInclude(all.body["metadata"] as object, { environment: "staging" })
    assert.deepInclude((await send("POST", `${path}/banner/evaluate`, {})).body, { value: "of production" })
  })

  it("is refused another one, by the pointer to its name, wherever it may be named", async () => {
    const context = { targetingKey: "u1" }
    const environment = "production"
    for (const [path, body, headers] of [
      ["/experiments/feature-flags/banner/evaluate", { environment }],
      ["/experiments/feature-flags/bulk-evaluate", { environment }],
      ["/ofrep/v1/evaluate/flags/banner", { context }, { "x-environment": environment }],
      ["/ofrep/v1/evaluate/flags?environment=production", { context }]
    ] as const) {
      const refused = await send("POST", path, body, stagingToken, headers)
      assert.strictEqual(refused.status, 403, path)
      assert.deepStrictEqual(errorsOf(refused), ["/environment not_of_key"])
      assert.notInclude(JSON.stringify(refused.body), "of production")
    }
  })

  it("assigns nobody to an experiment of another one", async () => {
    const assign = (key: string, as = token) =>
      send("POST", `/experiments/experiments/${key}/assign`, { user_id: "u1" }, as)
    assert.strictEqual((await assign("form-staging", stagingToken)).status, 200)
    assert.strictEqual((await assign("form-production", stagingToken)).status, 404)
    for (const key of ["form-staging", "form-production"]) assert.strictEqual((await assign(key)).status, 200)
  })

  it("holds its environment in use until it is revoked", async () => {
    await make("/experiments/environments", { key: "preview" })
    const scopes = ["flags:evaluate"]
    const { body } = await make("/platform/keys", { name: "preview", scopes, environment: "preview" })
    const held = await send("DELETE", "/experiments/environments/preview")
    assert.strictEqual(held.status, 409)
    assert.include(JSON.stringify(held.body), `keys/${String(body["id"])}`)
    assert.strictEqual((await send("DELETE", `/platform/keys/${String(body["id"])}`)).status, 200)
    assert.strictEqual((await send("DELETE", "/experiments/environments/preview")).status, 204)
  })
})

describe("production", () => {
  it("is read and told more of as others are, and stays", async () => {
    const path = "/experiments/environments/production"
    const initial = await send("GET", path)
    assert.strictEqual(initial.status, 200, JSON.stringify(initial.body))
    assert.deepInclude(initial.body, { id: "production", key: "production" })
    const put = (name: string, etag: string | null) =>
      send("PUT", path, { key: "production", name }, token, { "if-match": etag ?? "" })
    const named = await put("Live", initial.headers.get("etag"))
    assert.strictEqual(named.status, 200, JSON.stringify(named.body))
    assert.strictEqual((await put("Late", initial.headers.get("etag"))).status, 412)
    assert.strictEqual((await put("The shop", named.headers.get("etag"))).status, 200)
    assert.deepInclude((await send("GET", path)).body, { name: "The shop" })
    const { body } = await send("POST", "/experiments/feature-flags/banner/evaluate", { context: {} })
    assert.strictEqual(body["value"], "of production")
    assert.strictEqual((await send("POST", "/experiments/environments", { key: "production" })).status, 409)
    const removed = await send("DELETE", path, undefined, token, { "if-match": '"2"' })
    assert.strictEqual(removed.status, 409)
    assert.deepStrictEqual(errorsOf(removed), [" always_there"])
  })
})
