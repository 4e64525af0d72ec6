import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { variantBucket } from "../domain/bucketing/sha256Buckets.ts"
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
const split = (control: number, short: number) => [
  { id: "control", weight: control },
  { id: "short", weight: short }
]
const done = async (status: number, method: string, to: string, body?: unknown): Promise<Answer> => {
  const answer = await ask(server, method, to, { token, ...(body === undefined ? {} : { body }) })
  assert.strictEqual(answer.status, status, JSON.stringify(answer.body))
  return answer
}
const running = async (key: string, more: object = {}) => {
  await done(201, "POST", path, { key, name: key, variants: split(50, 50), goals, sticky: true, ...more })
  await done(200, "POST", `${path}/${key}/start`)
}
const assign = async (key: string, body: object) => (await done(200, "POST", `${path}/${key}/assign`, body)).body
const open = (key: string, phase: object) => done(200, "POST", `${path}/${key}/phases`, phase)
/** A unit that the hash gives the variant. */
const unitOf = (experiment: string, variant: "control" | "short", prefix: string) =>
  Array.from({ length: 100 }, (_, at) => `${prefix}${at}`).find(
    (id) => variantBucket(experiment, id) < 50 === (variant === "control")
  )!

describe("a sticky experiment", () => {
  it("keeps the variant of who has one while the weights change, also after a restart", async () => {
    await running("kept")
    const known = unitOf("kept", "control", "known")
    assert.deepInclude(await assign("kept", { user_id: known }), {
      variant: "control",
      reason: "assigned",
      sticky: null
    })
    await open("kept", { variants: split(0, 100) })
    assert.deepInclude(await assign("kept", { user_id: known }), {
      variant: "control",
      reason: "stored",
      sticky: "stored",
      phase: 2
    })
    assert.deepInclude(await assign("kept", { user_id: unitOf("kept", "control", "new") }), { variant: "short" })
    await server.kill("SIGTERM")
    server = await startServer(folder)
    assert.deepInclude(await assign("kept", { user_id: known }), { variant: "control", sticky: "stored" })
  })

  it("keeps it through flags, one or many at once, and the playground says so", async () => {
    await running("flagged")
    const flag = {
      key: "form",
      type: "boolean",
      variants: [
        { name: "control", value: false },
        { name: "short", value: true }
      ],
      environments: { production: { enabled: true, rules: [{ id: "test", serve: { experiment: "flagged" } }] } }
    }
    await done(201, "POST", "/experiments/feature-flags", flag)
    const context = { user_id: unitOf("flagged", "control", "f") }
    const form = "/experiments/feature-flags/form"
    assert.notProperty((await done(200, "POST", `${form}/evaluate`, { context })).body["metadata"], "sticky")
    await open("flagged", { variants: split(0, 100) })
    const stored = { variant: "control", value: false, reason: "SPLIT" }
    const many = await done(200, "POST", "/experiments/feature-flags/bulk-evaluate", { context })
    for (const answer of [
      (await done(200, "POST", `${form}/evaluate`, { context })).body,
      (await done(200, "POST", `${form}/explain`, { context })).body,
      (many.body["flags"] as ReadonlyArray<Record<string, unknown>>).find(({ key }) => key === "form")!
    ]) {
      assert.deepInclude(answer, stored)
      assert.deepInclude(answer["metadata"], { sticky: "stored" })
    }
  })

  it("follows a device into a login, and from there to every other device", async () => {
    await running("login")
    const device = unitOf("login", "short", "device")
    const user = unitOf("login", "control", "user")
    assert.deepInclude(await assign("login", { anonymous_id: device }), { variant: "short" })
    assert.deepInclude(await assign("login", { anonymous_id: device, user_id: user }), {
      variant: "short",
      sticky: "stored"
    })
    assert.deepInclude(await assign("login", { user_id: user }), { variant: "short", sticky: "stored" })
    const other = unitOf("login", "control", "other")
    await assign("login", { anonymous_id: other })
    assert.deepInclude(await assign("login", { anonymous_id: other, user_id: user }), { variant: "short" })
  })

  it("gives who is of an older version a new variant, or none, as the phase says", async () => {
    await running("versions")
    const unit = unitOf("versions", "control", "v")
    await assign("versions", { user_id: unit })
    const again = await done(400, "POST", `${path}/versions/phases`, { bucket_version_min: 1 })
    assert.deepStrictEqual(errorsOf(again), ["/bucket_version_min too_new"])
    await open("versions", { variants: split(0, 100), bucket_version: 1, bucket_version_min: 1 })
    assert.deepInclude(await assign("versions", { user_id: unit }), { variant: "short", reason: "assigned" })
    assert.deepInclude(await assign("versions", { user_id: unit }), { variant: "short", reason: "stored" })
    const falling = await done(400, "POST", `${path}/versions/phases`, { bucket_version: 0, bucket_version_min: 0 })
    assert.deepStrictEqual(errorsOf(falling), ["/bucket_version falls"])
    await open("versions", { bucket_version: 2, bucket_version_min: 2, old_assignments: "exclude" })
    assert.deepInclude(await assign("versions", { user_id: unit }), { variant: null, reason: "old_assignment" })
    assert.deepInclude(await assign("versions", { user_id: "somebody" }), { variant: "short", reason: "assigned" })
  })

  it("forgets who is erased, and gives out what is kept of somebody", async () => {
    await running("private")
    const unit = unitOf("private", "control", "p")
    await assign("private", { user_id: unit })
    await open("private", { variants: split(0, 100) })
    const held = async () => {
      const { body } = await done(200, "GET", `/analytics/persons/${unit}/export`)
      const lines = body["lines"] as ReadonlyArray<{ readonly kind: string; readonly data: object }>
      return lines.filter(({ kind }) => kind === "sticky_assignments").map(({ data }) => data)
    }
    for (let attempt = 0; attempt < 100; attempt += 1) {
      if ((await ask(server, "GET", `/analytics/persons/${unit}/export`, { token })).status === 200) break
      await new Promise((after) => setTimeout(after, 100))
    }
    const [kept, ...others] = await held()
    assert.deepInclude(kept, { experiment: "private", unit, unit_attribute: "user_id", variant: "control" })
    assert.lengthOf(others, 0)
    const erased = await done(200, "POST", `/analytics/persons/${unit}/erase`, {})
    const stores = erased.body["stores"] as ReadonlyArray<{ readonly store: string; readonly removed: number }>
    assert.strictEqual(stores.find(({ store }) => store === "sticky_assignments")?.removed, 1)
    assert.deepInclude(await assign("private", { user_id: unit }), { variant: "short", reason: "assigned" })
  })
})
