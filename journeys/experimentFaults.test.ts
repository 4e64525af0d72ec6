import { DatabaseSync } from "node:sqlite"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { busyTimeoutMillis } from "../adapters/sqlite/Database.ts"
import { exposureDelayMillis, exposuresWaitingMax } from "../ports/experiments/Exposures.ts"
import { asking } from "./asking.ts"
import { ask, countEvents, freshFolder, limitFiles, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

const variants = ["control", "short"]

/** A flag of every person that serves an experiment. */
const serving = async (server: ServerProcess, token: string): Promise<void> => {
  const { done } = asking(() => ({ server, token }))
  await done(201, "POST", "/experiments/experiments", {
    key: "faults",
    name: "Faults",
    variants: variants.map((id) => ({ id, weight: 50 })),
    goals: [{ id: "ordered", measure: { kind: "rate", of: { event_types: ["order_completed"] } } }]
  })
  await done(200, "POST", "/experiments/experiments/faults/start")
  await done(201, "POST", "/experiments/feature-flags", {
    key: "form",
    type: "string",
    variants: variants.map((name) => ({ name, value: name })),
    environments: {
      production: {
        enabled: true,
        default_variant: "control",
        rules: [{ id: "test", serve: { experiment: "faults" } }]
      }
    }
  })
}

const evaluate = async (server: ServerProcess, token: string, person: string): Promise<void> => {
  const { body, status } = await ask(server, "POST", "/experiments/feature-flags/form/evaluate", {
    token,
    body: { context: { user_id: person } }
  })
  assert.strictEqual(status, 200, JSON.stringify(body))
  assert.deepInclude(body["metadata"], { experiment: "faults" })
}

/** Evaluates for one new person after the other until the server is gone; answers when each one was answered. */
const evaluateUntilGone = async (server: ServerProcess, token: string): Promise<ReadonlyMap<string, number>> => {
  const answered = new Map<string, number>()
  let next = 0
  const send = async () => {
    try {
      for (;;) {
        const person = `person-${next++}`
        await evaluate(server, token, person)
        answered.set(person, Date.now())
        await new Promise((after) => setTimeout(after, 5))
      }
    } catch (failure) {
      // A connection that is refused or closed has answered nothing.
      if (!(failure instanceof TypeError || failure instanceof SyntaxError)) throw failure
    }
  }
  await Promise.all(Array.from({ length: 4 }, send))
  return answered
}

/** Who was exposed, one entry for each event. */
const exposed = async (server: ServerProcess, token: string): Promise<ReadonlyArray<string>> => {
  const people: Array<string> = []
  let cursor = ""
  for (;;) {
    const page = await ask(server, "GET", `/analytics/events?event_type=experiment_exposed&limit=100${cursor}`, {
      token
    })
    assert.strictEqual(page.status, 200, JSON.stringify(page.body))
    people.push(...(page.body["items"] as ReadonlyArray<{ user_id: string }>).map(({ user_id }) => user_id))
    if (page.body["next"] === null) return people
    cursor = `&cursor=${page.body["next"] as string}`
  }
}

/** Evaluates for about a second, ends the server, and starts it anew. */
const endedWhileEvaluating = async (signal: "SIGKILL" | "SIGTERM") => {
  const folder = freshFolder()
  const token = tokenFor(folder)
  const first = await startServer(folder)
  await serving(first, token)
  const evaluating = evaluateUntilGone(first, token)
  await new Promise((after) => setTimeout(after, 1000))
  const endedAt = Date.now()
  await first.kill(signal)
  const answered = await evaluating
  const due = [...answered].filter(([, at]) => signal === "SIGTERM" || at < endedAt - exposureDelayMillis)
  const again = await startServer(folder)
  try {
    await countEvents(again, token, due.length, 5000)
    return { due: due.map(([person]) => person), people: await exposed(again, token) }
  } finally {
    await again.kill("SIGTERM")
  }
}

/** The sum of a counter over its series, and how many series it has. */
const counted = async (server: ServerProcess, name: string) => {
  const lines = (await (await fetch(server.metricsUrl)).text()).split("\n").filter((line) => line.startsWith(name))
  return { lines, sum: lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0) }
}

describe("exposures", () => {
  for (const [signal, loses] of [
    ["SIGKILL", `at most the last ${exposureDelayMillis} ms to a kill`],
    ["SIGTERM", "none to an orderly stop"]
  ] as const)
    it(`lose ${loses}, and none is counted twice`, { timeout: 60_000 }, async () => {
      const { due, people } = await endedWhileEvaluating(signal)
      assert.isAbove(due.length, 20)
      assert.includeMembers([...people], due)
      assert.strictEqual(new Set(people).size, people.length)
    })

  it(
    "that find no room are counted by experiment and variant, evaluation goes on, and the unit is exposed next time",
    { timeout: 240_000 },
    async () => {
      const folder = freshFolder()
      const token = tokenFor(folder)
      const server = await startServer(folder, {
        RATE_LIMITS: "default=100000000,anonymous=100000000,evaluate=100000000"
      })
      try {
        await serving(server, token)
        limitFiles(server, 1)
        const all = exposuresWaitingMax + 50
        let next = 0
        const send = async () => {
          while (next < all) await evaluate(server, token, `person-${next++}`)
        }
        await Promise.all(Array.from({ length: 32 }, send))
        const lost = await counted(server, "marketing_exposures_lost_total{")
        assert.strictEqual(lost.sum, 50)
        for (const variant of variants)
          assert.isTrue(
            lost.lines.some((line) => line.includes('experiment="faults"') && line.includes(`variant="${variant}"`))
          )
        assert.strictEqual((await counted(server, "marketing_exposures_written_total")).sum, 0)

        limitFiles(server, "unlimited")
        assert.strictEqual(await countEvents(server, token, exposuresWaitingMax, 60_000), exposuresWaitingMax)
        // Who was remembered costs no event; who was lost is exposed now. Requests in flight may have changed places.
        for (let at = all - 150; at < all; at += 1) await evaluate(server, token, `person-${at}`)
        assert.strictEqual(await countEvents(server, token, all), all)
        assert.strictEqual((await counted(server, "marketing_exposures_lost_total{")).sum, 50)
      } finally {
        await server.kill("SIGKILL")
      }
    }
  )
})

/** Holds the file of documents as another process: nobody else writes meanwhile. */
const lockDocuments = (folder: string) => {
  const other = new DatabaseSync(join(folder, "documents.sqlite"))
  other.exec("BEGIN IMMEDIATE")
  return () => {
    other.exec("ROLLBACK")
    other.close()
  }
}

describe("a document store that takes no writes", () => {
  const awayMillis = 15_000

  it("leaves every evaluation answered from the last flags, and health says so", { timeout: 90_000 }, async () => {
    const folder = freshFolder()
    const token = tokenFor(folder)
    const server = await startServer(folder, { RATE_LIMITS: "default=1000000,anonymous=1000000,evaluate=1000000" })
    const { done, send } = asking(() => ({ server, token }))
    try {
      await serving(server, token)
      const { body: key } = await done(201, "POST", "/platform/keys", {
        name: "sdk",
        kind: "secret",
        environment: "production",
        scopes: ["flags:evaluate"]
      })
      const clientKey = key["token"] as string
      const context = { user_id: "ada", targetingKey: "ada" }
      const evaluations: ReadonlyArray<readonly [string, () => Promise<{ readonly status: number }>]> = [
        ["single", () => send("POST", "/experiments/feature-flags/form/evaluate", { context: { user_id: "ada" } })],
        ["bulk", () => send("POST", "/experiments/feature-flags/bulk-evaluate", { context: { user_id: "ada" } })],
        ["OFREP", () => send("POST", "/ofrep/v1/evaluate/flags/form", { context })],
        ["OFREP bulk", () => send("POST", "/ofrep/v1/evaluate/flags", { context })],
        ["payload", () => send("GET", "/experiments/sdk/payload")],
        ["GrowthBook", () => ask(server, "GET", `/api/features/${clientKey}`)],
        ["Unleash", () => ask(server, "GET", "/api/client/features", { headers: { authorization: clientKey } })]
      ]
      let slowest = 0
      const evaluateAll = async () => {
        for (const [name, evaluation] of evaluations) {
          const start = Date.now()
          assert.strictEqual((await evaluation()).status, 200, name)
          slowest = Math.max(slowest, Date.now() - start)
        }
      }
      const segment = (name: string) =>
        send("POST", "/experiments/segments", { key: name, members: { attribute: "user_id", values: ["ada"] } })
      const readiness = async () => (await send("GET", "/health/ready")).body["status"]
      await evaluateAll()

      const unlock = lockDocuments(folder)
      const until = Date.now() + awayMillis
      const refused = segment("meanwhile")
      const seen = new Set<unknown>()
      while (Date.now() < until) {
        await evaluateAll()
        seen.add(await readiness())
        await new Promise((after) => setTimeout(after, 200))
      }
      assert.strictEqual((await refused).status, 503)
      assert.isTrue(seen.has("degraded"))
      assert.isFalse(seen.has("down"))
      // The event loop never waits for the file: others' requests would wait with it.
      assert.isBelow(slowest, busyTimeoutMillis / 2)

      unlock()
      assert.strictEqual((await segment("afterwards")).status, 201)
      const deadline = Date.now() + 10_000
      while ((await readiness()) !== "ready" && Date.now() < deadline) await evaluateAll()
      assert.strictEqual(await readiness(), "ready")
    } finally {
      await server.kill("SIGKILL")
    }
  })
})
