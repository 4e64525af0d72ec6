import { Effect, Layer } from "effect"
import { createHmac, randomUUID } from "node:crypto"
import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { gzipSync } from "node:zlib"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { filesOf } from "../adapters/dataFiles.ts"
import { readOrMake } from "../adapters/files/TokenKey.ts"
import * as sqlite from "../adapters/sqlite/DocumentStore.ts"
import * as deadLetters from "../domain/platform/DeadLetters.ts"
import { operations } from "../http/contract/Api.ts"
import { bodyBytesMax } from "../http/contract/bodyLimits.ts"
import { problems, problemTypeBase } from "../http/contract/Problem.ts"
import type { ProblemKind } from "../http/contract/Problem.ts"
import type { Operation } from "../http/contract/Operation.ts"
import { incidents } from "../ports/analytics/Alert.ts"
import type { Incident } from "../ports/analytics/Alert.ts"
import { Collections, DocumentStore } from "../ports/documents/DocumentStore.ts"
import type { Collection, DocumentWrite } from "../ports/documents/DocumentStore.ts"
import { outgoingEmails } from "../ports/email/OutgoingEmail.ts"
import type { OutgoingEmail } from "../ports/email/OutgoingEmail.ts"
import { DeadLetters } from "../ports/platform/DeadLetters.ts"
import { WorkspaceId } from "../ports/WorkspaceId.ts"
import { assertDocumented, describedAs } from "./documentedAnswers.ts"
import { ask, countEvents, eventOf, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

/** A request that its endpoint would admit, built from what the contract says of it. */
interface Sample extends Operation {
  readonly name: string
  readonly url: string
  /** Parameters that it requires. */
  readonly query: Readonly<Record<string, string>>
  readonly parameters: ReadonlyArray<string>
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>
}

const marker = `only-mine-${randomUUID()}`
const folder = freshFolder()
/** Ids of what the seeds make, by the path that leads to it. */
const seeded = new Map<string, string>()
let server: ServerProcess
let token: string
let foreign: string
let revoked: string
/** Of an answer. */
let watermark: string | undefined

/** Of what was made and not yet changed. */
const firstRevision = "1"

const sampleOf = (operation: Operation): Sample => {
  const described = describedAs(operation)
  const ofPath = described.parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name)
  const id = seeded.get(ownerOf(operation)) ?? randomUUID()
  return {
    ...operation,
    name: `${operation.method} ${operation.path}`,
    url: ofPath.reduce(
      (path, name) => path.replace(`{${name}}`, name === "revision" ? firstRevision : encodeURIComponent(id)),
      operation.path
    ),
    query: Object.fromEntries(
      described.parameters
        .filter((parameter) => parameter.in === "query" && parameter.required)
        .map((parameter) => [parameter.name, parameter.example ?? ""])
    ),
    parameters: described.parameters.filter((parameter) => parameter.in === "query").map(({ name }) => name),
    body: bodyOf(operation, described.requestBody?.content["application/json"]?.example),
    headers: described.parameters.some(({ name }) => name === "If-Match") ? { "if-match": "*" } : {}
  }
}
/** The contract's example; where it names another document or answer, one that is there. */
const bodyOf = ({ method, path }: Operation, example: unknown): unknown => {
  if (method === "POST" && path === "/analytics/shares")
    return { insight: seeded.get("/analytics/insights/") ?? randomUUID() }
  // No experiment runs here that could be forced.
  if (path.endsWith("/explain")) return { ...(example as object), forced: undefined }
  return path === "/analytics/query/changes" && watermark !== undefined
    ? { ...(example as object), since: watermark }
    : example
}
/** What leads to one thing of a list: `/platform/keys/` of `/platform/keys/{id}/rotate`. */
const ownerOf = ({ path }: Operation): string => path.slice(0, path.indexOf("{"))
const isOfOne = ({ path, rules }: Operation): boolean => path.includes("{") && rules.clientKey !== "path"
/** Of a path that ends with the caller's key: a key that may stand there, bound to an environment, in place of the token. */
const withKey = (
  sample: Sample,
  as: string,
  { asIs = false, to }: { asIs?: boolean | undefined; to: ServerProcess }
) => {
  const claims = asIs ? {} : claimsOf(as)
  const key =
    asIs || claims["kind"] === "browser"
      ? as
      : signed(right, { ...claims, environment: "production" }, readOrMake(filesOf(to.folder).tokenKey))
  return sample.url.replace(/[^/]*$/, key)
}

/** Makes one of every resource that can be made, from the contract's own example. */
const seedResources = async () => {
  for (const operation of operations.filter(isOfOne)) {
    const owner = ownerOf(operation)
    const create = operations.find(
      ({ method, path, rules }) => method === "POST" && rules.idempotent && `${path}/` === owner
    )
    if (create === undefined || seeded.has(owner)) continue
    const made = await send(sampleOf(create), { token, body: sampleOf(create).body })
    assert.strictEqual(made.status, 201, `${create.path}: ${JSON.stringify(made.body)}`)
    seeded.set(owner, made.headers.get("location")!.slice(owner.length))
    if (owner === "/analytics/shares/") seeded.set("/s/", String(made.body["slug"]))
    if (owner === "/analytics/exports/") await awaitWritten(made.headers.get("location")!)
  }
}

/** An export is written behind its answer; what follows counts what is stored. */
const awaitWritten = async (path: string) => {
  const deadline = Date.now() + 30_000
  while ((await ask(server, "GET", path, { token })).body["status"] !== "finished") {
    if (Date.now() > deadline) assert.fail("the export is not written")
    await new Promise((done) => setTimeout(done, 100))
  }
}

const guarded = operations.filter(({ rules }) => rules.scope !== undefined)
const samples = (): ReadonlyArray<Sample> => guarded.map(sampleOf)
const bodied = () => samples().filter(({ body }) => body !== undefined)

interface Sent {
  readonly token?: string | undefined
  /** Whether the token is one that no other may stand for. */
  readonly asIs?: boolean
  /** Text behind the required parameters. */
  readonly more?: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}
const send = (
  sample: Sample,
  { asIs, body, headers = {}, more = "", token: as }: Sent,
  to = server
): Promise<Answer> => {
  const query = [new URLSearchParams(sample.query).toString(), more].filter((text) => text !== "").join("&")
  const isInPath = sample.rules.clientKey === "path" && as !== undefined
  const url = isInPath ? withKey(sample, as, { asIs, to }) : sample.url
  return ask(to, sample.method, query === "" ? url : `${url}?${query}`, {
    ...(as === undefined || isInPath ? {} : { token: as }),
    ...(body === undefined ? {} : { body }),
    headers: { ...sample.headers, ...headers }
  })
}

type Errors = ReadonlyArray<readonly [pointer: string, code: string]>
const isRefused = (sample: Sample, answer: Answer, kind: ProblemKind, errors: Errors = []) => {
  const [status, title] = problems[kind]
  const about = `${sample.name}: ${answer.status} ${JSON.stringify(answer.body)}`
  if (sample.rules.protocol === "ofrep" && kind === "bad-request") return isOfrepFailure(sample, answer, about)
  assert.strictEqual(answer.headers.get("content-type"), "application/problem+json", about)
  const { detail, errors: found = [], instance, request_id, ...rest } = answer.body
  assert.deepStrictEqual(rest, { type: problemTypeBase + kind, title, status }, about)
  assert.strictEqual(instance, sample.rules.clientKey === "path" ? `${ownerOf(sample)}***` : sample.url, about)
  assert.strictEqual(answer.status, status, about)
  assert.isString(detail)
  assert.strictEqual(request_id, answer.headers.get("x-request-id"))
  assert.deepStrictEqual(
    (found as ReadonlyArray<{ pointer: string; code: string }>).map((each) => [each.pointer, each.code]),
    errors.map((each) => [...each]),
    about
  )
  assertDocumented(sample, answer)
}

/** What OFREP prescribes for a wrong request: the flag, a code, words. */
const isOfrepFailure = (sample: Sample, answer: Answer, about: string) => {
  assert.strictEqual(answer.status, 400, about)
  assert.strictEqual(answer.headers.get("content-type"), "application/json", about)
  const { errorCode, errorDetails, ...rest } = answer.body
  assert.include(["PARSE_ERROR", "INVALID_CONTEXT"], errorCode, about)
  assert.isString(errorDetails, about)
  assert.deepStrictEqual(rest, isOfOne(sample) ? { key: sample.url.split("/").at(-1) } : {}, about)
  assertDocumented(sample, answer)
}

/**
 * All that lies in the data folder: documents by workspace and collection, and bytes of the log. Not where alerts stand:
 * their rounds write that whoever asks what.
 */
const stored = () => {
  const database = new DatabaseSync(filesOf(folder).documents, { readOnly: true })
  const documents = database
    .prepare(
      `select workspace, collection, count(*) as count, sum(revision) as revisions from documents
       where collection <> 'alert_states' group by 1, 2 order by 1, 2`
    )
    .all()
  database.close()
  const log = filesOf(folder).log
  const segments = readdirSync(log).filter((name) => name.endsWith(".log"))
  return {
    documents: documents.map((row) => ({ ...row })),
    log: segments.map((name) => [name, statSync(join(log, name)).size])
  }
}

const makeDeadLetter = Effect.gen(function* () {
  const letters = yield* DeadLetters
  yield* letters.add(WorkspaceId.make("default"), [
    {
      id: "letter",
      consumer: "index",
      line: "{}",
      reason: "malformed_line",
      detail: marker,
      failed_at: 0,
      attempts: 1
    }
  ])
})

const completedMillisMax = 30_000

/** Id of an erasure's receipt. */
const eraseSomebody = async (): Promise<string> => {
  const first = await startServer(folder, { LAKE_SECONDS: "1" })
  const leaving = eventOf({ anonymous_id: "leaves" })
  await ask(first, "POST", "/analytics/events/ingest", { token: tokenFor(folder), body: leaving })
  await countEvents(first, tokenFor(folder), 1)
  const receipt = await ask(first, "POST", "/analytics/persons/leaves/erase", { token: tokenFor(folder) })
  assert.strictEqual(receipt.status, 200, JSON.stringify(receipt.body))
  await first.kill("SIGTERM")
  return String(receipt.body["id"])
}

/** Waits for the rewriting of the log, which begins with the start; it would be taken for something that is stored. */
const untilErased = async (id: string): Promise<void> => {
  const deadline = Date.now() + completedMillisMax
  for (;;) {
    const { body } = await ask(server, "GET", `/analytics/erasures/${id}`, { token })
    if (body["completed_at"] !== null) return
    assert.isBelow(Date.now(), deadline, "the erasure is not completed")
    await new Promise((done) => setTimeout(done, 100))
  }
}

/** An incident that is over and a message that was sent: no request makes one of these. */
const makeRecords = Effect.gen(function* () {
  const documents = yield* DocumentStore
  const incident: Incident = {
    id: "incident",
    alert: "alert",
    alert_name: marker,
    status: "resolved",
    opened_at: 0,
    resolved_at: 1,
    resolution: "recovered",
    notified_at: null,
    buckets: 1,
    evidence: []
  }
  const email: OutgoingEmail = {
    id: "email",
    purpose: "alert",
    source: "incidents/incident",
    to: "ops@shop.example",
    subject: marker,
    text: marker,
    status: "accepted",
    attempts: 1,
    unknown_attempts: 0,
    created_at: 0,
    due_at: null,
    finished_at: 1,
    detail: null
  }
  const put = ({ name }: Collection, data: Incident | OutgoingEmail): DocumentWrite => ({
    kind: "put",
    collection: name,
    id: data.id,
    expected: 0,
    schema_version: 1,
    subjects: [],
    data
  })
  yield* documents.commit(WorkspaceId.make("default"), {
    writes: [put(incidents, incident), put(outgoingEmails, email)]
  })
})

beforeAll(async () => {
  const documents = sqlite
    .layer({ file: filesOf(folder).documents })
    .pipe(Layer.provide(Layer.succeed(Collections, [deadLetters.collection, incidents, outgoingEmails])))
  await Effect.runPromise(
    Effect.andThen(makeDeadLetter, makeRecords).pipe(Effect.provide(Layer.provideMerge(deadLetters.layer, documents)))
  )
  const erasure = await eraseSomebody()
  server = await startServer(folder)
  token = tokenFor(folder)
  await untilErased(erasure)
  seeded.set("/analytics/erasures/", erasure)
  foreign = tokenFor(folder, { workspace: "other" })
  const post = async (path: string, body: unknown) => (await ask(server, "POST", path, { token, body })).body
  await post("/analytics/events/ingest", eventOf({ user_id: marker, anonymous_id: marker, event_type: marker }))
  const joined = { event_type: "account_joined", properties: { account_id: marker } }
  await post("/analytics/events/ingest", eventOf({ user_id: marker, anonymous_id: marker, ...joined }))
  const merge = await post("/analytics/persons/merge", { from: `${marker}-old`, into: marker })
  const key = await post("/platform/keys", { name: marker, scopes: ["*"] })
  const gone = await post("/platform/keys", { name: "soon gone", scopes: ["*"] })
  revoked = String(gone["token"])
  assert.strictEqual((await ask(server, "GET", "/platform/keys", { token: revoked })).status, 200)
  await ask(server, "DELETE", `/platform/keys/${String(gone["id"])}`, { token })
  seeded.set("/analytics/persons/merges/", String(merge["id"]))
  seeded.set("/analytics/persons/", marker)
  seeded.set("/analytics/accounts/", marker)
  seeded.set("/platform/keys/", String(key["id"]))
  seeded.set("/platform/dead-letters/", "letter")
  seeded.set("/analytics/incidents/", "incident")
  seeded.set("/platform/emails/", "email")
  await seedResources()
  const counted = { date_range: { from: "2026-11-01", to: "2026-11-23" }, metrics: ["events"] }
  watermark = String((await post("/analytics/query", counted))["watermark"])
  const references = operations.find(({ id }) => id === "codeReferences.post")!
  const posted = await post(references.path, sampleOf(references).body)
  seeded.set("/experiments/code-references/", String((posted["branch"] as { readonly id: string }).id))
  seeded.set("/ofrep/v1/evaluate/flags/", seeded.get("/experiments/feature-flags/")!)
  // The first request of a workspace is written down; what follows writes nothing.
  await ask(server, "GET", "/platform/keys", { token: foreign })
  await new Promise((done) => setTimeout(done, 1000))
})
afterAll(() => server.kill("SIGTERM"))

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")
const claimsOf = (of: string) =>
  JSON.parse(Buffer.from(of.split(".")[1]!, "base64url").toString()) as Record<string, unknown>
const signed = (
  header: Record<string, unknown>,
  claims: Record<string, unknown>,
  secret: string | Uint8Array = readOrMake(filesOf(folder).tokenKey),
  hash = "sha256"
) => {
  const text = `${part(header)}.${part(claims)}`
  return `${text}.${createHmac(hash, secret).update(text).digest("base64url")}`
}
const right = { alg: "HS256", typ: "JWT" }
const claims = (change: Record<string, unknown>) => ({ ...claimsOf(token), ...change })
const seconds = (fromNow: number) => Math.floor(Date.now() / 1000) + fromNow

const badTokens: ReadonlyArray<readonly [name: string, make: () => string | undefined]> = [
  ["no token", () => undefined],
  ["a token that is none", () => "abc"],
  ["a token of two parts", () => token.split(".").slice(0, 2).join(".")],
  ["an expired token", () => signed(right, claims({ exp: seconds(-1) }))],
  ["a token without expiry", () => signed(right, claims({ exp: undefined }))],
  ["an unsigned token", () => `${part({ alg: "none", typ: "JWT" })}.${token.split(".")[1]}.`],
  ["a token with an empty signature", () => `${token.split(".").slice(0, 2).join(".")}.`],
  ["a token of another algorithm", () => signed({ alg: "HS512", typ: "JWT" }, claims({}), undefined, "sha512")],
  ["a token of another key", () => signed(right, claims({}), "another secret of thirty-two bytes")],
  ["a token that brings its own key", () => signed({ alg: "HS256", jwk: { kty: "oct", k: "eA" } }, claims({}), "x")],
  ["a token that says where its key lies", () => signed({ ...right, jku: "http://127.0.0.1/keys" }, claims({}), "x")],
  [
    "a token with a changed claim",
    () => `${token.split(".")[0]}.${part(claims({ workspace: "other" }))}.${token.split(".")[2]}`
  ],
  ["a token of another issuer", () => signed(right, claims({ iss: "someone else" }))],
  ["a token for another audience", () => signed(right, claims({ aud: "someone else" }))],
  ["a token that is not valid yet", () => signed(right, claims({ nbf: seconds(3600) }))],
  ["a token without a workspace", () => signed(right, claims({ workspace: undefined }))],
  ["a token with a workspace that is none", () => signed(right, claims({ workspace: "../default" }))],
  ["a token of an unknown kind", () => signed(right, claims({ kind: "root" }))],
  ["a revoked token", () => revoked]
]

const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) })
const spliced = (body: unknown, more: string) => `{${more},${JSON.stringify(body).slice(1)}`

interface BadBody {
  readonly name: string
  readonly body: (sample: Sample) => unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly kind: ProblemKind
  readonly errors?: Errors
}
const unknownField = "an unknown field"
const badBodies: ReadonlyArray<BadBody> = [
  { name: "no JSON", body: () => "{", kind: "bad-request", errors: [["", "not_json"]] },
  { name: "nothing", body: () => "", kind: "bad-request", errors: [["", "not_json"]] },
  { name: "a list", body: () => [], kind: "bad-request", errors: [["", "wrong_type"]] },
  {
    name: unknownField,
    body: ({ body }) => ({ ...(body as object), "no/such~field": 1 }),
    kind: "bad-request",
    errors: [["/no~1such~0field", "unknown_field"]]
  },
  {
    name: "bytes that are no UTF-8",
    body: () => Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]),
    kind: "bad-request",
    errors: [["", "not_utf8"]]
  },
  {
    name: "a key twice",
    body: ({ body }) => spliced(body, '"twice":1,"twice":1'),
    kind: "bad-request",
    errors: [["/twice", "duplicate_key"]]
  },
  {
    name: "a key __proto__",
    body: ({ body }) => spliced(body, '"__proto__":{"admin":true}'),
    kind: "bad-request",
    errors: [["/__proto__", "forbidden_key"]]
  },
  {
    name: "half of a surrogate pair",
    body: ({ body }) => spliced(body, '"half":"\\ud800"'),
    kind: "bad-request",
    errors: [["", "lone_surrogate"]]
  },
  { name: "100 levels", body: () => nested(100), kind: "bad-request", errors: [["", "too_deep"]] },
  {
    name: "more than its limit",
    body: ({ rules }) => `{"a":"${"x".repeat(bodyBytesMax[rules.rate_class])}"}`,
    kind: "too-large",
    errors: [["", "too_large"]]
  },
  {
    name: "more than its limit once it is unpacked",
    body: ({ rules }) => gzipSync(Buffer.alloc(bodyBytesMax[rules.rate_class] + 1, " ")),
    headers: { "content-encoding": "gzip" },
    kind: "too-large",
    errors: [["", "too_large"]]
  },
  {
    name: "what is not packed as it says",
    body: () => Buffer.from("no gzip"),
    headers: { "content-encoding": "gzip" },
    kind: "bad-request"
  },
  {
    name: "an unknown encoding",
    body: ({ body }) => body,
    headers: { "content-encoding": "br" },
    kind: "unsupported-media-type"
  },
  {
    name: "another content type",
    body: () => "a=1",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    kind: "unsupported-media-type"
  }
]

describe("every endpoint", () => {
  let before: ReturnType<typeof stored>
  beforeAll(() => {
    before = stored()
  })

  it("stands in the contract with its rules", () => {
    assert.isAbove(guarded.length, 20)
    assert.isAbove(bodied().length, 5)
    for (const operation of operations.filter(isOfOne)) {
      assert.isTrue(seeded.has(ownerOf(operation)), `${operation.path}: nothing was made there to walk over`)
    }
  })

  for (const [name, make] of badTokens) {
    it(`refuses ${name}`, async () => {
      for (const sample of samples()) {
        const answer = await send(sample, { token: make(), asIs: true, body: sample.body })
        isRefused(sample, answer, "unauthenticated")
        assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer realm="broxiva"/)
      }
    })
  }

  it("refuses a token without its scope, whatever else it holds", async () => {
    const scopes = [...new Set(guarded.map(({ rules }) => rules.scope!)), "flags:evaluate", "pii:read"]
    for (const sample of samples()) {
      const as = tokenFor(folder, { scopes: scopes.filter((scope) => scope !== sample.rules.scope) })
      isRefused(sample, await send(sample, { token: as, body: sample.body }), "forbidden")
    }
  })

  it("refuses a browser key beyond what browsers may, and where they may from another page", async () => {
    const browser = tokenFor(folder, { kind: "browser", scopes: ["*"], origins: ["https://shop.example"] })
    for (const sample of samples()) {
      const mayBrowsers = sample.rules.scope === "events:write" || sample.rules.scope === "flags:evaluate"
      for (const origin of ["https://shop.example", "https://evil.example", "null", undefined]) {
        if (mayBrowsers && origin === "https://shop.example") continue
        const headers: Record<string, string> = origin === undefined ? {} : { origin }
        isRefused(sample, await send(sample, { token: browser, body: sample.body, headers }), "forbidden")
      }
    }
  })

  it("refuses a key of one environment beyond what clients need", async () => {
    const bound = tokenFor(folder, { environment: "production", scopes: ["*"] })
    for (const sample of samples()) {
      if (sample.rules.scope === "events:write" || sample.rules.scope === "flags:evaluate") continue
      isRefused(sample, await send(sample, { token: bound, body: sample.body }), "forbidden")
    }
  })

  it("refuses a secret token in its address", async () => {
    for (const sample of samples()) {
      const answer = await send(sample, { more: `key=${token}`, body: sample.body })
      isRefused(sample, answer, "unauthenticated")
    }
  })

  it("shows another workspace nothing: what lies at an id is not there, and no list names it", async () => {
    for (const sample of samples()) {
      if (sample.method !== "GET" && !isOfOne(sample)) continue
      if (sample.id === "stream.stream") continue
      const answer = await send(sample, { token: foreign, body: sample.body })
      // A problem repeats the path that was asked.
      if (answer.status < 400) assert.notInclude(JSON.stringify(answer.body), marker, sample.name)
      if (isOfOne(sample)) {
        assert.strictEqual(answer.status, 404, `${sample.name}: ${JSON.stringify(answer.body)}`)
      } else assertDocumented(sample, answer)
    }
  })

  it("refuses parameters that it does not know, and one that is given twice", async () => {
    for (const sample of samples().filter(({ rules }) => rules.lenient !== true)) {
      const unknown = await send(sample, { token, more: `no_such=1`, body: sample.body })
      isRefused(sample, unknown, "bad-request", [["/no_such", "unknown_parameter"]])
      const first = sample.parameters.find((name) => !(name in sample.query))
      if (first === undefined) continue
      const twice = await send(sample, { token, more: `${first}=1&${first}=1`, body: sample.body })
      isRefused(sample, twice, "bad-request", [[`/${first}`, "duplicate_parameter"]])
    }
  })

  it("refuses pages of no size, of more than 100, and from a place that it did not name", async () => {
    const lists = samples().filter(({ parameters }) => parameters.includes("cursor"))
    assert.isAbove(lists.length, 5)
    for (const sample of lists) {
      for (const limit of ["0", "101", "-1"]) {
        const answer = await send(sample, { token, more: `limit=${limit}` })
        isRefused(sample, answer, "bad-request", [["/limit", "out_of_range"]])
      }
      const half = await send(sample, { token, more: `limit=1.5` })
      isRefused(sample, half, "bad-request", [["/limit", "not_an_integer"]])
      const made = Buffer.from(JSON.stringify([1, 1, 1, "a"])).toString("base64url")
      for (const cursor of ["x", made, "A".repeat(400)]) {
        const answer = await send(sample, { token, more: `cursor=${cursor}` })
        isRefused(sample, answer, "bad-request", [["/cursor", "invalid_cursor"]])
      }
    }
  })

  for (const { body, errors, headers = {}, kind, name } of badBodies) {
    it(`refuses a body with ${name}`, async () => {
      for (const sample of bodied()) {
        if (name === unknownField && sample.rules.lenient === true) continue
        const answer = await send(sample, { token, body: body(sample), headers })
        isRefused(sample, answer, kind, errors)
      }
    })
  }

  it("refuses an Idempotency-Key that is none, and a change that names no revision or an old one", async () => {
    for (const sample of samples()) {
      if (sample.rules.idempotent) {
        const answer = await send(sample, { token, body: sample.body, headers: { "idempotency-key": "a b" } })
        isRefused(sample, answer, "bad-request", [["/idempotency-key", "invalid_key"]])
      }
      if (sample.method === "PUT" || sample.method === "PATCH") {
        const nameless = { ...sample, headers: {} }
        isRefused(sample, await send(nameless, { token, body: sample.body }), "precondition-required")
      }
      if (sample.headers["if-match"] !== undefined) {
        const answer = await send(sample, { token, body: sample.body, headers: { "if-match": '"999999"' } })
        isRefused(sample, answer, "stale")
      }
    }
  })

  it("refuses what comes over its limit, and says when to come back", async () => {
    const classes = Object.keys(bodyBytesMax).map((name) => `${name}=1`)
    const limited = await startServer(undefined, { RATE_LIMITS: [...classes, "anonymous=100000"].join(",") })
    try {
      for (const sample of samples()) {
        const as = tokenFor(limited.folder, { workspace: "busy" })
        // A minute may end in between: of three requests two lie in one.
        const answers: Array<Answer> = []
        for (let count = 0; count < 3; count += 1) {
          answers.push(await send(sample, { token: as, body: sample.body }, limited))
        }
        const over = answers.find((answer) => answer.status === 429)
        assert.isDefined(over, `${sample.name}: ${answers.map(({ status }) => status).join(" ")}`)
        isRefused(sample, over!, "rate-limited")
        assert.isAtLeast(Number(over!.headers.get("retry-after")), 1)
        assert.strictEqual(over!.headers.get("ratelimit-policy"), `"${sample.rules.rate_class}";q=1;w=60`)
        assert.match(over!.headers.get("ratelimit") ?? "", new RegExp(`^"${sample.rules.rate_class}";r=0;t=\\d+$`))
      }
    } finally {
      await limited.kill("SIGTERM")
    }
  })

  it("stores nothing of all that it refuses", () => {
    const { documents, log } = stored()
    // The other workspace was let in to its own raw events, of which it has none: an audit record tells that.
    const ownReading = { workspace: "other", collection: "audit", count: 1, revisions: 1 }
    assert.sameDeepMembers(documents, [...before.documents, ownReading])
    assert.deepStrictEqual(log, before.log)
  })
})

describe("every endpoint that admits its example", () => {
  it("that is public needs no token, and a bad one does not break it", async () => {
    for (const operation of operations.filter(({ rules }) => rules.scope === undefined)) {
      for (const as of [undefined, "abc", revoked]) {
        const sample = sampleOf(operation)
        const answer = await send(sample, { token: as })
        assert.strictEqual(answer.status, 200, sample.name)
        assertDocumented(sample, answer)
      }
    }
  })

  it("answers as the document says, with its limit and its id", async () => {
    const last = ({ method, path }: Sample) =>
      // What belongs to one thing goes before the thing itself.
      method === "DELETE" ? 2 + 1 / path.length : path.endsWith("/erase") ? 4 : /\/(redrive|export)$/.test(path) ? 1 : 0
    for (const sample of samples().toSorted((a, b) => last(a) - last(b))) {
      if (sample.id === "stream.stream") continue
      const answer = await send(sample, { token, body: sample.body, headers: { "x-request-id": "walk-1" } })
      assertDocumented(sample, answer)
      assert.isBelow(answer.status, 500, `${sample.name}: ${JSON.stringify(answer.body)}`)
      // Its example was made before: a list whose names are unique says so.
      const isTaken = sample.rules.idempotent && answer.status === 409
      // The walk makes a second link to the insight, an override of the flag, and maybe a second release of it.
      const isInUse = ["insights.remove", "flags.remove", "flags.archive"].includes(sample.id) && answer.status === 409
      // Its export is finished already.
      const isAtItsEnd = sample.id === "exports.cancel" && answer.status === 409
      // The walk has erased somebody since that answer.
      const isFromBefore = sample.path === "/analytics/query/changes" && answer.status === 410
      // Experiments, schedules and releases go their way, which is not the walk's.
      const isOutOfTurn =
        /^\/experiments\/(experiments|schedules|releases)\/\{id\}\//.test(sample.path) && answer.status === 409
      // Nor does a change request: whoever wrote it does not approve it.
      const isOfAnother =
        sample.path.startsWith("/experiments/change-requests/{id}") && [403, 409].includes(answer.status)
      if (!isTaken && !isInUse && !isAtItsEnd && !isFromBefore && !isOutOfTurn && !isOfAnother)
        assert.isBelow(answer.status, 300, `${sample.name}: ${JSON.stringify(answer.body)}`)
      assert.strictEqual(answer.headers.get("x-request-id"), "walk-1")
      assert.match(
        answer.headers.get("ratelimit-policy") ?? "",
        new RegExp(`^"${sample.rules.rate_class}";q=\\d+;w=60$`)
      )
      assert.match(answer.headers.get("ratelimit") ?? "", new RegExp(`^"${sample.rules.rate_class}";r=\\d+;t=\\d+$`))
      const isWhole = !("lines" in answer.body || "events" in answer.body)
      if (sample.method === "GET" && answer.status === 200 && isWhole) {
        assert.isNotNull(answer.headers.get("etag"), sample.name)
      }
    }
  })
})
