import { DatabaseSync } from "node:sqlite"
import { connect } from "node:net"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { filesOf } from "../adapters/dataFiles.ts"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const get = (path: string, headers: Record<string, string> = {}, as = token) =>
  ask(server, "GET", path, { token: as, headers })
const items = (answer: Answer) => answer.body["items"] as ReadonlyArray<Record<string, unknown>>
const isProblem = (answer: Answer, status: number, kind: string) => {
  assert.strictEqual(answer.status, status, JSON.stringify(answer.body))
  assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
  assert.hasAllKeys(
    { errors: [], ...answer.body },
    ["type", "title", "status", "detail", "instance", "request_id", "errors"],
    JSON.stringify(answer.body)
  )
  assert.strictEqual(answer.body["type"], `https://broxiva.dev/problems/${kind}`)
  assert.strictEqual(answer.body["request_id"], answer.headers.get("x-request-id"))
}
const raw = (text: string) =>
  new Promise<string>((done) => {
    let read = ""
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1", () => socket.write(text))
    socket.on("data", (chunk) => (read += chunk.toString()))
    socket.on("close", () => done(read))
  })

describe("a path", () => {
  it("that nobody serves is 404, a method that nobody serves 405 with Allow", async () => {
    for (const path of ["/", "/nope", "/platform", "/platform/keys/a/b", "/analytics/persons/%E0%A4%A", "//x"]) {
      isProblem(await get(path), 404, "not-found")
    }
    for (const [method, path, allow] of [
      ["PATCH", "/platform/settings", "GET, HEAD, OPTIONS, PUT"],
      ["DELETE", "/platform/keys", "GET, HEAD, OPTIONS, POST"],
      ["GET", "/analytics/events/ingest", "OPTIONS, POST"],
      ["POST", "/openapi.json", "GET, HEAD, OPTIONS"],
      ["PUT", "/health/live", "GET, HEAD, OPTIONS"]
    ] as const) {
      const answer = await ask(server, method, path, { token })
      isProblem(answer, 405, "method-not-allowed")
      assert.strictEqual(answer.headers.get("allow"), allow, path)
    }
  })

  it("answers HEAD like GET without the body, OPTIONS with what is possible, and forgives a slash at its end", async () => {
    const whole = await fetch(`${server.url}/platform/settings`, { headers: { authorization: `Bearer ${token}` } })
    const head = await fetch(`${server.url}/platform/settings`, {
      method: "HEAD",
      headers: { authorization: `Bearer ${token}` }
    })
    assert.strictEqual(head.status, 200)
    assert.strictEqual(await head.text(), "")
    for (const name of ["etag", "content-length", "content-type"])
      assert.strictEqual(head.headers.get(name), whole.headers.get(name))
    await whole.text()
    const options = await ask(server, "OPTIONS", "/platform/settings")
    assert.strictEqual(options.status, 204)
    assert.strictEqual(options.headers.get("allow"), "GET, HEAD, OPTIONS, PUT")
    isProblem(await ask(server, "OPTIONS", "/nope"), 404, "not-found")
    assert.strictEqual((await get("/platform/settings/")).status, 200)
  })

  it("may be asked from any page: preflight allows what clients send, answers expose what they read", async () => {
    const preflight = await ask(server, "OPTIONS", "/platform/keys", {
      headers: {
        origin: "https://shop.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "idempotency-key"
      }
    })
    assert.strictEqual(preflight.headers.get("access-control-allow-origin"), "*")
    assert.include(preflight.headers.get("access-control-allow-methods"), "POST")
    const allowed = preflight.headers.get("access-control-allow-headers")?.split(", ") ?? []
    assert.includeMembers(allowed, [
      "authorization",
      "content-type",
      "content-encoding",
      "idempotency-key",
      "if-match",
      "if-none-match"
    ])
    for (const answer of [
      await get("/platform/keys"),
      await get("/nope"),
      await ask(server, "GET", "/platform/keys")
    ]) {
      assert.strictEqual(answer.headers.get("access-control-allow-origin"), "*")
      assert.includeMembers(answer.headers.get("access-control-expose-headers")?.split(", ") ?? [], [
        "etag",
        "idempotent-replayed",
        "link",
        "ratelimit",
        "ratelimit-policy",
        "retry-after",
        "x-event-dropped",
        "x-request-id"
      ])
    }
  })

  it("names the request by the client's id where it is one, else by a new one", async () => {
    assert.strictEqual((await get("/nope", { "x-request-id": "mine-1" })).body["request_id"], "mine-1")
    for (const odd of ["with space", "anna@example.com", "x".repeat(101)]) {
      const answer = await get("/platform/keys?limit=0", { "x-request-id": odd })
      isProblem(answer, 400, "bad-request")
      assert.match(String(answer.body["request_id"]), /^[0-9a-f-]{36}$/)
    }
  })
})

describe("a request that is no HTTP, or not yet one", () => {
  it("is answered with a problem of the same kinds", async () => {
    for (const [text, status, kind] of [
      ["GARBAGE\r\n\r\n", 400, "bad-request"],
      [`GET / HTTP/1.1\r\nhost: x\r\nx: ${"x".repeat(20_000)}\r\n\r\n`, 431, "headers-too-large"],
      ["GET /platform/keys HTTP/1.1\r\nhost: x\r\nexpect: magic\r\n\r\n", 417, "expectation-failed"]
    ] as const) {
      const answer = await raw(text)
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `))
      assert.match(answer, /content-type: application\/problem\+json/i)
      assert.include(answer, `"type":"https://broxiva.dev/problems/${kind}"`)
    }
  })

  it("asks for a large body that waits to be asked for", async () => {
    const body = JSON.stringify({ events: [eventOf()] })
    const sent = `POST /analytics/events/batch HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${tokenFor(server.folder, { workspace: "waiting" })}\r\ncontent-type: application/json\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n`
    const answer = await new Promise<string>((done) => {
      let read = ""
      const socket = connect(Number(new URL(server.url).port), "127.0.0.1", () => socket.write(sent))
      socket.on("data", (chunk) => {
        if (read === "") socket.write(body)
        read += chunk.toString()
      })
      socket.on("close", () => done(read))
    })
    assert.match(answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/)
  })
})

describe("a document", () => {
  it("is given once for its revision: 304 to who holds it", async () => {
    const first = await get("/platform/settings")
    const etag = first.headers.get("etag")!
    assert.match(etag, /^"\d+"$/)
    for (const held of [etag, `"other", ${etag}`, `W/${etag}`, "*"]) {
      const again = await get("/platform/settings", { "if-none-match": held })
      assert.strictEqual(again.status, 304, held)
      assert.strictEqual(again.headers.get("etag"), etag)
      assert.deepStrictEqual(again.body, {})
    }
    assert.strictEqual((await get("/platform/settings", { "if-none-match": '"999"' })).status, 200)
    const list = await get("/platform/attributions")
    const weak = list.headers.get("etag")!
    assert.match(weak, /^W\/"/)
    assert.strictEqual((await get("/platform/attributions", { "if-none-match": weak })).status, 304)
  })

  it("changes only for who names the revision that stands", async () => {
    const as = tokenFor(server.folder, { workspace: "concurrent" })
    const { body } = await get("/platform/settings", {}, as)
    const put = (headers: Record<string, string>) =>
      ask(server, "PUT", "/platform/settings", { token: as, headers, body })
    isProblem(await put({}), 428, "precondition-required")
    assert.strictEqual((await put({ "if-match": '"0"' })).headers.get("etag"), '"1"')
    isProblem(await put({ "if-match": '"0"' }), 412, "stale")
    isProblem(await put({ "if-match": 'W/"1"' }), 412, "stale")
    isProblem(await put({ "if-match": "nonsense" }), 412, "stale")
    assert.strictEqual((await put({ "if-match": '"7", "1"' })).headers.get("etag"), '"2"')
    assert.strictEqual((await put({ "if-match": "*" })).headers.get("etag"), '"3"')
    const racing = await Promise.all(Array.from({ length: 8 }, () => put({ "if-match": '"3"' })))
    assert.deepStrictEqual(racing.map(({ status }) => status).toSorted(), [200, 412, 412, 412, 412, 412, 412, 412])
  })

  it("says where it is when it is made, is read there, and is deleted at its revision", async () => {
    const as = tokenFor(server.folder, { workspace: "merges" })
    const made = await ask(server, "POST", "/analytics/persons/merge", { token: as, body: { from: "a", into: "b" } })
    assert.strictEqual(made.status, 201)
    const path = made.headers.get("location")!
    assert.strictEqual(path, `/analytics/persons/merges/${String(made.body["id"])}`)
    const read = await get(path, {}, as)
    assert.deepStrictEqual(read.body, made.body)
    assert.strictEqual(read.headers.get("etag"), made.headers.get("etag"))
    isProblem(await get(path), 404, "not-found")
    const remove = (headers: Record<string, string>) => ask(server, "DELETE", path, { token: as, headers })
    isProblem(await remove({ "if-match": '"2"' }), 412, "stale")
    assert.strictEqual((await remove({ "if-match": read.headers.get("etag")! })).status, 204)
    isProblem(await remove({}), 404, "not-found")
  })
})

describe("a list", () => {
  const as = () => tokenFor(server.folder, { workspace: "listed" })

  beforeAll(async () => {
    for (const number of [1, 2, 3]) {
      const event = eventOf({ event_type: `type_${number}`, anonymous_id: `device-${number}` })
      await ask(server, "POST", "/analytics/events/ingest", { token: as(), body: event })
      const key = { name: `key ${number}`, scopes: ["events:write"] }
      await ask(server, "POST", "/platform/keys", { token: as(), body: key })
      const merge = { from: `old-${number}`, into: "one" }
      await ask(server, "POST", "/analytics/persons/merge", { token: as(), body: merge })
    }
    assert.strictEqual(await countEvents(server, as(), 3), 3)
  })

  const lists = [
    "/analytics/events",
    "/analytics/event-types",
    "/analytics/persons",
    "/analytics/persons/merges",
    "/platform/keys",
    "/platform/audit",
    "/platform/audit?action=key.created"
  ]

  it("comes by pages, each with a link to the next, and says no item twice", async () => {
    for (const list of lists) {
      const separator = list.includes("?") ? "&" : "?"
      const whole = items(await get(`${list}${separator}limit=100`, {}, as()))
      assert.isAtLeast(whole.length, 3, list)
      const seen: Array<unknown> = []
      let path: string | undefined = `${list}${separator}limit=1`
      while (path !== undefined) {
        const page: Answer = await get(path, {}, as())
        assert.strictEqual(page.status, 200, path)
        seen.push(...items(page))
        const link: string | null = page.headers.get("link")
        assert.strictEqual(link === null, page.body["next"] === null)
        path = link === null ? undefined : /^<(\/[^>]*)>; rel="next"$/.exec(link)?.[1]
        if (path !== undefined) {
          const query = new URLSearchParams(path.slice(path.indexOf("?")))
          assert.strictEqual(query.get("limit"), "1")
          assert.strictEqual(query.get("cursor"), page.body["next"])
          if (list.includes("action=")) assert.strictEqual(query.get("action"), "key.created")
        }
      }
      assert.deepStrictEqual(seen, [...whole], list)
    }
  })

  it("takes no cursor of another list, workspace or question, and none that was changed", async () => {
    const cursors = new Map<string, string>()
    for (const list of lists) {
      const separator = list.includes("?") ? "&" : "?"
      cursors.set(list, String((await get(`${list}${separator}limit=1`, {}, as())).body["next"]))
    }
    for (const list of lists) {
      const separator = list.includes("?") ? "&" : "?"
      const own = cursors.get(list)!
      const foreign = lists.filter((other) => other !== list).map((other) => cursors.get(other)!)
      const changed = own.slice(0, -3) + (own.endsWith("AAA") ? "BBB" : "AAA")
      const position = Buffer.from(JSON.stringify([1, "x"])).toString("base64url")
      for (const cursor of [...foreign, changed, position, "", "x", "💥"]) {
        const answer = await get(`${list}${separator}cursor=${encodeURIComponent(cursor)}`, {}, as())
        isProblem(answer, 400, "bad-request")
        assert.deepInclude((answer.body["errors"] as ReadonlyArray<object>)[0], {
          pointer: "/cursor",
          code: "invalid_cursor"
        })
      }
      isProblem(await get(`${list}${separator}cursor=${own}`), 400, "bad-request")
    }
    const otherQuestion = `/analytics/events?event_type=type_1&cursor=${cursors.get("/analytics/events")!}`
    isProblem(await get(otherQuestion, {}, as()), 400, "bad-request")
  })

  it("has 1 to 100 items a page", async () => {
    for (const limit of ["0", "101", "1.5", "-1", "x", ""]) {
      const answer = await get(`/platform/keys?limit=${limit}`, {}, as())
      isProblem(answer, 400, "bad-request")
      assert.deepInclude((answer.body["errors"] as ReadonlyArray<object>)[0], { pointer: "/limit" })
    }
  })
})

describe("the page of documentation", () => {
  it("brings all that it needs, and may load nothing from elsewhere", async () => {
    const page = await fetch(`${server.url}/docs`)
    assert.strictEqual(page.status, 200)
    const policy = page.headers.get("content-security-policy") ?? ""
    assert.include(policy, "default-src 'none'")
    assert.include(policy, "connect-src 'self'")
    assert.notMatch(policy, /https?:|\*/)
    const html = await page.text()
    const outside = html.replaceAll(/<script>[^]*?<\/script>/g, "")
    assert.isAbove(html.length, outside.length + 1_000_000)
    assert.notMatch(outside, /\b(src|href|action)=|https?:\/\//)
    assert.include(html, '"withDefaultFonts":false')
    assert.include(html, "/analytics/events/ingest")
  })

  it("shows the document that is served", async () => {
    const document = await ask(server, "GET", "/openapi.json")
    assert.strictEqual(document.status, 200)
    assert.match(String(document.body["openapi"]), /^3\.1\./)
    const { content } = /content: (\{.*\})\s*\}\)\s*<\/script>/s
      .exec(await (await fetch(`${server.url}/docs`)).text())
      ?.slice(1)
      .map((text) => ({ content: JSON.parse(text) as unknown }))[0] ?? { content: undefined }
    assert.deepStrictEqual(content, document.body)
  })
})

describe("a failure of the service itself", () => {
  it("leaks nothing: the answer has an id, the operator's log has the rest", async () => {
    const broken = await startServer()
    const own = tokenFor(broken.folder, { workspace: "broken" })
    const { body } = await ask(broken, "GET", "/platform/settings", { token: own })
    await ask(broken, "PUT", "/platform/settings", { token: own, body, headers: { "if-match": '"0"' } })
    await broken.kill("SIGTERM")
    const database = new DatabaseSync(filesOf(broken.folder).documents)
    database.exec(
      "update documents set data = 'not json: secret-in-the-row' where workspace = 'broken' and collection = 'settings'"
    )
    database.close()
    const again = await startServer(broken.folder)
    try {
      const answer = await ask(again, "GET", "/platform/settings", {
        token: own,
        headers: { "x-request-id": "find-me" }
      })
      isProblem(answer, 500, "internal")
      assert.notMatch(JSON.stringify(answer.body), /secret-in-the-row|json|sqlite|select|\.ts|at /i)
      assert.include(again.output(), "find-me")
      assert.notInclude(again.output(), "secret-in-the-row")
    } finally {
      await again.kill("SIGTERM")
    }
  })
})
