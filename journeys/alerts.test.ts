import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { startMailServer } from "./MailServer.ts"
import type { MailServer } from "./MailServer.ts"
import { asking } from "./asking.ts"
import { ask, countEvents, eventOf, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let mails: MailServer
let token: string
const hour = 3_600_000
beforeAll(async () => {
  mails = await startMailServer({ user: "alerts", password: "secret" })
  server = await startServer(freshFolder(), { EMAIL: mails.url, EMAIL_FROM: "Alerts <alerts@broxiva.example>" })
  token = tokenFor(server.folder)
  const events = [1, 2, 3].flatMap((hours) =>
    ["a", "b"].map((anonymous_id) =>
      eventOf({ anonymous_id, timestamp: new Date(Date.now() - hours * hour).toISOString() })
    )
  )
  await ask(server, "POST", "/analytics/events/batch", { token, body: { events } })
  await countEvents(server, token, events.length)
})
afterAll(async () => {
  await server.kill("SIGTERM")
  await mails.close()
})

const { send } = asking(() => ({ server, token }))
const items = ({ body }: Answer) => body["items"] as ReadonlyArray<Readonly<Record<string, unknown>>>
const problemOf = ({ body }: Answer) => (body["errors"] as ReadonlyArray<object>)[0]!
const eventually = async <A>(read: () => Promise<A | undefined>): Promise<A> => {
  const deadline = Date.now() + 45_000
  for (;;) {
    const found = await read()
    if (found !== undefined) return found
    if (Date.now() > deadline) throw new Error(`nothing came in 45 s:\n${server.output()}`)
    await new Promise((done) => setTimeout(done, 200))
  }
}

const definition = {
  name: "Too many <people>",
  metric: { name: "people", event_types: ["page_view"] },
  interval: "hour",
  condition: { kind: "above", value: 1 },
  recipients: ["anna@example.org"]
}

describe("an alert", () => {
  it("sends a mail about what it noticed, once, and lists it with its numbers", async () => {
    const made = await send("POST", "/analytics/alerts", definition)
    assert.strictEqual(made.status, 201, JSON.stringify(made.body))
    const path = made.headers.get("location")!
    const mail = await eventually(async () => mails.received[0])
    assert.match(mail.subject ?? "", /^Alert: Too many <people>: 2 on /)
    assert.include(mail.text ?? "", "2, above 1")
    assert.include(String(mail.html), "Too many &lt;people&gt;")
    const [incident, ...others] = items(await send("GET", `/analytics/incidents?alert=${String(made.body["id"])}`))
    assert.lengthOf(others, 0)
    assert.deepInclude(incident, { status: "open", alert_name: definition.name, buckets: 1 })
    assert.deepInclude((incident!["evidence"] as ReadonlyArray<object>)[0], { value: 2, outcome: "met" })
    const id = encodeURIComponent(String(incident!["id"]))
    assert.deepStrictEqual((await send("GET", `/analytics/incidents/${id}`)).body, incident)
    const { body: state } = await send("GET", `${path}/state`)
    assert.deepInclude(state, { status: "firing", incident: incident!["id"], problem: null })
    const [sent] = items(await send("GET", "/platform/emails"))
    assert.deepInclude(sent, { purpose: "alert", to: "anna@example.org", source: path.replace("/analytics/", "") })

    const snoozed = await send("POST", `${path}/snooze`, { until: Date.now() + hour })
    assert.strictEqual(snoozed.status, 200, JSON.stringify(snoozed.body))
    assert.deepInclude(problemOf(await send("POST", `${path}/snooze`, { until: 1 })), { pointer: "/until" })
    assert.strictEqual((await send("DELETE", path)).status, 204)
    assert.deepInclude((await send("GET", `/analytics/incidents/${id}`)).body, {
      status: "resolved",
      resolution: "deleted"
    })
    assert.lengthOf(mails.received, 1)
  })

  it("is tried on the past without sending", async () => {
    const before = mails.received.length
    const made = await send("POST", "/analytics/alerts", { ...definition, name: "Paused", paused: true })
    const path = made.headers.get("location")!
    const { body, status } = await send("POST", `${path}/test`)
    assert.strictEqual(status, 200, JSON.stringify(body))
    const findings = body["findings"] as ReadonlyArray<Readonly<Record<string, unknown>>>
    assert.lengthOf(findings, 48)
    assert.deepStrictEqual(
      findings.filter(({ outcome }) => outcome === "met").map(({ value }) => value),
      findings.at(-1)!["value"] === 2 ? [2, 2, 2] : [2, 2]
    )
    assert.deepInclude(body, { incidents: 1, would_notify: false, time_zone: "UTC" })
    assert.include(String((body["message"] as { readonly html: string }).html), "<table")
    assert.deepInclude((await send("GET", `${path}/state`)).body, { next_at: null, last: null })
    const changed = await send("PUT", path, { ...definition, name: "Paused" }, { "if-match": '"7"' })
    assert.strictEqual(changed.status, 412)
    assert.lengthOf(mails.received, before)
  })

  it("counts as a user of the cohort that it names", async () => {
    const cohort = await send("POST", "/analytics/cohorts", { name: "Testers", membership: { kind: "static" } })
    const id = String(cohort.body["id"])
    const metric = { name: "people", filters: { cohort: id, operator: "is_member" } }
    const made = await send("POST", "/analytics/alerts", { ...definition, name: "Testers", metric })
    assert.strictEqual(made.status, 201, JSON.stringify(made.body))
    const refused = await send("DELETE", `/analytics/cohorts/${id}`)
    assert.strictEqual(refused.status, 409, JSON.stringify(refused.body))
    assert.deepInclude(problemOf(refused), { code: "in_use" })
  })

  it("watches conversions of a goal, which stays as long as it does", async () => {
    const on = { event_type: "page_view" }
    const goal = await send("POST", "/analytics/goals", { name: "Pages", on })
    assert.strictEqual(goal.status, 201, JSON.stringify(goal.body))
    const id = String(goal.body["id"])
    const metric = { name: `conversions:${id}` }
    const made = await send("POST", "/analytics/alerts", { ...definition, name: "Goal", metric, paused: true })
    assert.strictEqual(made.status, 201, JSON.stringify(made.body))
    const { body } = await send("POST", `${made.headers.get("location")!}/test`)
    const values = (body["findings"] as ReadonlyArray<Readonly<Record<string, unknown>>>).map(({ value }) => value)
    assert.includeMembers(values, [2, 0])
    assert.deepInclude(problemOf(await send("DELETE", `/analytics/goals/${id}`)), { code: "in_use" })
  })

  it("is refused where it could not work, with the place", async () => {
    for (const [pointer, wrong] of [
      ["/metric/name", { metric: { name: "poeple" } }],
      ["/recipients/0", { recipients: ["anna"] }],
      ["/recipients", { recipients: ["a@b.example", "a@b.example"] }],
      ["/recipients", { recipients: Array.from({ length: 21 }, (_, index) => `a${index}@b.example`) }],
      ["/interval", { interval: "minute" }]
    ] as const) {
      const refused = await send("POST", "/analytics/alerts", { ...definition, name: "Wrong", ...wrong })
      assert.strictEqual(refused.status, 400, JSON.stringify(wrong))
      assert.deepInclude(problemOf(refused), { pointer })
    }
    assert.strictEqual((await send("POST", "/analytics/alerts/none/test")).status, 404)
    assert.strictEqual((await send("GET", "/analytics/alerts/none/state")).status, 404)
  })
})
