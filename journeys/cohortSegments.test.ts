import { randomUUID } from "node:crypto"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { asking, errorsOf } from "./asking.ts"
import { countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const flagsPath = "/experiments/feature-flags"
const { done } = asking(() => ({ server, token }))
const isOn = async (key: string, context: object) =>
  (await done(200, "POST", `${flagsPath}/${key}/evaluate`, { context })).body["value"]
const cohortOf = async (name: string, membership: object) =>
  String((await done(201, "POST", "/analytics/cohorts", { name, membership })).body["id"])
const flagFor = (key: string, condition: object) => {
  const rules = [{ id: "members", condition, serve: { variant: "on" } }]
  const environments = { production: { enabled: true, default_variant: "off", rules } }
  return done(201, "POST", flagsPath, { key, type: "boolean", environments })
}
const ordered = (user_id: string, anonymous_id: string) =>
  eventOf({
    event_id: randomUUID(),
    event_type: "order_completed",
    anonymous_id,
    user_id,
    properties: { order_id: randomUUID(), value: 1, currency: "EUR" }
  })
const store = async (...events: ReadonlyArray<object>) => {
  const { body } = await done(200, "POST", "/analytics/events/batch", { events })
  assert.strictEqual(body["stored"], events.length, JSON.stringify(body))
}

/** A look at cohorts is taken every 20 seconds. */
const freshMillis = 60_000

describe("a segment that is a cohort", () => {
  it("has the members of a live one, by user id and by every device, and takes up changes within a minute", async () => {
    await store(
      ordered("ada", "phone"),
      eventOf({ anonymous_id: "tablet", user_id: "ada" }),
      eventOf({ anonymous_id: "tv" })
    )
    await countEvents(server, token, 3)
    const cohort = await cohortOf("Buyers", {
      kind: "live",
      rule: { did: { event_types: ["order_completed"] } }
    })
    await done(201, "POST", "/experiments/segments", { key: "buyers", members: { cohort } })
    await flagFor("thanks", { $savedGroup: { id: "buyers" } })
    await flagFor("by-id", { user_id: { $inGroup: "buyers" } })
    await flagFor("others", { user_id: { $notInGroup: "buyers" } })
    assert.isTrue(await isOn("thanks", { user_id: "ada" }))
    assert.isTrue(await isOn("thanks", { anonymous_id: "tablet" }))
    assert.isFalse(await isOn("thanks", { anonymous_id: "tv" }))
    assert.isFalse(await isOn("thanks", { user_id: "ben" }))
    assert.isFalse(await isOn("thanks", {}))
    assert.isTrue(await isOn("by-id", { user_id: "ada" }))
    assert.isFalse(await isOn("others", { user_id: "ada" }))
    assert.isTrue(await isOn("others", { user_id: "ben" }))
    await store(ordered("ben@shop.example", "tv"))
    const since = Date.now()
    // E-mail addresses are stored as pseudonyms, and found by the address.
    while ((await isOn("thanks", { user_id: "ben@shop.example" })) !== true) {
      assert.isBelow(Date.now() - since, freshMillis)
      await new Promise((after) => setTimeout(after, 250))
    }
    assert.isTrue(await isOn("thanks", { anonymous_id: "tv" }))
    const inUse = await done(409, "DELETE", `/analytics/cohorts/${cohort}`)
    assert.include(JSON.stringify(inUse.body), "segments/buyers")
    assert.deepStrictEqual(errorsOf(await done(409, "DELETE", "/experiments/segments/buyers")), [
      " in_use",
      " in_use",
      " in_use"
    ])
  }, 90_000)

  it("has the list of a static one, also of people who have sent nothing yet", async () => {
    const cohort = await cohortOf("Guests", { kind: "static" })
    await done(200, "POST", `/analytics/cohorts/${cohort}/members`, { people: ["never-seen", "ada"] })
    await done(201, "POST", "/experiments/segments", { key: "guests", members: { cohort } })
    await flagFor("welcome", { $savedGroup: { id: "guests" } })
    assert.isTrue(await isOn("welcome", { user_id: "never-seen" }))
    assert.isTrue(await isOn("welcome", { anonymous_id: "phone" }))
    assert.isFalse(await isOn("welcome", { user_id: "somebody" }))
  })

  it("is refused where there is no such cohort", async () => {
    const members = { cohort: "nothing" }
    assert.deepStrictEqual(errorsOf(await done(400, "POST", "/experiments/segments", { key: "none", members })), [
      "/members/cohort unknown_cohort"
    ])
    const changes = [{ kind: "segment", id: "none", definition: { key: "none", members } }]
    const drafted = await done(400, "POST", "/experiments/change-requests", { title: "None", changes })
    assert.deepStrictEqual(errorsOf(drafted), ["/changes/0/definition/members/cohort unknown_cohort"])
  })

  it("is told apart from an attribute that is called cohort", async () => {
    const cohort = await cohortOf("Early", { kind: "static" })
    await done(201, "POST", "/experiments/segments", { key: "early", members: { condition: { cohort } } })
    const variants = [
      { id: "a", weight: 50 },
      { id: "b", weight: 50 }
    ]
    const goals = [{ id: "ordered", measure: { kind: "rate", of: { event_types: ["order_completed"] } } }]
    const condition = { cohort }
    await done(201, "POST", "/experiments/experiments", { key: "early", name: "Early", variants, goals, condition })
    await done(204, "DELETE", `/analytics/cohorts/${cohort}`)
  })

  it("has the members of now also in what stood at another time, which the answer says", async () => {
    const cohort = await cohortOf("Then", { kind: "static" })
    await done(200, "POST", `/analytics/cohorts/${cohort}/members`, { people: ["late"] })
    await done(201, "POST", "/experiments/segments", { key: "then", members: { cohort } })
    await flagFor("then", { $savedGroup: { id: "then" } })
    const at = new Date().toISOString()
    const explained = async (query: string) =>
      (await done(200, "POST", `${flagsPath}/then/explain${query}`, { context: { user_id: "late" } })).body
    assert.deepInclude(await explained(`?at=${encodeURIComponent(at)}`), {
      value: true,
      warnings: [{ pointer: "/at", detail: `members of cohort ${cohort} are those of now` }]
    })
    assert.deepInclude(await explained(""), { value: true, warnings: [] })
  })
})
