import { assert, layer as layerOf } from "@effect/vitest"
import { Effect } from "effect"
import type { Layer } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import { WorkspaceId } from "../WorkspaceId.ts"
import { AuditLog } from "./AuditLog.ts"
import type { AuditRecord } from "./AuditLog.ts"

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
