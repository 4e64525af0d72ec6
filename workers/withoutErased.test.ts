import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Tombstones } from "../ports/privacy/SubjectKeys.ts"
import { countErased, erasedSince, withoutErased } from "./withoutErased.ts"

const lineOf = (workspace: string, ids: { readonly anonymous_id: string; readonly user_id?: string }): string =>
  JSON.stringify({ v: 1, event_id: "1", workspace, event_type: "page_view", ...ids, properties: {} })

const listOf = (erased: Map<string, ReadonlyArray<string>>): Tombstones => ({
  get counts() {
    return new Map([...erased].map(([workspace, subjects]) => [workspace, subjects.length]))
  },
  has: (workspace, subject) => erased.get(workspace)?.includes(subject) === true
})
const tombstones = listOf(new Map([["one", ["ada", "phone"]]]))

describe("lines of erased subjects", () => {
  it.effect("are left out: the user's wherever they were, and the device's that are nobody else's", () =>
    Effect.gen(function* () {
      const kept = [
        lineOf("one", { anonymous_id: "phone", user_id: "ben" }),
        lineOf("one", { anonymous_id: "tablet" }),
        lineOf("two", { anonymous_id: "phone", user_id: "ada" })
      ]
      const gone = [
        lineOf("one", { anonymous_id: "tablet", user_id: "ada" }),
        lineOf("one", { anonymous_id: "phone" }),
        lineOf("one", { anonymous_id: "phone", user_id: "null" }),
        `{"properties":{"workspace":"two"},"workspace":"one","anonymous_id":"phone"}`
      ]
      const noEvents = ["", "null", "no line", `{"workspace":"one"}`]
      const lines = Array.from({ length: 300 }, () => [...gone, ...kept, ...noEvents]).flat()
      const left = yield* withoutErased(tombstones, lines)
      assert.deepStrictEqual(left, Array.from({ length: 300 }, () => [...kept, ...noEvents]).flat())
    })
  )

  it("are looked for again where somebody was erased meanwhile", () => {
    const erased = new Map<string, ReadonlyArray<string>>([["one", ["ada"]]])
    const growing = listOf(erased)
    const before = countErased(growing)
    const lines = ["ada", "ben", "carl"].flatMap((user_id) =>
      ["one", "two"].map((workspace) => lineOf(workspace, { anonymous_id: "tablet", user_id }))
    )
    assert.deepStrictEqual(erasedSince(growing, before, lines), [])
    erased.set("one", ["ada", "ben", "somebody else"])
    erased.set("two", ["carl"])
    assert.deepStrictEqual(
      erasedSince(growing, before, lines.slice(2)).map(({ subjects, workspace }) => [String(workspace), subjects]),
      [
        ["one", ["ben"]],
        ["two", ["carl"]]
      ]
    )
  })

  it.effect("are none where nobody was erased: the lines come back as they are", () =>
    Effect.gen(function* () {
      const lines = [lineOf("one", { anonymous_id: "phone" })]
      assert.strictEqual(yield* withoutErased(listOf(new Map()), lines), lines)
    })
  )
})
