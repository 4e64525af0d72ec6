import { Effect, Layer } from "effect"
import { DatabaseSync } from "node:sqlite"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { filesOf } from "../adapters/dataFiles.ts"
import * as sqlite from "../adapters/sqlite/DocumentStore.ts"
import * as deadLetters from "../domain/platform/DeadLetters.ts"
import { modules } from "../modules.ts"
import { goals } from "../ports/analytics/Goal.ts"
import { Collections, DocumentStore } from "../ports/documents/DocumentStore.ts"
import { keptRevisions } from "../ports/documents/Revision.ts"
import { DeadLetters } from "../ports/platform/DeadLetters.ts"
import { WorkspaceId } from "../ports/WorkspaceId.ts"
import { ask, countEvents, eventOf, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

interface Held {
  readonly module: string
  readonly kind: string
  readonly data: Readonly<Record<string, unknown>>
}

const folder = freshFolder()
let server: ServerProcess
let token: string
let insightPath: string
let exportPath: string

const letter = (id: string, line: string) => ({
  id,
  consumer: "index",
  line,
  reason: "malformed_line",
  detail: "a test's",
  failed_at: 1,
  attempts: 1
})

/** Lines that nobody could take: of ada, of her phone, of ben on her phone, and one of nobody. */
const addLetters = Effect.flatMap(DeadLetters, (port) =>
  port.add(WorkspaceId.make("default"), [
    letter("of-ada", `{"v":9,"anonymous_id":"elsewhere","user_id":"ada"}`),
    letter("of-her-phone", `{"v":9,"anonymous_id":"phone"`),
    letter("of-ben", `{"v":9,"anonymous_id":"phone","user_id":"ben"}`),
    letter("of-nobody", "{}")
  ])
)

const stamps = { created_at: 1, created_by: "a former version", changed_at: 1, changed_by: "a former version" }

/** A goal as a former version saved it, which did not say whom its conditions name. */
const addGoal = Effect.flatMap(DocumentStore, (documents) => {
  const filters = { dimension: "user_id", operator: "is", value: "ada" }
  const item = { id: "former", name: "Hers", on: { event_type: "page_view", filters }, ...stamps }
  const write = { kind: "put", expected: 0, schema_version: 1, subjects: [] } as const
  const writes = [
    { ...write, collection: goals.name, id: item.id, data: item },
    {
      ...write,
      collection: keptRevisions.name,
      id: "goals/former/1",
      data: { of: "goals/former", revision: 1, item }
    }
  ]
  return documents.commit(WorkspaceId.make("default"), { writes })
})

const exported = async (id: string): Promise<ReadonlyArray<Held>> => {
  const answer = await ask(server, "GET", `/analytics/persons/${id}/export`, { token })
  assert.strictEqual(answer.status, 200, JSON.stringify(answer.body))
  return answer.body["lines"] as ReadonlyArray<Held>
}
const ofKind = (held: ReadonlyArray<Held>, kind: string) =>
  held.filter((each) => each.kind === kind).map(({ data }) => data)

/** Documents that name somebody, by collection. */
const namingCollections = (): ReadonlyArray<string> => {
  const database = new DatabaseSync(filesOf(folder).documents, { readOnly: true })
  const rows = database.prepare("select distinct collection from document_subjects order by 1").all()
  database.close()
  return rows.map((row) => String(row["collection"]))
}

beforeAll(async () => {
  const documents = sqlite
    .layer({ file: filesOf(folder).documents })
    .pipe(Layer.provide(Layer.succeed(Collections, [deadLetters.collection, goals.collection, keptRevisions])))
  await Effect.runPromise(
    Effect.andThen(addLetters, addGoal).pipe(Effect.provide(Layer.provideMerge(deadLetters.layer, documents)))
  )
  server = await startServer(folder, { LAKE_SECONDS: "1" })
  token = tokenFor(folder)
  const traits = { email: "ada@example.com", plan: "pro" }
  const events = [
    eventOf({
      event_type: "user_signed_up",
      anonymous_id: "phone",
      user_id: "ada",
      properties: { email: "ada@example.com", traits }
    }),
    eventOf({
      anonymous_id: "phone",
      properties: { colour: "red" },
      context: { ip: "203.0.113.77", page: { url: "https://shop.example/?gclid=click-1" } }
    }),
    eventOf({ anonymous_id: "tablet", user_id: "old-ada" }),
    eventOf({ anonymous_id: "laptop", user_id: "ben" })
  ]
  const sent = await ask(server, "POST", "/analytics/events/batch", { token, body: { events } })
  assert.strictEqual(sent.body["stored"], 4, JSON.stringify(sent.body))
  await countEvents(server, token, 4)
  const merge = { from: "old-ada", into: "ada", force: true }
  assert.strictEqual((await ask(server, "POST", "/analytics/persons/merge", { token, body: merge })).status, 201)
  const list = { name: "Guests", membership: { kind: "static" } }
  const cohort = await ask(server, "POST", "/analytics/cohorts", { token, body: list })
  const members = `/analytics/cohorts/${String(cohort.body["id"])}/members`
  assert.strictEqual((await ask(server, "POST", members, { token, body: { people: ["ada"] } })).status, 200)
  const condition = { dimension: "user_id", operator: "one_of", value: ["ada", "ben"] }
  const question = { kind: "trend", date_range: { last: 7, unit: "day" }, metrics: ["events"], filters: condition }
  const insight = await ask(server, "POST", "/analytics/insights", { token, body: { name: "Two", question } })
  assert.strictEqual(insight.status, 201, JSON.stringify(insight.body))
  insightPath = `/analytics/insights/${String(insight.body["id"])}`
  const changed = { name: "Others", question: { ...question, filters: { not: condition } } }
  const replaced = { token, body: changed, headers: { "if-match": '"1"' } }
  assert.strictEqual((await ask(server, "PUT", insightPath, replaced)).status, 200)
  const rule = { did: { filters: { dimension: "user_id", operator: "is", value: "ada" } }, at_least: 1 }
  const order = { format: "ndjson", date_range: { from: "2026-01-01", to: "2026-01-02" }, filters: condition }
  const ordered = await ask(server, "POST", "/analytics/exports", { token, body: order })
  assert.strictEqual(ordered.status, 201, JSON.stringify(ordered.body))
  exportPath = `/analytics/exports/${String(ordered.body["id"])}`
  const live = { name: "Her alone", membership: { kind: "live", rule } }
  assert.strictEqual((await ask(server, "POST", "/analytics/cohorts", { token, body: live })).status, 201)
})
afterAll(() => server.kill("SIGTERM"))

describe("everything held of a person", () => {
  it("comes as one file, clear: ids, traits, events of all devices, merges, lists, dead letters, audit records", async () => {
    const held = await exported("old-ada")
    const person = ofKind(held, "person")[0]!
    assert.strictEqual(person["person_id"], "ada")
    assert.deepStrictEqual(person["ids"], ["ada", "old-ada", "phone", "tablet"])
    const traits = ofKind(held, "trait").map(({ key, value }) => [key, value])
    assert.deepStrictEqual(traits, [
      ["email", "ada@example.com"],
      ["plan", "pro"]
    ])
    const events = ofKind(held, "event")
    assert.sameMembers(
      events.map((event) => event["anonymous_id"]),
      ["phone", "phone", "tablet"]
    )
    const signedUp = events.find((event) => event["event_type"] === "user_signed_up")!
    assert.deepInclude(signedUp["properties"], { email: "ada@example.com" })
    const clicked = events.find((event) => event["click_id"] === "click-1")!
    assert.strictEqual(clicked["ip"], "203.0.113.0")
    assert.deepInclude(signedUp["traits"], { email: "ada@example.com", plan: "pro" })
    assert.deepStrictEqual(
      ofKind(held, "person_merges").map(({ from, into }) => [from, into]),
      [["old-ada", "ada"]]
    )
    assert.deepStrictEqual(
      ofKind(held, "cohorts").flatMap(({ name }) => name ?? []),
      ["Guests"]
    )
    const placesOf = (kind: string) => ofKind(held, kind).flatMap(({ places }) => places ?? [])
    assert.deepStrictEqual(placesOf("cohorts"), ["/membership/rule/did/filters/value"])
    assert.deepStrictEqual(placesOf("insights"), ["/question/filters/not/value"])
    assert.deepStrictEqual(placesOf("goals"), ["/on/filters/value"])
    assert.deepStrictEqual(placesOf("exports"), ["/filters/value"])
    assert.sameMembers(placesOf("kept_revisions"), [
      "/item/on/filters/value",
      "/item/membership/rule/did/filters/value",
      "/item/question/filters/value",
      "/item/question/filters/not/value"
    ])
    assert.sameMembers(
      ofKind(held, "dead_letters").map(({ id }) => id),
      ["of-ada", "of-her-phone"]
    )
    const actions = ofKind(held, "audit").map(({ action }) => action)
    assert.includeMembers(actions, ["persons.merged", "personal_data.read"])
    assert.deepStrictEqual(held.at(-1), { module: "platform", kind: "end", data: { records: held.length - 1 } })
  })

  it("is for who may read personal data, of people who are known", async () => {
    const blind = tokenFor(folder, { scopes: ["persons:read"] })
    const refused = await ask(server, "GET", "/analytics/persons/ada/export", { token: blind })
    assert.strictEqual(refused.status, 403, JSON.stringify(refused.body))
    assert.strictEqual((await ask(server, "GET", "/analytics/persons/nobody/export", { token })).status, 404)
  })

  it("lies in collections that a module gives out and erases", () => {
    const covered = modules.flatMap(({ personalData }) => personalData.collections.map(({ name }) => name))
    const naming = namingCollections()
    assert.includeMembers(naming as Array<string>, ["audit", "dead_letters", "person_merges"])
    assert.deepStrictEqual(
      naming.filter((name) => name !== "audit" && !covered.includes(name)),
      []
    )
  })

  it("is gone once the person is erased; of others everything stays, and records say what was done without saying to whom", async () => {
    const erased = await ask(server, "POST", "/analytics/persons/ada/erase", { token })
    assert.strictEqual(erased.status, 200, JSON.stringify(erased.body))
    const stores = erased.body["stores"] as ReadonlyArray<{ readonly store: string; readonly removed: number | null }>
    const removed = Object.fromEntries(stores.map((each) => [each.store, each.removed]))
    assert.deepInclude(removed, {
      event_store: 3,
      cohorts: 1,
      merges: 1,
      dead_letters: 2,
      analytics_definitions: 8,
      audit_log: 6
    })
    const insight = await ask(server, "GET", insightPath, { token })
    const { filters } = insight.body["question"] as { readonly filters: { readonly not: { readonly value: unknown } } }
    const [name, other] = filters.not.value as ReadonlyArray<string>
    assert.match(name!, /^erased_[0-9a-f]{64}$/)
    assert.strictEqual(other, "ben")
    for (const path of [`${insightPath}/revisions/1`, "/analytics/goals/former", exportPath]) {
      const { body, status } = await ask(server, "GET", path, { token })
      assert.strictEqual(status, 200)
      assert.notInclude(JSON.stringify(body), '"ada"', path)
    }
    assert.deepStrictEqual(
      (await exported("ada")).map(({ kind }) => kind).filter((kind) => kind !== "person" && kind !== "audit"),
      ["end"]
    )
    const letters = await ask(server, "GET", "/platform/dead-letters", { token })
    assert.sameMembers(
      (letters.body["items"] as ReadonlyArray<{ readonly id: string }>).map(({ id }) => id),
      ["of-ben", "of-nobody"]
    )
    const reads = await ask(server, "GET", "/platform/audit?action=personal_data.read", { token })
    const targets = (reads.body["items"] as ReadonlyArray<{ readonly target: string }>).map(({ target }) => target)
    assert.lengthOf(
      targets.filter((target) => /^persons\/erased_[0-9a-f]{64}$/.test(target)),
      1
    )
    const ben = await exported("ben")
    assert.lengthOf(ofKind(ben, "event"), 1)
    assert.lengthOf(ofKind(ben, "dead_letters"), 1)
  })
})
