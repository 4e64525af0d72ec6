import { connect } from "node:net"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask as askServer, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const ingest = "/analytics/events/ingest"
/** A field of which only Node's own parser may make something, so that it takes the connection over. */
const unusual = { te: "trailers" }

interface Sent {
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: string
  readonly path?: string
  readonly body?: string
}

const bytesOf = ({ body = JSON.stringify(eventOf()), headers = {}, method = "POST", path = ingest }: Sent): Buffer => {
  const fields = {
    host: "localhost",
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
    ...(method === "GET" ? {} : { "content-length": String(Buffer.byteLength(body)) }),
    ...headers
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`)
  return Buffer.from([`${method} ${path} HTTP/1.1`, ...lines, "", method === "GET" ? "" : body].join("\r\n"))
}

interface Received {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Readonly<Record<string, unknown>>
  /** Whether Node's HTTP server wrote it, which writes `Date` with a capital letter. */
  readonly isNodes: boolean
}

const readAnswers = (text: string): ReadonlyArray<Received> => {
  const answers: Array<Received> = []
  let at = 0
  for (;;) {
    const end = text.indexOf("\r\n\r\n", at)
    if (end === -1) return answers
    const [first = "", ...lines] = text.slice(at, end).split("\r\n")
    const headers = Object.fromEntries(lines.map((line) => line.toLowerCase().split(/: (.*)/)))
    const length = Number(headers["content-length"] ?? 0)
    const body = text.slice(end + 4, end + 4 + length)
    if (body.length < length) return answers
    const isNodes = lines.some((line) => line.startsWith("Date:"))
    const json = length > 0 ? JSON.parse(body) : {}
    answers.push({ status: Number(first.split(" ")[1]), headers, body: json, isNodes })
    at = end + 4 + length
  }
}

/** Writes the pieces one after the other on one connection; the answers, once there are so many. */
const exchange = (pieces: ReadonlyArray<Buffer>, count: number, pauseMillis = 0): Promise<ReadonlyArray<Received>> =>
  new Promise((done, failed) => {
    let text = ""
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1", async () => {
      socket.setNoDelay(true)
      for (const piece of pieces) {
        socket.write(piece)
        await new Promise((next) => setTimeout(next, pauseMillis))
      }
    })
    const finish = () => {
      const answers = readAnswers(text)
      if (answers.length < count) return
      socket.destroy()
      done(answers)
    }
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1")
      finish()
    })
    socket.on("error", failed)
    socket.on("close", () => failed(new Error(`closed after ${text}`)))
  })

/** How a request is answered off the connection, and by Node's server. */
const bothWays = async (make: () => Sent) => {
  const direct = await ask(make())
  const again = make()
  const usual = await ask({ ...again, headers: { ...again.headers, ...unusual } })
  assert.deepStrictEqual(comparable(direct), comparable(usual))
  assert.isTrue(usual.isNodes)
  return direct
}

const ask = async (sent: Sent): Promise<Received> => (await exchange([bytesOf(sent)], 1))[0]!

/** What does not differ from request to request. */
const comparable = ({ body, headers, status }: Received) => {
  const { date: _date, "x-request-id": _id, ratelimit: _rate, "content-length": _length, ...kept } = headers
  const text = JSON.stringify(body, (name, value) => (name === "event_id" || name === "request_id" ? "" : value))
  return { status, headers: kept, body: text }
}

describe("a request taken straight off its connection", () => {
  const cases: Readonly<Record<string, Sent | (() => Sent)>> = {
    "a good event": {},
    "an event of sendBeacon": { headers: { "content-type": "text/plain;charset=UTF-8" } },
    "a kept connection": { headers: { connection: "keep-alive" } },
    "a request id": { headers: { "x-request-id": "my-id" } },
    "no token": { headers: { authorization: "" } },
    "a token that is none": { headers: { authorization: "Bearer x.y.z" } },
    "no JSON": { body: "{" },
    "an empty body": { body: "" },
    "a key given twice": { body: `{"event_id":"a","event_id":"b"}` },
    "an unknown field": { body: JSON.stringify({ ...eventOf(), more: 1 }) },
    "a wrong content type": { headers: { "content-type": "application/xml" } },
    "an unknown encoding": { headers: { "content-encoding": "br" } },
    "a body that is not gzip": { headers: { "content-encoding": "gzip" } },
    "a large event": { body: JSON.stringify({ ...eventOf(), properties: { a: Array(40).fill("x".repeat(1000)) } }) },
    "a batch": () => ({ path: "/analytics/events/batch", body: JSON.stringify({ events: [eventOf()] }) }),
    "an empty batch": { path: "/analytics/events/batch", body: `{"events":[]}` }
  }
  for (const [title, sent] of Object.entries(cases)) {
    it(`is answered as any other: ${title}`, async () => {
      const direct = await bothWays(typeof sent === "function" ? sent : () => sent)
      const event = title.includes("good") || title.includes("kept") || title.includes("id") || title.includes("Beacon")
      assert.isFalse(direct.isNodes)
      if (event) assert.strictEqual(direct.status, 200)
    })
  }

  it("may come in pieces, split anywhere", async () => {
    const whole = bytesOf({})
    for (let at = 1; at < whole.length; at += 41) {
      const split = bytesOf({})
      const [answer] = await exchange([split.subarray(0, at), split.subarray(at)], 1, 2)
      assert.strictEqual(answer?.status, 200, `split at ${at}`)
    }
  })

  it("is answered when its rest comes late", async () => {
    const bytes = bytesOf({})
    const [answer] = await exchange([bytes.subarray(0, -10), bytes.subarray(-10)], 1, 1500)
    assert.strictEqual(answer?.status, 200)
  })

  it("may be followed by others before it is answered, in their order", async () => {
    const events = Array.from({ length: 20 }, () => eventOf())
    const bytes = Buffer.concat(events.map((event) => bytesOf({ body: JSON.stringify(event) })))
    const answers = await exchange([bytes], events.length)
    assert.deepStrictEqual(
      answers.map(({ body }) => body["event_id"]),
      events.map(({ event_id }) => event_id)
    )
  })

  it("leaves its connection to other requests, of any form, and takes no event twice or never", async () => {
    const type = `taken_${Date.now()}`
    const event = () => JSON.stringify(eventOf({ event_type: type }))
    const chunked = () => {
      const head = `POST ${ingest} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json`
      const body = event()
      const length = body.length.toString(16)
      return Buffer.from(`${head}\r\ntransfer-encoding: chunked\r\n\r\n${length}\r\n${body}\r\n0\r\n\r\n`)
    }
    const get = bytesOf({ method: "GET", path: "/health/live" })
    const pieces = () => [
      bytesOf({ body: event() }),
      get,
      bytesOf({ body: event() }),
      chunked(),
      bytesOf({ body: event() })
    ]
    for (const sent of [pieces(), [Buffer.concat(pieces())]]) {
      const answers = await exchange(sent, 5, 20)
      assert.deepStrictEqual(
        answers.map(({ status }) => status),
        [200, 200, 200, 200, 200]
      )
    }
    const today = new Date().toISOString().slice(0, 10)
    const body = { date_range: { from: today, to: today }, metrics: ["events"], event_types: [type] }
    const deadline = Date.now() + 10_000
    for (;;) {
      const counted = await askServer(server, "POST", "/analytics/query", { token, body })
      const { events } = counted.body["totals"] as { readonly events: number }
      if (events < 8 && Date.now() < deadline) continue
      assert.strictEqual(events, 8)
      break
    }
  })

  it("that is no HTTP gets the answer of the server", async () => {
    const [answer] = await exchange([Buffer.from("POST nowhere\r\nat all\r\n\r\n")], 1)
    assert.strictEqual(answer?.status, 400)
    assert.strictEqual(answer?.headers["content-type"], "application/problem+json")
  })

  it("counts in the metrics as any other", async () => {
    const counted = async () => {
      const text = await (await fetch(server.metricsUrl)).text()
      return Number(
        /marketing_http_requests_total\{[^}]*route="\/analytics\/events\/ingest"[^}]*2xx[^}]*\} (\d+)/.exec(text)?.[1]
      )
    }
    const before = await counted()
    await ask({})
    assert.strictEqual(await counted(), before + 1)
  })
})

describe("an evaluation taken straight off its connection", () => {
  const one = "/experiments/feature-flags/greeting/evaluate"
  const all = "/experiments/feature-flags/bulk-evaluate"
  const ofrep = "/ofrep/v1/evaluate/flags"
  const context = { user_id: "ada", country: "DE" }
  const of = (value: unknown): string => JSON.stringify(value)
  const make = async (path: string, body?: object) => {
    const answer = await askServer(server, "POST", path, { token, ...(body === undefined ? {} : { body }) })
    assert.isBelow(answer.status, 300, JSON.stringify(answer.body))
  }
  beforeAll(async () => {
    await make("/experiments/experiments", {
      key: "words",
      name: "Words",
      variants: ["short", "long"].map((id) => ({ id, weight: 50 })),
      goals: [{ id: "ordered", measure: { kind: "rate", of: { event_types: ["order_completed"] } } }]
    })
    await make("/experiments/experiments/words/start")
    const variants = ["short", "long"].map((name) => ({ name, value: `${name} – grüß dich` }))
    const rules = [{ id: "test", condition: { country: "DE" }, serve: { experiment: "words" } }]
    const production = { enabled: true, default_variant: "short", rules }
    await make("/experiments/feature-flags", {
      key: "greeting",
      type: "string",
      variants,
      environments: { production }
    })
  })

  const taken: Readonly<Record<string, Sent>> = {
    "one flag": { path: one, body: of({ context }) },
    "one flag, without a context": { path: one, body: "{}" },
    "one flag that is none": { path: "/experiments/feature-flags/other/evaluate", body: of({ context }) },
    "an environment that is none": { path: one, body: of({ context, environment: "moon" }) },
    "all flags": { path: all, body: of({ context }) },
    "flags by name, of which one is none": { path: all, body: of({ context, keys: ["greeting", "other"] }) },
    "one flag of OFREP": { path: `${ofrep}/greeting`, body: of({ context: { targetingKey: "ada", country: "DE" } }) },
    "one flag of OFREP that is none": { path: `${ofrep}/other`, body: of({ context }) },
    "OFREP without a targeting key": { path: `${ofrep}/greeting`, body: of({ context: {} }) },
    "all flags of OFREP": { path: ofrep, body: of({ context }), headers: { "x-environment": "production" } },
    "an environment of OFREP that is none": { path: ofrep, body: of({ context }), headers: { "x-environment": "moon" } }
  }
  for (const [title, sent] of Object.entries(taken)) {
    it(`is answered as any other: ${title}`, async () => {
      const direct = await bothWays(() => sent)
      assert.isFalse(direct.isNodes)
    })
  }

  const left: Readonly<Record<string, Sent>> = {
    "a token that is none": { path: one, body: of({ context }), headers: { authorization: "Bearer x.y.z" } },
    "an unknown field": { path: one, body: of({ context, more: 1 }) },
    "a context of the wrong type": { path: `${ofrep}/greeting`, body: of({ context: "ada" }) },
    "a number beyond all": { path: all, body: `{"context":{"user_id":"ada","seats":1e999}}` },
    "a number beyond all, of OFREP": { path: ofrep, body: `{"context":{"seats":-1${"0".repeat(400)}}}` },
    "a key given twice": { path: one, body: `{"context":{},"context":{}}` },
    "no JSON": { path: all, body: "{" },
    "no UTF-8": { path: all, body: "\ud800" },
    "an environment that is no key": { path: ofrep, body: of({ context }), headers: { "x-environment": "a b" } },
    "a wrong content type": { path: one, body: of({ context }), headers: { "content-type": "text/plain" } },
    "an unknown encoding": { path: one, body: of({ context }), headers: { "content-encoding": "br" } },
    "a query string": { path: `${ofrep}?environment=production`, body: of({ context }) },
    "another path": { path: "/experiments/feature-flags/a/b/evaluate", body: of({ context }) },
    "a path without a key": { path: "/experiments/feature-flags//evaluate", body: of({ context }) }
  }
  for (const [title, sent] of Object.entries(left)) {
    it(`is left to the router: ${title}`, async () => {
      const direct = await bothWays(() => sent)
      assert.isTrue(direct.isNodes)
      assert.isTrue(direct.status >= 400 || title === "a query string", String(direct.status))
    })
  }

  it("is 304 for a context that got the same, with the tag of its answer", async () => {
    const sent = { path: ofrep, body: of({ context }) }
    const { headers } = await askServer(server, "POST", ofrep, { token, body: { context } })
    const again = await bothWays(() => ({ ...sent, headers: { "if-none-match": headers.get("etag")! } }))
    assert.strictEqual(again.status, 304)
    assert.isFalse(again.isNodes)
  })

  it("exposes the unit once", async () => {
    const { body } = await ask({ path: one, body: of({ context: { user_id: "grace", country: "DE" } }) })
    assert.deepInclude(body, { reason: "SPLIT", rule: "test" })
    await ask({ path: one, body: of({ context: { user_id: "grace", country: "DE" } }) })
    const deadline = Date.now() + 10_000
    for (;;) {
      const person = await askServer(server, "GET", "/analytics/persons/grace", { token })
      if (person.status === 404 && Date.now() < deadline) continue
      assert.strictEqual(person.body["events"], 1, JSON.stringify(person.body))
      break
    }
  })
})
