import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { asking, errorsOf } from "./asking.ts"
import { ask, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const path = "/experiments/schedules"
const flagsPath = "/experiments/feature-flags"
const { done } = asking(() => ({ server, token }))

interface Happened {
  readonly what: string
  readonly by: string
  readonly steps: ReadonlyArray<number>
  readonly detail: string | null
}
interface Life {
  readonly id: string
  readonly status: string
  readonly steps_applied: number
  readonly history: ReadonlyArray<Happened>
  readonly paused: { readonly reason: string; readonly detail: string | null } | null
  readonly waits_for: { readonly step: number; readonly kind: string; readonly until: string | null } | null
  readonly states: ReadonlyArray<{ readonly applied_at: string | null; readonly due_at: string | null }>
}
const lifeOf = async (id: string) => (await done(200, "GET", `${path}/${id}`)).body as unknown as Life
const until = async (id: string, isSo: (life: Life) => boolean, millisMax = 40_000): Promise<Life> => {
  const deadline = Date.now() + millisMax
  for (;;) {
    const life = await lifeOf(id)
    if (isSo(life)) return life
    if (Date.now() > deadline) assert.fail(`not so after ${millisMax} ms: ${JSON.stringify(life)}`)
    await new Promise((after) => setTimeout(after, 100))
  }
}
const flagOf = (key: string, more: object = {}) => ({
  key,
  type: "boolean",
  environments: {
    production: {
      enabled: true,
      default_variant: "off",
      rules: [{ id: "some", percent: 10, serve: { variant: "on" }, ...more }]
    }
  }
})
const makeFlag = (key: string, more: object = {}) => done(201, "POST", flagsPath, flagOf(key, more))
const make = async (flag: string, steps: ReadonlyArray<object>) =>
  (await done(201, "POST", path, { flag, steps })).body as unknown as Life
const percentOf = async (key: string) => {
  const { body } = await done(200, "GET", `${flagsPath}/${key}`)
  const { production } = body["environments"] as { production: { rules?: ReadonlyArray<{ percent?: number }> } }
  return production.rules?.[0]?.percent
}
/** Percents that the schedule gave the flag, oldest first. */
const changesBy = async (id: string, key: string) => {
  const { body } = await done(200, "GET", `${flagsPath}/${key}/revisions?limit=100`)
  const items = body["items"] as ReadonlyArray<{
    readonly changed_by: string
    readonly flag: { readonly environments: { production: { rules: ReadonlyArray<{ percent: number }> } } }
  }>
  return items
    .filter(({ changed_by }) => changed_by === `schedules/${id}`)
    .map(({ flag }) => flag.environments.production.rules[0]!.percent)
    .toReversed()
}
const percent = (value: number) => ({ kind: "set_percent", rule: "some", percent: value })
const soon = (millis: number) => new Date(Date.now() + millis).toISOString()

describe("a schedule of a flag", () => {
  it("changes it step by step, by time and by approval, and the flag's history names it", async () => {
    await makeFlag("steps")
    const { id } = await make("steps", [
      { gate: { kind: "after", seconds: 1 }, changes: [percent(50)] },
      { gate: { kind: "approval" }, changes: [percent(100), { kind: "set_default", variant: "on" }] }
    ])
    const waiting = await until(id, ({ steps_applied }) => steps_applied === 1)
    assert.deepStrictEqual(waiting.waits_for, { step: 2, kind: "approval", until: null })
    assert.strictEqual(await percentOf("steps"), 50)
    const writer = tokenFor(server.folder, { scopes: ["experiments:write", "experiments:read"] })
    const lacking = await ask(server, "POST", `${path}/${id}/approve`, { token: writer, body: { step: 2 } })
    assert.strictEqual(lacking.status, 403)
    assert.deepStrictEqual(errorsOf(await done(400, "POST", `${path}/${id}/approve`, { step: 1 })), [
      "/step not_approved"
    ])
    await done(200, "POST", `${path}/${id}/approve`, { step: 2 })
    const over = await until(id, ({ status }) => status === "completed")
    assert.deepStrictEqual(
      over.history.map(({ what }) => what),
      ["made", "applied", "approved", "applied", "completed"]
    )
    assert.strictEqual(await percentOf("steps"), 100)
    assert.deepStrictEqual(await changesBy(id, "steps"), [50, 100])
    const audited = await done(200, "GET", `/platform/audit?action=schedule.applied`)
    assert.include(JSON.stringify(audited.body), `schedules/${id}`)
    const value = await done(200, "POST", `${flagsPath}/steps/evaluate`, { context: { user_id: "anybody" } })
    assert.strictEqual(value.body["value"], true)
  })

  it("is approved by those whom it names", async () => {
    await makeFlag("named")
    const keyId = crypto.randomUUID()
    const { id } = await make("named", [{ gate: { kind: "approval", approvers: [keyId] }, changes: [percent(90)] }])
    assert.deepStrictEqual(errorsOf(await done(403, "POST", `${path}/${id}/approve`, { step: 1 })), [
      "/step not_an_approver"
    ])
    const named = tokenFor(server.folder, { keyId, scopes: ["experiments:review"] })
    const approved = await ask(server, "POST", `${path}/${id}/approve`, { token: named, body: { step: 1 } })
    assert.strictEqual(approved.status, 200, JSON.stringify(approved.body))
    await until(id, ({ status }) => status === "completed")
  })

  it("waits for so many people who were exposed at the step before", { timeout: 90_000 }, async () => {
    const variants = [
      { id: "on", weight: 50 },
      { id: "off", weight: 50 }
    ]
    const goals = [{ id: "ordered", measure: { kind: "rate", of: { event_types: ["order_completed"] } } }]
    await done(201, "POST", "/experiments/experiments", { key: "sampled", name: "Sampled", variants, goals })
    await done(200, "POST", "/experiments/experiments/sampled/start")
    await makeFlag("sampling", { percent: 50, serve: { experiment: "sampled" } })
    const early = (at: number) =>
      done(200, "POST", "/experiments/experiments/sampled/assign", { user_id: `early-${at}` })
    for (let at = 0; at < 5; at += 1) await early(at)
    await new Promise((after) => setTimeout(after, 300))
    const { id } = await make("sampling", [
      { gate: { kind: "sample", rule: "some", units: 5 }, changes: [percent(100)] }
    ])
    const late = (at: number) => done(200, "POST", "/experiments/experiments/sampled/assign", { user_id: `late-${at}` })
    for (let at = 0; at < 4; at += 1) await late(at)
    // Two looks: those of before do not count, and four are too few.
    await new Promise((after) => setTimeout(after, 20_000))
    assert.strictEqual((await lifeOf(id)).steps_applied, 0)
    await late(4)
    await until(id, ({ status }) => status === "completed")
    assert.strictEqual(await percentOf("sampling"), 100)
  })

  it("goes on upon what somebody else has changed, and stops where the flag has no longer what it changes", async () => {
    const made = await makeFlag("edited")
    const { id } = await make("edited", [
      { gate: { kind: "approval" }, changes: [percent(40)] },
      { gate: { kind: "after", seconds: 1 }, changes: [percent(60)] }
    ])
    const described = { ...flagOf("edited"), description: "by hand" }
    const { headers } = await done(200, "PUT", `${flagsPath}/edited`, described, {
      "if-match": made.headers.get("etag")!
    })
    const without = { ...flagOf("edited"), environments: { production: { enabled: true, rules: [] } } }
    const bare = await done(200, "PUT", `${flagsPath}/edited`, without, { "if-match": headers.get("etag")! })
    await done(200, "POST", `${path}/${id}/approve`, { step: 1 })
    const stopped = await until(id, ({ status }) => status === "paused")
    assert.deepInclude(stopped.paused, { reason: "cannot_apply", detail: "the flag has no rule some there" })
    assert.strictEqual(stopped.steps_applied, 0)
    await done(200, "PUT", `${flagsPath}/edited`, described, { "if-match": bare.headers.get("etag")! })
    await done(200, "POST", `${path}/${id}/resume`)
    await until(id, ({ status }) => status === "completed")
    assert.strictEqual(await percentOf("edited"), 60)
    assert.strictEqual((await done(200, "GET", `${flagsPath}/edited`)).body["description"], "by hand")
  })

  it("is paused, resumed, replaced before its first step, and cancelled; what is over can go", async () => {
    await makeFlag("verbs")
    const steps = [
      { gate: { kind: "after", seconds: 3600 }, changes: [percent(20)] },
      { gate: { kind: "after", seconds: 3600 }, changes: [percent(30)] }
    ]
    const { id } = await make("verbs", steps)
    assert.deepStrictEqual(errorsOf(await done(409, "POST", path, { flag: "verbs", steps })), ["/flag taken"])
    assert.deepStrictEqual(errorsOf(await done(409, "DELETE", `${flagsPath}/verbs`)), [" in_use"])
    await done(409, "POST", `${path}/${id}/resume`)
    await done(200, "POST", `${path}/${id}/pause`)
    await done(409, "POST", `${path}/${id}/pause`)
    await done(200, "POST", `${path}/${id}/resume`)
    await done(409, "DELETE", `${path}/${id}`)
    const { headers } = await done(200, "GET", `${path}/${id}`)
    const at = { gate: { kind: "at", at: "2031-06-01T09:00:00+02:00" }, changes: [percent(20)] }
    const changed = await done(
      200,
      "PUT",
      `${path}/${id}`,
      { flag: "verbs", steps: [at] },
      { "if-match": headers.get("etag")! }
    )
    assert.deepStrictEqual(changed.body["waits_for"], { step: 1, kind: "at", until: "2031-06-01T07:00:00.000Z" })
    const other = { flag: "steps", steps: [at] }
    const moved = await done(400, "PUT", `${path}/${id}`, other, { "if-match": changed.headers.get("etag")! })
    assert.deepStrictEqual(errorsOf(moved), ["/flag immutable"])
    await done(200, "POST", `${path}/${id}/cancel`)
    await done(409, "POST", `${path}/${id}/cancel`)
    const listed = await done(200, "GET", `${path}?limit=100`)
    assert.include(JSON.stringify(listed.body), id)
    await done(204, "DELETE", `${path}/${id}`)
    await done(204, "DELETE", `${flagsPath}/verbs`)
  })

  it("is refused in an environment that asks for approvals, and stops where one has begun to", async () => {
    await done(201, "POST", "/experiments/environments", { key: "guarded" })
    const { environments, ...flag } = flagOf("approved")
    await done(201, "POST", flagsPath, { ...flag, environments: { guarded: environments.production } })
    const asked = {
      flag: "approved",
      environment: "guarded",
      steps: [{ gate: { kind: "approval" }, changes: [percent(50)] }]
    }
    const id = String((await done(201, "POST", path, asked)).body["id"])
    const policy = "/experiments/environments/guarded/approvals"
    await done(200, "PUT", policy, { approvals: 1 }, { "if-match": "*" })
    await done(200, "POST", `${path}/${id}/approve`, { step: 1 })
    const stopped = await until(id, ({ status }) => status === "paused")
    assert.match(stopped.paused?.detail ?? "", /need 1 approvals/)
    await done(200, "POST", `${path}/${id}/cancel`)
    assert.deepStrictEqual(errorsOf(await done(403, "POST", path, asked)), ["/environments/guarded needs_approval"])
    const guardrails = [{ id: "errors", measure: { kind: "rate", of: { event_types: ["checkout_failed"] } } }]
    const release = { flag: "approved", environment: "guarded", rule: "some", control: "off", guardrails }
    await done(403, "POST", "/experiments/releases", { ...release, steps: [{ percent: 10 }] })
  })

  it("is refused with the place of what is wrong", async () => {
    await makeFlag("refused")
    const make = (steps: ReadonlyArray<object>, more: object = {}) =>
      done(400, "POST", path, { flag: "refused", steps, ...more })
    const gate = { kind: "after", seconds: 1 }
    assert.deepStrictEqual(errorsOf(await make([{ gate, changes: [percent(1)] }], { flag: "nothing" })), [
      "/flag unknown_flag"
    ])
    assert.deepStrictEqual(errorsOf(await make([{ gate, changes: [percent(1)] }], { environment: "moon" })), [
      "/environment unknown_environment"
    ])
    const removed = { kind: "remove_rule", rule: "some" }
    const steps = [
      { gate: { kind: "sample", rule: "some", units: 1 }, changes: [removed] },
      { gate: { kind: "at", at: "2026-02-30T00:00:00Z" }, changes: [{ kind: "enable" }, percent(1)] }
    ]
    assert.deepStrictEqual(errorsOf(await make(steps)), [
      "/steps/1/gate/at not_an_instant",
      "/steps/0/gate/rule exposes_nobody",
      "/steps/1/changes/1/rule unknown_rule"
    ])
    await make([{ gate, changes: [{ kind: "serve", rule: "some", variant: "maybe" }] }])
    await make([{ gate: { kind: "at", at: "tomorrow" }, changes: [percent(1)] }])
    await make([])
  })
})

describe("a service that was away", () => {
  it("takes overdue steps together, as one change of the flag", { timeout: 120_000 }, async () => {
    const usual = server
    try {
      server = await startServer(freshFolder())
      token = tokenFor(server.folder)
      await makeFlag("folded")
      const { id } = await make(
        "folded",
        [20, 30, 40].map((value, step) => ({
          gate: { kind: "at", at: soon(2500 + 300 * step) },
          changes: [percent(value)]
        }))
      )
      await server.kill("SIGKILL")
      await new Promise((after) => setTimeout(after, 3500))
      server = await startServer(server.folder)
      const over = await until(id, ({ status }) => status === "completed")
      const applied = over.history.filter(({ what }) => what === "applied")
      assert.deepStrictEqual(
        applied.map(({ steps }) => steps),
        [[1, 2, 3]]
      )
      assert.deepStrictEqual(await changesBy(id, "folded"), [40])
    } finally {
      await server.kill("SIGTERM")
      server = usual
      token = tokenFor(server.folder)
    }
  })

  it("killed at any moment takes no step twice and leaves none out", { timeout: 180_000 }, async () => {
    const usual = server
    try {
      server = await startServer(freshFolder())
      token = tokenFor(server.folder)
      await makeFlag("killed")
      const values = Array.from({ length: 50 }, (_, step) => 11 + step)
      const { id } = await make(
        "killed",
        values.map((value, step) => ({ gate: { kind: "at", at: soon(500 + 400 * step) }, changes: [percent(value)] }))
      )
      for (const millis of [1900, 700, 2100, 1300, 2600]) {
        await new Promise((after) => setTimeout(after, millis))
        await server.kill("SIGKILL")
        server = await startServer(server.folder)
      }
      const over = await until(id, ({ status }) => status === "completed")
      const applied = over.history.filter(({ what }) => what === "applied")
      assert.deepStrictEqual(
        applied.flatMap(({ steps }) => steps),
        values.map((_, step) => step + 1)
      )
      // Each change of the flag is one record, and says what its last step says.
      assert.deepStrictEqual(
        await changesBy(id, "killed"),
        applied.map(({ steps }) => values[steps.at(-1)! - 1])
      )
      assert.isAbove(applied.length, 2)
    } finally {
      await server.kill("SIGTERM")
      server = usual
      token = tokenFor(server.folder)
    }
  })
})
