import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { flags } from "../../../ports/experiments/Flag.ts"
import type { Flag } from "../../../ports/experiments/Flag.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { readItem } from "../../platform/resources.ts"
import { createDefaultWorkspace } from "../../platform/workspaces.ts"
import { definitionsWorld } from "../testing/definitionsWorld.ts"
import { listFlagRevisions } from "./flagRevisions.ts"
import { createFlag, replaceFlag } from "./flags.ts"

const workspace = WorkspaceId.make("default")
const actor: Actor = { workspace, keyId: "test", from: undefined, requestId: "test" }
const at = Date.parse("2026-12-01T12:00:00Z")

describe("the history of definitions", () => {
  it.effect("keeps every change of one millisecond, in their order", () =>
    Effect.gen(function* () {
      yield* createDefaultWorkspace
      const flag = { key: "checkout", type: "boolean" } as const
      yield* createFlag(actor, { ...flag, description: "0" })
      // More than ten: revisions are not ordered as texts.
      for (let change = 1; change <= 11; change += 1) {
        const { revision } = yield* readItem<Flag>(flags, workspace, "checkout")
        yield* replaceFlag(actor, "checkout", { ...flag, description: String(change) }, revision)
      }
      const { items } = yield* listFlagRevisions(workspace, "checkout", 100, undefined)
      assert.deepStrictEqual(
        items.map(({ change, changed_at, flag: was }) => ({ change, changed_at, description: was?.description })),
        Array.from({ length: 12 }, (_, later) => ({
          change: later === 11 ? ("made" as const) : ("changed" as const),
          changed_at: at,
          description: String(11 - later)
        }))
      )
    }).pipe(Effect.provide(definitionsWorld), (test) => Effect.andThen(TestClock.setTime(at), test))
  )
})
