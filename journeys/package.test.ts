import { execFile } from "node:child_process"
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { serveInstalled } from "./LocalRegistry.ts"
import type { LocalRegistry } from "./LocalRegistry.ts"
import { startServer, tokenFor } from "./ServerProcess.ts"
import { shellEnvironment } from "./shellEnvironment.ts"

const root = resolve(import.meta.dirname, "..")
const modules = join(root, "node_modules")
const freshFolder = (name: string): string => mkdtempSync(join(tmpdir(), `package-${name}-`))

const run = (folder: string, command: string, ...words: ReadonlyArray<string>): Promise<string> =>
  new Promise((done, failed) =>
    execFile(command, words, { cwd: folder, env: shellEnvironment() }, (failure, stdout, stderr) =>
      failure === null ? done(stdout) : failed(new Error(`${command} ${words.join(" ")}\n${stdout}${stderr}`))
    )
  )

/** A checkout of its own: packing puts another manifest in place for a moment. */
const checkout = (): string => {
  const folder = freshFolder("checkout")
  for (const name of readdirSync(root)) {
    if (/^(domain|ports|http|scripts|.*\.(json|mjs|md)|LICENSE|\.npmrc)$/.test(name)) {
      cpSync(join(root, name), join(folder, name), { recursive: true })
    }
  }
  symlinkSync(modules, join(folder, "node_modules"))
  return folder
}

const javascript = `
import { minorUnits } from "broxiva-marketing-platform/domain/money"
import { bucketStarts } from "broxiva-marketing-platform/domain/zones/buckets"
import * as client from "broxiva-marketing-platform/client"
import { Effect } from "effect"
import { FetchHttpClient } from "effect/http"

const [baseUrl, token, event_id, timestamp] = process.argv.slice(2)
const answers = await Effect.gen(function* () {
  const broxiva = yield* client.make({ baseUrl, token })
  const payload = { event_id, event_type: "page_view", anonymous_id: "me", session_id: "s", timestamp }
  const receipt = yield* broxiva.events_in.ingest({ payload })
  const settings = yield* broxiva.platform.settings()
  return { receipt, currency: settings.currency }
}).pipe(Effect.provide(FetchHttpClient.layer), Effect.runPromise)
const day = { zone: "Europe/Berlin", interval: "hour", weekStart: 1, countMax: 100 }
const hours = bucketStarts({ ...day, fromMillis: Date.UTC(2026, 2, 28, 23), toMillis: Date.UTC(2026, 2, 29, 22) }).length
console.log(JSON.stringify({ ...answers, minor: minorUnits.toMinorUnits("12.34", "EUR"), hours }))
`

const typescript = `
import { minorUnits } from "broxiva-marketing-platform/domain/money"
import { make } from "broxiva-marketing-platform/client"
import type { Client } from "broxiva-marketing-platform/client"
import type { Question } from "broxiva-marketing-platform/ports/analytics/Question"
import { Effect } from "effect"

export const cents: number | minorUnits.MoneyRefusal = minorUnits.toMinorUnits("12.34", "EUR")
export const events = (client: Client) =>
  Effect.map(
    client.analytics.query({
      query: {},
      payload: { date_range: { from: "2026-01-01", to: "2026-01-31" }, metrics: ["events"] }
    }),
    (answer) => ("kind" in answer ? answer.result : answer).watermark.toUpperCase()
  )
export const program = Effect.flatMap(make({ baseUrl: "http://127.0.0.1:8080", token: "" }), events)
export type Asked = typeof Question.Type
// @ts-expect-error a client asks for what the contract has
export const wrong = (client: Client) => client.analytics.nothing()
`

const strict = {
  compilerOptions: { module: "nodenext", target: "es2024", strict: true, noEmit: true, skipLibCheck: true, types: [] },
  include: ["consumer.ts"]
}

describe("the package", () => {
  const consumer = freshFolder("consumer")
  const installed = join(consumer, "node_modules/broxiva-marketing-platform")
  let registry: LocalRegistry
  let tarball: string

  beforeAll(async () => {
    registry = await serveInstalled(modules)
    const folder = checkout()
    const manifest = readFileSync(join(folder, "package.json"), "utf8")
    await run(folder, "npm", "pack", "--pack-destination", consumer)
    assert.strictEqual(readFileSync(join(folder, "package.json"), "utf8"), manifest)
    tarball = readdirSync(consumer).find((name) => name.endsWith(".tgz"))!
    writeFileSync(join(consumer, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }))
    const cache = freshFolder("cache")
    await run(consumer, "npm", "install", `./${tarball}`, "--registry", registry.url, "--cache", cache, "--no-audit")
  }, 180_000)

  afterAll(() => registry.close())

  it("brings what the domain needs and none of the service's engines", () => {
    assert.isTrue(existsSync(join(consumer, "node_modules/effect/package.json")))
    for (const name of readdirSync(join(consumer, "node_modules")))
      assert.notMatch(name, /duckdb|maxmind|^node-|oven|vitest$/)
    assert.isEmpty(registry.asked.filter((name) => /duckdb|platform-node|maxmind|node-linux/.test(name)))
  })

  it("holds modules, declarations, their sources and the licence, no tests, and cannot be published by accident", () => {
    const names = readdirSync(installed, { recursive: true, encoding: "utf8" })
    for (const name of ["LICENSE", "dist/http/client.d.ts.map", "dist/domain/money.js", "domain/money/minorUnits.ts"]) {
      assert.include(names, name)
    }
    assert.isEmpty(names.filter((name) => /\.(test|suite)\.|testing|journeys|adapters|\.csv|\.sqlite/.test(name)))
    const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as Record<string, unknown>
    assert.deepInclude(manifest, { private: true, license: "MIT" })
    assert.notProperty(manifest, "scripts")
  })

  it("answers a domain function and asks a running server, in JavaScript", { timeout: 60_000 }, async () => {
    writeFileSync(join(consumer, "consumer.js"), javascript)
    const server = await startServer()
    try {
      const id = crypto.randomUUID()
      const words = [server.url, tokenFor(server.folder), id, new Date().toISOString()]
      const output = await run(consumer, process.execPath, "consumer.js", ...words)
      assert.deepStrictEqual(JSON.parse(output), { receipt: { event_id: id }, currency: "USD", minor: 1234, hours: 23 })
    } finally {
      await server.kill("SIGTERM")
    }
  })

  it("type-checks in a strict TypeScript project", { timeout: 120_000 }, async () => {
    writeFileSync(join(consumer, "consumer.ts"), typescript)
    writeFileSync(join(consumer, "tsconfig.json"), JSON.stringify(strict))
    await run(consumer, join(modules, ".bin/tsc"), "-p", ".")
  })

  it("has every module importable", { timeout: 60_000 }, async () => {
    const list = (folder: string) =>
      readdirSync(join(installed, "dist", folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".js"))
        .map((name) => `broxiva-marketing-platform/${folder}/${name.replace(/\.js$/, "")}`)
    const specifiers = [...list("domain"), ...list("ports")]
    assert.isAbove(specifiers.length, 50)
    writeFileSync(
      join(consumer, "all.js"),
      `for (const each of ${JSON.stringify(specifiers)}) await import(each)\nconsole.log("all")\n`
    )
    assert.strictEqual(await run(consumer, process.execPath, "all.js"), "all\n")
  })
})
