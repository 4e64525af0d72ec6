import { Effect, Layer, Schema } from "effect"
import { connect } from "node:net"
import type { Socket } from "node:net"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { filesOf } from "../adapters/dataFiles.ts"
import * as sqlite from "../adapters/sqlite/DocumentStore.ts"
import { compileFlags } from "../domain/experiments/evaluation/CompiledFlags.ts"
import { evaluate } from "../domain/experiments/evaluation/evaluate.ts"
import golden from "../domain/experiments/evaluation/evaluations.golden.json" with { type: "json" }
import { flagRevisions } from "../domain/experiments/workflows/liveDefinitions.ts"
import { Collections, DocumentStore } from "../ports/documents/DocumentStore.ts"
import type { DocumentWrite } from "../ports/documents/DocumentStore.ts"
import type { EvaluationContext } from "../ports/experiments/Evaluation.ts"
import { experiments } from "../ports/experiments/Experiment.ts"
import { flags, holdouts, segments } from "../ports/experiments/Flag.ts"
import { FlagFile } from "../ports/experiments/FlagFile.ts"
import { flagStreamsBrowserMax } from "../ports/experiments/FlagPayload.ts"
import { WorkspaceId } from "../ports/WorkspaceId.ts"
import { readEvents } from "./EventStreamReader.ts"
import { ask, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

const origin = "https://shop.example"
const folder = freshFolder()
const golding = WorkspaceId.make("golden")
let server: ServerProcess
let token: string

const payloadPath = "/experiments/sdk/payload"
const streamPath = "/experiments/sdk/stream"

const send = (
  method: string,
  path: string,
  body?: unknown,
  as = token,
  headers: Readonly<Record<string, string>> = {}
) => ask(server, method, path, { token: as, headers, ...(body === undefined ? {} : { body }) })
const bearer = (as: string) => ({ authorization: `Bearer ${as}` })
const contextQuery = (context: object) => `context=${encodeURIComponent(JSON.stringify(context))}`

const decodeFile = Schema.decodeUnknownSync(FlagFile)
const file = decodeFile(golden.file)

/** Documents of definitions that an environment evaluates as the vectors' file. */
const goldenDocuments = (): ReadonlyArray<DocumentWrite> => {
  const stamps = { created_at: 0, created_by: "test", changed_at: 0, changed_by: "test" }
  const put = (kind: { readonly name: string }, id: string, definition: object, at: number): DocumentWrite => ({
    kind: "put",
    collection: kind.name,
    id,
    expected: 0,
    schema_version: 1,
    subjects: [],
    data: { ...definition, id, ...stamps, created_at: -at }
  })
  const flagOf = ({
    default_variant,
    enabled,
    key,
    prerequisites,
    rules,
    team,
    ...flag
  }: FlagFile["flags"][number]) => ({
    ...flag,
    key,
    ...(team === undefined ? {} : { team }),
    environments: {
      production: { enabled, default_variant, rules, ...(prerequisites === undefined ? {} : { prerequisites }) }
    }
  })
  const experimentOf = (experiment: NonNullable<FlagFile["experiments"]>[number]) => {
    const { id, layer, phase, running, sticky_since, variants, ...rest } = experiment
    const phases = Array.from({ length: phase }, (_, at) => ({
      number: at + 1,
      started_at: sticky_since ?? 0,
      ended_at: null,
      started_by: "test",
      reason: null,
      ...rest,
      variants: variants.map(({ variant, weight }) => ({ id: variant, weight })),
      ...(layer === undefined ? {} : { slots: layer.slots })
    }))
    return {
      ...rest,
      name: id,
      ...(layer === undefined ? {} : { layer: { id: layer.id, percent: 50 } }),
      status: running ? "running" : "stopped",
      phases,
      decision: null
    }
  }
  return [
    ...file.flags.map((flag, at) => put(flags, flag.key, flagOf(flag), at)),
    ...(file.groups ?? []).map((group, at) =>
      put(
        segments,
        group.id,
        {
          key: group.id,
          members:
            group.type === "list"
              ? { attribute: group.attribute, values: group.values }
              : group.type === "cohort"
                ? { cohort: group.cohort }
                : { condition: group.condition }
        },
        at
      )
    ),
    ...(file.holdouts ?? []).map(({ id, ...rest }, at) => put(holdouts, id, { key: id, ...rest }, at)),
    ...(file.experiments ?? []).map((each, at) => put(experiments, each.id, experimentOf(each), at)),
    {
      kind: "put",
      collection: flagRevisions.name,
      id: "workspace",
      expected: 0,
      schema_version: 1,
      subjects: [],
      data: { changed_at: 0 }
    }
  ]
}

const writeGolden = Effect.gen(function* () {
  const documents = yield* DocumentStore
  yield* documents.commit(golding, { writes: goldenDocuments() })
})

beforeAll(async () => {
  const collections = [
    flags.collection,
    segments.collection,
    holdouts.collection,
    experiments.collection,
    flagRevisions
  ]
  const documents = sqlite
    .layer({ file: filesOf(folder).documents })
    .pipe(Layer.provide(Layer.succeed(Collections, collections)))
  await Effect.runPromise(Effect.provide(writeGolden, documents))
  server = await startServer(folder)
  token = tokenFor(folder)
})
afterAll(() => server.kill("SIGTERM"))

const makeFlag = async (key: string, as = token): Promise<Answer> => {
  const environments = { production: { enabled: true, default_variant: "off" } }
  const answer = await send("POST", "/experiments/feature-flags", { key, type: "boolean", environments }, as)
  assert.strictEqual(answer.status, 201, JSON.stringify(answer.body))
  return answer
}
const turn = async (key: string, variant: string, as = token) => {
  const environments = { production: { enabled: true, default_variant: variant } }
  const path = `/experiments/feature-flags/${key}`
  const { headers } = await send("GET", path, undefined, as)
  const etag = { "if-match": headers.get("etag")! }
  const answer = await send("PUT", path, { key, type: "boolean", environments }, as, etag)
  assert.strictEqual(answer.status, 200, JSON.stringify(answer.body))
}

describe("the payload of flags", () => {
  it("is the file that evaluation reads, and gives locally what the service gives, for all vectors", async () => {
    const as = tokenFor(folder, { workspace: golding, scopes: ["flags:evaluate", "experiments:read"] })
    const { body, status } = await send("GET", payloadPath, undefined, as)
    assert.strictEqual(status, 200)
    const byId = (of: FlagFile) => ({
      flags: of.flags.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
      groups: of.groups?.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      holdouts: of.holdouts?.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
      experiments: of.experiments?.toSorted((a, b) => (a.id < b.id ? -1 : 1))
    })
    const got = decodeFile(body)
    assert.deepStrictEqual(byId(got), byId(file))
    const local = compileFlags(got)
    let remotely = 0
    for (const { context: given, expected, key } of golden.cases) {
      const context = given as EvaluationContext
      const here = evaluate(local, key, context)!
      assert.deepInclude(expected as object, {
        has_value: here.value !== undefined,
        variant: here.variant,
        rule: here.rule
      })
      assert.deepStrictEqual(here.value ?? null, expected.value)
      // What was stored for a unit is the service's own to know.
      if (context.stored !== undefined) continue
      const { attributes, forced } = context
      const path = `/experiments/feature-flags/${key}`
      const there = await (forced === undefined
        ? send("POST", `${path}/evaluate`, { context: attributes }, as)
        : send("POST", `${path}/explain`, { context: attributes, forced }, as))
      assert.strictEqual(there.status, 200, JSON.stringify(there.body))
      const { bucket, reason, rule, value, variant } = there.body
      assert.deepStrictEqual(
        { bucket, reason, rule, value, variant },
        { bucket: here.bucket, reason: here.reason, rule: here.rule, value: here.value, variant: here.variant }
      )
      remotely += 1
    }
    assert.isAbove(remotely, 350)
  })

  it("bears a strong tag: 304 while it says the same, also where something changes elsewhere", async () => {
    await makeFlag("tagged")
    const first = await send("GET", payloadPath)
    const etag = first.headers.get("etag")!
    assert.match(etag, /^"[\w-]{43}"$/)
    const again = () => send("GET", payloadPath, undefined, token, { "if-none-match": etag })
    assert.strictEqual((await again()).status, 304)
    assert.strictEqual((await send("POST", "/experiments/environments", { key: "staging" })).status, 201)
    assert.strictEqual((await again()).status, 304)
    const staging = await send("GET", `${payloadPath}?environment=staging`)
    assert.notStrictEqual(staging.headers.get("etag"), etag)
    await turn("tagged", "on")
    const changed = await again()
    assert.strictEqual(changed.status, 200)
    assert.notStrictEqual(changed.headers.get("etag"), etag)
  })

  it("is values for a context, never rules, to a browser key; another context never has the same tag", async () => {
    const browser = tokenFor(folder, { kind: "browser", scopes: ["flags:evaluate"], origins: [origin] })
    await makeFlag("shown")
    const read = (query: string, headers: Readonly<Record<string, string>> = {}) =>
      send("GET", `${payloadPath}${query}`, undefined, browser, { origin, ...headers })
    const without = await read("")
    assert.strictEqual(without.status, 400)
    assert.deepInclude((without.body["errors"] as ReadonlyArray<object>)[0]!, { pointer: "/context", code: "missing" })
    const one = await read(`?${contextQuery({ user_id: "u1" })}`)
    assert.strictEqual(one.status, 200, JSON.stringify(one.body))
    assert.notInclude(JSON.stringify(one.body), '"rules"')
    const values = one.body["flags"] as ReadonlyArray<Readonly<Record<string, unknown>>>
    assert.deepInclude(
      values.find(({ key }) => key === "shown")!,
      { value: false, reason: "STATIC" }
    )
    const etag = one.headers.get("etag")!
    const known = { "if-none-match": etag }
    assert.strictEqual((await read(`?${contextQuery({ user_id: "u1" })}`, known)).status, 304)
    assert.strictEqual((await read(`?${contextQuery({ user_id: "u2" })}`, known)).status, 200)
    const wrong = await read(`?context=${encodeURIComponent('{"a":1,"a":2}')}`)
    assert.strictEqual(wrong.status, 400)
    assert.deepInclude((wrong.body["errors"] as ReadonlyArray<object>)[0]!, { pointer: "/context/a" })
    assert.strictEqual((await read("?context=7")).status, 400)
  })
})

describe("the stream of flags", () => {
  it("tells what stands, then each change within a second, and passes over what the reader has seen", async () => {
    await makeFlag("streamed")
    const reader = await readEvents(server.url + streamPath, bearer(token))
    assert.strictEqual(reader.status, 200)
    assert.strictEqual(reader.headers.get("content-type"), "text/event-stream")
    assert.match(reader.text(), /^(retry: \d+\n\n)?/)
    const first = await reader.event(0)
    assert.deepStrictEqual(JSON.parse(first.data), (await send("GET", payloadPath)).body)
    await turn("streamed", "on")
    const changed = Date.now()
    const second = await reader.event(1)
    assert.isBelow(second.at - changed, 1000)
    const flag = (JSON.parse(second.data) as FlagFile).flags.find(({ key }) => key === "streamed")
    assert.strictEqual(flag?.default_variant, "on")
    assert.isAbove(Number(second.id), Number(first.id))
    reader.close()

    const back = await readEvents(server.url + streamPath, { ...bearer(token), "last-event-id": second.id })
    await turn("streamed", "off")
    const third = await back.event(0)
    assert.strictEqual(
      (JSON.parse(third.data) as FlagFile).flags.length,
      (JSON.parse(second.data) as FlagFile).flags.length
    )
    assert.isAbove(Number(third.id), Number(second.id))
    back.close()
    const missed = await readEvents(server.url + streamPath, { ...bearer(token), "last-event-id": second.id })
    assert.strictEqual((await missed.event(0)).id, third.id)
    missed.close()
  })

  it("says nothing of what does not concern its environment, its workspace, or its context's values", async () => {
    const other = tokenFor(folder, { workspace: "stream-other" })
    const browser = tokenFor(folder, { kind: "browser", scopes: ["flags:evaluate"], origins: [origin] })
    await makeFlag("german")
    const germany = {
      enabled: true,
      default_variant: "off",
      rules: [{ id: "a", condition: { country: "DE" }, serve: { variant: "on" } }]
    }
    const staging = await readEvents(`${server.url}${streamPath}?environment=staging`, bearer(token))
    const elsewhere = await readEvents(server.url + streamPath, bearer(other))
    const values = (country: string) =>
      readEvents(`${server.url}${streamPath}?key=${browser}&${contextQuery({ country })}`, { origin })
    const [french, german] = [await values("FR"), await values("DE")]
    const all = [staging, elsewhere, french, german]
    for (const each of all) await each.event(0)
    const { headers } = await send("GET", "/experiments/feature-flags/german")
    const change = { key: "german", type: "boolean", environments: { production: germany } }
    const etag = { "if-match": headers.get("etag")! }
    assert.strictEqual((await send("PUT", "/experiments/feature-flags/german", change, token, etag)).status, 200)
    const seen = JSON.parse((await german.event(1)).data) as {
      readonly flags: ReadonlyArray<{ key: string; value: unknown }>
    }
    assert.isTrue(seen.flags.find(({ key }) => key === "german")?.value)
    assert.notInclude(german.text(), '"rules"')
    assert.deepStrictEqual(
      [staging, elsewhere].map(({ events }) => events.length),
      [1, 1]
    )
    // The rule changes the flag's reason for everybody: from STATIC to DEFAULT.
    const reasons = french.events.map(
      ({ data }) =>
        (JSON.parse(data) as { flags: ReadonlyArray<{ key: string; reason: string }> }).flags.find(
          ({ key }) => key === "german"
        )?.reason
    )
    assert.deepStrictEqual(reasons, reasons.length === 1 ? ["STATIC"] : ["STATIC", "DEFAULT"])
    for (const each of all) each.close()
  })

  it("ends in order once its key is revoked, and once its environment is gone", async () => {
    const key = await send("POST", "/platform/keys", { name: "soon gone", scopes: ["flags:evaluate"] })
    assert.strictEqual((await send("POST", "/experiments/environments", { key: "passing" })).status, 201)
    const revoked = await readEvents(server.url + streamPath, bearer(String(key.body["token"])))
    const gone = await readEvents(`${server.url}${streamPath}?environment=passing`, bearer(token))
    for (const reader of [revoked, gone]) await reader.event(0)
    await send("DELETE", `/platform/keys/${String(key.body["id"])}`)
    assert.strictEqual((await send("DELETE", "/experiments/environments/passing")).status, 204)
    assert.isTrue(await revoked.ended)
    assert.isTrue(await gone.ended)
  })

  it("is refused beyond its limit by key and address, and there is room again when one ends", async () => {
    const browser = tokenFor(folder, {
      workspace: "crowd",
      kind: "browser",
      scopes: ["flags:evaluate"],
      origins: [origin]
    })
    const open = () => readEvents(`${server.url}${streamPath}?key=${browser}&${contextQuery({})}`, { origin })
    const readers = await Promise.all(Array.from({ length: flagStreamsBrowserMax }, open))
    for (const reader of readers) await reader.event(0)
    const over = await open()
    assert.strictEqual(over.status, 429)
    assert.isNotNull(over.headers.get("retry-after"))
    for (const reader of readers) reader.close()
    for (let attempt = 0; ; attempt += 1) {
      const again = await open()
      again.close()
      if (again.status === 200) break
      assert.isBelow(attempt, 100)
      await new Promise((done) => setTimeout(done, 50))
    }
  })

  it("drops a reader that takes nothing, while others are told", { timeout: 60_000 }, async () => {
    const as = tokenFor(folder, { workspace: "slow" })
    const value = "x".repeat(60_000)
    const flag = (round: number) => ({
      key: "large",
      type: "string",
      variants: Array.from({ length: 10 }, (_, at) => ({ name: `v${at}`, value: `${round}${value}` })),
      environments: { production: { enabled: true, default_variant: "v0" } }
    })
    assert.strictEqual((await send("POST", "/experiments/feature-flags", flag(0), as)).status, 201)
    const quick = await readEvents(server.url + streamPath, bearer(as))
    const slow = await rawReader(as)
    await quick.event(0)
    slow.pause()
    const droppedBefore = await droppedReaders()
    // More than what systems hold for a connection on its way.
    const rounds = 40
    for (let round = 1; round <= rounds; round += 1) {
      const etag = { "if-match": `"${round}"` }
      assert.strictEqual((await send("PUT", "/experiments/feature-flags/large", flag(round), as, etag)).status, 200)
    }
    const deadline = Date.now() + 40_000
    const isTold = () => quick.events.at(-1)!.data.includes(`"${rounds}${value.slice(0, 5)}`)
    while (!isTold() || (await droppedReaders()) === droppedBefore) {
      assert.isBelow(Date.now(), deadline, isTold() ? "the slow reader is not dropped" : "the quick reader is not told")
      await new Promise((done) => setTimeout(done, 100))
    }
    slow.destroy()
    quick.close()
  })

  it(
    "says that it lives while nothing changes, and ends in order when the service stops",
    { timeout: 60_000 },
    async () => {
      const own = await startServer()
      const reader = await readEvents(own.url + streamPath, bearer(tokenFor(own.folder)))
      await reader.event(0)
      const deadline = Date.now() + 30_000
      while (!reader.text().endsWith("\n\n:\n\n")) {
        assert.isBelow(Date.now(), deadline, "no sign of life")
        await new Promise((done) => setTimeout(done, 100))
      }
      const stopped = Date.now()
      const ended = own.kill("SIGTERM")
      assert.isTrue(await reader.ended)
      assert.deepStrictEqual((await ended).code, 0)
      assert.isBelow(Date.now() - stopped, 10_000)
    }
  )
})

/** A client by hand, which can stop to read. */
const rawReader = (as: string): Promise<Socket> =>
  new Promise((done, failed) => {
    const { host, port } = new URL(server.url)
    const socket = connect(Number(port), "127.0.0.1", () =>
      socket.write(`GET ${streamPath} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${as}\r\n\r\n`)
    )
    socket.once("data", (head) =>
      head.toString("latin1").startsWith("HTTP/1.1 200") ? done(socket) : failed(new Error(head.toString("latin1")))
    )
    socket.on("error", () => undefined)
  })

const droppedReaders = async (): Promise<number> => {
  const text = await (await fetch(server.metricsUrl)).text()
  return Number(/^marketing_flag_stream_readers_dropped_total(?:\{[^}]*\})? (\d+)/m.exec(text)![1])
}
