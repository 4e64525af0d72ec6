import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import {
  recentContextCharactersMax,
  RecentContexts,
  recentContextsHeldMax,
  recentContextsMax,
  recentContextsPerSecond
} from "../../ports/experiments/RecentContexts.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { layer } from "./RecentContexts.ts"

const workspace = WorkspaceId.make("w")
const other = WorkspaceId.make("other")

/** So many units, a second for as many as one has room for. */
const fill = Effect.fnUntraced(function* (in_: WorkspaceId, environment: string, units: number) {
  const recent = yield* RecentContexts
  for (let at = 0; at < units; at += 1) {
    if (at % recentContextsPerSecond === 0) yield* TestClock.adjust("1 second")
    recent.note(in_, environment, "flag", { user_id: `u${at}` })
  }
})

describe("contexts of late", () => {
  it.effect("are one a unit, the newest last, with the flags that were evaluated", () =>
    Effect.gen(function* () {
      const recent = yield* RecentContexts
      recent.note(workspace, "production", "a", { user_id: "ada", plan: "free" })
      recent.note(workspace, "production", undefined, { anonymous_id: "device" })
      recent.note(workspace, "production", "b", { user_id: "ada", plan: "pro" })
      recent.note(workspace, "staging", "a", { user_id: "grace" })
      const listed = recent.list(workspace, "production")
      assert.deepStrictEqual(
        listed.map(({ attributes, flags, inBulk }) => [attributes, [...flags], inBulk]),
        [
          [{ anonymous_id: "device" }, [], true],
          [{ user_id: "ada", plan: "pro" }, ["a", "b"], false]
        ]
      )
      assert.deepStrictEqual(recent.list(other, "production"), [])
    }).pipe(Effect.provide(layer))
  )

  it.effect("are so many a second, so many of an environment and so many of all, none too large or too old", () =>
    Effect.gen(function* () {
      const recent = yield* RecentContexts
      const counted = (of: WorkspaceId, environment: string) => recent.list(of, environment).length
      for (let at = 0; at < 2 * recentContextsPerSecond; at += 1)
        recent.note(workspace, "fast", "a", { user_id: `u${at}` })
      assert.strictEqual(counted(workspace, "fast"), recentContextsPerSecond)
      recent.note(workspace, "large", "a", { user_id: "u", text: "x".repeat(recentContextCharactersMax) })
      assert.strictEqual(counted(workspace, "large"), 0)
      yield* fill(workspace, "full", recentContextsMax + 100)
      assert.strictEqual(counted(workspace, "full"), recentContextsMax)
      assert.deepStrictEqual(recent.list(workspace, "full").at(-1)!.attributes, {
        user_id: `u${recentContextsMax + 99}`
      })
      const many = Array.from({ length: 6 }, (_, at) => `e${at}`)
      for (const environment of many) yield* fill(other, environment, recentContextsMax)
      const all =
        counted(workspace, "fast") +
        counted(workspace, "full") +
        many.reduce((sum, each) => sum + counted(other, each), 0)
      assert.strictEqual(all, recentContextsHeldMax)
      assert.strictEqual(counted(workspace, "fast"), recentContextsPerSecond)
      yield* TestClock.adjust("25 hours")
      assert.strictEqual(counted(other, "e5"), 0)
      yield* fill(workspace, "full", 10)
      assert.strictEqual(counted(workspace, "full"), 10)
    }).pipe(Effect.provide(layer))
  )

  it.effect("are given out and forgotten by user and device, in every environment of the workspace alone", () =>
    Effect.gen(function* () {
      const recent = yield* RecentContexts
      for (const in_ of [workspace, other]) {
        recent.note(in_, "production", "a", { user_id: "ada", anonymous_id: "phone" })
        recent.note(in_, "staging", "a", { anonymous_id: "phone" })
        recent.note(in_, "staging", "a", { user_id: "grace" })
      }
      const isPhone = (id: string) => id === "phone"
      assert.strictEqual(recent.naming(workspace, isPhone).length, 2)
      assert.strictEqual(recent.forget(workspace, isPhone), 2)
      assert.deepStrictEqual(recent.naming(workspace, isPhone), [])
      assert.deepStrictEqual(
        recent.list(workspace, "staging").map(({ attributes }) => attributes),
        [{ user_id: "grace" }]
      )
      assert.strictEqual(recent.naming(other, isPhone).length, 2)
    }).pipe(Effect.provide(layer))
  )
})
