import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { errorsOf } from "./asking.ts"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const path = "/experiments/feature-flags"
const done = async (status: number, method: string, to: string, body?: unknown, as = token): Promise<Answer> => {
  const answer = await ask(server, method, to, { token: as, ...(body === undefined ? {} : { body }) })
  assert.strictEqual(answer.status, status, JSON.stringify(answer.body))
  return answer
}
const flag = (key: string, rules: ReadonlyArray<object>) => ({
  key,
  type: "boolean",
  environments: { production: { enabled: true, default_variant: "off", rules } }
})
const germany = { id: "germany", condition: { country: "DE" }, serve: { variant: "on" } }
const france = { id: "france", condition: { country: "FR" }, serve: { variant: "on" } }
const preview = async (key: string, body: object) => (await done(200, "POST", `${path}/${key}/preview`, body)).body

describe("the preview of a draft", () => {
  it("counts who would get something else, of the contexts that were evaluated last, and stores nothing", async () => {
    await done(201, "POST", path, flag("form", [germany]))
    await done(201, "POST", path, flag("other", []))
    const empty = await preview("form", { draft: flag("form", []) })
    assert.deepInclude(empty, { contexts: 0, changed: 0, share_changed: null, from: null, variants: [], rules: [] })
    const people = [
      ...Array.from({ length: 6 }, (_, at) => ({ user_id: `de-${at}`, country: "DE" })),
      ...Array.from({ length: 3 }, (_, at) => ({ user_id: `fr-${at}`, country: "FR" })),
      { anonymous_id: "device", country: "US" }
    ]
    // The last context of a unit counts.
    await done(200, "POST", `${path}/form/evaluate`, { context: { user_id: "de-0", country: "FR" } })
    for (const context of people) await done(200, "POST", `${path}/form/evaluate`, { context })
    await done(200, "POST", `${path}/other/evaluate`, { context: { user_id: "elsewhere", country: "DE" } })

    const { from, to, ...found } = await preview("form", { draft: flag("form", [france]), units: 3 })
    assert.deepStrictEqual(found, {
      flag: "form",
      environment: "production",
      revision: found["revision"],
      contexts: 10,
      contexts_of: "flag",
      changed: 9,
      share_changed: 0.9,
      variants: [
        { before: "on", after: "off", contexts: 6, value_changes: true },
        { before: "off", after: "on", contexts: 3, value_changes: true },
        { before: "off", after: "off", contexts: 1, value_changes: false }
      ],
      rules: [
        { rule: "germany", before: 6, after: 0 },
        { rule: null, before: 4, after: 7 },
        { rule: "france", before: 0, after: 3 }
      ],
      units: ["fr-2", "fr-1", "fr-0"].map((unit) => ({ unit, unit_attribute: "user_id", before: "off", after: "on" }))
    })
    assert.isAtMost(Number(from), Number(to))
    const stands = await done(200, "POST", `${path}/form/evaluate`, { context: people[0] })
    assert.deepInclude(stands.body, { value: true, rule: "germany" })
    assert.deepInclude(await preview("form", { draft: flag("form", [germany]) }), { changed: 0, share_changed: 0 })
  })

  it("of a flag that nobody has asked for yet is told on the environment's contexts", async () => {
    await done(404, "POST", `${path}/unmade/preview`, { draft: flag("unmade", [germany]) })
    await done(201, "POST", path, flag("unmade", []))
    const found = await preview("unmade", { draft: flag("unmade", [germany]) })
    assert.deepInclude(found, { contexts: 11, contexts_of: "environment", changed: 7 })
    assert.deepStrictEqual(found["variants"], [
      { before: "off", after: "on", contexts: 7, value_changes: true },
      { before: "off", after: "off", contexts: 4, value_changes: false }
    ])
  })

  it("tells other values of the same variant too", async () => {
    const variants = [
      { name: "on", value: false },
      { name: "off", value: false }
    ]
    const found = await preview("form", { draft: { ...flag("form", [germany]), variants } })
    assert.deepInclude(found, { changed: 6 })
    assert.deepInclude(found["variants"], { before: "on", after: "on", contexts: 6, value_changes: true })
  })

  it("refuses a draft that is wrong, and names units to who may read people alone", async () => {
    const moon = { key: "form", type: "boolean", environments: { moon: { enabled: true } } }
    assert.deepStrictEqual(errorsOf(await done(400, "POST", `${path}/form/preview`, { draft: moon })), [
      "/draft/environments/moon unknown_environment"
    ])
    assert.deepStrictEqual(errorsOf(await done(400, "POST", `${path}/form/preview`, { draft: flag("other", []) })), [
      "/draft/key immutable"
    ])
    const reader = tokenFor(server.folder, { scopes: ["experiments:read"] })
    const draft = flag("form", [france])
    assert.deepStrictEqual(errorsOf(await done(403, "POST", `${path}/form/preview`, { draft, units: 1 }, reader)), [
      "/units forbidden"
    ])
    await done(200, "POST", `${path}/form/preview`, { draft }, reader)
  })

  it("forgets who is erased", async () => {
    await done(200, "POST", "/analytics/events/ingest", eventOf({ anonymous_id: "laptop", user_id: "de-1" }))
    await countEvents(server, token, 1)
    const erased = await done(200, "POST", "/analytics/persons/de-1/erase")
    const stores = erased.body["stores"] as ReadonlyArray<{ readonly store: string; readonly removed: number }>
    assert.strictEqual(stores.find(({ store }) => store === "recent_contexts")?.removed, 1)
    assert.deepInclude(await preview("form", { draft: flag("form", []) }), { contexts: 9, changed: 5 })
  })
})
