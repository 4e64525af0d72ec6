import { assert, layer as withLayer } from "@effect/vitest"
import { Effect, Stream } from "effect"
import type { Layer } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import { WorkspaceId } from "../WorkspaceId.ts"
import { EventLake, sealedReference } from "./EventLake.ts"
import { fill, lakeLine } from "./EventLake.suite.ts"
import { EventSpool, spoolSliceBytes } from "./EventSpool.ts"
import type { SpoolOrder } from "./EventSpool.ts"

const dayMillis = 86_400_000
const start = Date.UTC(2026, 0, 1)
const unlimited = { eventsMax: 1_000_000, bytesMax: 1_000_000_000 }
const id = (number: number): string => `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`

const orderOf = (workspace: string, more: Partial<SpoolOrder> = {}): SpoolOrder => ({
  workspace: WorkspaceId.make(workspace),
  format: "ndjson",
  columns: ["event_id", "time", "properties"],
  fromMillis: start,
  toMillis: start + 1000 * dayMillis,
  arrivedBeforeMicros: 4_000_000_000_000_000,
  filter: { kind: "and", filters: [] },
  escapesFormulas: true,
  clear: undefined,
  ...more
})

const writeAll = Effect.fnUntraced(function* (name: string, order: SpoolOrder) {
  const spool = yield* EventSpool
  for (const part of yield* spool.parts(name, order)) yield* spool.writePart(name, order, part, unlimited)
  return yield* spool.finish(name, order)
})

const bytesOf = Effect.fnUntraced(function* (name: string, from = 0, to = Number.MAX_SAFE_INTEGER) {
  const spool = yield* EventSpool
  return Buffer.concat(yield* Stream.runCollect(spool.read(name, from, to)))
})

const textOf = (name: string, order: SpoolOrder) =>
  Effect.andThen(
    writeAll(name, order),
    Effect.map(bytesOf(name), (bytes) => bytes.toString("utf8"))
  )

const idsOf = (name: string, order: SpoolOrder) =>
  Effect.map(textOf(name, order), (text) =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => Number(`0x${(JSON.parse(line) as { event_id: string }).event_id.slice(-12)}`))
  )

/** The promises of EventSpool, for every adapter, over an empty lake. */
export const suite = (name: string, layer: () => Layer.Layer<EventLake | EventSpool, PortFailure>): void => {
  withLayer(layer(), { excludeTestServices: true })(`EventSpool: ${name}`, (it) => {
    it.effect("writes the events of the range that fit, in arrival order, of this workspace alone", () =>
      Effect.gen(function* () {
        yield* fill([
          lakeLine("chosen", 4, { time: start + dayMillis }),
          lakeLine("chosen", 3, { time: start + 5 }),
          lakeLine("chosen", 2, { time: start + 5 }),
          lakeLine("chosen", 1, { time: start - 1 }),
          lakeLine("chosen", 5, { time: start + 2 * dayMillis, event_type: "order" }),
          lakeLine("elsewhere", 9, { time: start + 5 })
        ])
        assert.deepStrictEqual(yield* idsOf("all", orderOf("chosen")), [2, 3, 4, 5])
        const until = orderOf("chosen", { toMillis: start + 2 * dayMillis })
        assert.deepStrictEqual(yield* idsOf("until", until), [2, 3, 4])
        const field = { kind: "column", column: "event_type" } as const
        const orders = orderOf("chosen", { filter: { kind: "is", field, value: "order" } })
        assert.deepStrictEqual(yield* idsOf("orders", orders), [5])
        const arrived = orderOf("chosen", { arrivedBeforeMicros: (start + 5) * 1000 + 3 })
        assert.deepStrictEqual(yield* idsOf("arrived", arrived), [2])
        assert.deepStrictEqual(yield* idsOf("nobody", orderOf("nobody")), [])
      })
    )

    it.effect("leaves out the events of who is restricted, as a user and as a device", () =>
      Effect.gen(function* () {
        yield* fill([
          lakeLine("kept-apart", 1, { time: start, anonymous_id: "phone", user_id: "ada" }),
          lakeLine("kept-apart", 2, { time: start, anonymous_id: "phone" }),
          lakeLine("kept-apart", 3, { time: start, anonymous_id: "phone", user_id: "ben" }),
          lakeLine("kept-apart", 4, { time: start, anonymous_id: "ada" })
        ])
        const without = orderOf("kept-apart", { restricted: ["ada", "phone"] })
        assert.deepStrictEqual(yield* idsOf("without", without), [3])
        assert.deepStrictEqual(yield* idsOf("with", orderOf("kept-apart")), [1, 2, 3, 4])
      })
    )

    it.effect("writes JSON lines with every column, absent ones as null", () =>
      Effect.gen(function* () {
        const properties = { text: 'a "b"\n€', list: [1, null], deep: { value: 1.5 } }
        yield* fill([lakeLine("lines", 1, { time: start + 7, properties })])
        const columns = ["event_id", "time", "received_at", "user_id", "historical", "properties"] as const
        const text = yield* textOf("lines", orderOf("lines", { columns }))
        assert.match(text, /^[^\n]+\n$/)
        assert.deepStrictEqual(JSON.parse(text), {
          event_id: id(1),
          time: "2026-01-01T00:00:00.007Z",
          received_at: "2026-01-01T00:00:00.007001Z",
          user_id: null,
          historical: false,
          properties
        })
      })
    )

    it.effect("writes CSV of RFC 4180, and no formulas unless told", () =>
      Effect.gen(function* () {
        const page = { url: "https://x.test/", path: "/", title: '=HYPERLINK("http://evil")' }
        yield* fill([
          lakeLine("csv", 1, { user_id: "", page, properties: { note: 'say "hi", you' } }),
          lakeLine("csv", 2, { user_id: "-1+2\r\nnext", time: start + 1 })
        ])
        const columns = ["event_id", "user_id", "title", "amount_minor", "properties"] as const
        const order = orderOf("csv", { format: "csv", columns })
        assert.strictEqual(
          yield* textOf("safe", order),
          [
            "event_id,user_id,title,amount_minor,properties",
            `${id(1)},"","'=HYPERLINK(""http://evil"")",,"{""note"":""say \\""hi\\"", you""}"`,
            `${id(2)},"'-1+2\r\nnext",,,"{}"`,
            ""
          ].join("\r\n")
        )
        const plain = yield* textOf("plain", { ...order, escapesFormulas: false })
        assert.include(plain, `"=HYPERLINK(""http://evil"")"`)
        assert.include(plain, `"-1+2\r\nnext"`)
        assert.strictEqual(
          yield* textOf("none", { ...order, workspace: WorkspaceId.make("empty") }),
          `${columns.join(",")}\r\n`
        )
      })
    )

    it.effect("is read from any byte on, a little at once", () =>
      Effect.gen(function* () {
        const spool = yield* EventSpool
        const properties = { text: "ä".repeat(20_000) }
        yield* fill(
          Array.from({ length: 30 }, (_, number) =>
            lakeLine("bytes", number, { time: start + number * dayMillis, properties })
          )
        )
        const whole = yield* writeAll("bytes", orderOf("bytes"))
        const bytes = yield* bytesOf("bytes")
        assert.deepStrictEqual(whole, { events: 30, bytes: bytes.length })
        const some = yield* Stream.runCollect(spool.read("bytes", 0, bytes.length))
        assert.isTrue(some.every(({ length }) => length > 0 && length <= spoolSliceBytes))
        for (const [from, to] of [
          [0, 1],
          [40_001, 40_003],
          [39_000, 900_000],
          [bytes.length - 1, bytes.length + 5],
          [bytes.length, bytes.length + 5]
        ] as const) {
          assert.isTrue((yield* bytesOf("bytes", from, to)).equals(bytes.subarray(from, to)), `${from}-${to}`)
        }
        const removed = Stream.mapEffect(spool.read("bytes", 0, bytes.length), () => spool.remove("bytes"))
        assert.strictEqual((yield* Effect.flip(Stream.runDrain(removed))).operation, "read")
      })
    )

    it.effect("goes on behind the last whole part, and does not write it again", () =>
      Effect.gen(function* () {
        const spool = yield* EventSpool
        yield* fill([lakeLine("again", 1), lakeLine("again", 2, { time: start + dayMillis })])
        const order = orderOf("again")
        const parts = yield* spool.parts("again", order)
        const first = yield* spool.writePart("again", order, parts[0]!, unlimited)
        yield* fill([lakeLine("again", 3), lakeLine("again", 4, { time: start + 2 * dayMillis })])
        assert.deepStrictEqual(yield* spool.parts("again", order), parts)
        assert.deepStrictEqual(yield* spool.writePart("again", order, parts[0]!, unlimited), first)
        assert.deepStrictEqual(yield* idsOf("again", order), [1, 2])
        assert.deepStrictEqual(yield* idsOf("fresh", order), [1, 3, 2, 4])
      })
    )

    it.effect("says where there is more than there may be", () =>
      Effect.gen(function* () {
        const spool = yield* EventSpool
        yield* fill([1, 2, 3].map((number) => lakeLine("limits", number)))
        const write = Effect.fnUntraced(function* (limits: object, more: Partial<SpoolOrder> = {}) {
          const order = orderOf("limits", more)
          const [part = ""] = yield* spool.parts("limits", order)
          return yield* spool.writePart("limits", order, part, { ...unlimited, ...limits })
        })
        for (const format of ["ndjson", "csv", "parquet"] as const) {
          assert.strictEqual((yield* write({ eventsMax: 2 }, { format })).exceeds, "events")
          assert.strictEqual((yield* write({ bytesMax: 20 }, { format })).exceeds, "bytes")
        }
        assert.strictEqual((yield* write({ eventsMax: 3 })).events, 3)
      })
    )

    it.effect("holds nobody who is being removed, and nothing once it is removed", () =>
      Effect.gen(function* () {
        const spool = yield* EventSpool
        const lake = yield* EventLake
        yield* fill([lakeLine("gone", 1, { user_id: "ada" }), lakeLine("gone", 2, { user_id: "ben" })])
        assert.deepStrictEqual(yield* idsOf("before", orderOf("gone")), [1, 2])
        yield* lake.remove(WorkspaceId.make("gone"), { kind: "subjects", userIds: ["ada"], anonymousIds: [] })
        assert.deepStrictEqual(yield* idsOf("after", orderOf("gone")), [2])
        yield* spool.remove("before")
        yield* spool.remove("before")
        assert.notInclude(yield* spool.names, "before")
        assert.strictEqual((yield* Effect.flip(bytesOf("before"))).port, "EventSpool")
      })
    )

    it.effect("holds clear values where references stood, in every format", () =>
      Effect.gen(function* () {
        const spool = yield* EventSpool
        const traits = { email: { $pii: "c2VhbGVk", $index: "00" } }
        yield* fill(
          Array.from({ length: 3000 }, (_, number) =>
            lakeLine("clear", number, { user_id: "ada", traits, properties: { text: "x".repeat(500) } })
          )
        )
        const clear = (text: string) =>
          Effect.sync(() => {
            assert.isBelow(text.length, 4 * 1024 * 1024)
            return text.replaceAll(sealedReference, "ada@example.com")
          })
        const columns = ["event_id", "time", "personal", "properties"] as const
        for (const format of ["ndjson", "csv", "parquet"] as const) {
          const order = orderOf("clear", { format, columns, clear })
          const { bytes, events } = yield* writeAll(`clear-${format}`, order)
          assert.strictEqual(events, 3000, format)
          const read = yield* bytesOf(`clear-${format}`)
          assert.strictEqual(read.length, bytes)
          assert.notInclude(read.toString("latin1"), "$pii")
          if (format !== "parquet") assert.strictEqual(read.toString("utf8").split("ada@example.com").length - 1, 3000)
        }
        yield* spool.remove("clear-csv")
      })
    )
  })
}
