import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const post = (path: string, body: unknown): Promise<Answer> => ask(server, "POST", path, { token, body })
const errorsOf = ({ body }: Answer) =>
  (body["errors"] as ReadonlyArray<{ readonly pointer: string; readonly code: string }>).map(
    ({ code, pointer }) => `${pointer} ${code}`
  )

const planned = {
  metric: { kind: "rate", rate: 0.2 },
  goal: { given: "effect", effect: { kind: "absolute", value: 0.05 } },
  units_per_day: 400,
  method: "fixed"
}

describe("planning an experiment", () => {
  it("answers units and days of an effect, and what each week could find", async () => {
    const { body, status } = await post("/experiments/plan", planned)
    assert.strictEqual(status, 200, JSON.stringify(body))
    assert.deepInclude(body, { units_per_arm: 1030, units: 2060, effect: 0.05, lift: 25, days: 6 })
    assert.strictEqual((body["weeks"] as ReadonlyArray<unknown>).length, 8)
  })

  it("says which field stands in the way", async () => {
    const wrong = async (more: object) => {
      const answer = await post("/experiments/plan", { ...planned, ...more })
      assert.strictEqual(answer.status, 400, JSON.stringify(answer.body))
      return errorsOf(answer)
    }
    assert.deepStrictEqual(await wrong({ metric: { kind: "rate", rate: 0 } }), ["/metric/rate out_of_range"])
    const impossible = { given: "effect", effect: { kind: "absolute", value: 0.9 } }
    assert.deepStrictEqual(await wrong({ goal: impossible }), ["/goal/effect/value out_of_range"])
    assert.deepStrictEqual(await wrong({ goal: { given: "days", days: 1 }, units_per_day: 1 }), [
      "/goal/days too_few_units"
    ])
    assert.strictEqual((await post("/experiments/plan", { ...planned, alpha: 2 })).status, 400)
  })
})

describe("the proof that daily peeking is safe", () => {
  it("few experiments without an effect raise an alarm, a fixed-horizon test many; equal seeds answer alike", async () => {
    const request = { population: { kind: "rate", rate: 0.05 }, units_per_arm_and_day: 100, runs: 100, seed: 5 }
    const { body, status } = await post("/experiments/proof", request)
    assert.strictEqual(status, 200, JSON.stringify(body))
    assert.deepInclude(body, { runs: 100, days: 28, without_effect: true })
    const share = (name: string): number => (body[name] as { readonly share: number }).share
    assert.isAtMost(share("sequential"), 0.05)
    assert.isAtLeast(share("fixed"), 0.15)
    assert.deepStrictEqual((await post("/experiments/proof", request)).body, body)
  })

  it("finds an effect where there is one", async () => {
    const { body } = await post("/experiments/proof", {
      population: { kind: "rate", rate: 0.05 },
      treatment: { kind: "rate", rate: 0.08 },
      units_per_arm_and_day: 300,
      runs: 40
    })
    assert.strictEqual(body["without_effect"], false)
    assert.isAtLeast((body["sequential"] as { readonly share: number }).share, 0.9)
  })

  it("refuses more than a few seconds of work", async () => {
    const answer = await post("/experiments/proof", {
      population: { kind: "rate", rate: 0.05 },
      units_per_arm_and_day: 1000,
      days: 60,
      runs: 1000
    })
    assert.strictEqual(answer.status, 400)
    assert.deepStrictEqual(errorsOf(answer), ["/runs too_many"])
  })
})
