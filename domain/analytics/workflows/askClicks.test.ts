import { assert, describe, it } from "@effect/vitest"
import { Effect, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { clickHistory } from "../testing/clickHistories.ts"
import { clicksOf } from "../testing/clickReference.ts"
import { questionWorld, storeHistory } from "../testing/questionWorld.ts"
import type { GeneratedHistory } from "../testing/questionWorld.ts"
import { country } from "../testing/selections.ts"
import { vitalsOf } from "../testing/vitalReference.ts"
import { askClicks } from "./askClicks.ts"
import { askVitals } from "./askVitals.ts"

const runs = Number(process.env["HISTORIES"] ?? 25)

const question = fc.record({
  path: fc.constantFrom(undefined, undefined, "/a", "/b"),
  host: fc.constantFrom(undefined, undefined, "shop.example"),
  device: fc.constantFrom(undefined, undefined, "desktop" as const, "tablet" as const, "mobile" as const),
  order: fc.constantFrom("rage" as const, "dead" as const, "clicks" as const),
  top: fc.constantFrom(1, 2, 100),
  german: fc.boolean()
})
type Asked = typeof question extends fc.Arbitrary<infer A> ? A : never

describe("questions about clicks and web vitals", () => {
  const runtime = ManagedRuntime.make(questionWorld())
  let number = 0
  let bursts = 0

  const answersLikeReference = async (generated: GeneratedHistory, questions: ReadonlyArray<Asked>) => {
    number += 1
    const { merges, zone } = generated
    await runtime.runPromise(
      Effect.gen(function* () {
        const { all, inRange, range, workspace } = yield* storeHistory(`clicks-${number}`, generated)
        for (const { device, german, host, order, path, top } of questions) {
          const asked = {
            date_range: range,
            time_zone: zone,
            top,
            ...(path === undefined ? {} : { path }),
            ...(host === undefined ? {} : { host: `www.${host}` }),
            ...(device === undefined ? {} : { device }),
            ...(german ? { filters: { dimension: "country", operator: "is" as const, value: "DE" } } : {})
          }
          const matches = german ? (event: (typeof all)[number]) => country(event) === "DE" : () => true
          const pages = { inRange, matches, device, host, path, top }
          const clicks = yield* askClicks(workspace, { ...asked, order })
          const { elements, other_elements, totals } = clicks
          bursts += totals.rage_bursts
          assert.deepStrictEqual(
            { elements, other_elements, totals },
            clicksOf(all, { ...pages, order }, merges),
            JSON.stringify([asked, order])
          )
          const vitals = yield* askVitals(workspace, asked)
          const found = { totals: vitals.totals, pages: vitals.pages, other_pages: vitals.other_pages }
          assert.deepStrictEqual(found, vitalsOf(all, pages) as typeof found, JSON.stringify(asked))
        }
      })
    )
  }

  it(`are answered like the reference on ${runs} generated histories`, { timeout: 240_000 }, async () => {
    const questions = fc.array(question, { minLength: 4, maxLength: 4 })
    await fc.assert(fc.asyncProperty(clickHistory("history"), questions, answersLikeReference), { numRuns: runs })
    assert.isAbove(bursts, 0)
  })

  it("answer an empty workspace", async () => {
    const date_range = { from: "2026-03-01", to: "2026-03-02" }
    const workspace = WorkspaceId.make("empty")
    const [clicks, vitals] = await runtime.runPromise(
      Effect.all([askClicks(workspace, { date_range }), askVitals(workspace, { date_range })])
    )
    assert.deepStrictEqual([clicks.elements, clicks.other_elements, clicks.totals.clicks], [[], 0, 0])
    assert.deepStrictEqual(
      [vitals.pages, vitals.other_pages, vitals.totals],
      [[], 0, { samples: 0, vitals: [], passes: null, devices: [] }]
    )
  })

  it("name every wrong field", async () => {
    const asked = {
      date_range: { from: "2026-01-02", to: "2026-01-01" },
      top: 101,
      filters: { dimension: "contry", operator: "is", value: "DE" }
    }
    const failures = await runtime.runPromise(
      Effect.all([
        Effect.flip(askClicks(WorkspaceId.make("wrong"), asked)),
        Effect.flip(askVitals(WorkspaceId.make("wrong"), asked))
      ])
    )
    for (const failure of failures)
      assert.deepStrictEqual(
        failure._tag === "InvalidQuestion" ? failure.errors.map(({ code, pointer }) => [pointer, code]) : [],
        [
          ["/date_range", "reversed_range"],
          ["/top", "out_of_range"],
          ["/filters/dimension", "unknown_dimension"]
        ]
      )
  })
})
