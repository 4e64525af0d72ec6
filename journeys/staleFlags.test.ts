import { Effect, Layer } from "effect"
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { promisify } from "node:util"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { filesOf } from "../adapters/dataFiles.ts"
import * as sqlite from "../adapters/sqlite/DocumentStore.ts"
import { Collections, DocumentStore } from "../ports/documents/DocumentStore.ts"
import { flags } from "../ports/experiments/Flag.ts"
import type { Flag } from "../ports/experiments/Flag.ts"
import { WorkspaceId } from "../ports/WorkspaceId.ts"
import { ask, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

const folder = freshFolder()
const dayMillis = 86_400_000
const flagsPath = "/experiments/feature-flags"
let server: ServerProcess
beforeAll(async () => {
  server = await startServer(folder)
})
afterAll(() => server.kill("SIGTERM"))

const send = (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) =>
  ask(server, method, path, { token: tokenFor(folder), headers, ...(body === undefined ? {} : { body }) })
const done = async (status: number, answered: Promise<Answer>): Promise<Answer["body"]> => {
  const { body, status: is } = await answered
  assert.strictEqual(is, status, JSON.stringify(body))
  return body
}
const errorsOf = (body: Answer["body"]) =>
  (body["errors"] as ReadonlyArray<{ readonly code: string; readonly detail: string }>).map(
    ({ code, detail }) => `${code} ${detail}`
  )
const flag = (key: string, production: object, more: object = {}) => ({
  key,
  type: "boolean",
  environments: { production: { enabled: true, ...production } },
  ...more
})

/** As if all flags were changed last so many days ago: no request makes them older. */
const age = (days: number) =>
  Effect.gen(function* () {
    const documents = yield* DocumentStore
    const workspace = WorkspaceId.make("default")
    const by = { workspace, collection: flags.name, index: "by_time", equals: [], limit: 100 }
    const { items } = yield* documents.list(by)
    yield* documents.commit(workspace, {
      writes: items.map(({ collection, data, id, revision }) => {
        const item = data as Flag
        const aged: Flag = { ...item, changed_at: item.changed_at - days * dayMillis }
        return { kind: "put", collection, id, expected: revision, schema_version: 1, subjects: [], data: aged }
      })
    })
  }).pipe(
    Effect.provide(
      sqlite
        .layer({ file: filesOf(folder).documents })
        .pipe(Layer.provide(Layer.succeed(Collections, [flags.collection])))
    ),
    Effect.runPromise
  )

const stale = async (): Promise<ReadonlyArray<Record<string, unknown>>> => {
  const page = await done(200, send("GET", "/experiments/stale-flags?limit=100"))
  return (page["items"] as ReadonlyArray<Record<string, unknown>>).toSorted((a, b) =>
    String(a["flag"]) < String(b["flag"]) ? -1 : 1
  )
}

describe("a stale flag", () => {
  it("has not changed for two weeks and is unused, or the same for everybody; permanent ones are never stale", async () => {
    const rules = [{ id: "half", percent: 50, serve: { variant: "on" } }]
    await done(201, send("POST", flagsPath, flag("for-everybody", { default_variant: "on" })))
    await done(201, send("POST", flagsPath, flag("for-half", { default_variant: "off", rules })))
    await done(201, send("POST", flagsPath, flag("kill-switch", { default_variant: "on" }, { permanent: true })))
    await done(201, send("POST", flagsPath, flag("unused", { default_variant: "off", rules })))
    assert.deepStrictEqual(await stale(), [])
    for (const key of ["for-everybody", "for-half", "kill-switch"]) {
      await done(200, send("POST", `${flagsPath}/${key}/evaluate`, { context: { user_id: "u" } }))
    }
    await server.kill("SIGTERM")
    await age(20)
    server = await startServer(folder)
    await done(201, send("POST", flagsPath, flag("fresh", { default_variant: "on" })))
    const found = await stale()
    assert.deepStrictEqual(
      found.map(({ flag: key, reasons, state }) => [key, reasons, state]),
      [
        ["for-everybody", ["one_sided"], "stale"],
        ["unused", ["unused"], "stale"]
      ]
    )
    // Pages are full, whatever lies between.
    const first = await done(200, send("GET", "/experiments/stale-flags?limit=1"))
    const second = await done(200, send("GET", `/experiments/stale-flags?limit=1&cursor=${String(first["next"])}`))
    assert.deepStrictEqual(
      [first, second].flatMap(({ items }) =>
        (items as ReadonlyArray<Record<string, unknown>>).map((each) => each["flag"])
      ),
      ["unused", "for-everybody"]
    )
    const { changed_at } = await done(200, send("GET", `${flagsPath}/unused`))
    assert.deepInclude(found[1], { since: changed_at, evaluated_at: null })
    assert.deepStrictEqual(found[0]!["environments"], [{ environment: "production", everybody: "on" }])
    const staleness = async (key: string) => (await done(200, send("GET", `${flagsPath}/${key}/staleness`)))["state"]
    assert.strictEqual(await staleness("kill-switch"), "permanent")
    assert.strictEqual(await staleness("for-half"), "active")
    assert.strictEqual(await staleness("fresh"), "active")
  })

  it("is archived: evaluated nowhere, its key taken, and back again off", async () => {
    await done(201, send("POST", flagsPath, flag("base", {})))
    const prerequisites = [{ flag: "base", condition: { value: true } }]
    await done(201, send("POST", flagsPath, flag("above", { prerequisites })))
    const used = await send("POST", `${flagsPath}/base/archive`, {})
    assert.strictEqual(used.status, 409)
    assert.deepStrictEqual(errorsOf(used.body), ["in_use flags/above (above)"])
    const archived = await done(200, send("POST", `${flagsPath}/above/archive`, { reason: "Done" }))
    assert.deepInclude(archived["archived"] as object, { reason: "Done" })
    assert.strictEqual((await send("POST", `${flagsPath}/above/evaluate`, {})).status, 404)
    assert.strictEqual((await send("POST", flagsPath, flag("above", {}))).status, 409)
    await done(200, send("POST", `${flagsPath}/base/archive`, {}))
    const back = await send("POST", `${flagsPath}/above/unarchive`)
    assert.strictEqual(back.status, 409)
    await done(200, send("POST", `${flagsPath}/base/unarchive`))
    await done(200, send("POST", `${flagsPath}/above/unarchive`))
    const evaluated = await done(200, send("POST", `${flagsPath}/above/evaluate`, {}))
    assert.deepInclude(evaluated, { reason: "DISABLED" })
    const etag = (await send("GET", `${flagsPath}/above`)).headers.get("etag")!
    await done(200, send("POST", `${flagsPath}/above/archive`, {}))
    assert.strictEqual((await send("PUT", `${flagsPath}/above`, flag("above", {}), { "if-match": etag })).status, 412)
    const now = (await send("GET", `${flagsPath}/above`)).headers.get("etag")!
    const put = await done(200, send("PUT", `${flagsPath}/above`, flag("above", {}), { "if-match": now }))
    assert.property(put, "archived")
    assert.strictEqual((await send("POST", `${flagsPath}/above/evaluate`, {})).status, 404)
  })
})

describe("code references", () => {
  const commitOf = (digit: string) => digit.repeat(40)
  const posting = (digit: string, day: number, references: Readonly<Record<string, ReadonlyArray<number>>>) => ({
    repository: "acme/shop",
    branch: "main",
    commit: commitOf(digit),
    committed_at: `2026-11-${String(day).padStart(2, "0")}T10:00:00Z`,
    flags: Object.entries(references).map(([key, lines]) => ({
      flag: key,
      references: lines.map((line) => ({ path: "src/shop.ts", line }))
    }))
  })
  const post = (body: object) => send("POST", "/experiments/code-references", body)
  const places = async (key: string) =>
    (
      (await done(200, send("GET", `${flagsPath}/${key}/code-references`)))["items"] as ReadonlyArray<{
        references: ReadonlyArray<{ line: number }>
      }>
    ).flatMap(({ references }) => references.map(({ line }) => line))

  it("are of one commit of a branch: the same again changes nothing, a later one replaces, an older one is refused", async () => {
    const first = posting("a", 10, { unused: [1, 2], "for-half": [3], "no-such-flag": [4] })
    const receipt = await done(200, post(first))
    assert.deepInclude(receipt, { kept: 2, forgotten: 0, unknown: ["no-such-flag"] })
    assert.deepInclude(await done(200, post(first)), { kept: 2, forgotten: 0 })
    assert.deepStrictEqual(await places("unused"), [1, 2])
    const part = { ...posting("b", 11, { "for-half": [7] }), complete: false }
    assert.deepInclude(await done(200, post(part)), { forgotten: 0 })
    assert.deepStrictEqual(await places("unused"), [1, 2])
    assert.deepInclude(await done(200, post(posting("b", 11, {}))), { forgotten: 1 })
    assert.deepStrictEqual(await places("unused"), [])
    assert.deepStrictEqual(await places("for-half"), [7])
    assert.strictEqual((await post(first)).status, 409)
    const many = Array.from({ length: 201 }, (_, line) => line + 1)
    assert.strictEqual((await post(posting("c", 12, { unused: many }))).status, 400)
    assert.strictEqual((await post({ ...first, commit: "main" })).status, 400)
    const plain = tokenFor(folder, { scopes: ["experiments:write"] })
    const refused = await ask(server, "POST", "/experiments/code-references", { token: plain, body: first })
    assert.strictEqual(refused.status, 403)
  })

  it("keep a flag from being archived or deleted, unless by force or the branch is gone", async () => {
    const referenced = ["referenced acme/shop main src/shop.ts:7"]
    const archive = await send("POST", `${flagsPath}/for-half/archive`, {})
    assert.strictEqual(archive.status, 409)
    assert.deepStrictEqual(errorsOf(archive.body), referenced)
    const remove = await send("DELETE", `${flagsPath}/for-half`)
    assert.strictEqual(remove.status, 409)
    assert.deepStrictEqual(errorsOf(remove.body), referenced)
    const changes = [{ kind: "flag", id: "for-half", definition: null }]
    const request = await send("POST", "/experiments/change-requests", { title: "Away", changes })
    assert.strictEqual(request.status, 400)
    await done(200, send("POST", `${flagsPath}/for-half/archive`, { force: true }))
    await done(204, send("DELETE", `${flagsPath}/for-half`))
    await done(200, post(posting("d", 13, { unused: [1] })))
    assert.strictEqual((await send("DELETE", `${flagsPath}/unused`)).status, 409)
    const branches = await done(200, send("GET", "/experiments/code-references"))
    const [branch] = branches["items"] as ReadonlyArray<{ id: string; commit: string; complete: boolean }>
    assert.deepInclude(branch, { commit: commitOf("d"), complete: true })
    assert.notProperty(branch, "digest")
    await done(204, send("DELETE", `/experiments/code-references/${branch!.id}`))
    assert.deepStrictEqual(await places("unused"), [])
    await done(204, send("DELETE", `${flagsPath}/unused`))
  })

  it("are found in a tree and posted by the script", async () => {
    const tree = mkdtempSync(join(tmpdir(), "code-"))
    mkdirSync(join(tree, "src"))
    mkdirSync(join(tree, "node_modules"))
    writeFileSync(join(tree, "src", "page.ts"), 'const a = 1\nif (flag("kill-switch", a)) { use(`fresh`) }\n')
    writeFileSync(join(tree, "src", "notes.md"), 'fresh, "fresh-ly" and "kill-switch\'\n')
    writeFileSync(join(tree, "node_modules", "other.js"), '"fresh"\n')
    writeFileSync(join(tree, "src", "picture.png"), Buffer.from([0, ...Buffer.from('"fresh"')]))
    const run = promisify(execFile)
    const scopes = ["experiments:read", "experiments:references"]
    const parameters = ["--dir", tree, "--url", server.url, "--repository", "acme/page", "--branch", "main"]
    const commit = ["--commit", commitOf("e"), "--committed-at", "2026-11-20T10:00:00Z"]
    const { stdout } = await run(process.execPath, ["scripts/codeReferences.ts", ...parameters, ...commit], {
      cwd: resolve(import.meta.dirname, ".."),
      env: { ...process.env, BROXIVA_TOKEN: tokenFor(folder, { scopes }) }
    })
    assert.include(stdout, "acme/page main eeeeeeeeee: 2 flags named, 0 no longer")
    assert.deepStrictEqual(await places("kill-switch"), [2])
    const page = await done(200, send("GET", `${flagsPath}/fresh/code-references`))
    assert.deepInclude((page["items"] as ReadonlyArray<object>)[0], {
      repository: "acme/page",
      commit: commitOf("e"),
      references: [{ path: "src/page.ts", line: 2 }],
      total: 1
    })
  })
})
