import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import type { Layer } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import { WorkspaceId } from "../WorkspaceId.ts"
import { EventStore } from "./EventStore.ts"
import type { EventPlace, RejectedLine, ScannedValue, StoreReads, UserMerge } from "./EventStore.ts"
import answerVectors from "./answerVectors.golden.json" with { type: "json" }
import { toldOf } from "./answerVectors.ts"
import type { AnswerVector } from "./answerVectors.ts"
import vectors from "./EventStore.golden.json" with { type: "json" }
import { subjectKey } from "./MembershipPlan.ts"
import type { TrendPlan } from "./TrendPlan.ts"

/** Made by the slow reference: `domain/analytics/testing/eventStoreVectors.test.ts`. */
interface Vector {
  readonly plan: TrendPlan
  readonly lines: ReadonlyArray<object>
  readonly merges: ReadonlyArray<UserMerge>
  readonly groups: ReadonlyArray<ReadonlyArray<string | null>>
  readonly rows: ReadonlyArray<{
    readonly bucket: number | null
    readonly group: number | "other" | null
    readonly values: ReadonlyArray<number>
  }>
}

const dayMillis = 86_400_000
const start = Date.UTC(2026, 0, 1)

const idOf = (number: number): string => `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`

const lineOf = (
  workspace: string,
  number: number,
  more: {
    readonly [name: string]: unknown
    readonly properties?: Readonly<Record<string, unknown>>
    readonly time?: number
  } = {}
): string => {
  const { properties = {}, time = start, ...others } = more
  return JSON.stringify({
    v: 1,
    event_id: idOf(number),
    workspace,
    event_type: "page_view",
    anonymous_id: "device-1",
    session_id: "session-1",
    time,
    received_at: time * 1000,
    index: 0,
    timestamp: time,
    ...others,
    properties
  })
}

const planOf = (workspace: string, more: Partial<TrendPlan> = {}): TrendPlan => ({
  kind: "trend",
  workspace,
  fromMillis: start,
  toMillis: start + 30 * dayMillis,
  eventTypes: [],
  filter: undefined,
  metrics: [{ kind: "events" }, { kind: "people" }],
  breakdown: [],
  order: { metric: 0, direction: "descending" },
  skip: 0,
  top: 25,
  buckets: [],
  conversions: [],
  unconverted: [],
  revisions: "",
  ...more
})

const totals = (workspace: string, more: Partial<TrendPlan> = {}) =>
  Effect.gen(function* () {
    const answer = yield* (yield* EventStore).answer(planOf(workspace, more))
    return answer.rows.find((row) => row.bucket === undefined && row.group === undefined)?.values
  })

const insert = (through: string, lines: ReadonlyArray<string>) =>
  Effect.flatMap(EventStore, (store) => store.insert({ partition: "suite", through, lines }))

/** What every EventStore keeps; each test has workspaces of its own. */
export const suite = <E>(name: string, layer: Layer.Layer<EventStore, E>): void => {
  describe(`EventStore: ${name}`, () => {
    withLayer(layer)((it) => {
      it.effect("counts an event once, whichever batch brings it again; the first in log order wins", () =>
        Effect.gen(function* () {
          const first = yield* insert("1", [
            lineOf("twice", 1, { event_type: "a" }),
            lineOf("twice", 1, { event_type: "b" }),
            lineOf("twice", 2)
          ])
          assert.deepStrictEqual(first, { inserted: 2, duplicates: 1, rejected: [] })
          const second = yield* insert("2", [lineOf("twice", 2), lineOf("twice-other", 1)])
          assert.deepStrictEqual(second, { inserted: 1, duplicates: 1, rejected: [] })
          assert.deepStrictEqual(yield* totals("twice"), [2n, 1n])
          assert.deepStrictEqual(yield* totals("twice", { eventTypes: ["b"] }), [0n, 0n])
          assert.deepStrictEqual(yield* totals("twice-other"), [1n, 1n])
        })
      )

      it.effect(
        "groups by, filters and sums every property alike, whenever its name came and however many there are",
        () =>
          Effect.gen(function* () {
            const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`name-${index}`, `${index}.5`]))
            yield* insert("1", [lineOf("names", 1, { properties: { plan: "pro", "it's": "1" } })])
            yield* insert("2", [
              lineOf("names", 2, { properties: { ...many, plan: "pro", "it's": 2 } }),
              lineOf("names-other", 1, { properties: { "name-29": "7", plan: "free" } })
            ])
            yield* insert("3", [lineOf("names", 3, { properties: { ...many, plan: 12_345_678_901.25 } })])
            const sumOf = (property: string) => totals("names", { metrics: [{ kind: "sum", property }] })
            for (const [name] of Object.entries(many))
              assert.deepStrictEqual(yield* sumOf(name), [2 * Number(many[name])])
            assert.deepStrictEqual(yield* sumOf("it's"), [3])
            assert.deepStrictEqual(yield* sumOf("plan"), [12_345_678_901.25])
            const field = { kind: "property", name: "plan" } as const
            const isPro = { kind: "is", field, value: "pro" } as const
            assert.deepStrictEqual(yield* totals("names", { filter: isPro }), [2n, 1n])
            const quoted = { kind: "is", field, value: "e.properties->>'/plan'" } as const
            assert.deepStrictEqual(yield* totals("names", { filter: quoted }), [0n, 0n])
            const answer = yield* (yield* EventStore).answer(planOf("names-other", { breakdown: [field] }))
            assert.deepStrictEqual(answer.groups, [["free"]])
          })
      )

      it.effect("knows who was active when, though the events come late, twice and in several loads", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const hours = (count: number) => start + count * 3_600_000
          const active = () =>
            Effect.map(
              store.answer({
                kind: "stickiness",
                workspace: "active",
                fromMillis: start,
                toMillis: start + 3 * dayMillis,
                filter: { kind: "and", filters: [] },
                buckets: [{ first: 0, fromMillis: start, widthMillis: dayMillis }],
                bucketCount: 3,
                revisions: ""
              }),
              ({ rows }) => rows
            )
          const at = (number: number, time: number, device = "a") =>
            lineOf("active", number, { time, anonymous_id: device })
          yield* insert("1", [at(1, hours(49)), at(2, hours(49.1)), at(3, hours(30), "b")])
          assert.deepStrictEqual(yield* active(), [{ buckets: 1, people: 2 }])
          yield* insert("2", [at(2, hours(49.1)), at(4, hours(49.1)), at(5, hours(0.1)), at(6, hours(24) - 1, "b")])
          assert.deepStrictEqual(yield* active(), [{ buckets: 2, people: 2 }])
          yield* insert("3", [lineOf("active", 7, { time: hours(24), anonymous_id: "a", user_id: "u" })])
          yield* insert("4", [lineOf("active", 8, { time: hours(24), anonymous_id: "b", user_id: "u" })])
          assert.deepStrictEqual(yield* active(), [{ buckets: 3, people: 1 }])
        })
      )

      it.effect("stores the position with the events and knows which ids it holds", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          assert.isUndefined(yield* store.position("never"))
          yield* insert("7.120", [lineOf("held", 10)])
          assert.strictEqual(yield* store.position("suite"), "7.120")
          const held = yield* store.contains(WorkspaceId.make("held"), [idOf(10), idOf(11)])
          assert.deepStrictEqual([...held], [idOf(10)])
          assert.strictEqual((yield* store.contains(WorkspaceId.make("held-not"), [idOf(10)])).size, 0)
        })
      )

      it.effect(
        "rejects lines that are no events with a reason, and takes the good ones around them once those are set apart",
        () =>
          Effect.gen(function* () {
            const good = lineOf("poison", 20)
            const surrogate = lineOf("poison", 21, { properties: { text: "\ud800" } })
            const lines = [
              "not json",
              good.slice(0, -10) + "}",
              lineOf("poison", 22).replace('"v":1', '"v":9'),
              lineOf("poison", 23, { time: "noon" as unknown as number }),
              lineOf("poison", 24, { index: 2 ** 40 }),
              surrogate,
              good
            ]
            yield* insert("2", [])
            let left: ReadonlyArray<string> = lines
            const rejected: Array<RejectedLine> = []
            let inserted = 0
            for (let rounds = 0; rounds < 3; rounds += 1) {
              const answer = yield* insert("3", left)
              rejected.push(...answer.rejected)
              left = left.filter((line) => !answer.rejected.some((each) => each.line === line))
              inserted += answer.inserted
              assert.strictEqual(answer.rejected.length > 0, answer.inserted === 0)
              const position = yield* (yield* EventStore).position("suite")
              assert.strictEqual(position, answer.rejected.length > 0 ? "2" : "3")
              if (answer.rejected.length === 0) break
            }
            assert.strictEqual(inserted + rejected.length, lines.length)
            assert.includeMembers(left as Array<string>, [good])
            const reasonOf = (line: string) => rejected.find((each) => each.line === line)?.reason
            assert.deepStrictEqual(lines.slice(0, 4).map(reasonOf), [
              "malformed_line",
              "malformed_line",
              "unknown_version",
              "invalid_event"
            ])
            const detail = rejected.find((each) => each.line === lines[3])?.detail ?? ""
            assert.include(detail, "/time")
            assert.notInclude(detail, "noon")
            assert.strictEqual((yield* totals("poison"))?.[0], BigInt(inserted))
            assert.strictEqual(yield* (yield* EventStore).position("suite"), "3")
          })
      )

      it.effect("counts earlier events of a device for the user it is linked with, in any order of arrival", () =>
        Effect.gen(function* () {
          const anonymous = lineOf("link", 30, { anonymous_id: "d1", time: start })
          const linking = lineOf("link", 31, { anonymous_id: "d1", user_id: "ada", time: start + 10 })
          const elsewhere = lineOf("link", 32, { anonymous_id: "d2", user_id: "ada", time: start + 20 })
          const later = lineOf("link", 33, { anonymous_id: "d1", user_id: "bob", time: start + 30 })
          yield* insert("4", [elsewhere, later])
          assert.deepStrictEqual(yield* totals("link"), [2n, 2n])
          yield* insert("5", [anonymous])
          assert.deepStrictEqual(yield* totals("link"), [3n, 2n])
          yield* insert("6", [linking])
          assert.deepStrictEqual(yield* totals("link"), [4n, 2n])
          const before = { toMillis: start + 15 }
          assert.deepStrictEqual(yield* totals("link", before), [2n, 1n])
        })
      )

      it.effect("links nobody by reserved ids or by a device that more than 20 users share", () =>
        Effect.gen(function* () {
          const kiosk = Array.from({ length: 21 }, (_, at) =>
            lineOf("kiosk", 100 + at, { anonymous_id: "kiosk", user_id: `user-${at}`, time: start + at })
          )
          yield* insert("7", [...kiosk.slice(0, 20), lineOf("kiosk", 130, { anonymous_id: "kiosk" })])
          assert.deepStrictEqual(yield* totals("kiosk"), [21n, 20n])
          yield* insert("8", kiosk.slice(20))
          assert.deepStrictEqual(yield* totals("kiosk"), [22n, 22n])
          const store = yield* EventStore
          const nobody = ["null", " Anonymous", "0"].map((user_id, at) =>
            lineOf("nobody", 140 + at, {
              anonymous_id: `device-${at}`,
              user_id,
              traits: { plan: "free" },
              time: start - at
            })
          )
          yield* insert("9", [...nobody, lineOf("nobody", 150, { anonymous_id: "device-0", time: start - 9 })])
          assert.deepStrictEqual(yield* totals("nobody", { fromMillis: start - 10 }), [4n, 3n])
          const people = yield* store.people({ workspace: WorkspaceId.make("nobody"), limit: 9 })
          assert.deepStrictEqual(
            people.map(({ events, person_id }) => [person_id, events]),
            [
              ["device-0", 2],
              ["device-1", 1],
              ["device-2", 1]
            ]
          )
          const [trait] = yield* store.traits(WorkspaceId.make("nobody"), "device-0")
          assert.strictEqual(trait?.subject, "device-0")
        })
      )

      it.effect("counts merged users as one person until the merge is taken back", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const workspace = WorkspaceId.make("merge")
          yield* insert("9", [
            lineOf("merge", 40, { anonymous_id: "d1", user_id: "old" }),
            lineOf("merge", 41, { anonymous_id: "d1" }),
            lineOf("merge", 42, { anonymous_id: "d2", user_id: "new" })
          ])
          assert.deepStrictEqual(yield* totals("merge"), [3n, 2n])
          const before = (yield* store.answer(planOf("merge"))).watermark
          yield* store.setMerges(workspace, [{ from: "old", into: "new" }])
          assert.deepStrictEqual(yield* totals("merge"), [3n, 1n])
          assert.notStrictEqual((yield* store.answer(planOf("merge"))).watermark, before)
          yield* store.setMerges(workspace, [])
          assert.deepStrictEqual(yield* totals("merge"), [3n, 2n])
        })
      )

      it.effect(
        "lets events go by age and type but for what is held back; first times stay, also those that the log tells alone",
        () =>
          Effect.gen(function* () {
            const store = yield* EventStore
            const workspace = WorkspaceId.make("expire")
            const day = (number: number) => start + number * dayMillis
            const order = (id: string, time: number) => ({
              event_type: "order_completed",
              time,
              money: { kind: "order", order_id: id, minor: 100, currency: "EUR" },
              properties: { order_id: id }
            })
            yield* insert("expire-1", [
              lineOf("expire", 1, { anonymous_id: "phone", time: day(1) }),
              lineOf("expire", 2, { anonymous_id: "phone", user_id: "ada", time: day(2) }),
              lineOf("expire", 3, { anonymous_id: "phone", user_id: "ada", time: day(12) }),
              lineOf("expire", 4, { anonymous_id: "tablet", user_id: "ben", ...order("o1", day(2)) }),
              lineOf("expire", 5, { anonymous_id: "tablet", user_id: "ben", ...order("o2", day(12)) }),
              lineOf("expire", 6, { anonymous_id: "held", time: day(2) }),
              lineOf("expire", 7, { anonymous_id: "laptop", event_type: "kept", time: day(2) }),
              lineOf("expire", 8, { anonymous_id: "watch", event_type: "kept", time: day(3) }),
              lineOf("expire-other", 1, { anonymous_id: "phone", time: day(1) })
            ])
            const holds = [{ ids: ["held"] }, { eventTypes: ["kept"], fromMillis: day(2), toMillis: day(3) }]
            const expiry = { kind: "older", beforeMillis: day(10), holds } as const
            const buckets = Array.from({ length: 20 }, (_, index) => ({
              first: index,
              fromMillis: day(index),
              widthMillis: dayMillis
            }))
            const any = { kind: "and", filters: [] } as const
            const fresh = Effect.map(
              store.answer({
                kind: "lifecycle",
                workspace,
                revisions: "",
                fromMillis: day(0),
                toMillis: day(20),
                buckets,
                bucketCount: 20,
                filter: any
              }),
              ({ rows }) => rows.flatMap((row) => (row.fresh === 0 ? [] : [[row.bucket, row.fresh]]))
            )
            const newPeople = [
              [1, 1],
              [2, 3],
              [3, 1]
            ]
            assert.deepStrictEqual(yield* fresh, newPeople)
            assert.deepStrictEqual(yield* store.expiring(workspace, expiry), [
              { event_type: "page_view", events: 2, oldest: day(1) },
              { event_type: "kept", events: 1, oldest: day(3) },
              { event_type: "order_completed", events: 1, oldest: day(2) }
            ])
            const firsts = yield* store.expiringFirsts(workspace, expiry, undefined, 3)
            assert.deepStrictEqual(firsts, [
              {
                event_id: idOf(1),
                event_type: "page_view",
                anonymous_id: "phone",
                time: day(1),
                received_at: day(1) * 1000,
                index: 0
              },
              {
                event_id: idOf(2),
                event_type: "page_view",
                anonymous_id: "phone",
                user_id: "ada",
                time: day(2),
                received_at: day(2) * 1000,
                index: 0
              },
              {
                event_id: idOf(4),
                event_type: "order_completed",
                anonymous_id: "tablet",
                user_id: "ben",
                time: day(2),
                received_at: day(2) * 1000,
                index: 0
              }
            ])
            const rest = yield* store.expiringFirsts(workspace, expiry, idOf(4), 3)
            assert.deepStrictEqual(
              rest.map(({ event_id }) => event_id),
              [idOf(8)]
            )
            const before = (yield* store.answer(planOf("expire"))).watermark
            assert.deepStrictEqual(yield* store.expire(workspace, expiry), { events: 4 })
            assert.deepStrictEqual(yield* totals("expire"), [4n, 4n])
            assert.deepStrictEqual(yield* totals("expire-other"), [1n, 1n])
            assert.deepStrictEqual(yield* fresh, newPeople)
            const after = (yield* store.answer(planOf("expire"))).watermark
            assert.notStrictEqual(after, before)
            assert.deepInclude(yield* Effect.flip(store.asOf(workspace, before)), { reason: "erased" })
            assert.deepStrictEqual(yield* store.expire(workspace, expiry), { events: 0 })
            assert.deepStrictEqual(yield* store.expiringFirsts(workspace, expiry, undefined, 3), [])
            const ofBen = [firsts[2]!, ...rest].filter(({ user_id }) => user_id === "ben")
            assert.deepStrictEqual(yield* store.firstsOf(workspace, "ben", undefined, 10), ofBen)
            assert.deepStrictEqual((yield* store.firstsOf(workspace, "ada", idOf(1), 1))[0], firsts[1])
            assert.deepStrictEqual((yield* store.firstsOf(workspace, "phone", undefined, 1))[0], firsts[0])
            assert.strictEqual((yield* store.answer(planOf("expire"))).watermark, after)

            // A store that is built anew knows them by the log alone; they come once, and again.
            const told = [...firsts, ...rest].map(({ event_id, ...first }) =>
              lineOf("expire-anew", Number.parseInt(event_id.slice(-2), 16), {
                ...first,
                expired: true,
                historical: true
              })
            )
            const kept = [
              lineOf("expire-anew", 3, { anonymous_id: "phone", user_id: "ada", time: day(12) }),
              lineOf("expire-anew", 9, { anonymous_id: "new", time: day(12) })
            ]
            yield* insert("expire-2", [...told, ...kept])
            yield* insert("expire-3", told)
            assert.deepStrictEqual(yield* totals("expire-anew"), [2n, 2n])
            const anew = yield* store.answer({
              kind: "lifecycle",
              workspace: "expire-anew",
              revisions: "",
              fromMillis: day(11),
              toMillis: day(20),
              buckets: buckets.slice(0, 9).map((run) => ({ ...run, fromMillis: run.fromMillis + 11 * dayMillis })),
              bucketCount: 9,
              filter: any
            })
            assert.deepInclude(anew.rows[0], { bucket: 1, fresh: 1, resurrecting: 1 })

            yield* store.erase(workspace, ["ada", "phone"], 1)
            assert.deepStrictEqual(yield* fresh, newPeople.slice(1))
          })
      )

      const scanned = Effect.fnUntraced(function* (
        reads: StoreReads,
        name: string,
        every: number,
        from?: EventPlace | undefined
      ) {
        const filter = { kind: "is", field: { kind: "column", column: "event_type" }, value: "page_view" } as const
        const range = { workspace: WorkspaceId.make(name), fromMillis: start, toMillis: start + dayMillis, filter }
        const columns = ["event_id", "time", "received_at", "country", "properties"] as const
        const found: Array<ReadonlyArray<ScannedValue>> = []
        let after = from
        for (;;) {
          const cuts = yield* reads.places({ ...range, after, every, count: 2 })
          if (cuts.length === 0) return found
          for (const through of cuts) {
            const rows = yield* reads.scan({ ...range, after, through, columns })
            assert.isAtMost(rows.length, every)
            found.push(...rows.map((row) => row.map((value) => (typeof value === "bigint" ? Number(value) : value))))
            after = through
          }
        }
      })

      it.effect("gives events in arrival order, by pages that begin behind any of them", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const workspace = WorkspaceId.make("scan")
          const lines = Array.from({ length: 10 }, (_, number) =>
            lineOf("scan", 300 + number, {
              properties: { number },
              time: start + Math.floor(number / 4),
              // Of one time what came first goes first, then the lower place in its batch, then the lower id.
              received_at: 1_800_000_000_000_000 + (number % 4 === 3 ? 1 : 0),
              index: number % 4 === 0 ? 0 : 1
            })
          )
          yield* insert("scan-1", [...lines.toReversed(), lineOf("scan", 320, { event_type: "other" })])
          yield* insert("scan-2", [lineOf("scan-elsewhere", 330)])
          const ids = lines.map((_, number) => idOf(300 + number))
          for (const every of [1, 3, 10, 50])
            assert.deepStrictEqual(
              (yield* scanned(store, "scan", every)).map(([id]) => id),
              ids
            )
          for (const [at, id] of ids.entries()) {
            const after = yield* store.placeOf(workspace, id)
            assert.strictEqual(after?.event_id, id)
            const rest = yield* scanned(store, "scan", 4, after)
            assert.deepStrictEqual(
              rest.map(([first]) => first),
              ids.slice(at + 1)
            )
          }
          assert.isUndefined(yield* store.placeOf(WorkspaceId.make("scan-elsewhere"), ids[0]!))
          assert.isUndefined(yield* store.placeOf(workspace, idOf(999_999)))
          const [first] = yield* scanned(store, "scan", 1)
          assert.deepStrictEqual(first, [ids[0]!, start, 1_800_000_000_000_000, null, '{"number":0}'])
        })
      )

      it.effect("answers as of any watermark that it issued, until data of before is erased", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const workspace = WorkspaceId.make("past")
          const order = (country: string, minor: number, currency: string) => ({
            event_type: "order_completed",
            geo: { country },
            money: { kind: "order", order_id: `o${minor}`, minor, currency }
          })
          const plan = planOf("past", {
            metrics: [{ kind: "events" }, { kind: "people" }, { kind: "revenue" }, { kind: "orders" }],
            breakdown: [{ kind: "column", column: "country" }],
            conversions: [{ currency: "EUR", fromMillis: 0, numerator: 1n, denominator: 1n }],
            // Stays as it is, though it looks like a text of the engine.
            filter: {
              kind: "not",
              filter: { kind: "is", field: { kind: "property", name: "plan" }, value: "from store.events e" }
            }
          })
          const askEach = (reads: StoreReads) =>
            Effect.gen(function* () {
              return {
                answer: yield* reads.answer(plan),
                lifecycle: yield* reads.answer({
                  kind: "stickiness",
                  workspace,
                  fromMillis: start,
                  toMillis: start + 3 * dayMillis,
                  filter: { kind: "and", filters: [] },
                  buckets: [{ first: 0, fromMillis: start, widthMillis: dayMillis }],
                  bucketCount: 3,
                  revisions: ""
                }),
                currencies: yield* reads.currencies(workspace, start, start + dayMillis),
                types: yield* reads.eventTypes(workspace),
                names: yield* reads.names(workspace, "property"),
                scanned: yield* scanned(reads, "past", 2)
              }
            })
          const changes: ReadonlyArray<Effect.Effect<unknown, PortFailure, EventStore>> = [
            insert("past-1", [lineOf("past", 1, { anonymous_id: "phone", properties: { plan: "pro" } })]),
            insert("past-2", [
              lineOf("past", 2, { anonymous_id: "tablet" }),
              lineOf("past", 3, { anonymous_id: "laptop", user_id: "ada", ...order("DE", 100, "EUR") })
            ]),
            // Late, and it makes the phone Ada's.
            insert("past-3", [lineOf("past", 4, { anonymous_id: "phone", user_id: "ada", time: start + 5 })]),
            store.setMerges(workspace, [{ from: "ada", into: "ben" }]),
            insert("past-4", [
              lineOf("past", 5, {
                anonymous_id: "tablet",
                user_id: "ben",
                time: start + dayMillis,
                ...order("FR", 250, "KPW")
              }),
              lineOf("past", 6, { anonymous_id: "phone", user_id: "carl", time: start - 5, properties: { late: "1" } })
            ]),
            store.setMerges(workspace, [{ from: "carl", into: "ben" }]),
            insert("past-other", [lineOf("past-other", 7)]),
            store.setMerges(workspace, [])
          ]
          const seen = []
          for (const change of changes) {
            yield* change
            const all = yield* askEach(store)
            // A workspace of its own, but one file: others may come in between the two.
            if (all.answer.watermark === all.lifecycle.watermark) seen.push(all)
          }
          assert.isAbove(seen.length, changes.length - 2)
          assert.isAbove(new Set(seen.map(({ answer }) => answer.watermark)).size, 5)
          assert.isAbove(new Set(seen.map((all) => JSON.stringify(all.types))).size, 2)
          for (const all of seen) {
            const past = yield* store.asOf(workspace, all.answer.watermark)
            assert.deepStrictEqual(yield* askEach(past), all)
          }

          const { watermark } = seen[0]!.answer
          const staleOf = (of: WorkspaceId, text: string) =>
            Effect.map(Effect.flip(store.asOf(of, text)), (stale) => ("reason" in stale ? stale.reason : stale))
          const middle = Math.trunc(watermark.length / 2)
          const forged =
            watermark.slice(0, middle) + (watermark[middle] === "A" ? "B" : "A") + watermark.slice(middle + 1)
          for (const text of [forged, "", "nothing", `${watermark}A`, `${watermark}=`])
            assert.strictEqual(yield* staleOf(workspace, text), "not_issued")
          assert.strictEqual(yield* staleOf(WorkspaceId.make("past-other"), watermark), "not_issued")
          assert.notInclude(Buffer.from(watermark, "base64url").toString("latin1"), "past-")

          const other = { ...plan, revisions: "other" }
          const reads = yield* store.asOf(workspace, watermark)
          const ofOther = (yield* reads.answer(other)).watermark
          assert.notStrictEqual(ofOther, watermark)
          assert.deepStrictEqual(
            [yield* reads.watermark(workspace, ""), yield* reads.watermark(workspace, "other"), reads.revisions],
            [watermark, ofOther, ""]
          )
          assert.strictEqual((yield* store.asOf(workspace, ofOther)).revisions, "other")
          assert.notStrictEqual(yield* store.watermark(workspace, ""), watermark)
          const elsewhere = (yield* store.answer(planOf("past-other"))).watermark
          yield* store.erase(workspace, ["carl"], 1)
          assert.strictEqual(yield* staleOf(workspace, watermark), "erased")
          const kept = yield* store.asOf(WorkspaceId.make("past-other"), elsewhere)
          assert.strictEqual((yield* kept.answer(planOf("past-other"))).watermark, elsewhere)
        })
      )

      it.effect("deletes whatever it holds of subjects, and leaves others' events on a shared device", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const workspace = WorkspaceId.make("erase")
          const order = { event_type: "order_completed", money: { kind: "order", minor: 100, currency: "EUR" } }
          yield* insert("erase-1", [
            lineOf("erase", 1, { anonymous_id: "tablet", user_id: "ada", ...order }),
            lineOf("erase", 2, { anonymous_id: "tablet" }),
            lineOf("erase", 3, { anonymous_id: "shared", user_id: "ada" }),
            lineOf("erase", 4, { anonymous_id: "shared", user_id: "ben", time: start + 1 }),
            lineOf("erase", 5, { anonymous_id: "shared", time: start + 2 }),
            lineOf("erase", 6, { anonymous_id: "tablet", user_id: "null" }),
            lineOf("erase-other", 1, { anonymous_id: "tablet", user_id: "ada" })
          ])
          assert.deepStrictEqual(yield* store.subjectsOf(workspace, "ada"), ["ada", "tablet"])
          assert.deepStrictEqual(yield* store.subjectsOf(workspace, "tablet"), ["ada", "tablet"])
          assert.deepStrictEqual(yield* store.subjectsOf(workspace, "ben"), ["ben"])
          assert.deepStrictEqual(yield* store.subjectsOf(workspace, "nobody"), [])
          const before = (yield* store.answer(planOf("erase"))).watermark
          assert.deepStrictEqual(yield* store.erase(workspace, ["ada", "tablet"], 2), { events: 4 })
          assert.deepStrictEqual(yield* totals("erase"), [2n, 1n])
          assert.deepStrictEqual(yield* totals("erase-other"), [1n, 1n])
          const day = [start, start + dayMillis] as const
          assert.deepStrictEqual(yield* store.currencies(workspace, ...day), [])
          const people = yield* store.people({ workspace, limit: 10 })
          assert.deepStrictEqual(
            people.map(({ events, person_id }) => [person_id, events]),
            [["ben", 2]]
          )
          const after = (yield* store.answer(planOf("erase"))).watermark
          assert.notStrictEqual(after, before)
          assert.deepStrictEqual(yield* store.erase(workspace, ["ada", "tablet"], 2), { events: 0 })
          assert.strictEqual((yield* store.answer(planOf("erase"))).watermark, after)
        })
      )

      it.effect("keeps the order of equal counts, sums up what is behind the top and fills empty buckets", () =>
        Effect.gen(function* () {
          const countries = ["DE", "DE", "FR", "AT", undefined]
          yield* insert(
            "10",
            countries.map((country, at) =>
              lineOf("top", 50 + at, {
                anonymous_id: `d${at % 2}`,
                time: start + at * dayMillis,
                ...(country === undefined ? {} : { geo: { country } })
              })
            )
          )
          const plan = planOf("top", {
            breakdown: [{ kind: "column", column: "country" }],
            top: 2,
            buckets: [{ fromMillis: start, first: 0, widthMillis: dayMillis }]
          })
          const store = yield* EventStore
          const answer = yield* store.answer(plan)
          assert.strictEqual(answer.groups[0]?.[0], "DE")
          const other = answer.rows.find((row) => row.group === "other" && row.bucket === undefined)
          assert.deepStrictEqual(other?.values, [2n, 2n])
          assert.deepStrictEqual(yield* store.answer(plan), answer)
        })
      )

      it.effect("sums exactly and is not thrown by values too large for a sum", () =>
        Effect.gen(function* () {
          const values = [0.1, 0.2, 1e30, 1e28, 1e28, "x", null]
          yield* insert(
            "11",
            values.map((price, at) => lineOf("sum", 60 + at, { properties: { price } }))
          )
          const metrics = [
            { kind: "sum", property: "price" },
            { kind: "maximum", property: "price" }
          ] as const
          assert.deepStrictEqual(yield* totals("sum", { metrics }), [0.3, 0.2])
        })
      )

      it.effect("lists events newest first, page by page, and the people behind them", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const workspace = WorkspaceId.make("list")
          yield* insert(
            "12",
            Array.from({ length: 7 }, (_, at) =>
              lineOf("list", 70 + at, { anonymous_id: `d${at % 3}`, time: start + Math.floor(at / 2) })
            )
          )
          const ask = { workspace, fromMillis: start, toMillis: start + dayMillis, filter: undefined, limit: 4 }
          const first = yield* store.events(ask)
          assert.deepStrictEqual(
            first.map(({ event_id }) => event_id),
            [76, 75, 74, 73].map(idOf)
          )
          const { event_id, index, received_at, time } = first.at(-1)!
          const second = yield* store.events({ ...ask, before: { event_id, index, received_at, time } })
          assert.deepStrictEqual(
            second.map((event) => event.event_id),
            [72, 71, 70].map(idOf)
          )
          const people = yield* store.people({ workspace, limit: 10 })
          assert.deepStrictEqual(
            people.map(({ events, person_id }) => [person_id, events]),
            [
              ["d0", 3],
              ["d2", 2],
              ["d1", 2]
            ]
          )
        })
      )

      it.effect("answers vectors that a slow reference made, whatever came late, twice or was merged", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          for (const { groups, lines, merges, plan, rows } of vectors as unknown as ReadonlyArray<Vector>) {
            const workspace = WorkspaceId.make(plan.workspace)
            const half = Math.trunc(lines.length / 2)
            for (const [at, part] of [lines.slice(0, half), lines.slice(half)].entries())
              yield* insert(
                `${workspace}-${at}`,
                part.map((line) => JSON.stringify(line))
              )
            yield* store.setMerges(workspace, merges)
            const answer = yield* store.answer(plan)
            assert.deepStrictEqual(answer.groups, groups, workspace)
            const told = (found: ReadonlyArray<Vector["rows"][number]>) =>
              found.map(({ bucket, group, values }) => JSON.stringify([bucket, group, values])).toSorted()
            const found = answer.rows.map(({ bucket = null, group = null, values }) => ({
              bucket,
              group,
              values: values.map(Number)
            }))
            assert.deepStrictEqual(told(found.filter(({ values }) => values.some((value) => value > 0))), told(rows))
          }
        })
      )

      it.effect("answers vectors of every kind of question that slow references made", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          for (const { asked, lines, merges, workspace } of answerVectors as unknown as ReadonlyArray<AnswerVector>) {
            const half = Math.trunc(lines.length / 2)
            for (const [at, part] of [lines.slice(0, half), lines.slice(half)].entries())
              yield* insert(
                `${workspace}-${at}`,
                part.map((line) => JSON.stringify(line))
              )
            yield* store.setMerges(WorkspaceId.make(workspace), merges)
            for (const { plan, told } of asked)
              assert.deepStrictEqual(toldOf(plan, yield* store.answer(plan)), told, `${workspace} ${plan.kind}`)
          }
        })
      )

      it.effect("tells all ids of the members of a cohort as numbers, in order, or that there are too many", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          yield* insert("12m", [
            lineOf("members", 93, { anonymous_id: "phone", user_id: "ada" }),
            lineOf("members", 94, { anonymous_id: "tablet", user_id: "ada" }),
            lineOf("members", 95, { anonymous_id: "tv" })
          ])
          const keysOf = (people: ReadonlyArray<string>, keysMax: number) => {
            const rule = { kind: "listed", people, users: [], devices: [] } as const
            const cohort = { digest: `of ${people.join(" ")}`, rule, beforeMillis: undefined }
            return store.answer({ kind: "membership", workspace: "members", revisions: "", cohort, keysMax })
          }
          const keys = (...ids: ReadonlyArray<readonly ["user" | "device", string]>) =>
            BigUint64Array.from(ids.map(([kind, id]) => subjectKey("members", kind, id))).toSorted()
          const ada = yield* keysOf(["phone"], 3)
          assert.deepStrictEqual(
            [ada.people, ada.keys],
            [1, keys(["user", "ada"], ["device", "phone"], ["device", "tablet"])]
          )
          const tv = yield* keysOf(["tv", "nobody"], 3)
          assert.deepStrictEqual([tv.people, tv.keys], [1, keys(["device", "tv"])])
          assert.deepStrictEqual((yield* keysOf(["nobody"], 3)).keys, keys())
          const both = yield* keysOf(["ada", "tv"], 3)
          assert.deepStrictEqual([both.people, both.keys], [2, undefined])
          assert.strictEqual(both.restricted.length, 0)
          yield* store.setRestricted(WorkspaceId.make("members"), ["tv"])
          const restricted = yield* keysOf(["tv"], 3)
          assert.deepStrictEqual([restricted.people, restricted.keys], [0, keys()])
          assert.deepStrictEqual(restricted.restricted, keys(["user", "tv"], ["device", "tv"]))
        })
      )

      it.effect("lists without those who are restricted where that is asked for, and tells who is", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const workspace = WorkspaceId.make("list-restricted")
          yield* insert("12r", [
            lineOf("list-restricted", 90, { anonymous_id: "phone", user_id: "ada" }),
            lineOf("list-restricted", 91, { anonymous_id: "phone" }),
            lineOf("list-restricted", 92, { anonymous_id: "tablet" })
          ])
          yield* store.setRestricted(workspace, ["ada", "phone"])
          const ask = { workspace, fromMillis: 0, toMillis: start + dayMillis, filter: undefined, limit: 9 }
          const listed = (more: object) =>
            Effect.gen(function* () {
              const events = yield* store.events({ ...ask, ...more })
              const people = yield* store.people({ workspace, limit: 9, ...more })
              return [events.length, people.map(({ person_id }) => person_id).toSorted()]
            })
          assert.deepStrictEqual(yield* listed({}), [3, ["ada", "tablet"]])
          assert.deepStrictEqual(yield* listed({ withoutRestricted: true }), [1, ["tablet"]])
          assert.deepStrictEqual(yield* listed({ personId: "ada" }), [2, ["ada"]])
          const among = (at: WorkspaceId, ids: ReadonlyArray<string>) =>
            Effect.map(store.restrictedAmong(at, ids), (found) => [...found])
          assert.deepStrictEqual(yield* among(workspace, ["tablet", "phone", "it's"]), ["phone"])
          assert.deepStrictEqual(yield* among(workspace, []), [])
          assert.deepStrictEqual(yield* among(WorkspaceId.make("list"), ["phone"]), [])
        })
      )

      it.effect("lets nothing of the restricted count, and what a link or a merge makes theirs from then on", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const workspace = WorkspaceId.make("restricted-later")
          const counted = Effect.map(store.answer(planOf("restricted-later")), ({ rows }) => rows[0]?.values)
          yield* insert("12s", [
            lineOf("restricted-later", 93, { anonymous_id: "phone", user_id: "ada" }),
            lineOf("restricted-later", 94, { anonymous_id: "watch" }),
            lineOf("restricted-later", 95, { anonymous_id: "desk", user_id: "ben" }),
            lineOf("restricted-later", 96, { anonymous_id: "tv", user_id: "old-ada" })
          ])
          yield* store.setRestricted(workspace, ["ada", "phone"])
          assert.deepStrictEqual(yield* counted, [3n, 3n])
          const before = (yield* store.answer(planOf("restricted-later"))).watermark
          yield* insert("12t", [lineOf("restricted-later", 97, { anonymous_id: "watch", user_id: "ada" })])
          assert.deepStrictEqual(yield* counted, [2n, 2n])
          yield* store.setMerges(workspace, [{ from: "old-ada", into: "ada" }])
          assert.deepStrictEqual(yield* counted, [1n, 1n])
          yield* store.setMerges(workspace, [{ from: "ada", into: "old-ada" }])
          assert.deepStrictEqual(yield* counted, [1n, 1n])
          const among = yield* store.restrictedAmong(workspace, ["watch", "old-ada", "ben", "desk"])
          assert.deepStrictEqual([...among].toSorted(), ["old-ada", "watch"])
          const past = yield* (yield* store.asOf(workspace, before)).answer(planOf("restricted-later"))
          assert.deepStrictEqual(past.rows[0]?.values, [3n, 3n])
        })
      )

      it.effect("knows a person's traits of today and those at the time of an event", () =>
        Effect.gen(function* () {
          const set = (number: number, time: number, more: object) =>
            lineOf("traits", number, { time: start + time, anonymous_id: "d1", user_id: "ada", ...more })
          yield* insert("13", [
            set(80, 20, { traits: { plan: "pro" }, traits_once: { source: "late" } }),
            set(81, 10, { traits: { plan: "free" }, traits_once: { source: "early" } }),
            set(82, 30, { traits: { plan: null } }),
            set(83, 40, { traits: { plan: "team", level: 3 } }),
            lineOf("traits", 84, { time: start, anonymous_id: "d1" }),
            lineOf("traits", 85, { time: start + 15, anonymous_id: "d1" }),
            lineOf("traits", 86, { time: start + 35, anonymous_id: "d1" }),
            lineOf("traits", 87, { time: start + 35, anonymous_id: "d2" })
          ])
          const trait = (name: string, asOf: "today" | "event") => ({ kind: "trait", name, asOf }) as const
          const count = (name: string, asOf: "today" | "event", value: string) =>
            Effect.map(
              totals("traits", { filter: { kind: "is", field: trait(name, asOf), value } }),
              (values) => values?.[0]
            )
          assert.strictEqual(yield* count("plan", "today", "team"), 7n)
          assert.strictEqual(yield* count("plan", "today", "pro"), 0n)
          assert.strictEqual(yield* count("level", "today", "3"), 7n)
          assert.strictEqual(yield* count("source", "today", "early"), 7n)
          assert.strictEqual(yield* count("plan", "event", "free"), 2n)
          assert.strictEqual(yield* count("plan", "event", "pro"), 1n)
          assert.strictEqual(yield* count("plan", "event", "team"), 1n)
          assert.strictEqual(yield* count("source", "event", "early"), 6n)
          const store = yield* EventStore
          const answer = yield* store.answer(planOf("traits", { breakdown: [trait("plan", "event")] }))
          assert.deepStrictEqual(answer.groups, [[null], ["free"], ["pro"], ["team"]])
          const held = yield* store.events({
            workspace: WorkspaceId.make("traits"),
            fromMillis: start,
            toMillis: start + dayMillis,
            filter: { kind: "is", field: trait("plan", "event"), value: "pro" },
            limit: 10
          })
          assert.deepStrictEqual(
            held.map(({ event_id }) => event_id),
            [idOf(80)]
          )
          assert.deepStrictEqual(yield* store.names(WorkspaceId.make("traits"), "trait"), ["level", "plan", "source"])
        })
      )

      it.effect("compares hosts by whole names, blind indexes, numbers and instants", () =>
        Effect.gen(function* () {
          const hosts = ["t.co", "microsoft.com", "a.t.co", "google.com", "google.co.uk", "mail.google.com"]
          const more = ["google.com.evil.net", "notgoogle.com", "google.evilsite", "netflix.com", "x.com", "xXcom"]
          const all = [...hosts, ...more]
          yield* insert(
            "14",
            all.map((host, at) =>
              lineOf("hosts", 200 + at, {
                page: { url: "", path: "/", referrer_host: host },
                properties: {
                  size: at,
                  born: `2026-01-0${(at % 9) + 1}T01:00:00+02:00`,
                  email: { $pii: "sealed", $index: at % 2 === 0 ? "even" : "odd" }
                },
                traits: { email: { $pii: "sealed", $index: "same" } }
              })
            )
          )
          const referrer = { kind: "column", column: "referrer_host" } as const
          const email = { kind: "property", name: "email" } as const
          const among = (filter: NonNullable<TrendPlan["filter"]>) =>
            Effect.map(totals("hosts", { filter }), (values) => Number(values?.[0]))
          const hostIs = (...names: ReadonlyArray<string>) => among({ kind: "host_is", field: referrer, hosts: names })
          assert.strictEqual(yield* hostIs("t.co"), 2)
          assert.strictEqual(yield* hostIs("=t.co"), 1)
          assert.strictEqual(yield* hostIs("google.*"), 3)
          assert.strictEqual(yield* hostIs("=google.*", "x.com"), 3)
          assert.strictEqual(yield* hostIs(), 0)
          assert.strictEqual(yield* among({ kind: "index_is", field: email, index: "even" }), 6)
          const trait = { kind: "trait", name: "email", asOf: "today" } as const
          assert.strictEqual(yield* among({ kind: "index_is", field: trait, index: "same" }), 12)
          assert.strictEqual(yield* among({ kind: "bears_index", name: "email", index: "odd" }), 6)
          const compare = (name: string, as: "number" | "instant", value: number) =>
            among({ kind: "compare", field: { kind: "property", name }, operator: "lt", as, value })
          assert.strictEqual(yield* compare("size", "number", 3), 3)
          assert.strictEqual(yield* compare("born", "instant", Date.UTC(2026, 0, 1)), 2)
          const caseless = { kind: "one_of", field: referrer, values: ["xxcom"], caseless: true } as const
          assert.strictEqual(yield* among(caseless), 1)
        })
      )

      it.effect("shows the groups that it is given, says whether there are more, and what money it left out", () =>
        Effect.gen(function* () {
          const store = yield* EventStore
          const order = (number: number, country: string, currency: string) =>
            lineOf("groups", number, {
              event_type: "order_completed",
              geo: { country },
              money: { kind: "order", order_id: String(number), minor: 500, currency },
              properties: {}
            })
          yield* insert("15", [order(300, "DE", "EUR"), order(301, "DE", "KPW"), order(302, "FR", "KPW")])
          const plan = planOf("groups", {
            metrics: [{ kind: "revenue" }, { kind: "orders" }],
            breakdown: [{ kind: "column", column: "country" }],
            conversions: [{ currency: "EUR", fromMillis: 0, numerator: 1n, denominator: 1n }],
            unconverted: ["KPW"],
            top: 1
          })
          const answer = yield* store.answer(plan)
          assert.deepStrictEqual(answer.groups, [["DE"]])
          assert.isTrue(answer.more)
          assert.deepStrictEqual(answer.leftOut, [{ currency: "KPW", orders: 2, minor: 1000n }])
          const given = yield* store.answer({ ...plan, groups: [["FR"], ["IT"]] })
          assert.deepStrictEqual(given.groups, [["FR"], ["IT"]])
          assert.deepStrictEqual(given.rows.find(({ group }) => group === 0)?.values, [0n, 1n])
          assert.deepStrictEqual(given.rows.find(({ group }) => group === "other")?.values, [500n, 2n])
          assert.notStrictEqual((yield* store.answer({ ...plan, revisions: "other" })).watermark, answer.watermark)
        })
      )
    })
  })
}
