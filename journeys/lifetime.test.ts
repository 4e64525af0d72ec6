import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type { LifetimePrediction, LifetimeResult } from "../ports/analytics/LifetimeQuestion.ts"
import { cdnowEvents, cdnowPurchases } from "../scripts/cdnow/purchases.ts"
import { ask, countEvents, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const question = {
  date_range: { from: "1997-01-01", to: "1997-03-31" },
  interval: "month",
  periods: 17,
  currency: "USD",
  calibration_end: "1997-09-30",
  horizon_weeks: 39,
  customer: { frequency: 2, recency_weeks: 30.43, age_weeks: 38.86, mean_spend: 35 }
}
const flat = new URLSearchParams({
  from: "1997-01-01",
  to: "1997-03-31",
  interval: "month",
  periods: "17",
  currency: "USD",
  calibration_end: "1997-09-30",
  horizon_weeks: "39",
  customer: JSON.stringify(question.customer)
}).toString()

const query = async (body: object): Promise<LifetimeResult> => {
  const answer = await ask(server, "POST", "/analytics/ltv/query", { token, body })
  assert.strictEqual(answer.status, 200, JSON.stringify(answer.body))
  return answer.body as unknown as LifetimeResult
}
const fitted = <Model extends { readonly outcome: string }>(model: Model): Extract<Model, { outcome: "fitted" }> => {
  assert.strictEqual(model.outcome, "fitted")
  return model as Extract<Model, { outcome: "fitted" }>
}
const estimates = (parameters: Readonly<Record<string, { readonly estimate: number }>>, digits: number) =>
  Object.fromEntries(Object.entries(parameters).map(([name, { estimate }]) => [name, estimate.toFixed(digits)]))

describe("lifetime value of CDNOW", () => {
  it("says so where there is nothing to learn from", async () => {
    const { cohorts, prediction } = await query(question)
    assert.deepStrictEqual(
      cohorts.map(({ customers }) => customers),
      [0, 0, 0]
    )
    assert.deepInclude(prediction!.purchases, { outcome: "refused", reason: "too_few_customers", found: 0 })
    assert.isNull(prediction!.customer)
  })

  it("has the parameters and the likelihoods of the papers", async () => {
    const events = cdnowEvents()
    for (let at = 0; at < events.length; at += 1000) {
      const body = { events: events.slice(at, at + 1000), historical: true }
      assert.strictEqual((await ask(server, "POST", "/analytics/events/batch", { token, body })).status, 200)
    }
    // All of them are of 1997 and 1998, before what `countEvents` asks for.
    const deadline = Date.now() + 20_000
    const stored = async () => {
      const range = { date_range: { from: "1997-01-01", to: "1998-12-31" }, metrics: ["events"] }
      const { body } = await ask(server, "POST", "/analytics/query", { token, body: range })
      return (body["totals"] as { readonly events: number }).events
    }
    while ((await stored()) < events.length && Date.now() < deadline) await new Promise((done) => setTimeout(done, 50))

    const { cohorts, prediction, warnings } = await query(question)
    const { all, customer, purchases, spend } = prediction as LifetimePrediction
    assert.deepStrictEqual(warnings, [])
    assert.deepInclude(fitted(purchases), { customers: 2357, repeaters: 946, converged: true })
    assert.deepStrictEqual(estimates(fitted(purchases).parameters, 4), {
      r: "0.2426",
      alpha: "4.4136",
      a: "0.7929",
      b: "2.4259"
    })
    assert.strictEqual(fitted(purchases).log_likelihood.toFixed(2), "-9582.43")
    assert.deepStrictEqual(estimates(fitted(spend).parameters, 2), { p: "6.25", q: "3.74", gamma: "15.44" })
    assert.strictEqual(fitted(spend).log_likelihood.toFixed(2), "-4055.92")
    assert.strictEqual(fitted(spend).repeaters, 946)
    for (const { standard_error } of Object.values(fitted(purchases).parameters)) assert.isAbove(standard_error!, 0)
    assert.strictEqual(customer!.expected_purchases.toFixed(3), "1.226")

    // The cohorts of the sample are all its customers, and their value is that of all of them.
    const firstMonths = new Map<string, string>()
    for (const { day, ...purchase } of cdnowPurchases().toSorted((a, b) => (a.day < b.day ? -1 : 1)))
      if (!firstMonths.has(purchase.customer)) firstMonths.set(purchase.customer, day.slice(0, 7))
    const months = [...firstMonths.values()]
    assert.deepStrictEqual(
      cohorts.map(({ customers, start }) => [start.slice(0, 7), customers]),
      ["1997-01", "1997-02", "1997-03"].map((month) => [month, months.filter((each) => each === month).length])
    )
    assert.strictEqual(all.outcome, "valued")
    const sum = cohorts.reduce((total, { predicted }) => total + predicted!.expected_value, 0)
    if (all.outcome === "valued") assert.approximately(all.expected_value, sum, 1e-6)
  })

  it("adds up past value to the cent, and is the same asked again, by query string too", async () => {
    const first = await query(question)
    const cents = first.cohorts.reduce((sum, { periods }) => sum + Math.round(Number(periods.at(-1)!.value) * 100), 0)
    const orders = first.cohorts.reduce((sum, { periods }) => sum + periods.at(-1)!.orders, 0)
    // All but the last months of the later cohorts: the sample as it stands in the file.
    const bought = cdnowEvents().filter(({ timestamp }) => timestamp < "1998-07")
    assert.strictEqual(orders, bought.length)
    assert.strictEqual(
      cents,
      bought.reduce((sum, { properties: { total } }) => sum + Math.round(Number(total) * 100), 0)
    )
    const again = await ask(server, "GET", `/analytics/ltv?${flat}`, { token })
    assert.deepStrictEqual(again.body as unknown, first)
  })

  it("is past value alone without predictions, and refuses what is wrong", async () => {
    const past = await ask(server, "GET", "/analytics/ltv?from=1997-01-01&to=1997-03-31&predict=false", { token })
    assert.isNull(past.body["prediction"])
    const wrong = await ask(server, "GET", "/analytics/ltv?from=1997-01-01&to=1997-03-31&customer={", { token })
    assert.strictEqual(wrong.status, 400)
    assert.deepInclude((wrong.body["errors"] as ReadonlyArray<object>)[0], { pointer: "/customer", code: "not_json" })
  })

  it("leaves the service well when the one who asked goes away during the fit", async () => {
    const gone = new AbortController()
    const asked = fetch(`${server.url}/analytics/ltv?from=1997-01-01&to=1997-03-31&horizon_weeks=520&currency=USD`, {
      headers: { authorization: `Bearer ${token}` },
      signal: gone.signal
    })
    await new Promise((done) => setTimeout(done, 100))
    gone.abort()
    assert.isTrue(
      await asked.then(
        () => false,
        () => true
      )
    )
    assert.strictEqual((await query({ ...question, horizon_weeks: 4 })).prediction!.purchases.outcome, "fitted")
    assert.isAtLeast(await countEvents(server, token, 0), 0)
  })
})
