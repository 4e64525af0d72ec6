import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { slotOf } from "../domain/bucketing/sha256Buckets.ts"
import { asking } from "./asking.ts"
import { startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const { done, send } = asking(() => ({ server, token }))
const holdout = "/experiments/holdouts/growth"
const of = (type: string) => ({ event_types: [type] })
const goal = (id: string) => ({ id, measure: { kind: "rate", of: of("order_completed") } })

const begin = async () => {
  await done(201, "POST", "/experiments/holdouts", { key: "growth", percent: 30, team: "growth" })
  const variants = [
    { id: "control", weight: 50 },
    { id: "short", weight: 50 }
  ]
  const secondary = [{ id: "views", measure: { kind: "mean", of: of("page_view") } }]
  const definition = { name: "Checkout", team: "growth", variants, goals: [goal("bought")], secondary }
  await done(201, "POST", "/experiments/experiments", { ...definition, key: "checkout" })
  await done(200, "POST", "/experiments/experiments/checkout/start")
  await done(201, "POST", "/experiments/experiments", { key: "foreign", name: "Foreign", goals: [goal("other")] })
  await done(201, "POST", "/experiments/feature-flags", {
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
  })
}

const inTurn = async (users: ReadonlyArray<string>, meet: (user: string) => Promise<unknown>) => {
  for (let at = 0; at < users.length; at += 20) await Promise.all(users.slice(at, at + 20).map(meet))
}
const slot = (user: string) => slotOf("holdout", "growth", user)
const between = (users: ReadonlyArray<string>, from: number, to: number) =>
  users.filter((user) => slot(user) >= from && slot(user) < to)

const order = (user_id: string) => ({
  event_id: crypto.randomUUID(),
  event_type: "order_completed",
  anonymous_id: "server",
  user_id,
  session_id: user_id,
  timestamp: new Date().toISOString(),
  properties: { order_id: user_id, total: "10.00", currency: "EUR" }
})

type Arms = ReadonlyArray<Readonly<Record<string, unknown>>>
const resultsOf = async (enough: (arms: Arms, body: Answer["body"]) => boolean) => {
  for (let attempt = 0; ; attempt += 1) {
    const { body } = await done(200, "GET", `${holdout}/results`)
    if (enough(body["variants"] as Arms, body) || attempt === 100) return body
    await new Promise((after) => setTimeout(after, 100))
  }
}
const told = (body: Answer["body"]) =>
  (body["variants"] as Arms).map(({ conversions, id, participants }) => [id, participants, conversions])

describe("the results of a holdout", () => {
  it("compare who is held out with an equal slice, from the same triggers of experiments and releases", async () => {
    await begin()
    const assigned = Array.from({ length: 240 }, (_, at) => `assigned-${at}`)
    const released = Array.from({ length: 160 }, (_, at) => `released-${at}`)
    await inTurn(assigned, (user_id) => done(200, "POST", "/experiments/experiments/checkout/assign", { user_id }))
    await inTurn(released, (user_id) =>
      done(200, "POST", "/experiments/feature-flags/released/evaluate", { context: { user_id } })
    )
    const users = [...assigned, ...released]
    const held = between(users, 0, 3000)
    const compared = between(users, 3000, 6000)
    const buyers = [...held.filter((_, at) => at % 5 === 0), ...compared.filter((_, at) => at % 5 !== 0)]
    await new Promise((after) => setTimeout(after, 200))
    // Who is on neither side does not count, whatever they do.
    await done(200, "POST", "/analytics/events/batch", {
      events: [...buyers, ...between(users, 6000, 10_000)].map(order)
    })
    const all = buyers.length
    const body = await resultsOf(
      (arms) =>
        arms.reduce((sum, { participants }) => sum + Number(participants), 0) === held.length + compared.length &&
        arms.reduce((sum, { conversions }) => sum + Number(conversions), 0) === all
    )
    assert.deepStrictEqual(told(body), [
      ["held_out", held.length, Math.ceil(held.length / 5)],
      ["compared", compared.length, all - Math.ceil(held.length / 5)]
    ])
    assert.deepInclude(body, { control: "held_out", winner: "compared", is_significant: true })
    assert.deepInclude(body["split"], { units: held.length + compared.length, mismatch: false })
    assert.deepStrictEqual(
      (body["metrics"] as ReadonlyArray<{ readonly metric: { readonly id: string } }>).map(({ metric }) => metric.id),
      ["bought"]
    )
  })

  it("are of the metrics that were asked for, as rows and as a picture too", async () => {
    const { body } = await done(200, "GET", `${holdout}/results?metrics=views,bought&dimension=country`)
    assert.deepStrictEqual(
      (body["comparisons"] as ReadonlyArray<{ readonly metric: string }>).map(({ metric }) => metric),
      ["views", "bought"]
    )
    assert.deepInclude(body["breakdown"], { dimension: "country" })
    const refused = await done(400, "GET", `${holdout}/results?metrics=bought,other`)
    assert.deepInclude(refused.body, { detail: "no experiment that it binds has other" })
    await done(404, "GET", "/experiments/holdouts/nobody/results")
    const inForm = async (accept: string) =>
      (await fetch(`${server.url}${holdout}/results`, { headers: { authorization: `Bearer ${token}`, accept } })).text()
    assert.match(await inForm("text/csv"), /^metric,[^\r]*\r\nbought,goal,compared,/u)
    assert.match(await inForm("image/svg+xml"), /^<svg/u)
  })

  it("leave out who was on both sides, since the share grew", async () => {
    const { headers } = await send("GET", holdout)
    const grown = { key: "growth", percent: 40, team: "growth" }
    await done(200, "PUT", holdout, grown, { "if-match": headers.get("etag")! })
    const users = Array.from({ length: 240 }, (_, at) => `assigned-${at}`)
    const moved = between(users, 3000, 4000)
    await inTurn(moved, (user_id) => done(200, "POST", "/experiments/experiments/checkout/assign", { user_id }))
    const both = (body: Answer["body"]) => (body["excluded"] as { readonly two_variants: number }).two_variants
    const body = await resultsOf((_, each) => both(each) === moved.length)
    assert.isAbove(moved.length, 0)
    assert.strictEqual(both(body), moved.length)
    const warnings = body["warnings"] as ReadonlyArray<{ readonly detail: string }>
    assert.match(warnings[0]!.detail, /saw several variants and are left out$/u)
  })
})
