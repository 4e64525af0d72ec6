import { assert, layer as layerOf } from "@effect/vitest"
import { Effect } from "effect"
import type { Layer } from "effect"
import { TestClock } from "effect/testing"
import type { PortFailure } from "../PortFailure.ts"
import { WorkspaceId } from "../WorkspaceId.ts"
import { commitWritesMax, DocumentStore } from "./DocumentStore.ts"
import type { Collection, DocumentWrite } from "./DocumentStore.ts"

/** The collections that the layer under test must hold. */
export const suiteCollections: ReadonlyArray<Collection> = [
  {
    name: "things",
    unique: ["slug"],
    indexes: [
      { name: "by_rank", equals: ["status"], sort: "rank", direction: "ascending" },
      { name: "newest", equals: [], sort: "made.at", direction: "descending" }
    ]
  }
]

const one = WorkspaceId.make("one")
const other = WorkspaceId.make("other")

const put = (id: string, data: unknown, more: Partial<DocumentWrite & { kind: "put" }> = {}): DocumentWrite => ({
  kind: "put",
  collection: "things",
  id,
  expected: 0,
  schema_version: 1,
  subjects: [],
  data,
  ...more
})

/** All ids of an index, page by page. */
const ids = Effect.fnUntraced(function* (index: string, equals: ReadonlyArray<string>, limit: number) {
  const store = yield* DocumentStore
  const found: Array<string> = []
  let cursor: string | undefined
  do {
    const page = yield* store.list({ workspace: one, collection: "things", index, equals, limit, cursor })
    found.push(...page.items.map((item) => item.id))
    cursor = page.next
  } while (cursor !== undefined)
  return found
})

/** The promises of DocumentStore, for every adapter. The layer gives an empty store of {@link suiteCollections}. */
export const suite = (name: string, layer: () => Layer.Layer<DocumentStore, PortFailure>): void => {
  layerOf(layer())(`DocumentStore: ${name}`, (it) => {
    it.effect("counts revisions and refuses a write that names a stale one", () =>
      Effect.gen(function* () {
        const store = yield* DocumentStore
        assert.deepStrictEqual(yield* store.commit(one, { writes: [put("r", { n: 1 })] }), [1])
        assert.deepStrictEqual(yield* store.commit(one, { writes: [put("r", { n: 2 }, { expected: 1 })] }), [2])
        const stale = yield* Effect.flip(store.commit(one, { writes: [put("r", { n: 3 }, { expected: 1 })] }))
        assert.deepInclude(stale, { _tag: "StaleRevision", actual: 2 })
        const exists = yield* Effect.flip(store.commit(one, { writes: [put("r", { n: 3 })] }))
        assert.strictEqual(exists._tag, "StaleRevision")
        assert.deepInclude(yield* store.get(one, "things", "r"), { revision: 2, data: { n: 2 } })
        yield* store.commit(one, { writes: [{ kind: "delete", collection: "things", id: "r", expected: 2 }] })
        assert.isUndefined(yield* store.get(one, "things", "r"))
      })
    )

    it.effect("reads many by id at once: those that there are, of this workspace, as each alone", () =>
      Effect.gen(function* () {
        const store = yield* DocumentStore
        yield* store.commit(one, { writes: [put("many-1", { n: 1 }), put("many-2", { n: 2 })] })
        const found = yield* store.getMany(one, "things", ["many-2", "gone", "many-1", "many-2"])
        assert.sameMembers([...found.keys()], ["many-1", "many-2"])
        assert.deepStrictEqual(found.get("many-2"), yield* store.get(one, "things", "many-2"))
        assert.strictEqual((yield* store.getMany(other, "things", ["many-1"])).size, 0)
        assert.strictEqual((yield* store.getMany(one, "things", [])).size, 0)
      })
    )

    it.effect("commits all or nothing, records of audit, outbox and idempotency with it", () =>
      Effect.gen(function* () {
        const store = yield* DocumentStore
        const commit = (id: string, expected: number) => ({
          writes: [put(`${id}-1`, { n: 1 }), put(`${id}-2`, { n: 2 }, { expected })],
          audit: [{ id: `${id}-a`, data: { at: 1, actor: id }, subjects: [] }],
          outbox: [{ id: `${id}-o`, data: { at: 1 } }],
          idempotency: { id: `${id}-i`, expires_at: 1e15, data: { status: 201 } }
        })
        yield* Effect.flip(store.commit(one, commit("bad", 7)))
        for (const [collection, id] of [
          ["things", "bad-1"],
          ["audit", "bad-a"],
          ["outbox", "bad-o"],
          ["idempotency", "bad-i"]
        ] as const) {
          assert.isUndefined(yield* store.get(one, collection, id), `${collection}/${id}`)
        }
        assert.deepStrictEqual(yield* store.commit(one, commit("good", 0)), [1, 1])
        const found = yield* store.list({
          workspace: one,
          collection: "audit",
          index: "by_actor",
          equals: ["good"],
          limit: 10
        })
        assert.deepStrictEqual(
          found.items.map((item) => item.id),
          ["good-a"]
        )
        assert.deepInclude(yield* store.get(one, "idempotency", "good-i"), { data: { status: 201 } })
      })
    )

    it.effect("commits one of two requests of the same idempotency key", () =>
      Effect.gen(function* () {
        const store = yield* DocumentStore
        const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
        const commit = (id: string, expiresAt: number) =>
          store.commit(one, {
            writes: [put(id, {})],
            idempotency: { id: "once", expires_at: expiresAt, data: { made: id } }
          })
        yield* commit("first", now + 1000)
        assert.deepInclude(yield* Effect.flip(commit("second", now + 1000)), {
          _tag: "StaleRevision",
          collection: "idempotency"
        })
        assert.isUndefined(yield* store.get(one, "things", "second"))
        yield* TestClock.adjust("1 second")
        yield* commit("second", now + 2000)
        assert.deepInclude(yield* store.get(one, "idempotency", "once"), { data: { made: "second" } })
      })
    )

    it.effect("keeps unique fields unique within a workspace, free again after a delete", () =>
      Effect.gen(function* () {
        const store = yield* DocumentStore
        yield* store.commit(one, { writes: [put("u1", { slug: "é" })] })
        const failure = yield* Effect.flip(store.commit(one, { writes: [put("u2", { slug: "é" })] }))
        assert.deepInclude(failure, { _tag: "DuplicateKey", field: "slug" })
        yield* store.commit(other, { writes: [put("u2", { slug: "é" })] })
        yield* store.commit(one, { writes: [put("u1", { slug: "e" }, { expected: 1 })] })
        yield* store.commit(one, { writes: [put("u2", { slug: "é" })] })
      })
    )

    it.effect("lists an index in order, by pages of any size, numbers before strings", () =>
      Effect.gen(function* () {
        const store = yield* DocumentStore
        const ranks: ReadonlyArray<unknown> = [3, -1, "b", 0.5, 3, undefined, -1e9, "B", "é", 1e21, 0]
        for (const [index, rank] of ranks.entries()) {
          yield* store.commit(one, { writes: [put(`l${index}`.padStart(4, "0"), { status: "on", rank })] })
        }
        const expected = ["5", "6", "1", "10", "3", "0", "4", "9", "7", "2", "8"].map((n) => `l${n}`.padStart(4, "0"))
        for (const limit of [1, 2, 5, 100]) assert.deepStrictEqual(yield* ids("by_rank", ["on"], limit), expected)
        assert.deepStrictEqual(yield* ids("by_rank", ["off"], 10), [])
        const by = { collection: "things", index: "by_rank" }
        assert.strictEqual(yield* store.count({ ...by, workspace: one, equals: ["on"] }), ranks.length)
        assert.strictEqual(yield* store.count({ ...by, workspace: one, equals: ["off"] }), 0)
        assert.strictEqual(yield* store.count({ ...by, workspace: other, equals: ["on"] }), 0)
      })
    )

    it.effect("lists a range of the sort field, its beginning included and its end not, from a cursor too", () =>
      Effect.gen(function* () {
        const store = yield* DocumentStore
        const workspace = WorkspaceId.make("ranges")
        yield* store.commit(workspace, {
          writes: [10, 20, 30, 40, 50].map((at) => put(`t${at}`, { made: { at } }))
        })
        const list = { workspace, collection: "things", index: "newest", equals: [] }
        const found = (range: { from?: number; to?: number }, limit = 10) =>
          Effect.map(store.list({ ...list, range, limit }), ({ items }) => items.map(({ id }) => id))
        assert.deepStrictEqual(yield* found({ from: 20, to: 40 }), ["t30", "t20"])
        assert.deepStrictEqual(yield* found({ from: 40 }), ["t50", "t40"])
        assert.deepStrictEqual(yield* found({ to: 20 }), ["t10"])
        assert.deepStrictEqual(yield* found({}, 1), ["t50"])
        const range = { from: 20 }
        const first = yield* store.list({ ...list, range, limit: 3 })
        const rest = yield* store.list({ ...list, range, limit: 3, cursor: first.next })
        assert.deepStrictEqual(
          rest.items.map(({ id }) => id),
          ["t20"]
        )
        assert.isUndefined(rest.next)
        const other = yield* Effect.flip(store.list({ ...list, range: { from: 10 }, limit: 3, cursor: first.next }))
        assert.strictEqual(other._tag, "InvalidCursor")
      })
    )

    it.effect("goes on from a cursor while documents come and go around it", () =>
      Effect.gen(function* () {
        const store = yield* DocumentStore
        const at = (id: string, time: number) => put(id, { made: { at: time } })
        yield* store.commit(other, { writes: [at("c1", 10), at("c2", 20), at("c3", 30), at("c4", 40)] })
        const list = { workspace: other, collection: "things", index: "newest", equals: [], limit: 2 }
        const first = yield* store.list(list)
        assert.deepStrictEqual(
          first.items.map((item) => item.id),
          ["c4", "c3"]
        )
        yield* store.commit(other, {
          writes: [at("c5", 50), at("c0", 15), { kind: "delete", collection: "things", id: "c3", expected: 1 }]
        })
        const second = yield* store.list({ ...list, cursor: first.next })
        assert.deepStrictEqual(
          second.items.map((item) => item.id),
          ["c2", "c0"]
        )
        const foreign = yield* Effect.flip(store.list({ ...list, workspace: one, cursor: first.next }))
        assert.strictEqual(foreign._tag, "InvalidCursor")
        assert.strictEqual((yield* Effect.flip(store.list({ ...list, cursor: "%%%" })))._tag, "InvalidCursor")
      })
    )

    it.effect("shows nothing past its expiry and lets the id and its unique fields be used again", () =>
      Effect.gen(function* () {
        const store = yield* DocumentStore
        const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
        yield* store.commit(one, { writes: [put("e", { slug: "soon gone" }, { expires_at: now + 1000 })] })
        yield* TestClock.adjust("999 millis")
        assert.isDefined(yield* store.get(one, "things", "e"))
        yield* TestClock.adjust("1 millis")
        assert.isUndefined(yield* store.get(one, "things", "e"))
        assert.deepStrictEqual(
          yield* store.commit(one, { writes: [put("e2", { slug: "soon gone" }), put("e", {})] }),
          [1, 1]
        )
      })
    )

    it.effect("finds what speaks of a subject, and no other workspace's", () =>
      Effect.gen(function* () {
        const store = yield* DocumentStore
        yield* store.commit(one, {
          writes: [put("s1", {}, { subjects: ["anna", "ben"] }), put("s2", {}, { subjects: ["ben"] })]
        })
        yield* store.commit(other, { writes: [put("s3", {}, { subjects: ["ben"] })] })
        const found = yield* store.listBySubject(one, "ben")
        assert.deepStrictEqual(
          found.map((each) => each.id),
          ["s1", "s2"]
        )
        yield* store.commit(one, { writes: [put("s2", {}, { expected: 1, subjects: [] })] })
        assert.deepStrictEqual(
          (yield* store.listBySubject(one, "ben")).map((each) => each.id),
          ["s1"]
        )
      })
    )

    it.effect("refuses more writes than its limit, whole", () =>
      Effect.gen(function* () {
        const store = yield* DocumentStore
        const writes = Array.from({ length: commitWritesMax + 1 }, (_, index) => put(`m${index}`, {}))
        const failure = yield* Effect.flip(store.commit(one, { writes }))
        assert.include(failure._tag === "PortFailure" ? failure.detail : "", String(commitWritesMax))
        assert.isUndefined(yield* store.get(one, "things", "m0"))
      })
    )

    it.effect("counts neither what was deleted nor what is over", () =>
      Effect.gen(function* () {
        const store = yield* DocumentStore
        const workspace = WorkspaceId.make("counted")
        const now = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
        const passing = put("c2", { status: "on" }, { expires_at: now + 1000 })
        yield* store.commit(workspace, { writes: [put("c1", { status: "on" }), passing, put("c3", { status: "on" })] })
        const count = store.count({ workspace, collection: "things", index: "by_rank", equals: ["on"] })
        assert.strictEqual(yield* count, 3)
        yield* store.commit(workspace, { writes: [{ kind: "delete", collection: "things", id: "c1", expected: 1 }] })
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* count, 1)
      })
    )
  })
}
