import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

const folder = freshFolder()
let server: ServerProcess
beforeAll(async () => {
  server = await startServer(folder)
})
afterAll(() => server.kill("SIGTERM"))

const tokens = new Map<string, string>()
/** One token of each person; `ada/2` is another key of Ada's. */
const as = (name: string): string => {
  const token = tokens.get(name) ?? tokenFor(folder, { subject: name.split("/")[0]! })
  tokens.set(name, token)
  return token
}
const requests = "/experiments/change-requests"
const flagsPath = "/experiments/feature-flags"

const send = (
  who: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {}
): Promise<Answer> => ask(server, method, path, { token: as(who), headers, ...(body === undefined ? {} : { body }) })

const done = async (status: number, answered: Promise<Answer>): Promise<Answer["body"]> => {
  const { body, status: is } = await answered
  assert.strictEqual(is, status, JSON.stringify(body))
  return body
}
const errorsOf = (body: Answer["body"]) =>
  (body["errors"] as ReadonlyArray<{ readonly pointer: string; readonly code: string }>).map(
    ({ code, pointer }) => `${pointer} ${code}`
  )

const flag = (key: string, production: object, more: object = {}) => ({
  key,
  type: "boolean",
  environments: { production: { enabled: true, ...production } },
  ...more
})
const put = (definition: { readonly key: string }, more: object = {}) => ({
  kind: "flag",
  id: definition.key,
  definition,
  ...more
})
const request = async (who: string, changes: ReadonlyArray<object>, title = "A change"): Promise<string> => {
  const { id } = await done(201, send(who, "POST", requests, { title, changes }))
  return `${requests}/${String(id)}`
}
const inReview = async (who: string, changes: ReadonlyArray<object>): Promise<string> => {
  const path = await request(who, changes)
  await done(200, send(who, "POST", `${path}/submit`))
  return path
}
const approve = (who: string, path: string, version = 1) => send(who, "POST", `${path}/approve`, { version })
const read = (key: string) => done(200, send("ada", "GET", `${flagsPath}/${key}`))
const value = async (key: string, environment = "production") =>
  (await done(200, send("ada", "POST", `${flagsPath}/${key}/evaluate`, { context: { user_id: "u" }, environment })))[
    "value"
  ]
const ask_for = async (approvals: number, environment = "production") => {
  const path = `/experiments/environments/${environment}/approvals`
  const etag = (await send("ada", "GET", path)).headers.get("etag")!
  await done(200, send("ada", "PUT", path, { approvals }, { "if-match": etag }))
}
const until = async (path: string, is: (body: Answer["body"]) => boolean): Promise<Answer["body"]> => {
  const deadline = Date.now() + 20_000
  for (;;) {
    const { body } = await send("ada", "GET", path)
    if (is(body)) return body
    assert.isBelow(Date.now(), deadline, JSON.stringify(body))
    await new Promise((next) => setTimeout(next, 100))
  }
}
const soon = (millis: number) => new Date(Date.now() + millis).toISOString()

describe("a change request", () => {
  it("keeps a draft beside the live flag until as many others as asked for have approved it", async () => {
    await done(201, send("ada", "POST", flagsPath, flag("menu", { default_variant: "off" })))
    await done(201, send("ada", "POST", "/experiments/environments", { key: "staging" }))
    await ask_for(2)
    const wanted = flag("menu", { default_variant: "on" }, { description: "For everybody" })
    const direct = await send("ada", "PUT", `${flagsPath}/menu`, wanted, { "if-match": '"1"' })
    assert.strictEqual(direct.status, 403)
    assert.include(String(direct.body["detail"]), "POST /experiments/change-requests")
    assert.deepStrictEqual(errorsOf(direct.body), ["/environments/production needs_approval"])

    const path = await request("ada", [put(wanted)])
    assert.strictEqual((await approve("grace", path)).status, 409, "a draft is not in review")
    assert.strictEqual((await done(200, send("ada", "POST", `${path}/submit`)))["status"], "in_review")
    const diff = await done(200, send("grace", "GET", `${path}/diff`))
    assert.deepInclude(diff, {
      stale: false,
      errors: [],
      approvals: { required: 2, given: 0, environments: ["production"] }
    })
    const [change] = diff["changes"] as ReadonlyArray<Record<string, unknown>>
    assert.deepStrictEqual(change!["draft"], [
      { pointer: "/environments/production/default_variant", change: "changed", before: "off", after: "on" },
      { pointer: "/description", change: "added", after: "For everybody" }
    ])
    assert.deepStrictEqual(change!["live"], change!["draft"])

    assert.strictEqual((await approve("ada", path)).status, 403, "the author")
    assert.strictEqual((await approve("ada/2", path)).status, 403, "another key of the author")
    await done(200, approve("grace", path))
    assert.lengthOf(
      (await done(200, approve("grace/2", path)))["approvals"] as Array<unknown>,
      1,
      "a person counts once"
    )
    const early = await send("ada", "POST", `${path}/apply`)
    assert.strictEqual(early.status, 409)
    assert.deepStrictEqual(errorsOf(early.body), [" needs_approval"])
    await done(200, send("grace", "POST", `${path}/comments`, { text: "Go on" }))
    assert.isFalse(await value("menu"))
    await done(200, approve("joan", path))
    const applied = await done(200, send("ada", "POST", `${path}/apply`))
    assert.deepInclude(applied, { status: "applied" })
    assert.isTrue(await value("menu"))
    const revisions = await done(200, send("ada", "GET", `${flagsPath}/menu/revisions`))
    assert.deepStrictEqual(
      (revisions["items"] as ReadonlyArray<Record<string, unknown>>).map((each) => each["change_request"]),
      [applied["id"], null]
    )
    assert.strictEqual((await send("ada", "POST", `${path}/apply`)).status, 409)
    const listed = await done(200, send("ada", "GET", `${requests}?status=applied`))
    assert.deepInclude((listed["items"] as ReadonlyArray<object>)[0], {
      id: applied["id"],
      changes: [{ kind: "flag", id: "menu" }],
      comments: 1
    })
  })

  it("is needed for what the environment evaluates alone: words and other environments change directly", async () => {
    const { body, headers } = await send("ada", "GET", `${flagsPath}/menu`)
    const { environments } = body as { environments: Record<string, unknown> }
    const changed = {
      ...flag("menu", {}),
      environments: { ...environments, staging: { enabled: true, default_variant: "off" } },
      variants: body["variants"],
      off_variant: "off",
      default_variant: "on",
      description: "Other words"
    }
    await done(200, send("ada", "PUT", `${flagsPath}/menu`, changed, { "if-match": headers.get("etag")! }))
    assert.isFalse(await value("menu", "staging"))
    const off = { key: "later", type: "boolean", environments: { production: { enabled: false } } }
    await done(201, send("ada", "POST", flagsPath, off))
    assert.strictEqual((await send("ada", "POST", flagsPath, flag("now", {}))).status, 403)
    assert.strictEqual((await send("ada", "DELETE", `${flagsPath}/later`)).status, 403)
    assert.strictEqual((await send("ada", "POST", `${flagsPath}/menu/archive`, {})).status, 403)
    // What is put away is not found: that is not what a flag answers that is off.
    assert.strictEqual((await send("ada", "POST", `${flagsPath}/later/archive`, {})).status, 403)
    const away = { kind: "flag", id: "later", definition: null, archive: { reason: "Nobody asks for it" } }
    const beside = { ...away, definition: off }
    const refused = await send("ada", "POST", requests, { title: "Away", changes: [beside] })
    assert.deepStrictEqual(errorsOf(refused.body), ["/changes/0/archive not_beside"])
    const path = await inReview("ada", [away])
    assert.deepInclude((await done(200, send("ada", "GET", `${path}/diff`)))["approvals"] as object, { required: 2 })
    await done(200, approve("grace", path))
    await done(200, approve("joan", path))
    await done(200, send("ada", "POST", `${path}/apply`))
    assert.deepInclude((await read("later"))["archived"], { reason: "Nobody asks for it" })
    assert.strictEqual((await send("ada", "POST", "/experiments/holdouts", { key: "all" })).status, 403)
    const links = "/experiments/qa-links"
    const link = { forced: { flags: { menu: "on" } } }
    const wide = await send("ada", "POST", links, link)
    assert.strictEqual(wide.status, 403)
    assert.deepStrictEqual(errorsOf(wide.body), ["/units needs_approval"])
    await done(201, send("ada", "POST", links, { ...link, units: ["tester"] }))
    await done(201, send("ada", "POST", links, { ...link, environment: "staging" }))
    const staff = { key: "staff", members: { attribute: "user_id", values: ["u"] } }
    await done(201, send("ada", "POST", "/experiments/segments", staff))
  })

  it("changes several definitions in one transaction, or none; a segment is guarded where it is used", async () => {
    const rules = [{ id: "staff", condition: { user_id: { $inGroup: "team" } }, serve: { variant: "on" } }]
    const changes = [
      put(flag("inner", { default_variant: "off", rules })),
      { kind: "segment", id: "team", definition: { key: "team", members: { attribute: "user_id", values: ["u"] } } },
      { kind: "holdout", id: "some", definition: { key: "some", percent: 5 } },
      { kind: "environment", id: "test", definition: { key: "test" } }
    ]
    const path = await inReview("ada", changes)
    await done(200, approve("grace", path))
    await done(200, approve("joan", path))
    await done(200, send("joan", "POST", `${path}/apply`))
    assert.isTrue(await value("inner"))
    await done(200, send("ada", "GET", "/experiments/holdouts/some"))
    await done(200, send("ada", "GET", "/experiments/environments/test"))
    const other = { key: "team", members: { attribute: "user_id", values: [] } }
    const direct = await send("ada", "PUT", "/experiments/segments/team", other, { "if-match": '"1"' })
    assert.strictEqual(direct.status, 403)

    const wrong = [
      put(flag("fine", {})),
      put(flag("broken", { default_variant: "missing" })),
      { kind: "segment", id: "team", definition: null },
      put(flag("menu", {}, { type: "string", variants: [{ name: "a", value: "" }] }))
    ]
    const refused = await send("ada", "POST", requests, { title: "Wrong", changes: wrong })
    assert.strictEqual(refused.status, 400)
    assert.deepStrictEqual(errorsOf(refused.body), ["/changes/3/definition/type immutable"])
    const others = await send("ada", "POST", requests, { title: "Wrong", changes: wrong.slice(0, 3) })
    assert.deepStrictEqual(errorsOf(others.body), [
      "/changes/1/definition/environments/production/default_variant unknown_variant",
      "/changes/2/id in_use"
    ])
    assert.strictEqual((await send("ada", "GET", `${flagsPath}/fine`)).status, 404)
  })

  it("checks values by the JSON Schemas of all its flags within the steps of one save", async () => {
    const anyOf = Array.from({ length: 8 }, (_, at) => ({ pattern: `(?:a?){1000}${at}` }))
    const costly = (key: string) => {
      const definition = { key, type: "json", schema: { anyOf }, variants: [{ name: "a", value: 1 }] }
      return put(definition)
    }
    await request("ada", [costly("one"), costly("two")])
    const changes = ["one", "two", "three", "four", "five"].map(costly)
    const refused = await send("ada", "POST", requests, { title: "Costly", changes })
    assert.strictEqual(refused.status, 400)
    assert.include(errorsOf(refused.body), "/changes/4/definition/schema too_costly")
  })

  it("loses its approvals when the draft changes, and a new co-author may not approve", async () => {
    const path = await inReview("ada", [put(flag("menu", { default_variant: "off" }))])
    await done(200, approve("grace", path))
    const { headers } = await send("ada", "GET", path)
    const redrafted = await done(
      200,
      send(
        "joan",
        "PUT",
        path,
        { title: "Otherwise", changes: [put(flag("menu", { default_variant: "off" }, { tags: ["x"] }))] },
        { "if-match": headers.get("etag")! }
      )
    )
    assert.deepInclude(redrafted, { version: 2, approvals: [], authors: ["ada", "joan"], status: "in_review" })
    assert.strictEqual((await approve("grace", path, 1)).status, 409, "an older version")
    assert.strictEqual((await approve("joan", path, 2)).status, 403)
    await done(200, approve("grace", path, 2))
    await done(200, send("grace", "POST", `${path}/reject`, { reason: "Not now" }))
    assert.strictEqual((await approve("linus", path, 2)).status, 409)
    await done(204, send("ada", "DELETE", path))
    assert.strictEqual((await send("ada", "GET", path)).status, 404)
  })

  it("is approved by nobody by a key of their own making, nor by one that such a key made", async () => {
    const keyOf = async (maker: string): Promise<string> => {
      const body = { name: "another", scopes: ["experiments:*", "platform:*"] }
      const made = await done(201, ask(server, "POST", "/platform/keys", { token: maker, body }))
      return String(made["token"])
    }
    const [own, graces] = [await keyOf(as("ada")), await keyOf(as("grace"))]
    const further = await keyOf(own)
    const path = await inReview("ada", [put(flag("menu", { default_variant: "off" }))])
    const approveBy = (token: string) => ask(server, "POST", `${path}/approve`, { token, body: { version: 1 } })
    for (const token of [own, further]) {
      const refused = await approveBy(token)
      assert.strictEqual(refused.status, 403)
      assert.deepStrictEqual(errorsOf(refused.body), [" own_draft"])
    }
    await done(200, approveBy(graces))
    const { approvals } = await done(200, approve("grace", path))
    assert.deepStrictEqual(
      (approvals as ReadonlyArray<{ readonly by: string }>).map(({ by }) => by),
      ["grace"]
    )
    const audit = await done(200, send("ada", "GET", "/platform/audit?action=change_request.approved&limit=1"))
    const [record] = audit["items"] as ReadonlyArray<{ readonly after: Record<string, unknown> }>
    assert.deepInclude(record!.after, { authors: ["ada"] })
    assert.deepInclude((record!.after["approvals"] as ReadonlyArray<object>)[0], { by: "grace" })
    // Whoever rotates a key sees its token: it is theirs from then on.
    const keys = await done(200, send("ada", "GET", "/platform/keys?limit=100"))
    const [key] = (keys["items"] as ReadonlyArray<Record<string, unknown>>).filter(({ person }) => person === "grace")
    const rotated = await done(201, send("ada", "POST", `/platform/keys/${String(key!["id"])}/rotate`, {}))
    assert.strictEqual((await approveBy(String(rotated["token"]))).status, 403)
    await done(200, send("ada", "POST", `${path}/withdraw`, { reason: "Seen" }))
  })

  it("is refused when what it began from has changed, and rebased", async () => {
    await ask_for(0)
    const rule = (id: string, percent: number) => ({ id, percent, serve: { variant: "on" } })
    const rules = [rule("a", 10), rule("b", 10)]
    await done(201, send("ada", "POST", flagsPath, flag("base", { rules })))
    const path = await inReview("ada", [put(flag("base", { rules: [rule("a", 20), rule("b", 10)] }))])
    const meanwhile = flag("base", { rules: [rule("a", 10), rule("b", 30)] })
    await done(200, send("ada", "PUT", `${flagsPath}/base`, meanwhile, { "if-match": '"1"' }))
    const stale = await send("ada", "POST", `${path}/apply`)
    assert.strictEqual(stale.status, 409)
    assert.deepStrictEqual(errorsOf(stale.body), [
      "/changes/0/definition/environments/production/rules/b/percent stale"
    ])
    const rebased = await done(200, send("ada", "POST", `${path}/rebase`, {}))
    assert.deepInclude(rebased, { version: 2 })
    await done(
      200,
      send("ada", "PUT", `${flagsPath}/base`, flag("base", { rules: [rule("a", 50), rule("b", 30)] }), {
        "if-match": '"2"'
      })
    )
    const conflict = await send("ada", "POST", `${path}/rebase`, {})
    assert.strictEqual(conflict.status, 409)
    assert.deepStrictEqual(errorsOf(conflict.body), [
      "/changes/0/definition/environments/production/rules/a/percent conflict"
    ])
    await done(200, send("ada", "POST", `${path}/rebase`, { prefer: "draft" }))
    await done(200, send("ada", "POST", `${path}/apply`))
    const { environments } = (await read("base")) as { environments: { production: { rules: unknown } } }
    assert.deepStrictEqual(environments.production.rules, [rule("a", 20), rule("b", 30)])
    const named = await send("ada", "POST", requests, {
      title: "Late",
      changes: [put(flag("base", {}), { base_revision: 1 })]
    })
    assert.strictEqual(named.status, 409)
    assert.deepStrictEqual(errorsOf(named.body), ["/changes/0/base_revision stale"])
  })

  it("starts and stops an experiment", async () => {
    const variants = [
      { id: "control", weight: 50 },
      { id: "short", weight: 50 }
    ]
    const goals = [{ id: "ordered", measure: { kind: "rate", of: { event_types: ["order_completed"] } } }]
    await done(201, send("ada", "POST", "/experiments/experiments", { key: "short", name: "Short", variants, goals }))
    await ask_for(1)
    assert.strictEqual((await send("ada", "POST", "/experiments/experiments/short/start")).status, 403)
    const path = await inReview("ada", [{ kind: "experiment", id: "short", act: { step: "start" } }])
    await done(200, approve("grace", path))
    await done(200, send("ada", "POST", `${path}/apply`))
    const started = await done(200, send("ada", "GET", "/experiments/experiments/short"))
    assert.deepInclude(started, { status: "running" })
    const again = await send("ada", "POST", requests, {
      title: "Again",
      changes: [{ kind: "experiment", id: "short", act: { step: "start" } }]
    })
    assert.deepStrictEqual(errorsOf(again.body), ["/changes/0/act out_of_turn"])
  })

  it("is applied without approvals by a scope of its own alone, with a reason that is audited", async () => {
    const path = await request("ada", [put(flag("menu", { enabled: false }))])
    const scopes = ["experiments:read", "experiments:write", "experiments:review"]
    const plain = tokenFor(folder, { scopes })
    const bypass = (token: string, body: object) => ask(server, "POST", `${path}/bypass`, { token, body })
    assert.strictEqual((await bypass(plain, { reason: "The page is down" })).status, 403)
    assert.strictEqual((await bypass(as("ada"), {})).status, 400)
    const applied = await done(200, bypass(as("ada"), { reason: "The page is down" }))
    assert.deepInclude(applied["outcome"] as object, { kind: "bypassed", reason: "The page is down", by: "ada" })
    assert.isFalse(await value("menu"))
    const audit = await done(200, send("ada", "GET", "/platform/audit?action=change_request.bypassed"))
    const [record] = audit["items"] as ReadonlyArray<Record<string, unknown>>
    assert.include(JSON.stringify(record), "The page is down")
  })

  it("is applied at its time, once, also by a process that was killed before", async () => {
    const path = await inReview("ada", [put(flag("menu", { default_variant: "on" }))])
    await done(200, approve("grace", path))
    assert.strictEqual((await send("ada", "POST", `${path}/schedule`, { apply_at: soon(-1000) })).status, 400)
    await done(200, send("ada", "POST", `${path}/schedule`, { apply_at: soon(3_600_000) }))
    await done(200, send("ada", "DELETE", `${path}/schedule`))
    await done(200, send("ada", "POST", `${path}/schedule`, { apply_at: soon(1500) }))
    await server.kill("SIGKILL")
    await new Promise((next) => setTimeout(next, 1500))
    server = await startServer(folder)
    const applied = await until(path, ({ status }) => status === "applied")
    assert.deepInclude(applied["outcome"] as object, { kind: "applied", by: "ada" })
    assert.isTrue(await value("menu"))
    const revisions = await done(200, send("ada", "GET", `${flagsPath}/menu/revisions?limit=100`))
    const by = (revisions["items"] as ReadonlyArray<Record<string, unknown>>).map((each) => each["change_request"])
    assert.lengthOf(
      by.filter((id) => id === applied["id"]),
      1
    )
  })

  it("says why it was not applied at its time", async () => {
    const path = await inReview("ada", [put(flag("menu", { default_variant: "off" }))])
    await done(200, send("ada", "POST", `${path}/schedule`, { apply_at: soon(300) }))
    const left = await until(path, ({ problem }) => problem !== null)
    assert.deepInclude(left, { status: "in_review", apply_at: null })
    assert.include(JSON.stringify(left["problem"]), "needs_approval")
    await done(200, send("ada", "POST", `${path}/withdraw`, { reason: "Forget it" }))
    assert.isTrue(await value("menu"))
  })

  it("is not applied once a key of the draft or of its time was revoked, until others have seen that", async () => {
    const keyOf = async (name: string) => {
      const body = { name, scopes: ["experiments:*"] }
      const { id, token } = await done(201, send(name, "POST", "/platform/keys", body))
      return { id: String(id), token: String(token) }
    }
    const revoke = async (id: string) => {
      const { headers } = await send("ada", "GET", `/platform/keys/${id}`)
      await done(200, send("ada", "DELETE", `/platform/keys/${id}`, undefined, { "if-match": headers.get("etag")! }))
    }
    const [author, scheduler] = [await keyOf("ada"), await keyOf("joan")]
    const by = (token: string, method: string, path: string, body?: unknown) =>
      done(path === requests ? 201 : 200, ask(server, method, path, { token, ...(body === undefined ? {} : { body }) }))
    const changes = [put(flag("menu", { default_variant: "off" }))]
    const made = await by(author.token, "POST", requests, { title: "Later", changes })
    const path = `${requests}/${String(made["id"])}`
    await by(author.token, "POST", `${path}/submit`)
    await done(200, approve("grace", path))
    await by(scheduler.token, "POST", `${path}/schedule`, { apply_at: soon(1500) })
    await revoke(scheduler.id)
    const left = await until(path, ({ problem }) => problem !== null)
    assert.deepInclude(left, { status: "in_review", apply_at: null })
    assert.include(JSON.stringify(left["problem"]), "key_revoked")

    await revoke(author.id)
    const refused = await send("joan", "POST", `${path}/apply`)
    assert.strictEqual(refused.status, 409)
    assert.include(String(refused.body["detail"]), "approve it anew")
    assert.deepInclude((await done(200, send("joan", "GET", `${path}/diff`)))["approvals"] as object, { given: 0 })
    assert.isTrue(await value("menu"))
    await done(200, approve("grace", path))
    await done(200, send("joan", "POST", `${path}/apply`))
    assert.isFalse(await value("menu"))
  })

  it("forgets people that its drafts list, when they are erased", async () => {
    const values = ["gone-soon", "u"]
    const definition = { key: "listed", members: { attribute: "user_id", values } }
    const condition = { user_id: { $in: values } }
    const rules = [{ id: "listed", condition, serve: { variant: "on" } }]
    const named = flag("named", { default_variant: "off", rules })
    const path = await request("ada", [{ kind: "segment", id: "listed", definition }, put(named)])
    await done(200, send("ada", "POST", "/analytics/persons/gone-soon/erase"))
    const left = await done(200, send("ada", "GET", path))
    assert.notInclude(JSON.stringify(left), "gone-soon")
    const { changes } = left as {
      changes: ReadonlyArray<{ definition: typeof definition }>
    }
    assert.deepStrictEqual(changes[0]!.definition.members.values, ["u"])
  })
})
