import { assert, describe, layer as withLayer } from "@effect/vitest"
import { NodeCrypto } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as DuckdbEventStore from "../../../adapters/duckdb/EventStore.ts"
import * as RootKeyFile from "../../../adapters/files/RootKeys.ts"
import * as SqliteDocuments from "../../../adapters/sqlite/DocumentStore.ts"
import * as SqliteSubjectKeys from "../../../adapters/sqlite/SubjectKeys.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { Collections, DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { PortFailure } from "../../../ports/PortFailure.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { idAtDoor } from "./idAtDoor.ts"
import {
  applyAllMerges,
  catchUpMerges,
  collection,
  listMerges,
  mergeOrder,
  mergePeople,
  mergingWorkspaces,
  undoMerge
} from "./mergePeople.ts"

const folder = mkdtempSync(join(tmpdir(), "merges-"))
const world = Layer.mergeAll(
  DuckdbEventStore.layer({ file: join(folder, "events.duckdb") }),
  Layer.provide(
    SqliteDocuments.layer({ file: join(folder, "documents.sqlite") }),
    Layer.succeed(Collections, [collection, mergeOrder, mergingWorkspaces])
  ),
  Layer.provide(
    SqliteSubjectKeys.layer({ file: join(folder, "subjects.sqlite") }),
    RootKeyFile.layer({ file: join(folder, "root.key") })
  ),
  NodeCrypto.layer
)

let number = 0
const actorOf = (workspace: string) => ({
  workspace: WorkspaceId.make(workspace),
  keyId: "key",
  from: undefined,
  requestId: "request"
})

/** One event of each user, on a device of its own. */
const bring = Effect.fnUntraced(function* (workspace: string, users: ReadonlyArray<string>) {
  const store = yield* EventStore
  const lines = users.map((user_id) => {
    number += 1
    const event_id = `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`
    const rest = { event_type: "a", anonymous_id: `device-${number}`, user_id, time: number, received_at: number }
    return JSON.stringify({ v: 1, event_id, workspace, ...rest, index: 0, timestamp: number, properties: {} })
  })
  yield* store.insert({ partition: workspace, through: String(number), lines })
})

const people = Effect.fnUntraced(function* (workspace: string) {
  const found = yield* (yield* EventStore).people({ workspace: WorkspaceId.make(workspace), limit: 100 })
  return found.map(({ person_id }) => person_id).toSorted()
})

const merge = (workspace: string, from: string, into: string, force = true) =>
  mergePeople(actorOf(workspace), { from, into, force })
const refusal = (...given: Parameters<typeof merge>) =>
  Effect.map(Effect.flip(merge(...given)), (failure) =>
    failure._tag === "Refused" ? [failure.kind, failure.errors[0]?.pointer, failure.errors[0]?.code] : [failure._tag]
  )

describe("merges of people", () => {
  withLayer(world, { excludeTestServices: true })((it) => {
    it.effect("that the event store was away for reach it without another merge, and so does taking them back", () =>
      Effect.gen(function* () {
        yield* bring("away", ["a", "b"])
        const store = yield* EventStore
        const failure = new PortFailure({
          port: "EventStore",
          operation: "setMerges",
          reason: "unavailable",
          detail: ""
        })
        const away = Effect.provideService(EventStore, { ...store, setMerges: () => Effect.fail(failure) })
        assert.deepInclude(yield* Effect.flip(away(merge("away", "a", "b"))), { _tag: "PortFailure" })
        assert.deepStrictEqual(yield* people("away"), ["a", "b"])
        yield* catchUpMerges
        assert.deepStrictEqual(yield* people("away"), ["b"])
        const { items } = yield* listMerges(WorkspaceId.make("away"), 10, undefined)
        yield* Effect.flip(away(undoMerge(actorOf("away"), items[0]!.id)))
        yield* catchUpMerges
        assert.deepStrictEqual(yield* people("away"), ["a", "b"])
      })
    )

    it.effect("follow chains, and give every count back in whatever order they are undone", () =>
      Effect.gen(function* () {
        yield* bring("chain", ["a", "b", "c", "d"])
        const first = yield* merge("chain", "a", "b")
        const second = yield* merge("chain", "b", "c")
        assert.deepStrictEqual(yield* people("chain"), ["c", "d"])
        yield* undoMerge(actorOf("chain"), first.id)
        assert.deepStrictEqual(yield* people("chain"), ["a", "c", "d"])
        const again = yield* merge("chain", "a", "b")
        yield* undoMerge(actorOf("chain"), second.id)
        assert.deepStrictEqual(yield* people("chain"), ["b", "c", "d"])
        yield* undoMerge(actorOf("chain"), again.id)
        assert.deepStrictEqual(yield* people("chain"), ["a", "b", "c", "d"])
        assert.strictEqual((yield* Effect.flip(undoMerge(actorOf("chain"), again.id)))._tag, "Refused")
      })
    )

    it.effect("refuse what makes no sense: two known users without force, circles, a second time, nobody", () =>
      Effect.gen(function* () {
        yield* bring("guarded", ["a", "b", "c"])
        assert.deepStrictEqual(yield* refusal("guarded", "a", "b", false), ["conflict", "/force", "both_known"])
        yield* merge("guarded", "a", "b")
        yield* merge("guarded", "b", "c")
        assert.deepStrictEqual(yield* refusal("guarded", "c", "a"), ["conflict", "/into", "cycle"])
        assert.deepStrictEqual(yield* refusal("guarded", "a", "c"), ["conflict", "/from", "merged_before"])
        assert.deepStrictEqual(yield* refusal("guarded", "a", "a"), ["bad-request", "/into", "same_user"])
        assert.deepStrictEqual(yield* refusal("guarded", " NULL", "a"), ["bad-request", "/from", "reserved_id"])
        assert.deepStrictEqual(yield* people("guarded"), ["c"])
      })
    )

    it.effect("never make a circle, even when they come together", () =>
      Effect.gen(function* () {
        const users = Array.from({ length: 8 }, (_, at) => `u${at}`)
        yield* bring("together", users)
        const ended = yield* Effect.forEach(
          users,
          (from, at) => Effect.exit(merge("together", from, users[(at + 1) % users.length]!)),
          { concurrency: "unbounded" }
        )
        assert.isBelow(ended.filter((exit) => exit._tag === "Success").length, users.length)
        const { items } = yield* listMerges(WorkspaceId.make("together"), 100, undefined)
        assert.strictEqual((yield* people("together")).length, users.length - items.length)
      })
    )

    it.effect("know a user by e-mail address, and keep no address in clear", () =>
      Effect.gen(function* () {
        const workspace = WorkspaceId.make("personal")
        const address = yield* idAtDoor(workspace, "anna@example.com")
        yield* bring("personal", [address, "anna"])
        const made = yield* merge("personal", "Anna@Example.com", "anna")
        assert.strictEqual(made.from, address)
        assert.deepStrictEqual(yield* people("personal"), ["anna"])
        const documents = yield* DocumentStore
        const stored = yield* documents.get(workspace, collection.name, made.id)
        assert.notInclude(JSON.stringify(stored), "@")
      })
    )

    it.effect("stand again after the event store lost its data", () =>
      Effect.gen(function* () {
        yield* bring("again", ["a", "b"])
        yield* merge("again", "a", "b")
        yield* (yield* EventStore).setMerges(WorkspaceId.make("again"), [])
        assert.strictEqual((yield* people("again")).length, 2)
        yield* applyAllMerges
        assert.strictEqual((yield* people("again")).length, 1)
      })
    )
  })
})
