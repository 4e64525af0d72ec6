import { assert, describe, it } from "@effect/vitest"
import { Effect, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { clickHistory } from "../testing/clickHistories.ts"
import { heatmapOf } from "../testing/heatmapReference.ts"
import { questionWorld, storeHistory } from "../testing/questionWorld.ts"
import type { GeneratedHistory } from "../testing/questionWorld.ts"
import { country } from "../testing/selections.ts"
import { askHeatmap, listHeatmapPages } from "./askHeatmap.ts"

const runs = Number(process.env["HISTORIES"] ?? 25)

const question = fc.record({
  path: fc.constantFrom("/a", "/b"),
  host: fc.constantFrom(undefined, undefined, "shop.example"),
  device: fc.constantFrom(undefined, undefined, "desktop" as const, "tablet" as const, "mobile" as const),
  columns: fc.constantFrom(1, 3, 64, 100),
  rows: fc.constantFrom(1, 7, 128, 150),
  top: fc.constantFrom(1, 2, 100),
  german: fc.boolean()
})
type Generated = typeof question extends fc.Arbitrary<infer A> ? A : never

describe("askHeatmap", () => {
  const runtime = ManagedRuntime.make(questionWorld())
  let number = 0

  const answersLikeReference = async (generated: GeneratedHistory, questions: ReadonlyArray<Generated>) => {
    number += 1
    const { merges, zone } = generated
    await runtime.runPromise(
      Effect.gen(function* () {
        const { all, inRange, range, workspace } = yield* storeHistory(`history-${number}`, generated)
        for (const { device, german, host, ...cells } of questions) {
          const asked = {
            date_range: range,
            time_zone: zone,
            ...cells,
            ...(host === undefined ? {} : { host: `www.${host}` }),
            ...(device === undefined ? {} : { device }),
            ...(german ? { filters: { dimension: "country", operator: "is" as const, value: "DE" } } : {})
          }
          const { maps } = yield* askHeatmap(workspace, asked)
          const matches = german ? (event: (typeof all)[number]) => country(event) === "DE" : () => true
          const expected = heatmapOf(all, { inRange, matches, device, host, ...cells }, merges)
          assert.deepStrictEqual(maps, expected as typeof maps, JSON.stringify(asked))
        }
      })
    )
  }

  it(`answers like the reference on ${runs} generated histories`, { timeout: 240_000 }, async () => {
    const questions = fc.array(question, { minLength: 4, maxLength: 4 })
    await fc.assert(fc.asyncProperty(clickHistory("history"), questions, answersLikeReference), { numRuns: runs })
  })

  const range = { from: "2026-03-01", to: "2026-03-02" }

  it("answers an empty workspace", async () => {
    const [map, pages] = await runtime.runPromise(
      Effect.all([
        askHeatmap(WorkspaceId.make("empty"), { date_range: range, path: "/" }),
        listHeatmapPages(WorkspaceId.make("empty"), { ...range, limit: 25 })
      ])
    )
    assert.deepStrictEqual([map.maps, map.as_of, pages.items, pages.next_offset], [[], null, [], null])
  })

  it("names every wrong field", async () => {
    const failure = await runtime.runPromise(
      Effect.flip(
        askHeatmap(WorkspaceId.make("wrong"), {
          date_range: { from: "2026-01-02", to: "2026-01-01" },
          path: "/",
          columns: 101,
          rows: 0,
          top: 101,
          filters: { dimension: "contry", operator: "is", value: "DE" }
        })
      )
    )
    assert.deepStrictEqual(
      failure._tag === "InvalidQuestion" ? failure.errors.map(({ code, pointer }) => [pointer, code]) : [],
      [
        ["/columns", "out_of_range"],
        ["/rows", "out_of_range"],
        ["/date_range", "reversed_range"],
        ["/top", "out_of_range"],
        ["/filters/dimension", "unknown_dimension"]
      ]
    )
  })
})
