import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { TrafficPlan } from "../ports/experiments/ExperimentPlan.ts"
import { errorsOf } from "./asking.ts"
import { ask, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const post = (path: string, body: unknown): Promise<Answer> => ask(server, "POST", path, { token, body })

const planned = {
  metric: { kind: "rate", rate: 0.2 },
  goal: { given: "effect", effect: { kind: "absolute", value: 0.05 } },
  units_per_day: 400,
  method: "fixed"
}

describe("planning an experiment", () => {
  it("answers units and days of an effect, and what each week could find", async () => {
    const { body, status } = await post("/experiments/plan", planned)
    assert.strictEqual(status, 200, JSON.stringify(body))
    assert.deepInclude(body, { units_per_arm: 1030, units: 2060, effect: 0.05, lift: 25, days: 6 })
    assert.strictEqual((body["weeks"] as ReadonlyArray<unknown>).length, 8)
  })

  it("says which field stands in the way", async () => {
    const wrong = async (more: object) => {
      const answer = await post("/experiments/plan", { ...planned, ...more })
      assert.strictEqual(answer.status, 400, JSON.stringify(answer.body))
      return errorsOf(answer)
    }
    assert.deepStrictEqual(await wrong({ metric: { kind: "rate", rate: 0 } }), ["/metric/rate out_of_range"])
    const impossible = { given: "effect", effect: { kind: "absolute", value: 0.9 } }
    assert.deepStrictEqual(await wrong({ goal: impossible }), ["/goal/effect/value out_of_range"])
    assert.deepStrictEqual(await wrong({ goal: { given: "days", days: 1 }, units_per_day: 1 }), [
      "/goal/days too_few_units"
    ])
    assert.strictEqual((await post("/experiments/plan", { ...planned, alpha: 2 })).status, 400)
  })
})

describe("the proof that daily peeking is safe", () => {
  it("few experiments without an effect raise an alarm, a fixed-horizon test many; equal seeds answer alike", async () => {
    const request = { population: { kind: "rate", rate: 0.05 }, units_per_arm_and_day: 100, runs: 100, seed: 5 }
    const { body, status } = await post("/experiments/proof", request)
    assert.strictEqual(status, 200, JSON.stringify(body))
    assert.deepInclude(body, { runs: 100, days: 28, without_effect: true })
    const share = (name: string): number => (body[name] as { readonly share: number }).share
    assert.isAtMost(share("sequential"), 0.05)
    assert.isAtLeast(share("fixed"), 0.15)
    assert.deepStrictEqual((await post("/experiments/proof", request)).body, body)
  })

  it("finds an effect where there is one", async () => {
    const { body } = await post("/experiments/proof", {
      population: { kind: "rate", rate: 0.05 },
      treatment: { kind: "rate", rate: 0.08 },
      units_per_arm_and_day: 300,
      runs: 40
    })
    assert.strictEqual(body["without_effect"], false)
    assert.isAtLeast((body["sequential"] as { readonly share: number }).share, 0.9)
  })

  it("refuses more than a few seconds of work", async () => {
    const answer = await post("/experiments/proof", {
      population: { kind: "rate", rate: 0.05 },
      units_per_arm_and_day: 1000,
      days: 60,
      runs: 1000
    })
    assert.strictEqual(answer.status, 400)
    assert.deepStrictEqual(errorsOf(answer), ["/runs too_many"])
  })
})

const dayMillis = 86_400_000
const event = (user_id: string, event_type: string, at: number) => ({
  event_id: crypto.randomUUID(),
  event_type,
  anonymous_id: "server",
  user_id,
  session_id: user_id,
  timestamp: new Date(at).toISOString(),
  properties: {}
})
const ordered = { id: "ordered", measure: { kind: "rate", of: { event_types: ["order_completed"] } } }
const startedCheckout = { event_types: ["checkout_started"] }
const people = 1400
const days = 14

/** On each of fourteen days as many begin a checkout for the first time, and one in five orders; all come once more the day behind. */
const seedTraffic = async () => {
  const midnight = Math.floor(Date.now() / dayMillis) * dayMillis
  const events = Array.from({ length: people }, (_, person) => {
    const at = midnight - (days - (person % days)) * dayMillis + 3_600_000 + person
    const user = `buyer-${person}`
    return [
      event(user, "checkout_started", at),
      ...Array.from({ length: person % 3 }).flatMap((_, time) => [
        event(user, "browsed", at - 1000 - time),
        event(user, "browsed", at + 1000 + time)
      ]),
      ...(person % days === days - 1 ? [] : [event(user, "checkout_started", at + dayMillis)]),
      ...(Math.floor(person / days) % 5 === 0 ? [event(user, "order_completed", at + 60_000)] : [])
    ]
  }).flat()
  for (let from = 0; from < events.length; from += 1000) {
    const { body, status } = await post("/analytics/events/batch", { events: events.slice(from, from + 1000) })
    assert.strictEqual(status, 200, JSON.stringify(body))
    assert.strictEqual(body["stored"], Math.min(1000, events.length - from))
  }
  for (let attempt = 0; ; attempt += 1) {
    const { body } = await post("/experiments/plan/traffic", fromTraffic)
    if ((body["traffic"] as { readonly people?: number } | undefined)?.people === people) return
    assert.isBelow(attempt, 100, JSON.stringify(body))
    await new Promise((after) => setTimeout(after, 100))
  }
}
const fromTraffic = {
  metric: ordered,
  trigger: startedCheckout,
  goal: { given: "effect", effect: { kind: "absolute", value: 0.05 } },
  history_days: days,
  method: "fixed"
}

describe("what live traffic tells", () => {
  beforeAll(seedTraffic)

  it("is how many people would enter and what the metric is for them: the plan is that of the same figures", async () => {
    const { body, status } = await post("/experiments/plan/traffic", fromTraffic)
    assert.strictEqual(status, 200, JSON.stringify(body))
    const cumulative = Array.from({ length: days }, (_, at) => ((at + 1) * people) / days)
    assert.deepInclude(body["traffic"], { people, units: people, cumulative, mean: 0.2, correlation: null })
    const plain = await post("/experiments/plan", { ...planned, units_per_day: people / days })
    assert.deepStrictEqual(body["plan"], plain.body)
    const half = await post("/experiments/plan/traffic", { ...fromTraffic, percent: 50 })
    assert.strictEqual((half.body["plan"] as { readonly days: number }).days, 2 * Number(plain.body["days"]))
  })

  it("follows the trigger's filters, and what people did before where the metric is adjusted by it", async () => {
    const none = { ...startedCheckout, filters: { dimension: "country", operator: "is", value: "XX" } }
    const nobody = await post("/experiments/plan/traffic", { ...fromTraffic, trigger: none })
    assert.deepInclude(nobody.body, { plan: null })
    assert.deepInclude(nobody.body["traffic"], { people: 0, units: 0, mean: null, correlation: null })
    const wrong = { event_types: ["checkout_started"], filters: { dimension: "contry", operator: "is", value: "DE" } }
    assert.deepStrictEqual(errorsOf(await post("/experiments/plan/traffic", { ...fromTraffic, trigger: wrong })), [
      "/trigger/filters/dimension unknown_dimension"
    ])
    const browsed = { id: "browsed", measure: { kind: "mean", of: { event_types: ["browsed"] } } }
    const goal = { given: "effect", effect: { kind: "absolute", value: 0.1 } }
    const [plain, adjusted] = [
      await post("/experiments/plan/traffic", { ...fromTraffic, goal, metric: browsed }),
      await post("/experiments/plan/traffic", { ...fromTraffic, goal, metric: { ...browsed, cuped_days: 7 } })
    ].map(({ body }) => body as unknown as TrafficPlan)
    assert.approximately(plain!.traffic.mean!, (people - 1) / people, 1e-9)
    assert.isNull(plain!.traffic.correlation)
    // Whoever browsed before browses as often afterwards; a third has no history.
    assert.isAbove(adjusted!.traffic.correlation!, 0.4)
    assert.isBelow(adjusted!.plan!.units_per_arm, 0.9 * plain!.plan!.units_per_arm)
  })

  it("raises few alarms where nothing is changed, by the workspace's own metrics, and is computed once a day", async () => {
    const request = { metrics: [ordered], trigger: startedCheckout, days, runs: 200 }
    const { body, status } = await post("/experiments/proof/traffic", request)
    assert.strictEqual(status, 200, JSON.stringify(body))
    assert.deepInclude(body, { people, days, runs: 200, seed: 1, alpha: 0.05 })
    const [metric] = body["metrics"] as ReadonlyArray<{
      readonly metric: string
      readonly runs: number
      readonly sequential: { readonly share: number }
      readonly fixed: { readonly share: number }
    }>
    assert.deepInclude(metric, { metric: "ordered", runs: 200 })
    assert.isAtMost(metric!.sequential.share, 0.05)
    assert.isAtLeast(metric!.fixed.share, 0.08)
    assert.deepStrictEqual((await post("/experiments/proof/traffic", request)).body, body)
    const other = await post("/experiments/proof/traffic", { ...request, seed: 2 })
    assert.deepInclude(other.body, { seed: 2 })
    const median = { id: "median", measure: { kind: "quantile", of: startedCheckout, share: 0.5, per: "unit" } }
    assert.deepStrictEqual(
      errorsOf(await post("/experiments/proof/traffic", { ...request, metrics: [ordered, median] })),
      ["/metrics/1/measure/kind not_additive"]
    )
  })

  it("is asked of the goals of the workspace's experiments, where there are any", async () => {
    const ask = () => post("/experiments/proof/traffic", { trigger: startedCheckout, days, runs: 20 })
    assert.deepStrictEqual(errorsOf(await ask()), ["/metrics missing"])
    for (const key of ["one", "two"]) {
      await post("/experiments/experiments", { key, name: key, goals: [{ ...ordered, id: key }] })
    }
    const { body } = await ask()
    assert.deepStrictEqual(
      (body["metrics"] as ReadonlyArray<{ readonly metric: string }>).map(({ metric }) => metric),
      ["two"]
    )
  })
})
