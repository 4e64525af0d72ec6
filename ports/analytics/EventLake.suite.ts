import { assert, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import type { Layer } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import { WorkspaceId } from "../WorkspaceId.ts"
import { EventLake, removedSubjectsMax } from "./EventLake.ts"
import type { LakeSelection } from "./EventLake.ts"

const dayMillis = 86_400_000
const start = Date.UTC(2026, 0, 1)
const idOf = (number: number): string => `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`

/** A stored line of event `number`. */
export const lakeLine = (
  workspace: string,
  number: number,
  more: { readonly [name: string]: unknown; readonly time?: number } = {}
): string => {
  const { properties = {}, time = start, ...others } = more
  return JSON.stringify({
    v: 1,
    event_id: idOf(number),
    workspace,
    event_type: "page_view",
    anonymous_id: "device",
    session_id: "session",
    time,
    received_at: time * 1000 + number,
    index: 0,
    timestamp: time,
    ...others,
    properties
  })
}

/** Writes lines behind what the lake has and makes them durable; one partition, a place for every line. */
export const fill = Effect.fnUntraced(function* (lines: ReadonlyArray<string>) {
  const lake = yield* EventLake
  const from = (yield* lake.position("0")) ?? "0"
  yield* lake.write({ partition: "0", from, through: String(Number(from) + lines.length), lines })
  yield* lake.flush
})

const dayCounts = (workspace: WorkspaceId) =>
  Effect.flatMap(EventLake, (lake) =>
    Effect.map(lake.days(workspace), (days) => Object.fromEntries(days.map(({ day, events }) => [day, events])))
  )

/** The promises of EventLake, for every adapter. The layer gives an empty lake. */
export const suite = (name: string, layer: () => Layer.Layer<EventLake, PortFailure>): void => {
  withLayer(layer(), { excludeTestServices: true })(`EventLake: ${name}`, (it) => {
    it.effect("holds each event once, on the UTC day of its timestamp, whatever comes again", () =>
      Effect.gen(function* () {
        const workspace = WorkspaceId.make("once")
        const late = lakeLine("once", 4, { time: start - 1 })
        const lines = [1, 2, 3].map((number) => lakeLine("once", number, { time: start + number * dayMillis }))
        yield* fill([...lines, lines[0]!, "no line", lakeLine("other", 1)])
        yield* fill([lines[1]!, late, lakeLine("once", 2, { event_type: "came_second", time: start + 2 * dayMillis })])
        assert.deepStrictEqual(yield* dayCounts(workspace), {
          "2025-12-31": 1,
          "2026-01-02": 1,
          "2026-01-03": 1,
          "2026-01-04": 1
        })
        assert.deepStrictEqual(yield* dayCounts(WorkspaceId.make("other")), { "2026-01-01": 1 })
        assert.deepStrictEqual(yield* dayCounts(WorkspaceId.make("nobody")), {})
      })
    )

    it.effect("has what was flushed behind its position, and tells how far it is", () =>
      Effect.gen(function* () {
        const lake = yield* EventLake
        const workspace = WorkspaceId.make("position")
        const from = (yield* lake.position("0"))!
        const time = start + 300 * dayMillis
        const lines = [lakeLine("position", 1, { time })]
        yield* lake.write({ partition: "0", from, through: "a", lines })
        assert.strictEqual(yield* lake.position("0"), from)
        yield* lake.flush
        assert.strictEqual(yield* lake.position("0"), "a")
        const state = yield* lake.state(workspace)
        assert.strictEqual(state.completeToMicros, time * 1000 + 1)
        yield* lake.flush
        assert.deepStrictEqual(yield* lake.state(workspace), state)
        const gap = { partition: "0", from: "b", through: "c", lines }
        assert.strictEqual((yield* Effect.flip(lake.write(gap))).reason, "unavailable")
        yield* lake.write({ partition: "0", from: "a", through: from, lines: [] })
        yield* lake.flush
      })
    )

    it.effect("removes the events of subjects as they were sent, and leaves another user's on a shared device", () =>
      Effect.gen(function* () {
        const lake = yield* EventLake
        const workspace = WorkspaceId.make("subjects")
        yield* fill([
          lakeLine("subjects", 1, { user_id: "ada" }),
          lakeLine("subjects", 2, { user_id: "ben" }),
          lakeLine("subjects", 3),
          lakeLine("subjects", 4, { user_id: "null" }),
          lakeLine("subjects", 5, { anonymous_id: "elsewhere", time: start + dayMillis })
        ])
        const selection: LakeSelection = { kind: "subjects", userIds: ["ada"], anonymousIds: ["device", "o'neil"] }
        assert.strictEqual(yield* lake.count(workspace, selection), 3)
        const before = yield* lake.state(workspace)
        assert.deepStrictEqual(yield* lake.remove(workspace, selection), { events: 3 })
        assert.deepStrictEqual(yield* dayCounts(workspace), { "2026-01-01": 1, "2026-01-02": 1 })
        assert.notStrictEqual((yield* lake.state(workspace)).watermark, before.watermark)
        assert.deepStrictEqual(yield* lake.remove(workspace, selection), { events: 0 })
        assert.deepStrictEqual(yield* lake.remove(WorkspaceId.make("nobody"), selection), { events: 0 })
      })
    )

    it.effect("removes what was taken and is not flushed yet", () =>
      Effect.gen(function* () {
        const lake = yield* EventLake
        const workspace = WorkspaceId.make("unflushed")
        const from = (yield* lake.position("0"))!
        const lines = [lakeLine("unflushed", 1), lakeLine("unflushed", 2, { user_id: "ada" })]
        yield* lake.write({ partition: "0", from, through: String(Number(from) + 2), lines })
        const removed = yield* lake.remove(workspace, { kind: "subjects", userIds: ["ada"], anonymousIds: [] })
        assert.deepStrictEqual(removed, { events: 1 })
        assert.deepStrictEqual(yield* dayCounts(workspace), { "2026-01-01": 1 })
      })
    )

    it.effect("removes by age and type, and holds back whom it is told to", () =>
      Effect.gen(function* () {
        const lake = yield* EventLake
        const workspace = WorkspaceId.make("older")
        yield* fill([
          lakeLine("older", 1, { event_type: "click" }),
          lakeLine("older", 2, { event_type: "order" }),
          lakeLine("older", 3, { event_type: "click", user_id: "held" }),
          lakeLine("older", 4, { event_type: "click", time: start + dayMillis })
        ])
        const beforeMillis = start + dayMillis
        const holds = [{ ids: ["held"] }, { eventTypes: ["click"], fromMillis: 0, toMillis: start }]
        const clicks: LakeSelection = { kind: "older", beforeMillis, eventTypes: ["click"], holds }
        assert.strictEqual(yield* lake.count(workspace, clicks), 1)
        assert.deepStrictEqual(yield* lake.remove(workspace, clicks), { events: 1 })
        const rest: LakeSelection = { kind: "older", beforeMillis, exceptEventTypes: ["order"] }
        assert.deepStrictEqual(yield* lake.remove(workspace, rest), { events: 1 })
        assert.deepStrictEqual(yield* dayCounts(workspace), { "2026-01-01": 1, "2026-01-02": 1 })
      })
    )

    it.effect("refuses more ids than its limit", () =>
      Effect.gen(function* () {
        const lake = yield* EventLake
        const userIds = Array.from({ length: removedSubjectsMax + 1 }, (_, index) => String(index))
        const refused = lake.remove(WorkspaceId.make("many"), { kind: "subjects", userIds, anonymousIds: [] })
        assert.include((yield* Effect.flip(refused)).detail, String(removedSubjectsMax))
      })
    )
  })
}
