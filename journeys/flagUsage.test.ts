import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

const folder = freshFolder()
let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer(folder)
  token = tokenFor(folder)
})
afterAll(() => server.kill("SIGTERM"))

const flagsPath = "/experiments/feature-flags"
const done = async (status: number, method: string, to: string, body?: unknown): Promise<Answer> => {
  const answer = await ask(server, method, to, { token, ...(body === undefined ? {} : { body }) })
  assert.strictEqual(answer.status, status, JSON.stringify(answer.body))
  return answer
}
const usageOf = async (query = "") => (await done(200, "GET", `${flagsPath}/counted/usage${query}`)).body
/** Counts are written within some seconds. */
const usageOnce = async (evaluations: number) => {
  for (let attempt = 0; ; attempt += 1) {
    const usage = await usageOf()
    if (Number(usage["evaluations"]) >= evaluations || attempt === 100) return usage
    await new Promise((after) => setTimeout(after, 100))
  }
}
const evaluate = async (country: string, times: number) => {
  for (let at = 0; at < times; at += 1) {
    await done(200, "POST", `${flagsPath}/counted/evaluate`, { context: { country } })
  }
}

describe("the usage of a flag", () => {
  it("is told by variant and hour, singly and among many evaluated, and outlives a stop", async () => {
    const rules = [{ id: "germany", condition: { country: "DE" }, serve: { variant: "on" } }]
    const environments = { production: { enabled: true, default_variant: "off", rules } }
    await done(201, "POST", flagsPath, { key: "counted", type: "boolean", environments })
    assert.deepInclude(await usageOf(), { flag: "counted", environment: "production", evaluations: 0, hours: [] })
    await evaluate("DE", 3)
    await evaluate("FR", 1)
    await done(200, "POST", `${flagsPath}/bulk-evaluate`, { context: { country: "FR" } })
    await done(200, "POST", `${flagsPath}/counted/explain`, { context: { country: "FR" } })
    const first = await usageOnce(5)
    const counts = [
      { variant: "on", evaluations: 3 },
      { variant: "off", evaluations: 2 }
    ]
    assert.deepInclude(first, { evaluations: 5, variants: counts })
    // One hour, or two where the clock passed from one to the next.
    const hours = first["hours"] as ReadonlyArray<{ readonly hour: number }>
    assert.isTrue(hours.length > 0 && hours.every(({ hour }) => hour % 3_600_000 === 0 && hour <= Date.now()))

    await evaluate("DE", 2)
    await server.kill("SIGTERM")
    server = await startServer(folder)
    const after = await usageOf()
    assert.deepInclude(after, { evaluations: 7, variants: [{ variant: "on", evaluations: 5 }, counts[1]] })
    const long = new Date(Date.now() - 7_200_000).toISOString()
    const before = await usageOf(`?to=${encodeURIComponent(long)}`)
    assert.deepInclude(before, { evaluations: 0, variants: [] })
    assert.deepInclude(await usageOf("?environment=staging"), { evaluations: 0, environment: "staging" })
  })

  it("refuses spans that are none or too long, and flags that never were", async () => {
    for (const [query, expected] of [
      ["from=yesterday", "/from not_an_instant"],
      ["from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", "/from reversed"],
      ["from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z", "/from too_long"]
    ] as const) {
      const { body } = await done(400, "GET", `${flagsPath}/counted/usage?${query}`)
      const [error] = body["errors"] as ReadonlyArray<{ readonly pointer: string; readonly code: string }>
      assert.strictEqual(`${error!.pointer} ${error!.code}`, expected)
    }
    await done(404, "GET", `${flagsPath}/nothing/usage`)
  })

  it("stands in the metrics, with how long evaluations take", async () => {
    await evaluate("DE", 1)
    await done(200, "POST", `${flagsPath}/bulk-evaluate`, {})
    const text = await (await fetch(server.metricsUrl)).text()
    assert.match(text, /^marketing_feature_flags_evaluated_total\{reason="TARGETING_MATCH"\} 1$/mu)
    assert.match(text, /^marketing_feature_flags_evaluated_total\{reason="DEFAULT"\} 1$/mu)
    for (const request of ["single", "bulk"]) {
      const count = new RegExp(
        `^marketing_feature_flags_evaluation_latency_seconds_count\\{request="${request}"\\} 1$`,
        "mu"
      )
      assert.match(text, count)
    }
  })
})
