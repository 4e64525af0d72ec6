import { assert, layer as layerOf } from "@effect/vitest"
import { Effect } from "effect"
import type { Layer } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import { WorkspaceId } from "../WorkspaceId.ts"
import { AuditLog } from "./AuditLog.ts"
import type { AuditFilter, AuditRecord } from "./AuditLog.ts"

const one = WorkspaceId.make("one")
const record = (id: string, at: number, actor: string, action: string): AuditRecord => ({
  id,
  at,
  actor,
  action,
  target: "keys/k",
  request_id: `request-${id}`
})

/** The promises of AuditLog, for every adapter. */
export const suite = (name: string, layer: () => Layer.Layer<AuditLog, PortFailure>): void => {
  layerOf(layer())(`AuditLog: ${name}`, (it) => {
    it.effect("lists newest first, by actor, by action, by both, page by page", () =>
      Effect.gen(function* () {
        const log = yield* AuditLog
        yield* log.append(one, record("r1", 10, "anna", "key.created"))
        yield* log.append(one, record("r3", 30, "ben", "key.created"))
        yield* log.append(one, record("r2", 20, "anna", "settings.changed"))
        const ids = (filter: { actor?: string; action?: string }) =>
          Effect.map(log.list({ workspace: one, limit: 10, ...filter }), ({ items }) => items.map(({ id }) => id))
        assert.deepStrictEqual(yield* ids({}), ["r3", "r2", "r1"])
        assert.deepStrictEqual(yield* ids({ actor: "anna" }), ["r2", "r1"])
        assert.deepStrictEqual(yield* ids({ action: "key.created" }), ["r3", "r1"])
        assert.deepStrictEqual(yield* ids({ actor: "anna", action: "key.created" }), ["r1"])
        const first = yield* log.list({ workspace: one, limit: 2 })
        const rest = yield* log.list({ workspace: one, limit: 2, cursor: first.next })
        assert.deepStrictEqual(rest.items, [record("r1", 10, "anna", "key.created")])
        assert.isUndefined(rest.next)
        const foreign = yield* log.list({ workspace: WorkspaceId.make("other"), limit: 2 })
        assert.deepStrictEqual(foreign.items, [])
      })
    )

    it.effect("lists a time range, and targets by their beginning, page by page without a gap or a repeat", () =>
      Effect.gen(function* () {
        const log = yield* AuditLog
        const workspace = WorkspaceId.make("targets")
        for (let each = 0; each < 230; each += 1) {
          const target = each % 3 === 0 ? `keys/${each}` : `settings/${each}`
          yield* log.append(workspace, { ...record(`r${String(each).padStart(3, "0")}`, each, "anna", "a"), target })
        }
        const all = (filter: AuditFilter, limit: number) =>
          Effect.gen(function* () {
            const found: Array<string> = []
            let cursor: string | undefined
            do {
              const page = yield* log.list({ workspace, limit, cursor, ...filter })
              assert.isAtMost(page.items.length, limit)
              found.push(...page.items.map(({ target }) => target))
              cursor = page.next
            } while (cursor !== undefined)
            return found
          })
        const keys = (from: number, to: number) =>
          Array.from({ length: 230 }, (_, each) => 229 - each)
            .filter((each) => each % 3 === 0 && each >= from && each < to)
            .map((each) => `keys/${each}`)
        for (const limit of [1, 7, 100]) {
          assert.deepStrictEqual(yield* all({ targetPrefix: "keys/" }, limit), keys(0, 230))
        }
        const range = { fromMillis: 30, toMillis: 60 }
        assert.deepStrictEqual(yield* all({ targetPrefix: "keys/", ...range }, 3), keys(30, 60))
        assert.strictEqual((yield* all({ ...range, actor: "anna" }, 7)).length, 30)
        assert.deepStrictEqual(yield* all({ targetPrefix: "keys/21" }, 5), [
          "keys/219",
          "keys/216",
          "keys/213",
          "keys/210",
          "keys/21"
        ])
        assert.deepStrictEqual(yield* all({ targetPrefix: "nothing" }, 5), [])
      })
    )

    it.effect("keeps the first of two records of the same id", () =>
      Effect.gen(function* () {
        const log = yield* AuditLog
        const workspace = WorkspaceId.make("again")
        yield* log.append(workspace, record("r", 1, "anna", "first"))
        yield* log.append(workspace, record("r", 2, "anna", "second"))
        const { items } = yield* log.list({ workspace, limit: 10 })
        assert.deepStrictEqual(
          items.map(({ action }) => action),
          ["first"]
        )
      })
    )
  })
}
