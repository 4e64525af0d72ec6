import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { variantBucket } from "../domain/bucketing/sha256Buckets.ts"
import { asking, errorsOf } from "./asking.ts"
import { ask, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const path = "/experiments/experiments"
const goals = [{ id: "ordered", measure: { kind: "rate", of: { event_types: ["order_completed"] } } }]
const variants = [
  { id: "control", weight: 50 },
  { id: "short", weight: 50 }
]
const { done, send } = asking(() => ({ server, token }))
const running = async (key: string, more: object = {}) => {
  await done(201, "POST", path, { key, name: key, variants, goals, ...more })
  await done(200, "POST", `${path}/${key}/start`)
}
const assign = async (key: string, body: object) => (await done(200, "POST", `${path}/${key}/assign`, body)).body

/** Exposures that can be asked for; events are in the answers within a second. */
const exposures = async (experiment: string, atLeast: number) => {
  const filters = JSON.stringify({ dimension: "property:experiment_id", operator: "is", value: experiment })
  for (let attempt = 0; ; attempt += 1) {
    const { body } = await send(
      "GET",
      `/analytics/events?event_type=experiment_exposed&limit=100&filters=${encodeURIComponent(filters)}`
    )
    const items = (body["items"] ?? []) as ReadonlyArray<{
      readonly user_id: string | null
      readonly anonymous_id: string
      readonly properties: Readonly<Record<string, unknown>>
    }>
    if (items.length >= atLeast || attempt === 100) return items
    await new Promise((after) => setTimeout(after, 100))
  }
}

describe("an experiment", () => {
  it("lives from draft to archive, and takes no step that its state does not allow", async () => {
    const made = await done(201, "POST", path, { key: "life", name: "Life" })
    assert.deepInclude(made.body, { id: "life", status: "draft", phases: [], decision: null })
    const early = await done(400, "POST", `${path}/life/start`)
    assert.deepStrictEqual(errorsOf(early), ["/variants too_few", "/goals missing"])
    await done(200, "POST", `${path}/life/variants`, { id: "a", weight: 60 })
    const heavy = await done(400, "POST", `${path}/life/variants`, { id: "b", weight: 50 })
    assert.deepStrictEqual(errorsOf(heavy), ["/weight weights"])
    await done(409, "POST", `${path}/life/variants`, { id: "a", weight: 0 })
    await done(400, "POST", `${path}/life/variants`, { id: "c:d", weight: 1 })
    const { headers } = await done(200, "POST", `${path}/life/variants`, { id: "b", weight: 40 })
    const both = [
      { id: "a", weight: 60 },
      { id: "b", weight: 40 }
    ]
    const definition = { name: "Life", variants: both, goals }
    await done(200, "PUT", `${path}/life`, definition, { "if-match": headers.get("etag")! })
    await done(409, "POST", `${path}/life/stop`)
    await done(409, "POST", `${path}/life/decision`, { decision: "inconclusive" })
    const started = await done(200, "POST", `${path}/life/start`)
    assert.strictEqual(started.body["status"], "running")
    await done(409, "POST", `${path}/life/start`)
    await done(409, "POST", `${path}/life/variants`, { id: "c", weight: 0 })
    await done(409, "DELETE", `${path}/life`)
    const frozen = await done(
      409,
      "PUT",
      `${path}/life`,
      { ...definition, percent: 10, variants: both.slice(0, 1) },
      { "if-match": started.headers.get("etag")! }
    )
    assert.deepStrictEqual(errorsOf(frozen), ["/variants frozen", "/percent frozen"])
    const words = { ...definition, name: "A longer life" }
    await done(200, "PUT", `${path}/life`, words, { "if-match": started.headers.get("etag")! })
    const phased = await done(200, "POST", `${path}/life/phases`, { percent: 50, reason: "slower" })
    const phases = phased.body["phases"] as ReadonlyArray<Readonly<Record<string, unknown>>>
    assert.deepStrictEqual(
      phases.map(({ number, reason }) => [number, reason]),
      [
        [1, null],
        [2, "slower"]
      ]
    )
    assert.strictEqual(phases[0]!["ended_at"], phases[1]!["started_at"])
    await done(400, "POST", `${path}/life/phases`, {})
    await done(200, "POST", `${path}/life/stop`)
    assert.deepInclude(await assign("life", { user_id: "u1" }), { variant: null, reason: "off" })
    assert.deepStrictEqual(errorsOf(await done(400, "POST", `${path}/life/decision`, { decision: "ship" })), [
      "/variant missing"
    ])
    const decided = await done(200, "POST", `${path}/life/decision`, { decision: "ship", variant: "b", reason: "more" })
    assert.deepInclude(decided.body["decision"], { decision: "ship", variant: "b", reason: "more" })
    await done(200, "POST", `${path}/life/archive`)
    await done(409, "POST", `${path}/life/start`)
    await done(204, "DELETE", `${path}/life`)
    const again = await done(409, "POST", path, { key: "life", name: "Again" })
    assert.deepStrictEqual(errorsOf(again), ["/key used_before"])
  })

  it("assigns by the published hash, the same at every call", async () => {
    await running("hashed")
    for (let at = 0; at < 40; at += 1) {
      const expected = variantBucket("hashed", `u${at}`)
      const answer = await assign("hashed", { user_id: `u${at}` })
      assert.deepInclude(answer, {
        bucket: expected,
        variant: expected < 50 ? "control" : "short",
        reason: "assigned",
        phase: 1
      })
    }
    const unnamed = await done(400, "POST", `${path}/hashed/assign`, { context: { country: "DE" } })
    assert.deepStrictEqual(errorsOf(unnamed), ["/user_id missing"])
    await done(404, "POST", `${path}/nothing/assign`, { user_id: "u1" })
  })

  it("exposes whom it assigns, once; also through a flag, but not through many at once", async () => {
    await running("exposed", { condition: { country: "DE" } })
    const flag = {
      key: "form",
      type: "string",
      variants: [
        { name: "control", value: "long" },
        { name: "short", value: "short" }
      ],
      environments: {
        production: {
          enabled: true,
          default_variant: "control",
          rules: [{ id: "test", serve: { experiment: "exposed" } }]
        }
      }
    }
    await done(201, "POST", "/experiments/feature-flags", flag)
    assert.deepInclude(await assign("exposed", { user_id: "us", context: { country: "US" } }), {
      variant: null,
      reason: "condition",
      detail: "/country"
    })
    for (let repeated = 0; repeated < 3; repeated += 1)
      await assign("exposed", { user_id: "one", context: { country: "DE" } })
    const evaluated = await done(200, "POST", "/experiments/feature-flags/form/evaluate", {
      context: { anonymous_id: "device-7", country: "DE" }
    })
    assert.deepInclude(evaluated.body["metadata"], { experiment: "exposed", phase: 1 })
    await done(200, "POST", "/experiments/feature-flags/bulk-evaluate", { context: { user_id: "bulk", country: "DE" } })
    const robot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    await assign("exposed", { user_id: "robot", context: { country: "DE", user_agent: robot } })
    // A browser's own header counts, as where events come in; a secret key's is its server's.
    const origin = "https://shop.example"
    const page = tokenFor(server.folder, { kind: "browser", scopes: ["flags:evaluate"], origins: [origin] })
    const crawled = await ask(server, "POST", `${path}/exposed/assign`, {
      token: page,
      headers: { origin, "user-agent": robot },
      body: { user_id: "crawler", context: { country: "DE" } }
    })
    assert.strictEqual(crawled.status, 200, JSON.stringify(crawled.body))
    await assign("exposed", { user_id: "two", anonymous_id: "device-2", context: { country: "DE" } })
    const seen = await exposures("exposed", 3)
    assert.deepStrictEqual(
      seen
        .map(({ anonymous_id, user_id }) => [user_id, anonymous_id])
        .toSorted((a, b) => (String(a) < String(b) ? -1 : 1)),
      [
        [null, "device-7"],
        ["one", "server"],
        ["two", "device-2"]
      ]
    )
    assert.deepInclude(seen[0]!.properties, { experiment_id: "exposed", phase: 1, source: "hash" })
  })

  it("shares a layer with others so that nobody is in two, as long as there is room", async () => {
    await running("left", { layer: { id: "page", percent: 60 } })
    await done(201, "POST", path, { key: "right", name: "Right", variants, goals, layer: { id: "page", percent: 50 } })
    const full = await done(409, "POST", `${path}/right/start`)
    assert.deepStrictEqual(errorsOf(full), ["/layer/percent layer_full"])
    const { headers } = await send("GET", `${path}/right`)
    const smaller = { name: "Right", variants, goals, layer: { id: "page", percent: 40 } }
    await done(200, "PUT", `${path}/right`, smaller, { "if-match": headers.get("etag")! })
    await done(200, "POST", `${path}/right/start`)
    let taken = 0
    for (let at = 0; at < 60; at += 1) {
      const both = await Promise.all(["left", "right"].map((key) => assign(key, { user_id: `l${at}` })))
      taken += both.filter(({ variant }) => variant !== null).length
    }
    assert.strictEqual(taken, 60)
  })

  it("has the slots of a layer once, however many are started at once", async () => {
    const keys = Array.from({ length: 6 }, (_, at) => `race-${at}`)
    for (const key of keys) {
      await done(201, "POST", path, { key, name: key, variants, goals, layer: { id: "race", percent: 40 } })
    }
    const started = await Promise.all(keys.map((key) => send("POST", `${path}/${key}/start`)))
    assert.deepStrictEqual(started.map(({ status }) => status).toSorted(), [200, 200, 409, 409, 409, 409])
    const taken = started.flatMap(
      ({ body }) =>
        (body["phases"] as ReadonlyArray<{ slots: ReadonlyArray<{ from: number; to: number }> }> | undefined)?.[0]
          ?.slots ?? []
    )
    assert.deepStrictEqual(
      taken.toSorted((a, b) => a.from - b.from),
      [
        { from: 0, to: 4000 },
        { from: 4000, to: 8000 }
      ]
    )
  })

  it("holds units out of all experiments and releases of a team, and of no other", async () => {
    await done(201, "POST", "/experiments/holdouts", { key: "growth", percent: 100, team: "growth" })
    await done(409, "POST", "/experiments/holdouts", { key: "growth" })
    await running("of-growth", { team: "growth" })
    await running("of-others")
    assert.deepInclude(await assign("of-growth", { user_id: "h1" }), {
      variant: null,
      reason: "holdout",
      detail: "growth"
    })
    assert.deepInclude(await assign("of-others", { user_id: "h1" }), { reason: "assigned" })
    const released = {
      key: "released",
      type: "boolean",
      team: "growth",
      environments: {
        production: {
          enabled: true,
          default_variant: "off",
          rules: [{ id: "all", release: true, serve: { variant: "on" } }]
        }
      }
    }
    await done(201, "POST", "/experiments/feature-flags", released)
    const held = await done(200, "POST", "/experiments/feature-flags/released/evaluate", { context: { user_id: "h1" } })
    assert.deepInclude(held.body, { value: false, reason: "SPLIT" })
    assert.deepInclude(held.body["metadata"], { holdout: "growth" })
    const { headers } = await send("GET", "/experiments/holdouts/growth")
    await done(400, "PUT", "/experiments/holdouts/growth", { key: "other" }, { "if-match": headers.get("etag")! })
    await done(
      200,
      "PUT",
      "/experiments/holdouts/growth",
      { key: "growth", percent: 0, team: "growth" },
      { "if-match": headers.get("etag")! }
    )
    assert.deepInclude(await assign("of-growth", { user_id: "h1" }), { reason: "assigned" })
    await done(204, "DELETE", "/experiments/holdouts/growth")
  })

  it("stays while a flag serves it, and keeps the variants that the flag has", async () => {
    await done(201, "POST", path, { key: "served", name: "Served", variants, goals })
    const flag = {
      key: "serving",
      type: "boolean",
      variants: [
        { name: "control", value: false },
        { name: "short", value: true }
      ],
      environments: { production: { enabled: true, rules: [{ id: "test", serve: { experiment: "served" } }] } }
    }
    await done(201, "POST", "/experiments/feature-flags", flag)
    await done(409, "DELETE", `${path}/served`)
    const { headers } = await send("GET", `${path}/served`)
    const other = {
      name: "Served",
      goals,
      variants: [
        { id: "control", weight: 50 },
        { id: "long", weight: 50 }
      ]
    }
    const lacking = await done(409, "PUT", `${path}/served`, other, { "if-match": headers.get("etag")! })
    assert.deepStrictEqual(errorsOf(lacking), ["/variants flag_lacks_variant"])
  })
})

const uuid = () => crypto.randomUUID()
const ingest = async (events: ReadonlyArray<object>) => {
  for (let at = 0; at < events.length; at += 1000) {
    await done(200, "POST", "/analytics/events/batch", { events: events.slice(at, at + 1000) })
  }
}
const event = (user_id: string, event_type: string, properties: object, secondsAgo: number) => ({
  event_id: uuid(),
  event_type,
  anonymous_id: "server",
  user_id,
  session_id: user_id,
  timestamp: new Date(Date.now() - secondsAgo * 1000).toISOString(),
  properties
})
const resultsOf = async (key: string, participants: number) => {
  for (let attempt = 0; ; attempt += 1) {
    const { body } = await done(200, "GET", `${path}/${key}/results`)
    const arms = body["variants"] as ReadonlyArray<Readonly<Record<string, unknown>>>
    const seen = arms.reduce((sum, arm) => sum + Number(arm["participants"]), 0)
    if (seen >= participants || attempt === 100) return { body, arms }
    await new Promise((after) => setTimeout(after, 100))
  }
}
/** So many users of a variant, of whom so many order; exposed as a client that evaluates on its own says it. */
const arm = (experiment: string, variant: string, users: number, orders: number) =>
  Array.from({ length: users }, (_, at) => `${experiment}-${variant}-${at}`).flatMap((user, at) => [
    event(user, "experiment_exposed", { experiment_id: experiment, variant, phase: 1 }, 1),
    ...(at < orders ? [event(user, "order_completed", { order_id: user, total: "10.00", currency: "EUR" }, 0)] : [])
  ])

describe("results", () => {
  it("of 200 in 1000 against 250 in 1000: a winner by the fixed test, none by the sequence", async () => {
    const spend = {
      id: "spent",
      measure: { kind: "mean", of: { event_types: ["order_completed"] }, value: { kind: "revenue" } }
    }
    for (const method of ["fixed", "sequential"] as const) {
      const key = `by-${method}`
      const minimum = { minimum_effect: { kind: "absolute", value: 0.05 } }
      await running(key, { analysis: { method }, goals: [{ ...goals[0], ...minimum }], secondary: [spend] })
      // Events of before the start would not count.
      await new Promise((after) => setTimeout(after, 1100))
      await ingest([...arm(key, "control", 1000, 200), ...arm(key, "short", 1000, 250)])
      const { arms, body } = await resultsOf(key, 2000)
      assert.deepStrictEqual(
        arms.map(({ conversion_rate, conversions, id, participants }) => [
          id,
          participants,
          conversions,
          conversion_rate
        ]),
        [
          ["control", 1000, 200, 0.2],
          ["short", 1000, 250, 0.25]
        ]
      )
      assert.approximately(Number(body["lift"]), 25, 1e-9)
      assert.strictEqual(body["sample_size_needed"], 1030)
      if (method === "fixed") assert.deepInclude(body, { winner: "short", is_significant: true })
      else assert.deepInclude(body, { is_significant: false, method: "sequential" })
      assert.approximately(Number(body["p_value"]), method === "fixed" ? 0.00742 : 0.1325, 0.00005)
      const metrics = body["metrics"] as ReadonlyArray<{ readonly arms: ReadonlyArray<{ readonly mean: number }> }>
      const means = metrics[1]!.arms.map(({ mean }) => mean)
      assert.approximately(means[1]! / means[0]!, 1.25, 1e-9)
      assert.deepInclude(body["split"], { units: 2000, mismatch: false })
    }
  })

  it("are no error without traffic, and none of a phase that is not there", async () => {
    await done(201, "POST", path, { key: "silent", name: "Silent", variants, goals })
    const { body } = await done(200, "GET", `${path}/silent/results`)
    assert.deepInclude(body, { is_significant: false, p_value: 1, lift: 0, split: null })
    await done(404, "GET", `${path}/silent/results?phase=2`)
    await done(400, "GET", `${path}/silent/results?phase=x`)
    const wrong = { key: "wrong", name: "Wrong", goals: [{ id: "m", measure: { kind: "rate", of: {} } }] }
    assert.deepStrictEqual(errorsOf(await done(400, "POST", path, wrong)), ["/goals/0/measure/of missing"])
  })

  it("tell funnels, quantiles and capped totals, from the events that analytics counts", async () => {
    const steps = [{ event_types: ["product_viewed"] }, { event_types: ["order_completed"] }]
    await running("kinds", {
      goals: [{ id: "bought-after-view", measure: { kind: "funnel", steps } }],
      secondary: [
        {
          id: "median-wait",
          measure: {
            kind: "quantile",
            of: { event_types: ["page_loaded"] },
            value: { kind: "property", property: "ms" },
            share: 0.5,
            per: "event"
          },
          direction: "decrease"
        },
        {
          id: "spent",
          measure: { kind: "mean", of: { event_types: ["order_completed"] }, value: { kind: "revenue" } },
          cap: { kind: "absolute", value: 15 }
        }
      ]
    })
    await new Promise((after) => setTimeout(after, 2100))
    const user = (variant: string, at: number) => `kinds-${variant}-${at}`
    const did = (["control", "short"] as const).flatMap((variant, faster) =>
      Array.from({ length: 60 }, (_, at) => [
        event(user(variant, at), "experiment_exposed", { experiment_id: "kinds", variant, phase: 1 }, 2),
        ...(at < 30 + 10 * faster ? [event(user(variant, at), "product_viewed", {}, at < 5 ? 0 : 1)] : []),
        ...(at < 20 + 10 * faster
          ? [
              event(
                user(variant, at),
                "order_completed",
                { order_id: user(variant, at), total: at === 0 ? "100.00" : "10.00", currency: "USD" },
                // Who bought before he looked did not come through.
                at < 5 ? 1 : 0
              )
            ]
          : []),
        ...[0, 1, 2].map((time) =>
          event(user(variant, at), "page_loaded", { ms: 1500 + 10 * at + time - 1000 * faster }, 0)
        )
      ]).flat()
    )
    await ingest(did)
    const { arms, body } = await resultsOf("kinds", 120)
    assert.deepStrictEqual(
      arms.map(({ conversions }) => conversions),
      [15, 25]
    )
    const [, median, spent] = body["metrics"] as ReadonlyArray<{
      readonly capped?: unknown
      readonly arms: ReadonlyArray<{ readonly mean: number; readonly sums: { readonly quantile: object } }>
    }>
    assert.deepStrictEqual(
      median!.arms.map(({ mean }) => mean),
      [1796, 796]
    )
    const { quantile } = median!.arms[0]!.sums as { readonly quantile: { readonly low: number; readonly high: number } }
    assert.isTrue(quantile.low < 1796 && quantile.high > 1796)
    const comparisons = body["comparisons"] as ReadonlyArray<{ readonly metric: string; readonly verdict: string }>
    assert.deepInclude(
      comparisons.find(({ metric }) => metric === "median-wait"),
      { verdict: "better" }
    )
    assert.deepStrictEqual(spent!.capped, { cap: 15, share: 2 / 120 })
    assert.approximately(spent!.arms[0]!.mean, (19 * 10 + 15) / 60, 1e-9)
  })

  it("are of metrics that their kind has a use for all of: the rest is refused with its place", async () => {
    const of = { event_types: ["page_loaded"] }
    const cap = { kind: "absolute", value: 1 }
    const quantile = { kind: "quantile", of, share: 0.9, per: "event" }
    const wrong = {
      name: "Wrong",
      goals: [
        { id: "a", measure: { kind: "rate", of }, cap },
        { id: "b", measure: { kind: "retention", of, from_day: 1, to_day: 2 }, window_days: 7 },
        { id: "c", measure: quantile },
        { id: "d", measure: { kind: "mean", of }, complete_windows: true }
      ],
      secondary: [{ id: "e", measure: { ...quantile, per: "unit" }, cuped_days: 14 }],
      guardrails: [{ id: "f", measure: { kind: "funnel", steps: [of] } }]
    }
    assert.deepStrictEqual(errorsOf(await done(400, "POST", path, wrong)), [
      "/goals/0/cap not_of_this_kind",
      "/goals/1/window_days not_of_this_kind",
      "/goals/2/measure/value no_value",
      "/goals/3/complete_windows no_window",
      "/secondary/0/cuped_days not_of_this_kind"
    ])
    const short = { name: "Short", guardrails: wrong.guardrails, goals: [] }
    assert.deepStrictEqual(errorsOf(await done(400, "POST", path, short)), ["/guardrails/0/measure/steps too_few"])
  })

  it("are told by the values of a dimension, as it stood at the first exposure", async () => {
    await running("sliced")
    await new Promise((after) => setTimeout(after, 1100))
    const planOf = (at: number) => (at % 4 === 0 ? "pro" : "free")
    const traits = (["control", "short"] as const).flatMap((variant) =>
      Array.from({ length: 40 }, (_, at) => `sliced-${variant}-${at}`).flatMap((user, at) => [
        event(user, "profile_updated", { traits: { plan: planOf(at) } }, 2),
        // What comes after the exposure counts no more.
        event(user, "profile_updated", { traits: { plan: "late" } }, 0)
      ])
    )
    await ingest([...traits, ...arm("sliced", "control", 40, 8), ...arm("sliced", "short", 40, 20)])
    await resultsOf("sliced", 80)
    const { body } = await done(200, "GET", `${path}/sliced/results?dimension=trait:plan`)
    const { values, ...others } = body["breakdown"] as {
      readonly values: ReadonlyArray<{
        readonly value: string | null
        readonly participants: ReadonlyArray<number>
        readonly comparisons: ReadonlyArray<{ readonly control_mean: number; readonly variant_mean: number }>
      }>
    }
    assert.deepStrictEqual(others as unknown, { dimension: "trait:plan", values_left_out: 0 })
    assert.deepStrictEqual(
      values.map(({ comparisons: [first], participants, value }) => [
        value,
        participants,
        first!.control_mean,
        first!.variant_mean
      ]),
      [
        ["free", [30, 30], 6 / 30, 15 / 30],
        ["pro", [10, 10], 2 / 10, 5 / 10]
      ]
    )
    const rows = await fetch(`${server.url}${path}/sliced/results?dimension=trait:plan&table=breakdown`, {
      headers: { authorization: `Bearer ${token}`, accept: "text/csv" }
    })
    assert.match(
      await rows.text(),
      /^dimension,value,metric,[^\r]*\r\ntrait:plan,free,ordered,goal,short,0\.2,0\.5,[^\r]*\r\ntrait:plan,pro,[^\r]*\r\n$/u
    )
    for (const [dimension, code] of [
      ["contry", "unknown_dimension"],
      ["cohort:c", "unsuitable_dimension"],
      ["first:trait:plan", "unsuitable_dimension"],
      ["trait:email", "encrypted_field"]
    ] as const) {
      const refused = await done(400, "GET", `${path}/sliced/results?dimension=${dimension}`)
      assert.deepStrictEqual(errorsOf(refused), [`/dimension ${code}`])
    }
    await done(201, "POST", path, { key: "unstarted", name: "Unstarted" })
    const empty = await done(200, "GET", `${path}/unstarted/results?dimension=country`)
    assert.deepStrictEqual(empty.body["breakdown"], { dimension: "country", values: [], values_left_out: 0 })
  })

  it("are had as rows and as a picture too", async () => {
    await running("forms", { name: "=Forms" })
    await new Promise((after) => setTimeout(after, 1100))
    await ingest([...arm("forms", "control", 100, 20), ...arm("forms", "short", 100, 40)])
    await resultsOf("forms", 200)
    const form = (accept: string, query = "") =>
      fetch(`${server.url}${path}/forms/results${query}`, { headers: { authorization: `Bearer ${token}`, accept } })
    const rows = await form("text/csv")
    assert.strictEqual(rows.headers.get("content-type"), "text/csv; charset=utf-8; header=present")
    assert.match(rows.headers.get("vary")!, /accept/i)
    const [head, row, ...others] = (await rows.text()).split("\r\n")
    assert.match(head!, /^metric,role,variant,control_mean,variant_mean,difference,lift,p_value,/u)
    assert.match(row!, /^ordered,goal,short,0\.2,0\.4,0\.2,100,/u)
    assert.deepStrictEqual(others, [""])
    const days = (await (await form("text/csv;q=0.9, text/html", "?table=series")).text()).split("\r\n")
    assert.match(days.at(-2)!, /^\d{4}-\d\d-\d\d,ordered,short,100,100,100,/u)
    const picture = await form("image/svg+xml", "?width=500")
    assert.strictEqual(picture.headers.get("content-type"), "image/svg+xml")
    assert.match(await picture.text(), /^<svg [^>]*width="500"[\s\S]*ordered: lift by day/u)
    const unknown = await form("image/svg+xml", "?metric=other")
    assert.strictEqual(unknown.status, 400)
    const { errors } = (await unknown.json()) as { readonly errors: ReadonlyArray<{ readonly pointer: string }> }
    assert.deepStrictEqual(
      errors.map(({ pointer }) => pointer),
      ["/metric"]
    )
    assert.strictEqual((await form("text/csv", "?table=other")).status, 400)
    assert.strictEqual((await form("text/html")).status, 406)
    await done(201, "POST", path, { key: "unbegun", name: "Unbegun" })
    const empty = await fetch(`${server.url}${path}/unbegun/results`, {
      headers: { authorization: `Bearer ${token}`, accept: "image/svg+xml" }
    })
    assert.strictEqual(empty.status, 200)
    assert.match(await empty.text(), /^<svg[\s\S]*Nothing to show/u)
  })

  it("follow people over a merge: who then saw two variants is out of the headline, and told", async () => {
    await running("merged")
    await new Promise((after) => setTimeout(after, 1100))
    const [left, right] = ["control", "short"].map((variant) => arm("merged", variant, 20, 5)) as [
      Array<object>,
      Array<object>
    ]
    await ingest([...left, ...right])
    await resultsOf("merged", 40)
    await done(201, "POST", "/analytics/persons/merge", {
      from: "merged-control-0",
      into: "merged-short-0",
      force: true
    })
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const { body } = await done(200, "GET", `${path}/merged/results`)
      if ((body["excluded"] as { two_variants: number }).two_variants === 0) {
        await new Promise((after) => setTimeout(after, 100))
        continue
      }
      assert.deepInclude(body["excluded"], { two_variants: 1 })
      assert.deepStrictEqual(
        (body["variants"] as ReadonlyArray<{ participants: number }>).map(({ participants }) => participants),
        [19, 19]
      )
      assert.property(body, "intention_to_treat")
      return
    }
    assert.fail("the merge is not in the results")
  })
})

describe("a decision rule", () => {
  it("is registered before the start, fixed from then on, and judged in the results", async () => {
    const rule = {
      goals: [{ id: "ordered", minimum_effect: { kind: "relative", value: 0.3 } }],
      roll_back_on: ["guardrail_harmed"],
      end_after_days: 28,
      inconclusive: { action: "ship", variant: "short" }
    }
    const definition = { name: "Ruled", variants, goals, analysis: { method: "fixed", planned_units: 100 } }
    const wrong = {
      ...definition,
      decision_rule: {
        ...rule,
        goals: [{ id: "orderd" }, { id: "ordered", shown_by: "interval" }, { id: "ordered" }],
        minimum_days: 30
      }
    }
    assert.deepStrictEqual(errorsOf(await done(400, "POST", path, { ...wrong, key: "ruled" })), [
      "/decision_rule/goals/0/id unknown_goal",
      "/decision_rule/goals/1/shown_by needs_minimum_effect",
      "/decision_rule/goals/2/id duplicate",
      "/decision_rule/end_after_days too_small"
    ])
    const vain = { minimum_share: 0.5, inconclusive: { action: "roll_back" } }
    const unplanned = { name: "Ruled", variants, goals, decision_rule: vain, allocation: { kind: "bandit" } }
    assert.deepStrictEqual(errorsOf(await done(400, "POST", path, unplanned)), [
      "/decision_rule adaptive_allocation",
      "/decision_rule/minimum_share nothing_planned",
      "/decision_rule/inconclusive never_ends"
    ])
    const early = { ...definition, decision_rule: { minimum_days: 6 } }
    assert.deepInclude(errorsOf(await done(400, "POST", path, early))[0], "/decision_rule/minimum_days")

    const backwards = { ...rule, inconclusive: { action: "ship", variant: "control" } }
    await done(201, "POST", path, { ...definition, key: "ruled", decision_rule: backwards })
    assert.deepStrictEqual(errorsOf(await done(400, "POST", `${path}/ruled/start`)), [
      "/decision_rule/inconclusive/variant is_control"
    ])
    const whole = { ...definition, decision_rule: rule }
    const saved = async (as: object) => {
      const { headers } = await done(200, "GET", `${path}/ruled`)
      await done(200, "PUT", `${path}/ruled`, as, { "if-match": headers.get("etag")! })
    }
    await saved({ ...whole, decision_rule: { ...rule, end_after_days: 35 } })
    const { body: request } = await done(201, "POST", "/experiments/change-requests", {
      title: "Start it",
      changes: [{ kind: "experiment", id: "ruled", act: { step: "start" } }]
    })
    await saved(whole)
    const { body: diff } = await done(200, "GET", `/experiments/change-requests/${String(request["id"])}/diff`)
    const [change] = diff["changes"] as ReadonlyArray<{ readonly meanwhile: ReadonlyArray<{ pointer: string }> }>
    assert.isTrue(diff["stale"])
    assert.match(change!.meanwhile[0]!.pointer, /^\/decision_rule/u)

    const { headers } = await done(200, "POST", `${path}/ruled/start`)
    const other = {
      ...whole,
      decision_rule: { ...rule, end_after_days: 30 },
      goals: [...goals, { ...goals[0], id: "b" }]
    }
    const frozen = await done(409, "PUT", `${path}/ruled`, other, { "if-match": headers.get("etag")! })
    assert.deepStrictEqual(errorsOf(frozen), ["/decision_rule frozen", "/goals frozen"])
    // A phase may not take the variant away that the rule ships in the end.
    const others = ["control", "long"].map((id) => ({ id, weight: 50 }))
    assert.deepStrictEqual(errorsOf(await done(400, "POST", `${path}/ruled/phases`, { variants: others })), [
      "/decision_rule/inconclusive/variant unknown_variant"
    ])
    await new Promise((after) => setTimeout(after, 1100))
    await ingest([...arm("ruled", "control", 400, 80), ...arm("ruled", "short", 400, 60 + 44)])
    const { body } = await resultsOf("ruled", 800)
    // Significant and 30 % more, but a week is not over.
    assert.deepStrictEqual(body["decision_rule"], {
      registered: true,
      ended: false,
      rule: { ...rule, guardrails: "safe", minimum_days: 7, minimum_share: 1 },
      variants: [{ variant: "short", state: "better", reasons: ["goal_better", "too_few_days"] }]
    })
    assert.deepStrictEqual(body["recommendation"], { action: "keep_running", reasons: ["goal_better", "too_few_days"] })
    const rows = await fetch(`${server.url}${path}/ruled/results?table=decision`, {
      headers: { authorization: `Bearer ${token}`, accept: "text/csv" }
    })
    assert.strictEqual(
      await rows.text(),
      [
        "variant,state,reasons,registered,ended",
        "short,better,goal_better too_few_days,true,false",
        ",keep_running,goal_better too_few_days,true,false",
        ""
      ].join("\r\n")
    )
  })
})

describe("the overview of experiments", () => {
  it("counts who won, and draws back what shipped changes brought", async () => {
    const overview = async (query = "") => (await done(200, "GET", `/experiments/overview${query}`)).body
    const short = { decision: "ship", variant: "short" }
    const judged = [
      ["grew", 300, short],
      ["fell", 120, { decision: "roll_back" }],
      ["kept", 260, { decision: "ship", variant: "control" }],
      ["open", 300, undefined]
    ] as const
    const goal = [{ ...goals[0], id: "bought" }]
    for (const [key] of judged) await running(key, { goals: goal, analysis: { method: "fixed" } })
    await new Promise((after) => setTimeout(after, 1100))
    for (const [key, orders] of judged) {
      await ingest([...arm(key, "control", 1000, 200), ...arm(key, "short", 1000, orders)])
      await resultsOf(key, 2000)
    }
    assert.notInclude(
      ((await overview("?metric=bought"))["experiments"] as ReadonlyArray<{ id: string }>).map(({ id }) => id),
      "grew"
    )
    for (const [key, , decision] of judged) {
      await done(200, "POST", `${path}/${key}/stop`)
      if (decision !== undefined) await done(200, "POST", `${path}/${key}/decision`, decision)
    }
    const told = await overview("?metric=bought&limit=4")
    const listed = told["experiments"] as ReadonlyArray<Readonly<Record<string, unknown>>>
    assert.deepStrictEqual(
      listed.map(({ follows_rule, id, outcome, shipped }) => [id, outcome, shipped, follows_rule]),
      [
        ["open", "won", false, null],
        ["kept", "lost", false, false],
        // All is rolled back where every variant is worse; to ship within an hour no rule says.
        ["fell", "lost", false, true],
        ["grew", "won", true, false]
      ]
    )
    assert.deepStrictEqual(listed[2]!["recommendation"], { action: "roll_back", reasons: ["goal_worse"] })
    assert.deepInclude(told, { metric: "bought", finished: 4, won: 2, lost: 2, inconclusive: 0, win_rate: 0.5 })
    const impact = told["impact"] as {
      readonly measured: number
      readonly lift: number
      readonly experiments: ReadonlyArray<{ readonly id: string; readonly measured: number }>
    }
    assert.approximately(impact.measured, 50, 1e-9)
    assert.isTrue(impact.lift > 0 && impact.lift < impact.measured)
    assert.deepStrictEqual(
      impact.experiments.map(({ id, measured }) => [id, Math.round(measured)]),
      [
        ["open", 50],
        ["kept", 30],
        ["fell", -40],
        ["grew", 50]
      ]
    )
    assert.deepInclude(await overview("?metric=bought&limit=1"), { finished: 1, won: 1, win_rate: 1 })
    assert.deepInclude((await overview("?metric=nothing"))["impact"], { outcome: "refused" })
    await done(400, "GET", "/experiments/overview?limit=0")
  })

  it("tells pairs that shared people, and whether they get into each other's way", async () => {
    const pair = ["button", "price"] as const
    const goal = [{ ...goals[0], id: "bought-of-both" }]
    for (const key of pair) await running(key, { goals: goal })
    await running("alone", { goals: goal })
    await new Promise((after) => setTimeout(after, 3100))
    const cells = [
      ["control", "control", 10],
      ["short", "control", 50],
      ["control", "short", 50],
      ["short", "short", 10]
    ] as const
    const events = cells.flatMap(([button, price, orders]) =>
      Array.from({ length: 100 }, (_, at) => {
        const user = `both-${button}-${price}-${at}`
        const bought = (secondsAgo: number) =>
          event(
            user,
            "order_completed",
            { order_id: `${user}-${secondsAgo}`, total: "1.00", currency: "USD" },
            secondsAgo
          )
        return [
          event(user, "experiment_exposed", { experiment_id: "button", variant: button, phase: 1 }, 3),
          // Only what comes after both exposures is of both.
          bought(2),
          event(user, "experiment_exposed", { experiment_id: "price", variant: price, phase: 1 }, 1),
          ...(at < orders ? [bought(0)] : [])
        ]
      }).flat()
    )
    await ingest([...events, ...arm("alone", "short", 10, 5)])
    await resultsOf("price", 400)
    for (const key of [...pair, "alone"]) await done(200, "POST", `${path}/${key}/stop`)
    const { body } = await done(200, "GET", "/experiments/overview?metric=bought-of-both")
    const [found, ...others] = body["overlaps"] as ReadonlyArray<Readonly<Record<string, unknown>>>
    assert.deepStrictEqual(others, [])
    assert.strictEqual(body["overlaps_left_out"], 0)
    assert.deepInclude(found, { first: "button", second: "price", units: 400, interacts: true })
    assert.approximately(Number(found!["interaction"]), -0.8, 1e-9)
  })
})

describe("exposures", () => {
  it("are not lost by an orderly stop", async () => {
    await running("stopping")
    const users = Array.from({ length: 60 }, (_, at) => `s${at}`)
    await Promise.all(users.map((user_id) => assign("stopping", { user_id })))
    await server.kill("SIGTERM")
    server = await startServer(server.folder)
    assert.strictEqual((await exposures("stopping", users.length)).length, users.length)
  })
})
