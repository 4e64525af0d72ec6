import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { asking, errorsOf } from "./asking.ts"
import { eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const path = "/experiments/releases"
const flagsPath = "/experiments/feature-flags"
const { done, send } = asking(() => ({ server, token }))

interface Release {
  readonly id: string
  readonly status: string
  readonly steps_taken: ReadonlyArray<{
    readonly percent: number
    readonly units: { readonly control: number; readonly treatment: number } | null
    readonly evidence: ReadonlyArray<{ readonly control: { readonly converted: number } }>
  }>
  readonly verdicts: ReadonlyArray<{ readonly metric: string; readonly state: string }>
  readonly history: ReadonlyArray<{ readonly what: string; readonly by: string; readonly detail: string | null }>
}
const read = async (id: string) => (await done(200, "GET", `${path}/${id}`)).body as unknown as Release
const until = async (id: string, isSo: (release: Release) => boolean, millisMax = 60_000): Promise<Release> => {
  const deadline = Date.now() + millisMax
  for (;;) {
    const release = await read(id)
    if (isSo(release)) return release
    if (Date.now() > deadline) {
      const report = await send("GET", `${path}/${id}/evidence`)
      assert.fail(`not so after ${millisMax} ms: ${JSON.stringify([release, report.body])}\n${server.output()}`)
    }
    await new Promise((after) => setTimeout(after, 200))
  }
}

const flagOf = (key: string, rule: object = {}) => ({
  key,
  type: "boolean",
  environments: {
    production: {
      enabled: true,
      default_variant: "off",
      rules: [{ id: "all", percent: 1, serve: { variant: "on" }, ...rule }]
    }
  }
})
const makeFlag = (key: string, rule: object = {}) => done(201, "POST", flagsPath, flagOf(key, rule))
const guardrails = [
  {
    id: "errors",
    measure: { kind: "rate", of: { event_types: ["checkout_failed"] } },
    direction: "decrease",
    margin: 0.1
  }
]
const make = async (flag: string, more: object) => {
  const asked = { flag, rule: "all", control: "off", guardrails, steps: [{ percent: 50 }], ...more }
  return (await done(201, "POST", path, asked)).body as unknown as Release
}
const ruleOf = async (key: string) => {
  const { body } = await done(200, "GET", `${flagsPath}/${key}`)
  return (body["environments"] as { production: { rules: ReadonlyArray<object> } }).production.rules[0]
}
const evaluate = async (key: string, user_id: string) =>
  (await done(200, "POST", `${flagsPath}/${key}/evaluate`, { context: { user_id } })).body["value"] as boolean

/** People who come to a page with the flag; of so many hundredths the checkout fails. */
const visit = async (key: string, people: ReadonlyArray<string>, failing: (isNew: boolean) => number) => {
  const events: Array<object> = []
  let treated = 0
  for (const [at, user_id] of people.entries()) {
    const isNew = await evaluate(key, user_id)
    if (isNew) treated += 1
    if ((at * 37) % 100 < failing(isNew)) events.push(eventOf({ user_id, event_type: "checkout_failed" }))
  }
  await done(200, "POST", "/analytics/events/batch", { events })
  return treated
}
const people = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => `${prefix}-${at}`)

describe("a guarded release", () => {
  it("that harms is rolled back within a minute, with its evidence in every log", { timeout: 120_000 }, async () => {
    await makeFlag("harmful")
    const { id } = await make("harmful", { recipients: ["anna@example.org"], name: "Harmful checkout" })
    assert.deepStrictEqual(await ruleOf("harmful"), { id: "all", release: true, serve: { experiment: id } })
    const treated = await visit("harmful", people("h", 600), (isNew) => (isNew ? 40 : 5))
    assert.isAbove(treated, 200)
    const sent = Date.now()
    const over = await until(id, ({ status }) => status === "rolled_back")
    assert.isBelow(Date.now() - sent, 60_000)
    assert.deepInclude(over.verdicts[0], { metric: "errors", state: "harmed" })
    const [step] = over.steps_taken
    assert.isNotNull(step!.units)
    const last = over.history.at(-1)!
    assert.deepInclude(last, { what: "rolled_back", by: `releases/${id}` })
    assert.match(last.detail ?? "", /^errors: harmed, 0\.0\d+ without and 0\.\d+ with it/)

    assert.deepStrictEqual(await ruleOf("harmful"), { id: "all", release: true, serve: { variant: "off" } })
    for (const user of people("h", 20)) assert.isFalse(await evaluate("harmful", user))
    const revisions = (await done(200, "GET", `${flagsPath}/harmful/revisions?limit=1`)).body["items"]
    assert.deepInclude((revisions as ReadonlyArray<object>)[0], { changed_by: `releases/${id}`, change: "changed" })
    const audit = JSON.stringify((await done(200, "GET", "/platform/audit?action=release.rolled_back")).body)
    assert.include(audit, "checkout_failed")
    assert.include(audit, '"state":"harmed"')
    const notes = JSON.stringify((await done(200, "GET", "/analytics/annotations")).body)
    assert.include(notes, "Release of all of flag harmful is rolled back, everybody gets off. errors: harmed")
    const { body: mail } = await done(200, "GET", "/platform/emails")
    const mails = (mail["items"] as ReadonlyArray<Readonly<Record<string, unknown>>>).filter(
      ({ source }) => source === `releases/${id}`
    )
    assert.lengthOf(mails, 1)
    assert.deepInclude(mails[0], { to: "anna@example.org", subject: "Rolled back: Harmful checkout" })
    const report = (await done(200, "GET", `${path}/${id}/evidence`)).body
    assert.deepInclude(report, { status: "rolled_back", waits_for: [], watermark: null })
    assert.deepStrictEqual(report["verdicts"], over.verdicts)
    const svg = await send("GET", `${path}/${id}/evidence`, undefined, { accept: "image/svg+xml" })
    assert.strictEqual(svg.headers.get("content-type"), "image/svg+xml")
    assert.match(String(svg.body["text"]), /^<svg[^]*errors[^]*<\/svg>/)
    await done(409, "POST", `${path}/${id}/complete`, {})
  })

  it("without harm goes step by step to everybody, on people who came at each step", { timeout: 180_000 }, async () => {
    await makeFlag("harmless")
    const steps = [
      { percent: 20, hold_seconds: 2, units: 100 },
      { percent: 60, hold_seconds: 2, units: 100 }
    ]
    const { id } = await make("harmless", { steps })
    const waiting = (await done(200, "GET", `${path}/${id}/evidence`)).body
    assert.includeMembers(waiting["waits_for"] as Array<string>, ["units", "evidence"])
    const early = people("early", 30)
    const firstValues = new Map<string, boolean>()
    for (const user of early) firstValues.set(user, await evaluate("harmless", user))
    let came = 0
    for (let wave = 0; (await read(id)).status === "running"; wave += 1) {
      assert.isBelow(wave, 60, "the release never ends")
      // Those of the first step come back at every step, and count at the first alone.
      const visitors = [...early, ...people(`w${wave}`, 30)]
      await visit("harmless", visitors, () => 5)
      came += 30
      await new Promise((after) => setTimeout(after, 1000))
    }
    const over = await read(id)
    assert.strictEqual(over.status, "completed", JSON.stringify(over))
    assert.deepStrictEqual(
      over.history.map(({ what }) => what),
      ["began", "stepped", "completed"]
    )
    assert.deepStrictEqual(await ruleOf("harmless"), { id: "all", release: true, serve: { variant: "on" } })
    const units = over.steps_taken.map((step) => step.units!.control + step.units!.treatment)
    for (const each of units) assert.isAtLeast(each, 100)
    assert.isAtMost(units[0]! + units[1]!, came + early.length)
    // Whoever had it keeps it while the share grows.
    for (const [user, had] of firstValues) if (had) assert.isTrue(await evaluate("harmless", user))
    assert.isTrue(await evaluate("harmless", "anybody"))
  })

  it("is ended by hand, either way, and can go once it is over", async () => {
    for (const [verb, status, variant] of [
      ["abort", "aborted", "off"],
      ["complete", "completed", "on"]
    ] as const) {
      const key = `by-hand-${verb}`
      await makeFlag(key)
      const { id } = await make(key, {})
      assert.deepStrictEqual(errorsOf(await done(409, "DELETE", `${flagsPath}/${key}`)), [" in_use"])
      await done(409, "DELETE", `${path}/${id}`)
      const over = (await done(200, "POST", `${path}/${id}/${verb}`, { reason: "by hand" })).body
      assert.deepInclude(over, { status, occupies: null })
      assert.deepStrictEqual(await ruleOf(key), { id: "all", release: true, serve: { variant } })
      assert.strictEqual(await evaluate(key, "somebody"), variant === "on")
      await done(409, "POST", `${path}/${id}/${verb}`, {})
      await done(204, "DELETE", `${path}/${id}`)
      await done(204, "DELETE", `${flagsPath}/${key}`)
    }
  })

  it("ends where somebody takes its rule away, and leaves the flag as that has made it", async () => {
    await makeFlag("taken")
    const { id } = await make("taken", {})
    const { headers } = await done(200, "GET", `${flagsPath}/taken`)
    await done(200, "PUT", `${flagsPath}/taken`, flagOf("taken", { percent: 7 }), { "if-match": headers.get("etag")! })
    await until(id, ({ status }) => status === "superseded")
    assert.deepStrictEqual(await ruleOf("taken"), { id: "all", percent: 7, serve: { variant: "on" } })
  })

  it("waits while the flag is off, and is made once by one Idempotency-Key", async () => {
    await makeFlag("waits")
    const asked = { flag: "waits", rule: "all", control: "off", guardrails, steps: [{ percent: 50, hold_seconds: 1 }] }
    const key = { "idempotency-key": crypto.randomUUID() }
    const made = await done(201, "POST", path, asked, key)
    const again = await done(201, "POST", path, asked, key)
    assert.strictEqual(again.body["id"], made.body["id"])
    const id = String(made.body["id"])
    const { body, headers } = await done(200, "GET", `${flagsPath}/waits`)
    const { production } = body["environments"] as { production: object }
    const off = { key: "waits", type: "boolean", environments: { production: { ...production, enabled: false } } }
    await done(200, "PUT", `${flagsPath}/waits`, off, { "if-match": headers.get("etag")! })
    const report = (await done(200, "GET", `${path}/${id}/evidence`)).body
    assert.include(report["waits_for"] as ReadonlyArray<string>, "off")
  })

  it("is refused with the place of what is wrong", async () => {
    await makeFlag("wrong")
    await makeFlag("split", {
      serve: {
        split: [
          { variant: "on", weight: 50 },
          { variant: "off", weight: 50 }
        ]
      }
    })
    const { environments, ...bare } = flagOf("dark")
    await done(201, "POST", flagsPath, {
      ...bare,
      environments: { production: { ...environments.production, enabled: false } }
    })
    const asked = { flag: "wrong", rule: "all", control: "off", guardrails, steps: [{ percent: 50 }] }
    const errors = async (more: object) => errorsOf(await done(400, "POST", path, { ...asked, ...more }))
    assert.deepStrictEqual(await errors({ flag: "nothing" }), ["/flag unknown_flag"])
    assert.deepStrictEqual(await errors({ flag: "dark" }), ["/flag off"])
    assert.deepStrictEqual(await errors({ flag: "split" }), ["/rule not_one_variant"])
    assert.deepStrictEqual(await errors({ rule: "none" }), ["/rule unknown_rule"])
    assert.deepStrictEqual(await errors({ control: "on" }), ["/control same"])
    assert.deepStrictEqual(await errors({ control: "maybe" }), ["/control unknown_variant"])
    assert.deepStrictEqual(await errors({ environment: "moon" }), ["/environment unknown_environment"])
    const falling = { steps: [{ percent: 50 }, { percent: 20 }], guardrails: [...guardrails, ...guardrails] }
    assert.deepStrictEqual(await errors(falling), ["/steps/1/percent not_ascending", "/guardrails/1/id duplicate"])
    const unknown = [{ id: "g", measure: { kind: "rate", of: { goal: "no-such-goal" } } }]
    assert.match((await errors({ guardrails: unknown })).join(), /^\/guardrails\/0\/measure/)
    await make("wrong", {})
    const taken = await send("POST", path, asked)
    assert.strictEqual(taken.status, 409)
    assert.deepStrictEqual(errorsOf(taken), ["/rule taken"])
  })
})
