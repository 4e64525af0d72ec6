import { Effect, Layer } from "effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { filesOf } from "../adapters/dataFiles.ts"
import * as sqlite from "../adapters/sqlite/DocumentStore.ts"
import { variantBucket } from "../domain/bucketing/sha256Buckets.ts"
import { Collections, DocumentStore } from "../ports/documents/DocumentStore.ts"
import { banditStates } from "../ports/experiments/Bandit.ts"
import { WorkspaceId } from "../ports/WorkspaceId.ts"
import { errorsOf } from "./asking.ts"
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

const path = "/experiments/experiments"
const goals = [{ id: "ordered", measure: { kind: "rate", of: { event_types: ["order_completed"] } } }]
const variants = [
  { id: "control", weight: 50 },
  { id: "short", weight: 50 }
]
const bandit = { kind: "bandit", burn_in_units: 40, minimum_percent: 10 }
const done = async (status: number, method: string, to: string, body?: unknown): Promise<Answer> => {
  const answer = await ask(server, method, to, { token, ...(body === undefined ? {} : { body }) })
  assert.strictEqual(answer.status, status, JSON.stringify(answer.body))
  return answer
}

interface Step {
  readonly number: number
  readonly started_at: number
  readonly weights: ReadonlyArray<number>
}
const stepsOf = async (key: string): Promise<ReadonlyArray<Step>> => {
  const { body } = await done(200, "GET", `${path}/${key}`)
  return (body["phases"] as ReadonlyArray<{ readonly steps: ReadonlyArray<Step> }>).at(-1)!.steps
}
interface Results {
  readonly arms: ReadonlyArray<{
    readonly variant: string
    readonly share: number
    readonly units: number
    readonly mean: number
    readonly chance_best: number
  }>
  readonly steps: ReadonlyArray<{ readonly shares: ReadonlyArray<number>; readonly assigned: ReadonlyArray<number> }>
  readonly gained: number
  readonly best: string | null
}
const resultsWith = async (key: string, units: number, orders: number) => {
  for (let attempt = 0; ; attempt += 1) {
    const { body } = await done(200, "GET", `${path}/${key}/results`)
    const allocation = body["allocation"] as Results
    const conversions = (body["variants"] as ReadonlyArray<{ readonly conversions: number }>).reduce(
      (sum, arm) => sum + arm.conversions,
      0
    )
    if (allocation.arms.reduce((sum, arm) => sum + arm.units, 0) >= units && conversions >= orders) {
      return { body, allocation }
    }
    assert.isBelow(attempt, 100, JSON.stringify(allocation))
    await new Promise((after) => setTimeout(after, 100))
  }
}

let visitors = 0
let orders = 0
/** So many people come; one in ten orders by the control, one in two by the other. Answers how many got which. */
const traffic = async (key: string, people: number): Promise<Readonly<Record<string, number>>> => {
  const came: Record<string, number> = { control: 0, short: 0 }
  const events: Array<object> = []
  for (let at = 0; at < people; at += 1) {
    const user_id = `visitor-${visitors}`
    visitors += 1
    const { body } = await done(200, "POST", `${path}/${key}/assign`, { user_id })
    const variant = String(body["variant"])
    came[variant]! += 1
    if (variant === "short" ? at % 2 !== 0 : at % 10 !== 0) continue
    orders += 1
    events.push({
      event_id: crypto.randomUUID(),
      event_type: "order_completed",
      anonymous_id: "server",
      user_id,
      session_id: user_id,
      timestamp: new Date().toISOString(),
      properties: {}
    })
  }
  await done(200, "POST", "/analytics/events/batch", { events })
  await resultsWith(key, visitors, orders)
  return came
}

/** Lets the time of the next look have come. Nothing else of the folder is open meanwhile. */
const makeDue = (key: string, tomorrow = Date.now() + 23 * 3_600_000) =>
  Effect.runPromise(
    Effect.gen(function* () {
      const documents = yield* DocumentStore
      const workspace = WorkspaceId.make("default")
      const found = yield* documents.get(workspace, banditStates.name, key)
      assert.isAbove((found!.data as { readonly next_at: number }).next_at, tomorrow)
      const put = { kind: "put", collection: banditStates.name, id: key, schema_version: 1, subjects: [] } as const
      yield* documents.commit(workspace, { writes: [{ ...put, expected: "any", data: { id: key, next_at: 1 } }] })
    }).pipe(
      Effect.provide(
        Layer.provide(sqlite.layer({ file: filesOf(folder).documents }), Layer.succeed(Collections, [banditStates]))
      )
    )
  )

describe("a bandit", () => {
  it("is refused where shares cannot follow results", async () => {
    const define = (more: object) => ({ key: "wrong", name: "Wrong", variants, goals, allocation: bandit, ...more })
    const wrong = async (more: object) => errorsOf(await done(400, "POST", path, define(more)))
    assert.deepStrictEqual(await wrong({ analysis: { method: "fixed" } }), ["/analysis/method adaptive_allocation"])
    assert.deepStrictEqual(
      await wrong({
        allocation: { kind: "bandit", minimum_percent: 50 },
        variants: [...variants, { id: "c", weight: 0 }]
      }),
      ["/allocation/minimum_percent too_large"]
    )
    const measure = { kind: "ratio", of: { event_types: ["a"] }, by: { of: { event_types: ["b"] } } }
    assert.deepStrictEqual(await wrong({ goals: [{ id: "r", measure }] }), ["/goals/0/measure/kind not_weighable"])
    const uneven = [
      { id: "control", weight: 95 },
      { id: "short", weight: 5 }
    ]
    await done(201, "POST", path, { ...define({ variants: uneven }), key: "uneven" })
    assert.deepStrictEqual(errorsOf(await done(400, "POST", `${path}/uneven/start`)), ["/variants/1/weight too_small"])
    await done(201, "POST", path, { key: "plain", name: "Plain", variants, goals })
    await done(409, "POST", `${path}/plain/step`)
    await done(200, "POST", `${path}/plain/start`)
    await done(409, "POST", `${path}/plain/step`)
  })

  it("gives the better arm more at each step, keeps the minimum, and logs the probability", async () => {
    await done(201, "POST", path, { key: "hero", name: "Hero", variants, goals, allocation: bandit })
    await done(200, "POST", `${path}/hero/start`)
    const early = await done(200, "POST", `${path}/hero/step`)
    assert.deepStrictEqual(early.body, {
      outcome: "burn_in",
      phase: 1,
      step: 1,
      variants: variants.map(({ id: variant, weight }) => ({ variant, weight, chance_best: null }))
    })
    const first = await traffic("hero", 120)
    const looked = await done(200, "POST", `${path}/hero/step`)
    assert.deepInclude(looked.body, { outcome: "changed", step: 2 })
    const second = await traffic("hero", 120)
    await done(200, "POST", `${path}/hero/step`)
    const share = (came: Readonly<Record<string, number>>) => came["short"]! / 120
    assert.isAbove(share(second), share(first) + 0.15)
    const steps = await stepsOf("hero")
    assert.deepStrictEqual(steps[0]!.weights, [50, 50])
    for (const { weights } of steps) {
      assert.isAtLeast(Math.min(...weights), 10)
      assert.strictEqual(weights[0]! + weights[1]!, 100)
    }
    assert.deepStrictEqual(steps.at(-1)!.weights, [10, 90])

    const { allocation, body } = await resultsWith("hero", 240, orders)
    assert.deepStrictEqual(
      allocation.steps.slice(0, 2).map(({ assigned, shares }) => [assigned, shares]),
      [
        [
          [first["control"]!, first["short"]!],
          [0.5, 0.5]
        ],
        [[second["control"]!, second["short"]!], steps[1]!.weights.map((weight) => weight / 100)]
      ]
    )
    assert.strictEqual(allocation.best, "short")
    assert.isAbove(allocation.gained, 0)
    assert.approximately(allocation.arms[1]!.mean, 0.5, 0.1)
    assert.deepInclude(body["split"], { units: 240, mismatch: false })
    assert.deepStrictEqual(body["recommendation"], { action: "keep_running", reasons: ["best_arm", "too_few_days"] })
    const [comparison] = body["comparisons"] as ReadonlyArray<{ readonly fixed: unknown }>
    assert.deepStrictEqual(comparison!.fixed, { outcome: "refused", reason: "adaptive_allocation" })

    // Of everybody who was exposed the event says with what probability.
    const filters = JSON.stringify({ dimension: "property:experiment_id", operator: "is", value: "hero" })
    const exposed = await done(
      200,
      "GET",
      `/analytics/events?event_type=experiment_exposed&limit=100&filters=${encodeURIComponent(filters)}`
    )
    for (const { properties } of exposed.body["items"] as ReadonlyArray<{
      readonly properties: Readonly<Record<string, unknown>>
    }>) {
      const { weights } = steps[Number(properties["step"]) - 1]!
      assert.strictEqual(properties["probability"], weights[properties["variant"] === "control" ? 0 : 1]! / 100)
    }
  })

  it("follows the goals that it was started with, which approvals of its start have seen", async () => {
    const environment = "/experiments/environments/production/approvals"
    const approvals = async (count: number) => {
      const { headers } = await done(200, "GET", environment)
      const answer = await ask(server, "PUT", environment, {
        token,
        body: { approvals: count },
        headers: { "if-match": headers.get("etag")! }
      })
      assert.strictEqual(answer.status, 200)
    }
    const { body, headers } = await done(200, "GET", `${path}/hero`)
    const replace = (more: object) => {
      const { allocation, goals: of, key, name, variants: arms } = body
      const definition = { key, name, variants: arms, goals: of, allocation, ...more }
      return ask(server, "PUT", `${path}/hero`, {
        token,
        body: definition,
        headers: { "if-match": headers.get("etag")! }
      })
    }
    const other = [{ id: "left", measure: { kind: "rate", of: { event_types: ["page_left"] } } }]
    assert.deepStrictEqual(errorsOf(await replace({ goals: other })), ["/goals frozen"])
    const least = { ...bandit, minimum_percent: 1 }
    assert.deepStrictEqual(errorsOf(await replace({ allocation: least })), ["/allocation frozen"])
    await approvals(1)
    await done(201, "POST", path, { key: "asked", name: "Asked", variants, goals, allocation: bandit })
    assert.deepStrictEqual(errorsOf(await done(403, "POST", `${path}/asked/start`)), [
      "/environments/production needs_approval"
    ])
    assert.include(["changed", "unchanged"], (await done(200, "POST", `${path}/hero/step`)).body["outcome"])
    await approvals(0)
  })

  it("leaves a unit its variant, whatever the shares are now", async () => {
    const known = Array.from({ length: 120 }, (_, at) => `visitor-${at}`).find((id) => {
      const bucket = variantBucket("hero", id)
      return bucket >= 10 && bucket < 50
    })!
    const { body } = await done(200, "POST", `${path}/hero/assign`, { user_id: known })
    assert.deepInclude(body, { variant: "control", reason: "stored", sticky: "stored" })
    assert.notProperty(body, "allocation")
  })

  it("takes a step that is due once, also where the process is killed behind it", async () => {
    await done(201, "POST", path, { key: "due", name: "Due", variants, goals, allocation: bandit })
    await done(200, "POST", `${path}/due/start`)
    const before = visitors
    const ordered = orders
    visitors = 0
    orders = 0
    await traffic("due", 120)
    await server.kill("SIGTERM")
    await makeDue("due")
    server = await startServer(folder)
    for (let attempt = 0; (await stepsOf("due")).length < 2; attempt += 1) {
      assert.isBelow(attempt, 100)
      await new Promise((after) => setTimeout(after, 100))
    }
    await server.kill("SIGKILL")
    server = await startServer(folder)
    // The first round comes with the start, and there is nothing to do in it.
    await new Promise((after) => setTimeout(after, 2000))
    const steps = await stepsOf("due")
    assert.deepStrictEqual(
      steps.map(({ number }) => number),
      [1, 2]
    )
    assert.isAbove(steps[1]!.weights[1]!, 50)
    visitors += before
    orders += ordered
    await done(200, "POST", `${path}/due/stop`)
    await done(409, "POST", `${path}/due/step`)
  })

  it("begins a phase with the shares that stood, and steps of its own", async () => {
    const stood = (await stepsOf("hero")).at(-1)!.weights
    await done(200, "POST", `${path}/hero/phases`, { percent: 50 })
    assert.deepStrictEqual(
      (await stepsOf("hero")).map(({ number, weights }) => [number, weights]),
      [[1, stood]]
    )
    const { body } = await done(200, "POST", `${path}/hero/step`)
    assert.deepInclude(body, { outcome: "burn_in", phase: 2, step: 1 })
  })
})
