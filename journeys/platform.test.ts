import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { Effect, Layer } from "effect"
import { exportJWK, generateKeyPair, SignJWT } from "jose"
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join, resolve } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { filesOf } from "../adapters/dataFiles.ts"
import * as SqliteDocuments from "../adapters/sqlite/DocumentStore.ts"
import * as deadLetters from "../domain/platform/DeadLetters.ts"
import { modules } from "../modules.ts"
import { Collections } from "../ports/documents/DocumentStore.ts"
import { DeadLetters } from "../ports/platform/DeadLetters.ts"
import { WorkspaceId } from "../ports/WorkspaceId.ts"
import { ask, countEvents, eventOf, freshFolder, spawnServer, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const call = (
  method: string,
  path: string,
  body?: unknown,
  more: { as?: string; headers?: Record<string, string> } = {}
) => ask(server, method, path, { token: more.as ?? token, body, headers: more.headers ?? {} })
const itemsOf = (answer: Answer) => answer.body["items"] as ReadonlyArray<Record<string, unknown>>
const soon = (check: () => Promise<boolean>, millisMax = 1000): Promise<boolean> => {
  const deadline = Date.now() + millisMax
  const again = async (): Promise<boolean> => {
    if (await check()) return true
    if (Date.now() > deadline) return false
    await new Promise((done) => setTimeout(done, 20))
    return again()
  }
  return again()
}
const isProblem = (answer: Answer, status: number, kind: string) => {
  assert.strictEqual(answer.status, status, JSON.stringify(answer.body))
  assert.strictEqual(answer.body["type"], `https://broxiva.dev/problems/${kind}`)
}

/** Every byte that the service has written. */
const everything = (folder: string): string =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join("\n")

describe("workspaces", () => {
  it("has default from the first start, and managed by its tokens alone", async () => {
    const first = await call("GET", "/platform/workspaces/default")
    assert.deepInclude(first.body, { id: "default", created_by: "start", archived_at: null })
    const tenant = tokenFor(server.folder, { workspace: "tenant" })
    const own = await call("GET", "/platform/workspaces", undefined, { as: tenant })
    assert.deepStrictEqual(
      itemsOf(own).map(({ id }) => id),
      ["tenant"]
    )
    assert.strictEqual((await call("GET", "/platform/workspaces/tenant", undefined, { as: tenant })).status, 200)
    for (const [method, path, body] of [
      ["GET", "/platform/workspaces/default", undefined],
      ["DELETE", "/platform/workspaces/default", undefined],
      ["PATCH", "/platform/workspaces/default", { name: "x" }],
      ["POST", "/platform/workspaces/default/restore", undefined]
    ] as const) {
      const answer = await call(method, path, body, { as: tenant, headers: { "if-match": "*" } })
      isProblem(answer, 404, "not-found")
    }
    for (const [method, path, body] of [
      ["POST", "/platform/workspaces", { id: "mine" }],
      ["PATCH", "/platform/workspaces/tenant", { name: "x" }],
      ["DELETE", "/platform/workspaces/tenant", undefined],
      ["POST", "/platform/workspaces/tenant/restore", undefined],
      ["POST", "/platform/root-key/rotate", undefined]
    ] as const) {
      const answer = await call(method, path, body, { as: tenant, headers: { "if-match": "*" } })
      isProblem(answer, 403, "forbidden")
    }
  })

  it("is made with a first key that can do all in it and nothing elsewhere", async () => {
    const made = await call(
      "POST",
      "/platform/workspaces",
      { id: "acme", name: "Acme Ltd" },
      {
        headers: { "idempotency-key": "make-acme" }
      }
    )
    assert.strictEqual(made.status, 201, JSON.stringify(made.body))
    assert.strictEqual(made.headers.get("location"), "/platform/workspaces/acme")
    const key = made.body["key"] as { id: string; token: string; scopes: ReadonlyArray<string> }
    assert.deepStrictEqual(key.scopes, ["*"])
    const again = await call(
      "POST",
      "/platform/workspaces",
      { id: "acme", name: "Acme Ltd" },
      {
        headers: { "idempotency-key": "make-acme" }
      }
    )
    assert.deepStrictEqual([again.status, again.body], [201, made.body])
    isProblem(await call("POST", "/platform/workspaces", { id: "acme" }), 409, "conflict")
    isProblem(await call("POST", "/platform/workspaces", { id: "all-workspaces" }), 409, "conflict")
    const racing = await Promise.all(
      Array.from({ length: 5 }, () => call("POST", "/platform/workspaces", { id: "raced" }))
    )
    assert.deepStrictEqual(racing.map(({ status }) => status).toSorted(), [201, 409, 409, 409, 409])
    isProblem(await call("POST", "/platform/workspaces", { id: "No Slug" }), 400, "bad-request")

    const keys = await call("GET", "/platform/keys", undefined, { as: key.token })
    assert.deepStrictEqual(
      itemsOf(keys).map(({ id }) => id),
      [key.id]
    )
    isProblem(await call("GET", `/platform/keys/${key.id}`), 404, "not-found")
    const audit = await call("GET", "/platform/audit", undefined, { as: key.token })
    assert.deepStrictEqual(
      itemsOf(audit).map(({ action, target }) => [action, target]),
      [["key.created", `keys/${key.id}`]]
    )
  })

  it("is renamed at its revision", async () => {
    await call("POST", "/platform/workspaces", { id: "renamed" })
    const read = await call("GET", "/platform/workspaces/renamed")
    const etag = read.headers.get("etag")!
    isProblem(await call("PATCH", "/platform/workspaces/renamed", { name: "New" }), 428, "precondition-required")
    const changed = await call(
      "PATCH",
      "/platform/workspaces/renamed",
      { name: "New" },
      { headers: { "if-match": etag } }
    )
    assert.deepInclude(changed.body, { id: "renamed", name: "New" })
    isProblem(
      await call("PATCH", "/platform/workspaces/renamed", { name: "Newer" }, { headers: { "if-match": etag } }),
      412,
      "stale"
    )
    isProblem(
      await call("PATCH", "/platform/workspaces/nowhere", { name: "x" }, { headers: { "if-match": "*" } }),
      404,
      "not-found"
    )
  })

  it("refuses the tokens of an archived one within a second, until it is restored", async () => {
    const as = tokenFor(server.folder, { workspace: "archived" })
    assert.strictEqual((await call("POST", "/analytics/events/ingest", eventOf(), { as })).status, 200)
    assert.isNumber((await call("DELETE", "/platform/workspaces/archived")).body["archived_at"])
    assert.isTrue(
      await soon(async () => (await call("POST", "/analytics/events/ingest", eventOf(), { as })).status === 403)
    )
    isProblem(await call("GET", "/platform/settings", undefined, { as }), 403, "forbidden")
    const fresh = tokenFor(server.folder, { workspace: "archived" })
    isProblem(await call("GET", "/platform/settings", undefined, { as: fresh }), 403, "forbidden")
    assert.isNull((await call("POST", "/platform/workspaces/archived/restore")).body["archived_at"])
    assert.strictEqual((await call("GET", "/platform/settings", undefined, { as })).status, 200)
    isProblem(await call("DELETE", "/platform/workspaces/default"), 409, "conflict")
  })

  it("gets a token from the command line whether or not the server runs, and comes into being with it", async () => {
    const folder = freshFolder()
    const printed = (workspace: string) =>
      execFileSync(process.execPath, ["scripts/token.ts", "--workspace", workspace, "--scopes", "*"], {
        cwd: resolve(import.meta.dirname, ".."),
        env: { ...process.env, DATA_DIR: folder },
        encoding: "utf8"
      })
    const before = printed("early")
    assert.match(before, /^[\w-]+\.[\w-]+\.[\w-]+\n$/)
    const own = await startServer(folder)
    try {
      for (const [workspace, text] of [
        ["early", before],
        ["late", printed("late")]
      ] as const) {
        const answer = await ask(own, "GET", `/platform/workspaces/${workspace}`, { token: text.trim() })
        assert.deepInclude(answer.body, { id: workspace })
      }
      const list = await ask(own, "GET", "/platform/workspaces", { token: tokenFor(folder) })
      assert.deepStrictEqual(
        itemsOf(list).map(({ id }) => id),
        ["default", "early", "late"]
      )
    } finally {
      await own.kill("SIGTERM")
    }
  })
})

describe("keys", () => {
  const make = async (more: Record<string, unknown> = {}, as = token) => {
    const made = await call("POST", "/platform/keys", { name: "key", scopes: ["events:write"], ...more }, { as })
    assert.strictEqual(made.status, 201, JSON.stringify(made.body))
    return made.body as { id: string; token: string }
  }

  it("are read at their revision, renamed and limited, and count by their own limits at once", async () => {
    const { id, token: own } = await make({ rate_limits: { ingest: 1_000_000 } })
    const read = await call("GET", `/platform/keys/${id}`)
    assert.notProperty(read.body, "token")
    const send = () => call("POST", "/analytics/events/ingest", eventOf(), { as: own })
    assert.match((await send()).headers.get("ratelimit-policy")!, /^"ingest";q=1000000;w=60$/)
    const changed = await call(
      "PATCH",
      `/platform/keys/${id}`,
      { name: "shop", rate_limits: { ingest: 3 } },
      { headers: { "if-match": read.headers.get("etag")! } }
    )
    assert.deepInclude(changed.body, { id, name: "shop", scopes: ["events:write"] })
    assert.isTrue(await soon(async () => (await send()).headers.get("ratelimit-policy") === '"ingest";q=3;w=60'))
    for (let each = 0; each < 3; each += 1) await send()
    const limited = await send()
    isProblem(limited, 429, "rate-limited")
    assert.isAtLeast(Number(limited.headers.get("retry-after")), 1)
  })

  it("of a tenant have no higher limits than the product's table", async () => {
    const as = tokenFor(server.folder, { workspace: "tenant" })
    const asked = { name: "x", scopes: ["events:write"], rate_limits: { ingest: 1001 } }
    const refused = await call("POST", "/platform/keys", asked, { as })
    isProblem(refused, 400, "bad-request")
    assert.deepInclude((refused.body["errors"] as ReadonlyArray<object>)[0], { pointer: "/rate_limits/ingest" })
    const { id } = await make({ rate_limits: { ingest: 1000 } }, as)
    const raise = { as, headers: { "if-match": "*" } }
    isProblem(await call("PATCH", `/platform/keys/${id}`, { rate_limits: { ingest: 1001 } }, raise), 400, "bad-request")
  })

  it("are rotated with an overlap, by who holds their scopes, once per Idempotency-Key", async () => {
    const old = await make({ name: "rotating" })
    const rotate = () =>
      call(
        "POST",
        `/platform/keys/${old.id}/rotate`,
        { overlap_hours: 1 },
        { headers: { "idempotency-key": "rotate-1" } }
      )
    const rotated = await rotate()
    assert.strictEqual(rotated.status, 201, JSON.stringify(rotated.body))
    assert.deepInclude(rotated.body, { name: "rotating", replaces: old.id, scopes: ["events:write"] })
    assert.deepStrictEqual((await rotate()).body, rotated.body)
    for (const as of [old.token, String(rotated.body["token"])]) {
      assert.strictEqual((await call("POST", "/analytics/events/ingest", eventOf(), { as })).status, 200)
    }
    const before = await call("GET", `/platform/keys/${old.id}`)
    assert.strictEqual(before.body["replaced_by"], rotated.body["id"])
    assert.approximately(Number(before.body["expires_at"]), Date.now() + 3_600_000, 60_000)
    isProblem(await call("POST", `/platform/keys/${old.id}/rotate`, {}), 409, "conflict")
    const weak = tokenFor(server.folder, { scopes: ["platform:write"] })
    isProblem(
      await call("POST", `/platform/keys/${String(rotated.body["id"])}/rotate`, {}, { as: weak }),
      400,
      "bad-request"
    )
  })

  it("are revoked by their id, also tokens that were never keys here", async () => {
    const keyId = crypto.randomUUID()
    const byHand = tokenFor(server.folder, { keyId })
    assert.strictEqual((await call("GET", "/platform/settings", undefined, { as: byHand })).status, 200)
    assert.strictEqual((await call("POST", "/platform/keys/revocations", { key_id: keyId })).status, 200)
    assert.isTrue(
      await soon(async () => (await call("GET", "/platform/settings", undefined, { as: byHand })).status === 401)
    )
  })

  it("leave no token in any file", async () => {
    const { token: own } = await make({ name: "secret" })
    await call("POST", "/analytics/events/ingest", eventOf(), { as: own })
    const written = everything(server.folder)
    const [, , signature = ""] = own.split(".")
    assert.isAbove(written.length, 1000)
    assert.isFalse(written.includes(signature))
    assert.isFalse(written.includes(own.split(".")[1]!))
    assert.isFalse(server.output().includes(signature))
  })
})

describe("refusals", () => {
  it("say by 401 that a token is needed and what is wrong with it, by 403 what it lacks (RFC 6750)", async () => {
    const challenge = async (as: string | undefined, headers: Record<string, string> = {}) => {
      const answer = await ask(
        server,
        "GET",
        "/platform/settings",
        as === undefined ? { headers } : { token: as, headers }
      )
      return [answer.status, answer.headers.get("www-authenticate")]
    }
    assert.deepStrictEqual(await challenge(undefined), [401, 'Bearer realm="broxiva"'])
    assert.deepStrictEqual(await challenge("x.y.z"), [
      401,
      'Bearer realm="broxiva", error="invalid_token", error_description="the token is no JSON Web Token"'
    ])
    assert.deepStrictEqual(await challenge(tokenFor(server.folder, { expiresAtMillis: Date.now() - 1000 })), [
      401,
      'Bearer realm="broxiva", error="invalid_token", error_description="the token has expired"'
    ])
    assert.deepStrictEqual(await challenge(tokenFor(server.folder, { scopes: ["events:write"] })), [
      403,
      'Bearer realm="broxiva", error="insufficient_scope", scope="platform:read"'
    ])
    const browser = tokenFor(server.folder, {
      kind: "browser",
      scopes: ["events:write"],
      origins: ["https://a.example"]
    })
    assert.deepStrictEqual(await challenge(browser, { origin: "https://b.example" }), [403, null])
  })

  it("take no secret token from an address", async () => {
    const answer = await ask(server, "GET", `/platform/settings?key=${token}`)
    isProblem(answer, 401, "unauthenticated")
    assert.include(String(answer.body["detail"]), "never in an address")
  })

  it("are counted per client address, and carry the limit; who is proven already goes on", async () => {
    const limited = await startServer(undefined, { RATE_LIMITS: "anonymous=5,default=1000", TRUSTED_HOPS: "1" })
    try {
      const as = tokenFor(limited.folder)
      const from = (ip: string, text?: string) =>
        ask(limited, "GET", "/platform/settings", {
          ...(text === undefined ? {} : { token: text }),
          headers: { "x-forwarded-for": ip }
        })
      assert.strictEqual((await from("2001:db8::1", as)).status, 200)
      const statuses: Array<number> = []
      let last: Answer | undefined
      for (let each = 0; each < 7; each += 1) {
        last = await from(`2001:db8::${each}`, each % 2 === 0 ? undefined : `guess.${each}.x`)
        statuses.push(last.status)
        assert.match(last.headers.get("ratelimit-policy") ?? "", /^"anonymous";q=5;w=60$/)
        assert.match(last.headers.get("ratelimit") ?? "", /^"anonymous";r=\d+;t=\d+$/)
      }
      assert.deepStrictEqual(statuses.slice(0, 5), [401, 401, 401, 401, 401])
      // A minute may end in between: then the count begins anew.
      if (statuses.at(-1) === 429) {
        assert.isAtLeast(Number(last?.headers.get("retry-after")), 1)
        const unproven = tokenFor(limited.folder)
        assert.include([429, 200], (await from("2001:db8::99", unproven)).status)
      }
      assert.strictEqual((await from("2001:db8::1", as)).status, 200)
      assert.strictEqual((await from("2001:db8:0:1::1")).status, 401)
      for (let each = 0; each < 20; each += 1) {
        assert.strictEqual((await ask(limited, "GET", "/health/live")).status, 200)
      }
    } finally {
      await limited.kill("SIGTERM")
    }
  })

  it("and public answers are counted per client address, health is not", async () => {
    const limited = await startServer(undefined, { RATE_LIMITS: "anonymous=3", TRUSTED_HOPS: "1" })
    try {
      const from = (ip: string, path: string) =>
        fetch(`${limited.url}${path}`, { headers: { "x-forwarded-for": ip } }).then(async (response) => {
          await response.arrayBuffer()
          return response
        })
      const answers: Array<Response> = []
      for (const path of ["/openapi.json", "/docs", "/nowhere", "/openapi.json", "/nowhere"]) {
        answers.push(await from("192.0.2.1", path))
      }
      for (const answer of answers) assert.match(answer.headers.get("ratelimit-policy") ?? "", /^"anonymous";q=3;w=60$/)
      assert.deepStrictEqual(
        answers.slice(0, 3).map(({ status }) => status),
        [200, 200, 404]
      )
      // A minute may end in between: then the count begins anew.
      const over = answers.find(({ status }) => status === 429)
      if (over !== undefined) {
        assert.strictEqual(over.headers.get("content-type"), "application/problem+json")
        assert.isAtLeast(Number(over.headers.get("retry-after")), 1)
        assert.strictEqual(over.headers.get("access-control-allow-origin"), "*")
      }
      assert.strictEqual((await from("192.0.2.2", "/openapi.json")).status, 200)
      for (let each = 0; each < 5; each += 1) {
        const health = await from("192.0.2.1", "/health/ready")
        assert.deepStrictEqual([health.status, health.headers.get("ratelimit-policy")], [200, null])
      }
    } finally {
      await limited.kill("SIGTERM")
    }
  })

  it("of a proven token carry its limit", async () => {
    const scoped = tokenFor(server.folder, { scopes: ["events:write"] })
    const answer = await call("GET", "/platform/keys", undefined, { as: scoped })
    isProblem(answer, 403, "forbidden")
    assert.match(answer.headers.get("ratelimit-policy") ?? "", /^"default";q=\d+;w=60$/)
  })
})

describe("audit", () => {
  it("holds who, what, before and after, when and from where; filtered, and as lines without a page", async () => {
    const as = tokenFor(server.folder, { workspace: "audited", keyId: "auditor" })
    const made = await call("POST", "/platform/keys", { name: "of anna@example.com", scopes: ["events:write"] }, { as })
    const id = String(made.body["id"])
    const middle = new Date().toISOString()
    await call("PATCH", `/platform/keys/${id}`, { name: "call +49 30 1234567" }, { as, headers: { "if-match": '"1"' } })
    await call("DELETE", `/platform/keys/${id}`, undefined, { as })
    const list = async (query: string) =>
      itemsOf(await call("GET", `/platform/audit?${query}`, undefined, { as })).map(({ action }) => action)
    assert.deepStrictEqual(await list("limit=10"), ["key.revoked", "key.changed", "key.created"])
    assert.deepStrictEqual(await list("action=key.changed"), ["key.changed"])
    assert.deepStrictEqual(await list("actor=auditor&action=key.created"), ["key.created"])
    assert.deepStrictEqual(await list("actor=nobody"), [])
    assert.deepStrictEqual(await list(`target=keys/${id}`), ["key.revoked", "key.changed", "key.created"])
    assert.deepStrictEqual(await list("target=settings"), [])
    assert.deepStrictEqual(await list(`to=${middle}`), ["key.created"])
    assert.deepStrictEqual(await list(`from=${middle}&target=keys/`), ["key.revoked", "key.changed"])
    isProblem(await call("GET", "/platform/audit?from=yesterday", undefined, { as }), 400, "bad-request")

    const [, changed] = itemsOf(await call("GET", "/platform/audit", undefined, { as }))
    assert.deepInclude(changed!, { actor: "auditor", target: `keys/${id}`, from: "127.0.0.0" })
    assert.deepInclude(changed!["before"] as object, { name: "of ***" })
    assert.deepInclude(changed!["after"] as object, { name: "call ***" })

    const exported = await fetch(`${server.url}/platform/audit/export?action=key.created`, {
      headers: { authorization: `Bearer ${as}` }
    })
    assert.match(exported.headers.get("content-type") ?? "", /^application\/x-ndjson/)
    assert.match(exported.headers.get("ratelimit-policy") ?? "", /^"default"/)
    const lines = (await exported.text()).trimEnd().split("\n")
    assert.deepStrictEqual(
      lines.map((line) => (JSON.parse(line) as { action: string }).action),
      ["key.created"]
    )
  })

  it("exports more than a page", async () => {
    const as = tokenFor(server.folder, { workspace: "exported" })
    await Promise.all(
      Array.from({ length: 120 }, (_, each) =>
        call("POST", "/platform/keys", { name: `key ${each}`, scopes: ["events:write"] }, { as })
      )
    )
    const exported = await fetch(`${server.url}/platform/audit/export`, { headers: { authorization: `Bearer ${as}` } })
    const ids = (await exported.text())
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { id: string }).id)
    assert.strictEqual(new Set(ids).size, 120)
  })
})

describe("dead letters", () => {
  /** Letters whose lines the consumer can take by now, put where the service keeps its own. */
  const addLetters = async (folder: string, workspace: string, count: number): Promise<void> => {
    const now = Date.now()
    const letters = Array.from({ length: count }, (_, each) => {
      const { event_id, ...event } = eventOf()
      const stored = { workspace, ...event, time: now, received_at: now * 1000 + each, index: 0, timestamp: now }
      return {
        id: `letter-${each}`,
        consumer: "index",
        reason: each % 2 === 0 ? "malformed_line" : "missing_field",
        detail: "d",
        line: JSON.stringify({ v: 1, event_id, ...stored, properties: {} }),
        failed_at: each,
        attempts: 1
      }
    })
    const documents = Layer.provide(
      SqliteDocuments.layer({ file: filesOf(folder).documents }),
      Layer.succeed(
        Collections,
        modules.flatMap((module) => module.collections)
      )
    )
    await Effect.flatMap(DeadLetters, (service) => service.add(WorkspaceId.make(workspace), letters)).pipe(
      Effect.provide(Layer.provide(deadLetters.layer, documents)),
      Effect.runPromise
    )
  }

  it("are listed, read, redriven once, redriven by reason, and removed", async () => {
    const folder = freshFolder()
    await addLetters(folder, "letters", 6)
    const own = await startServer(folder)
    try {
      const as = tokenFor(folder, { workspace: "letters" })
      const go = (method: string, path: string, body?: unknown) =>
        ask(own, method, `/platform/dead-letters${path}`, { token: as, ...(body === undefined ? {} : { body }) })
      assert.strictEqual(itemsOf(await go("GET", "")).length, 6)
      assert.notProperty(itemsOf(await go("GET", ""))[0]!, "line")
      assert.strictEqual(itemsOf(await go("GET", "?reason=missing_field&consumer=index")).length, 3)
      const read = await go("GET", "/letter-0")
      assert.strictEqual((JSON.parse(String(read.body["line"])) as { workspace: string }).workspace, "letters")
      isProblem(await ask(own, "GET", "/platform/dead-letters/letter-0", { token: tokenFor(folder) }), 404, "not-found")

      const statuses = await Promise.all(Array.from({ length: 10 }, () => go("POST", "/letter-0/redrive")))
      for (const { status } of statuses) assert.include([204, 409], status)
      assert.strictEqual((await go("POST", "/letter-0/redrive")).status, 204)
      assert.strictEqual(await countEvents(own, as, 1), 1)

      assert.deepStrictEqual((await go("POST", "/redrive", { reason: "missing_field" })).body, {
        redriven: 3,
        more: false
      })
      assert.deepStrictEqual((await go("POST", "/redrive", { reason: "missing_field" })).body, {
        redriven: 0,
        more: false
      })
      assert.strictEqual(await countEvents(own, as, 4), 4)
      assert.strictEqual((await go("DELETE", "/letter-2")).status, 204)
      isProblem(await go("DELETE", "/letter-2"), 404, "not-found")
      assert.deepStrictEqual(
        itemsOf(await go("GET", "")).map(({ id }) => id),
        ["letter-4"]
      )
      assert.strictEqual(itemsOf(await go("GET", "?state=redriven")).length, 4)
      // Once each in the log, however often it was asked.
      const log = everything(filesOf(folder).log)
      for (const number of [0, 1, 3, 5]) {
        const letter = await go("GET", `/letter-${number}`)
        const { event_id } = JSON.parse(String(letter.body["line"])) as { event_id: string }
        assert.strictEqual(log.split(event_id).length - 1, 1)
      }
      const metrics = await (await fetch(own.metricsUrl)).text()
      assert.match(metrics, /marketing_dead_letters_redriven_total\{.*consumer="index".*\} 4/)
    } finally {
      await own.kill("SIGTERM")
    }
  })
})

describe("the root key", () => {
  it("is rotated while requests go on, and everything still opens, also after a restart", async () => {
    const folder = freshFolder()
    const own = await startServer(folder)
    const as = tokenFor(folder)
    const send = (each: number) =>
      ask(own, "POST", "/analytics/events/ingest", {
        token: as,
        body: eventOf({
          event_type: "user_signed_up",
          user_id: `user-${each}`,
          anonymous_id: `device-${each}`,
          properties: { email: `person-${each}@example.com` }
        })
      })
    const traffic = async () => {
      for (let each = 0; each < 60; each += 1) assert.strictEqual((await send(each)).status, 200)
    }
    const [, rotated] = await Promise.all([traffic(), ask(own, "POST", "/platform/root-key/rotate", { token: as })])
    assert.strictEqual(rotated.status, 200, JSON.stringify(rotated.body))
    assert.strictEqual(rotated.body["version"], "2")
    assert.strictEqual((await ask(own, "POST", "/platform/root-key/rotate", { token: as })).body["version"], "3")
    await own.kill("SIGTERM")
    assert.strictEqual(statSync(filesOf(folder).rootKey).mode & 0o777, 0o600)
    const database = new DatabaseSync(filesOf(folder).subjectKeys, { readOnly: true })
    const wraps = database.prepare("select wrapped from workspace_keys").all()
    database.close()
    assert.isAbove(wraps.length, 1)
    for (const { wrapped } of wraps) assert.match(String(wrapped), /^3\./)

    const again = await startServer(folder)
    try {
      assert.strictEqual(await countEvents(again, as, 60), 60)
      const found = await ask(again, "GET", "/analytics/persons?email=person-7@example.com", { token: as })
      assert.strictEqual(itemsOf(found).length, 1, JSON.stringify(found.body))
      const audit = await ask(again, "GET", "/platform/audit?action=root_key.rotated", { token: as })
      assert.strictEqual(itemsOf(audit).length, 2)
    } finally {
      await again.kill("SIGTERM")
    }
  })
})

describe("another issuer", () => {
  it("is trusted by its public keys, which rotate without a restart", async () => {
    const pair = async (kid: string) => {
      const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true })
      return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: "ES256" } }
    }
    const [one, two] = [await pair("one"), await pair("two")]
    let body = JSON.stringify({ keys: [one.jwk] })
    const source = createServer((_, response) => response.end(body))
    await new Promise<void>((done) => source.listen(0, "127.0.0.1", done))
    const url = `http://127.0.0.1:${(source.address() as AddressInfo).port}/keys`
    const own = await startServer(undefined, {
      JWKS: url,
      JWT_ISSUER: "https://login.example",
      JWT_AUDIENCE: "marketing"
    })
    const sign = (keys: typeof one, more: { aud?: string } = {}) =>
      new SignJWT({ workspace: "foreign", scope: "openid platform:read" })
        .setProtectedHeader({ alg: "ES256", kid: keys.kid })
        .setIssuer("https://login.example")
        .setAudience(more.aud ?? "marketing")
        .setSubject("user-1")
        .setJti("foreign-token")
        .setIssuedAt()
        .setExpirationTime("1h")
        .sign(keys.privateKey)
    const status = async (text: string) => (await ask(own, "GET", "/platform/settings", { token: text })).status
    try {
      assert.strictEqual(await status(await sign(one)), 200)
      assert.strictEqual(await status(await sign(one, { aud: "billing" })), 401)
      assert.strictEqual(await status(tokenFor(own.folder)), 200)
      const old = await sign(one)
      assert.strictEqual(await status(old), 200)
      body = JSON.stringify({ keys: [two.jwk] })
      const fresh = await sign(two)
      // An unknown key is asked for, at most once in the cool-down of five seconds.
      assert.isTrue(await soon(async () => (await status(fresh)) === 200, 10_000))
      assert.strictEqual(await status(old), 401)
    } finally {
      await own.kill("SIGTERM")
      source.close()
    }
  })

  it("stops the start where it is half configured", async () => {
    const half = await spawnServer(freshFolder(), { JWKS: "http://login.example/keys", JWT_ISSUER: "broxiva" })
    assert.strictEqual((await half.ended).code, 1)
    for (const line of [
      "JWKS=http://login.example/keys: must be an https: URL",
      "JWT_ISSUER=broxiva",
      "JWT_AUDIENCE: missing"
    ]) {
      assert.include(half.output(), line)
    }
  })
})
