import { Effect, Exit, Layer, Result, Schedule, Scope } from "effect"
import { rmSync } from "node:fs"
import { EventStore, listedEventTypesMax, insertLinesMax, linkedUsersMax } from "../../ports/analytics/EventStore.ts"
import type { HeldEvent, HeldPerson, UserMerge } from "../../ports/analytics/EventStore.ts"
import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import type { PlanAnswer, PlanKind, QueryPlan } from "../../ports/analytics/QueryPlan.ts"
import { PortFailure } from "../../ports/PortFailure.ts"
import { answerOf } from "./answers.ts"
import { cohortsOf, gatherCohorts } from "./cohort.ts"
import { setAside } from "./DatabaseFile.ts"
import { make } from "./Engine.ts"
import type { Engine, EngineOptions, Read, Row } from "./Engine.ts"
import { eraseSubjects } from "./erasing.ts"
import { expireEvents, expiringEvents, expiringFirstsText, expiringText, firstEvent } from "./expiring.ts"
import { duckdbFailure } from "./failures.ts"
import { highWord, lowWord } from "./IdTable.ts"
import { confirm, insertLines } from "./inserting.ts"
import { loadIds } from "./KnownIds.ts"
import type { KnownIds } from "./KnownIds.ts"
import { eventsText, peopleText, subjectsText, traitsText } from "./listText.ts"
import { quote } from "./literals.ts"
import { readingSlots } from "./propertySlots.ts"
import { hashOf } from "./schema.ts"

const checkpointEvery = "60 seconds"

/** Every event in one DuckDB file, which can be built anew from the log at any time. */
export const layer = (options: EngineOptions): Layer.Layer<EventStore, PortFailure> =>
  Layer.effect(
    EventStore,
    Effect.gen(function* () {
      const scratch = `${options.file}.scratch.ndjson`
      yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(scratch, { force: true })))
      const { engine, ids } = yield* openWhole(options)
      const checkpoint = engine.write("checkpoint", (connection) => connection.run("checkpoint store"))
      yield* Effect.forkScoped(Effect.ignore(Effect.repeat(checkpoint, Schedule.spaced(checkpointEvery))))
      return EventStore.of(operations(engine, ids, scratch))
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

const operations = (engine: Engine, ids: KnownIds, scratch: string): EventStore["Service"] => ({
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
      : engine.write("insert", (connection) => insertLines(connection, ids, scratch, batch)),
  position: (partition) =>
    Effect.map(
      engine.lookUp("position", `select through from store.positions where log_partition = ${quote(partition)}`),
      (rows) => rows[0]?.["through"] as string | undefined
    ),
  contains: (workspace, eventIds) => {
    const suspects = eventIds.filter((id) => ids.has(highWord(id), lowWord(id))).map((id) => ({ workspace, id }))
    if (suspects.length === 0) return Effect.succeed(new Set<string>())
    const query = (sql: string) => Effect.runPromise(engine.lookUp("contains", sql))
    return Effect.tryPromise({
      try: () => confirm(query, suspects),
      catch: (cause) => duckdbFailure("contains", cause)
    }).pipe(Effect.map((held) => new Set(eventIds.filter((id) => held.has(`${workspace}|${id}`)))))
  },
  answer: (plan) => answer(engine, plan),
  currencies: (workspace, fromMillis, toMillis) =>
    Effect.map(
      engine.query(
        "currencies",
        `select distinct currency from store.payments where workspace = ${quote(workspace)}
         and currency is not null and time_ms >= ${fromMillis} and time_ms < ${toMillis} order by 1`
      ),
      (rows) => rows.map((row) => String(row["currency"]))
    ),
  events: (request) => Effect.map(list(engine, "events", request, eventsText(request)), (rows) => rows.map(heldEvent)),
  people: (request) => Effect.map(list(engine, "people", request, peopleText(request)), (rows) => rows.map(heldPerson)),
  traits: (workspace, personId) => Effect.map(engine.query("traits", traitsText(workspace, personId)), foldTraits),
  eventTypes: (workspace) =>
    Effect.map(
      engine.query(
        "eventTypes",
        `select event_type, count(*)::bigint as events from store.events where workspace = ${quote(workspace)}
         group by 1 order by events desc, event_type limit ${listedEventTypesMax}`
      ),
      (rows) => rows.map((row) => ({ event_type: String(row["event_type"]), events: Number(row["events"]) }))
    ),
  names: (workspace, kind) =>
    Effect.map(
      engine.query(
        "names",
        `select name from store.names where workspace = ${quote(workspace)} and kind = ${quote(kind)} order by name`
      ),
      (rows) => rows.map((row) => String(row["name"]))
    ),
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
  expire: (workspace, expiry) => engine.write("expire", (connection) => expireEvents(connection, workspace, expiry)),
  setMerges: (workspace, merges) =>
    engine.write("setMerges", async (connection) => {
      await connection.run("begin transaction")
      try {
        for (const statement of mergeStatements(workspace, merges)) await connection.run(statement)
        await connection.run("commit")
      } catch (cause) {
        await connection.run("rollback").catch(() => undefined)
        throw cause
      }
    })
})

/** Replaces the workspace's merges and resolves all its people anew. */
const mergeStatements = (workspace: string, merges: ReadonlyArray<UserMerge>): ReadonlyArray<string> => {
  const own = quote(workspace)
  const user = (id: string) => hashOf(own, "u", quote(id))
  return [
    `delete from store.merges where workspace = ${own}`,
    ...(merges.length === 0
      ? []
      : [
          `insert into store.merges values ${merges.map(({ from, into }) => `(${own}, ${user(from)}, ${user(into)})`).join(", ")}`
        ]),
    `delete from store.people where workspace = ${own}`,
    `insert into store.people
     select l.workspace, l.anonymous_subject, coalesce(m.into_subject, l.first_user) from (
       select workspace, anonymous_subject, arg_min(user_subject, struct_pack(t := time_ms, r := received_us, i := idx, e := event_id)) as first_user
       from store.links where workspace = ${own} group by all having count(distinct user_subject) <= ${linkedUsersMax}
     ) l left join store.merges m on m.from_subject = l.first_user`,
    `insert into store.people select workspace, from_subject, into_subject from store.merges where workspace = ${own}`
  ]
}

/** On one state of the data, so that the watermark is that of the rows. */
const answer = <Kind extends PlanKind>(
  engine: Engine,
  plan: QueryPlan<Kind>
): Effect.Effect<PlanAnswer<Kind>, PortFailure> =>
  engine.snapshot("answer", async (read) => {
    const readColumns = await readingSlots(read, plan.workspace)
    await gatherCohorts(readColumns, plan.workspace, plan)
    return { ...(await answerOf(readColumns, plan)), watermark: await readWatermark(read, plan) }
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

/** How far the log is in, who is who, and what else the answer rests on. */
const readWatermark = async (read: Read, { revisions, workspace }: QueryPlan): Promise<string> => {
  const positions = await read("select log_partition, through from store.positions order by 1")
  const merges = await read(
    `select coalesce(md5(string_agg(from_subject || '>' || into_subject, ',' order by from_subject)), '') as merges
     from store.merges where workspace = ${quote(workspace)}`
  )
  const erasures = await read(`select epoch from store.erasures where workspace = ${quote(workspace)}
    union all select revision from store.expiries where workspace = ${quote(workspace)}`)
  const parts = [
    positions.map((row) => [row["log_partition"], row["through"]]),
    merges[0]?.["merges"],
    revisions,
    ...erasures.map((row) => Number(row["epoch"]))
  ]
  return Buffer.from(JSON.stringify(parts)).toString("base64url")
}

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
