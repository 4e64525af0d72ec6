import { Effect, Exit, Layer, Result, Schedule, Scope } from "effect"
import { randomBytes } from "node:crypto"
import { rmSync } from "node:fs"
import { EventStore, insertLinesMax } from "../../ports/analytics/EventStore.ts"
import type { HeldEvent, HeldPerson } from "../../ports/analytics/EventStore.ts"
import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import { StaleWatermark } from "../../ports/analytics/StaleWatermark.ts"
import { PortFailure } from "../../ports/PortFailure.ts"
import { cohortsOf, gatherCohorts } from "./cohort.ts"
import { setAside } from "./DatabaseFile.ts"
import { make } from "./Engine.ts"
import type { Engine, EngineOptions, Row } from "./Engine.ts"
import { eraseSubjects } from "./erasing.ts"
import { expireEvents, expiringEvents, expiringFirstsText, expiringText, firstEvent } from "./expiring.ts"
import { duckdbFailure } from "./failures.ts"
import { highWord, lowWord } from "./IdTable.ts"
import { confirm, insertLines } from "./inserting.ts"
import { loadIds } from "./KnownIds.ts"
import type { KnownIds } from "./KnownIds.ts"
import { firstsOfText, eventsText, peopleText, subjectsText, traitsText } from "./listText.ts"
import { NameMemory } from "./NameMemory.ts"
import { replaceMerges } from "./merging.ts"
import { quote } from "./literals.ts"
import { replaceRestrictions, restrictedAmongText } from "./restricting.ts"
import { endOf, stateOf, stateText, storeReads } from "./storeReads.ts"
import { openWatermark, watermarkKeyBytes } from "./Watermark.ts"

const checkpointEvery = "60 seconds"

export interface EventStoreOptions extends EngineOptions {
  /** Seals watermarks, 32 bytes; unset, those of this process are told by nobody after it. */
  readonly watermarkKey?: () => Uint8Array
}

/** Every event in one DuckDB file, which can be built anew from the log at any time. */
export const layer = (options: EventStoreOptions): Layer.Layer<EventStore, PortFailure> =>
  Layer.effect(
    EventStore,
    Effect.gen(function* () {
      const scratch = `${options.file}.scratch.ndjson`
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(scratch, { force: true })))
      const { engine, ids } = yield* openWhole(options)
      const checkpoint = engine.write("checkpoint", (connection) => connection.run("checkpoint store"))
      yield* Effect.forkScoped(Effect.ignore(Effect.repeat(checkpoint, Schedule.spaced(checkpointEvery))))
      const key = yield* Effect.try({
        try: () => options.watermarkKey?.() ?? randomBytes(watermarkKeyBytes),
        catch: (cause) => duckdbFailure("open", cause)
      })
      return EventStore.of(operations({ engine, ids, names: new NameMemory(), scratch, key }))
    })
  )

/** Damage in what every start reads is mended at once, other damage at the start after it was met. */
const openWhole = Effect.fnUntraced(function* (options: EngineOptions) {
  const openOnce = Effect.gen(function* () {
    const engine = yield* make(options)
    return { engine, ids: yield* engine.write("open", loadIds) }
  })
  const scope = yield* Scope.fork(yield* Effect.scope)
  const first = yield* Effect.result(Scope.provide(openOnce, scope))
  if (Result.isSuccess(first)) return first.success
  yield* Scope.close(scope, Exit.void)
  if (first.failure.reason !== "corrupt") return yield* first.failure
  yield* setAside(options, first.failure.detail)
  return yield* openOnce
})

interface Parts {
  readonly engine: Engine
  readonly ids: KnownIds
  readonly names: NameMemory
  readonly scratch: string
  readonly key: Uint8Array
}

const noneHeld = Effect.succeed<ReadonlySet<string>>(new Set())

const operations = ({ engine, ids, key, names, scratch }: Parts): EventStore["Service"] => ({
  ...storeReads(engine, key, undefined),
  insert: (batch) =>
    batch.lines.length > insertLinesMax
      ? Effect.fail(
          new PortFailure({
            port: "EventStore",
            operation: "insert",
            reason: "overloaded",
            detail: `${batch.lines.length} lines in one insert, ${insertLinesMax} at the most`
          })
        )
      : engine.write("insert", (connection) => insertLines(connection, { ids, names, scratch }, batch)),
  position: (partition) =>
    Effect.map(
      engine.lookUp("position", `select through from store.positions where log_partition = ${quote(partition)}`),
      (rows) => rows[0]?.["through"] as string | undefined
    ),
  contains: (workspace, eventIds) => {
    const known = eventIds.filter((id) => ids.has(highWord(id), lowWord(id)))
    if (known.length === 0) return noneHeld
    const suspects = known.map((id) => ({ workspace, id }))
    const query = (sql: string) => Effect.runPromise(engine.lookUp("contains", sql))
    return Effect.tryPromise({
      try: () => confirm(query, suspects),
      catch: (cause) => duckdbFailure("contains", cause)
    }).pipe(Effect.map((held) => new Set(eventIds.filter((id) => held.has(`${workspace}|${id}`)))))
  },
  asOf: (workspace, watermark) =>
    Effect.gen(function* () {
      const mark = openWatermark(key, workspace, watermark)
      if (mark === undefined) return yield* new StaleWatermark({ reason: "not_issued" })
      const reason = endOf(mark, stateOf(yield* engine.lookUp("asOf", stateText(workspace))))
      if (reason !== undefined) return yield* new StaleWatermark({ reason })
      return { ...storeReads(engine, key, mark), revisions: mark.revisions }
    }),
  events: (request) => Effect.map(list(engine, "events", request, eventsText(request)), (rows) => rows.map(heldEvent)),
  people: (request) => Effect.map(list(engine, "people", request, peopleText(request)), (rows) => rows.map(heldPerson)),
  traits: (workspace, personId) => Effect.map(engine.query("traits", traitsText(workspace, personId)), foldTraits),
  subjectsOf: (workspace, personId) =>
    Effect.map(engine.query("subjectsOf", subjectsText(workspace, personId)), (rows) =>
      rows.map((row) => String(row["id"]))
    ),
  erase: (workspace, subjects, epoch) =>
    engine.write("erase", (connection) => eraseSubjects(connection, workspace, subjects, epoch)),
  expiring: (workspace, expiry) =>
    Effect.map(engine.query("expiring", expiringText(workspace, expiry)), (rows) => rows.map(expiringEvents)),
  expiringFirsts: (workspace, expiry, after, limit) =>
    Effect.map(engine.query("expiringFirsts", expiringFirstsText(workspace, expiry, after, limit)), (rows) =>
      rows.map(firstEvent)
    ),
  firstsOf: (workspace, personId, after, limit) =>
    Effect.map(engine.query("firstsOf", firstsOfText(workspace, personId, after, limit)), (rows) =>
      rows.map(firstEvent)
    ),
  expire: (workspace, expiry) => engine.write("expire", (connection) => expireEvents(connection, workspace, expiry)),
  setRestricted: (workspace, ids) =>
    engine.write("setRestricted", (connection) => replaceRestrictions(connection, workspace, ids)),
  restrictedAmong: (workspace, ids) =>
    ids.length === 0
      ? Effect.succeed(new Set<string>())
      : Effect.map(
          engine.lookUp("restrictedAmong", restrictedAmongText(workspace, ids)),
          (rows) => new Set(rows.map((row) => String(row["id"])))
        ),
  setMerges: (workspace, merges) =>
    engine.write("setMerges", (connection) => replaceMerges(connection, workspace, merges))
})

/** Of a list; where its filter names cohorts, on one state of the data with them. */
const list = (
  engine: Engine,
  operation: string,
  { filter, workspace }: { readonly filter?: PlanFilter | undefined; readonly workspace: string },
  text: string
) =>
  cohortsOf(filter).size === 0
    ? engine.query(operation, text)
    : engine.snapshot(operation, async (read) => {
        await gatherCohorts(read, workspace, filter)
        return read(text)
      })

const parseRecord = (value: unknown): Readonly<Record<string, unknown>> | null =>
  typeof value === "string" ? (JSON.parse(value) as Readonly<Record<string, unknown>>) : null

const heldEvent = (row: Row): HeldEvent => {
  const text = (name: string) => (row[name] ?? null) as string | null
  const pick = (...names: ReadonlyArray<string>) => Object.fromEntries(names.map((name) => [name, text(name)]))
  return {
    event_id: String(row["event_id"]),
    event_type: String(row["event_type"]),
    person_id: String(row["person_id"]),
    user_id: text("user_id"),
    anonymous_id: String(row["anonymous_id"]),
    session_id: text("session_id"),
    time: Number(row["time_ms"]),
    received_at: Number(row["received_us"]),
    index: Number(row["idx"]),
    timestamp: Number(row["timestamp_ms"]),
    sent_at: row["sent_ms"] === null ? null : Number(row["sent_ms"]),
    historical: Boolean(row["historical"]),
    ip: text("ip"),
    click_id: text("click_id"),
    page: pick("url", "host", "path", "title", "referrer", "referrer_host"),
    device: { type: text("device_type"), os: text("os"), browser: text("browser") },
    geo: pick("country", "region", "city"),
    campaign: pick("source", "medium", "campaign", "term", "content", "click_id_type"),
    money:
      row["minor"] === null || row["minor"] === undefined
        ? null
        : { kind: String(row["money_kind"]), minor: BigInt(row["minor"] as bigint), currency: String(row["currency"]) },
    traits: parseRecord(row["traits"]),
    traits_once: parseRecord(row["traits_once"]),
    properties: parseRecord(row["properties"]) ?? {}
  }
}

const heldPerson = (row: Row): HeldPerson => ({
  person_id: String(row["person_id"]),
  first_seen: Number(row["first_seen"]),
  last_seen: Number(row["last_seen"]),
  events: Number(row["events"])
})

/** Rows newest first: the first value of a trait stands, of `traits_once` the last; `traits` goes before `traits_once`. */
const foldTraits = (rows: ReadonlyArray<Row>) => {
  type Trait = { key: string; value: unknown; event_id: string; field: string; subject: string }
  const newest = new Map<string, Trait>()
  const oldest = new Map<string, Trait>()
  for (const row of rows) {
    const at = { event_id: String(row["event_id"]), subject: String(row["subject_id"]) }
    for (const [key, value] of Object.entries(parseRecord(row["traits"]) ?? {})) {
      if (!newest.has(key)) newest.set(key, { key, value, field: `traits.${key}`, ...at })
    }
    for (const [key, value] of Object.entries(parseRecord(row["traits_once"]) ?? {})) {
      oldest.set(key, { key, value, field: `traits_once.${key}`, ...at })
    }
  }
  return [...new Map([...oldest, ...newest]).values()].toSorted((a, b) => (a.key < b.key ? -1 : 1))
}
