import type { DuckDBConnection } from "@duckdb/node-api"
import { open } from "node:fs/promises"
import { setImmediate as nextTurn } from "node:timers/promises"
import type { RejectedLine } from "../../ports/analytics/EventStore.ts"
import { highWord, lowWord, makeRepeats } from "./IdTable.ts"
import type { KnownIds } from "./KnownIds.ts"
import { quote } from "./literals.ts"
import type { NameMemory } from "./NameMemory.ts"
import { saveNames, slottedEvents, stagedSlots, stageNames, takeSlots } from "./propertySlots.ts"
import type { PropertySlot } from "./propertySlots.ts"
import {
  linesText,
  nextTick,
  resolvePeople,
  saveAccountChanges,
  expiredMark,
  saveActivity,
  saveArrivals,
  saveFirsts,
  saveLinks,
  savePayments,
  stagedCounts,
  stageFirsts,
  stageLines,
  stageLinks,
  stageLoaded,
  unreadableLines,
  userMark
} from "./schema.ts"
import { sortLines } from "./sortLines.ts"
import type { Line } from "./sortLines.ts"

export interface Inserted {
  readonly inserted: number
  readonly duplicates: number
  readonly rejected: ReadonlyArray<RejectedLine>
}

const keyOf = (workspace: string, id: string): string => `${workspace}|${id}`

/** Ids of those lines whose hash is known, that are held in truth. */
export const confirm = async (
  query: (sql: string) => Promise<ReadonlyArray<Readonly<Record<string, unknown>>>>,
  suspects: ReadonlyArray<{ readonly workspace: string; readonly id: string }>
): Promise<ReadonlySet<string>> => {
  if (suspects.length === 0) return new Set()
  const hashes = [...new Set(suspects.map(({ id }) => (BigInt(highWord(id)) << 32n) | BigInt(lowWord(id))))]
  const rows = await query(
    `select workspace, event_id::varchar as id from store.events where id_hash in (${hashes.join(", ")})`
  )
  return new Set(rows.map((row) => keyOf(String(row["workspace"]), String(row["id"]))))
}

const readAll = (connection: DuckDBConnection) => async (sql: string) =>
  (await connection.runAndReadAll(sql)).getRowObjectsJS()

/** Lines that are worked on at once: some milliseconds, then the event loop runs. */
const sliceLines = 2000

const inSlices = async <A>(
  all: ReadonlyArray<A>,
  work: (slice: ReadonlyArray<A>) => void | Promise<void>
): Promise<void> => {
  for (let at = 0; at < all.length; at += sliceLines) {
    if (at > 0) await nextTurn()
    await work(all.length <= sliceLines ? all : all.slice(at, at + sliceLines))
  }
}

/** The lines that are not held yet, the first of each id: nearly always all of them. */
const fresh = async (
  connection: DuckDBConnection,
  ids: KnownIds,
  lines: ReadonlyArray<Line>
): Promise<ReadonlyArray<Line>> => {
  const suspects: Array<Line> = []
  const comesAgain = makeRepeats(Math.max(1, lines.length))
  let repeated = false
  await inSlices(lines, (slice) => {
    for (const line of slice) {
      const high = highWord(line.id)
      const low = lowWord(line.id)
      if (ids.has(high, low)) suspects.push(line)
      if (comesAgain(high, low)) repeated = true
    }
  })
  if (suspects.length === 0 && !repeated) return lines
  const held = await confirm(readAll(connection), suspects)
  const seen = new Set<string>()
  const kept: Array<Line> = []
  await inSlices(lines, (slice) => {
    for (const line of slice) {
      const key = keyOf(line.workspace, line.id)
      if (held.has(key) || seen.has(key)) continue
      seen.add(key)
      kept.push(line)
    }
  })
  return kept
}

const writeScratch = async (
  scratch: string,
  lines: ReadonlyArray<Line>,
  form: (line: Line, place: number) => string
): Promise<void> => {
  const file = await open(scratch, "w", 0o600)
  let place = 0
  try {
    await inSlices(lines, async (slice) => {
      const texts = slice.map((line) => form(line, place++))
      // For the last line's break: to add it to the whole would copy all of it.
      texts.push("")
      await file.writeFile(texts.join("\n"))
    })
  } finally {
    await file.close()
  }
}

const asItIs = ({ text }: Line): string => text

/** Commits what the body did, or undoes it where it answers that it was in vain, and where it fails. */
const inTransaction = async (connection: DuckDBConnection, body: () => Promise<boolean>): Promise<boolean> => {
  await connection.run("begin transaction")
  try {
    const isDone = await body()
    await connection.run(isDone ? "commit" : "rollback")
    return isDone
  } catch (cause) {
    await connection.run("rollback").catch(() => undefined)
    throw cause
  }
}

interface Load {
  readonly connection: DuckDBConnection
  readonly names: NameMemory
  readonly scratch: string
  readonly lines: ReadonlyArray<Line>
  readonly position: { readonly partition: string; readonly through: string }
}

const readTick = async (connection: DuckDBConnection): Promise<number> => {
  const [next] = await readAll(connection)(nextTick)
  return Number(next?.["tick"])
}

const savePosition = async ({ connection, position }: Load): Promise<void> => {
  await connection.run(`delete from store.positions where log_partition = ${quote(position.partition)}`)
  await connection.run(`insert into store.positions values (${quote(position.partition)}, ${quote(position.through)})`)
}

interface Staged {
  readonly tick: number
  /** With all columns. */
  readonly events: string
  readonly counts: Readonly<Record<string, unknown>>
}

/** What follows from staged events, once they are among the events. */
const saveConsequences = async (connection: DuckDBConnection, { counts, events, tick }: Staged): Promise<void> => {
  if (Number(counts["payments"]) > 0) await connection.run(savePayments(events))
  await connection.run(saveArrivals)
  if (Number(counts["accounts"]) > 0) await connection.run(saveAccountChanges(tick))
  const { first, last } = counts
  // Of lines that tell alone of first events nothing is staged.
  if (typeof first === "number") await connection.run(saveActivity(first, Number(last), tick))
  if (Number(counts["links"]) > 0) {
    await connection.run(saveLinks(tick))
    await connection.run(resolvePeople("(select anonymous_subject as subject from new_links)"))
  }
}

/** The usual load: no name is new, so that the lines go straight among the events. Answers false, with nothing done, where one is. */
const loadDirectly = (load: Load, mayLink: boolean): Promise<boolean> =>
  inTransaction(load.connection, async () => {
    const { connection, lines, names, scratch } = load
    const slots = await names.slots(connection, new Set(lines.map(({ workspace }) => workspace)))
    const tick = await readTick(connection)
    await connection.run(`insert into store.events from ${slottedEvents(`(${linesText(scratch)})`, slots, tick)}`)
    await connection.run(stageLoaded(tick))
    if (!((await names.areKnown(connection)) ?? (await namesNothing(connection)))) return false
    if (mayLink) await connection.run(stageLinks(false))
    const [counts = {}] = await readAll(connection)(stagedCounts(mayLink, false))
    await saveConsequences(connection, { tick, events: `(from store.events where tick = ${tick})`, counts })
    await savePosition(load)
    return true
  })

const namesNothing = async (connection: DuckDBConnection): Promise<boolean> => {
  await connection.run(stageNames)
  const [found] = await readAll(connection)("select count(*)::integer as names from new_names")
  return Number(found?.["names"]) === 0
}

/** The load of lines that may bear new names, which take their places before the lines are among the events. */
const loadStaged = async (load: Load, hasFirsts: boolean, mayLink: boolean): Promise<void> => {
  const { connection, names, scratch } = load
  await connection.run(stageLines(scratch))
  if (hasFirsts) await connection.run(stageFirsts(scratch))
  if (mayLink) await connection.run(stageLinks(hasFirsts))
  await connection.run(stageNames)
  names.clear()
  await inTransaction(connection, async () => {
    const tick = await readTick(connection)
    const [counts = {}] = await readAll(connection)(stagedCounts(mayLink, true))
    if (Number(counts["names"]) > 0) {
      await connection.run(takeSlots)
      await connection.run(saveNames(tick))
    }
    const slots = await readAll(connection)(stagedSlots)
    const events = slottedEvents("staging", slots as unknown as ReadonlyArray<PropertySlot>, tick)
    await connection.run(`insert into store.events from ${events}`)
    await saveConsequences(connection, { tick, events, counts })
    if (hasFirsts) await connection.run(saveFirsts)
    await savePosition(load)
    return true
  })
}

const loadLines = async (load: Load): Promise<void> => {
  const { connection, lines, scratch } = load
  if (lines.length === 0) {
    await inTransaction(connection, () => savePosition(load).then(() => true))
    return
  }
  await writeScratch(scratch, lines, asItIs)
  const hasFirsts = lines.some(({ text }) => text.includes(expiredMark))
  const mayLink = lines.some(({ text }) => text.includes(userMark))
  if (!hasFirsts && (await loadDirectly(load, mayLink))) return
  await loadStaged(load, hasFirsts, mayLink)
}

type Refused = ReadonlyMap<Line, string>

/** Lines that are events by their schema and yet cannot be read by the engine: found in one pass, else by halving. */
export const refusedBy = async (
  connection: DuckDBConnection,
  scratch: string,
  lines: ReadonlyArray<Line>
): Promise<Refused> => {
  if (lines.length === 0) return new Map()
  await writeScratch(scratch, lines, ({ text }, n) => JSON.stringify({ n, line: text }))
  const rows = await readAll(connection)(unreadableLines(scratch))
  if (rows.length === 0) return refusedHalves(connection, scratch, lines)
  return new Map(rows.map((row) => [lines[Number(row["n"])]!, "the engine cannot read its JSON or one of its numbers"]))
}

const refusedHalves = async (
  connection: DuckDBConnection,
  scratch: string,
  lines: ReadonlyArray<Line>
): Promise<Refused> => {
  try {
    await writeScratch(scratch, lines, asItIs)
    await connection.run(stageLines(scratch))
    return new Map()
  } catch (cause) {
    if (!isAboutData(cause)) throw cause
    if (lines.length === 1) return new Map([[lines[0]!, String(cause).split("\n")[0]!.slice(0, 300)]])
    const middle = lines.length >> 1
    return new Map([
      ...(await refusedHalves(connection, scratch, lines.slice(0, middle))),
      ...(await refusedHalves(connection, scratch, lines.slice(middle)))
    ])
  }
}

/** Not a full disk, not a lack of memory: those are no fault of the line. */
export const isAboutData = (cause: unknown): boolean =>
  /^Error: (Invalid Input|Conversion|Out of Range)|Invalid Input Error|Conversion Error|Out of Range Error/.test(
    String(cause)
  )

const rejectedOnly = (rejected: ReadonlyArray<RejectedLine>): Inserted => ({ inserted: 0, duplicates: 0, rejected })

const sortAll = async (texts: ReadonlyArray<string>, strict: boolean) => {
  const lines: Array<Line> = []
  const rejected: Array<RejectedLine> = []
  await inSlices(texts, (slice) => {
    const sorted = sortLines(slice, strict)
    for (const line of sorted.lines) lines.push(line)
    for (const line of sorted.rejected) rejected.push(line)
  })
  return { lines, rejected }
}

/** Loads the lines in one transaction with their position, or answers those that are none and loads nothing. */
export const insertLines = async (
  connection: DuckDBConnection,
  { ids, names, scratch }: { readonly ids: KnownIds; readonly names: NameMemory; readonly scratch: string },
  batch: { readonly partition: string; readonly through: string; readonly lines: ReadonlyArray<string> }
): Promise<Inserted> => {
  const sorted = await sortAll(batch.lines, false)
  if (sorted.rejected.length > 0) return rejectedOnly(sorted.rejected)
  const lines = await fresh(connection, ids, sorted.lines)
  try {
    await loadLines({ connection, names, scratch, lines, position: batch })
  } catch (cause) {
    names.clear()
    if (!isAboutData(cause)) throw cause
    const strict = await sortAll(batch.lines, true)
    const refused = await refusedBy(connection, scratch, strict.lines)
    if (strict.rejected.length + refused.size === 0) throw cause
    return rejectedOnly([
      ...strict.rejected,
      ...[...refused].map(([{ line }, detail]) => ({ line, reason: "invalid_event" as const, detail }))
    ])
  }
  await inSlices(lines, (slice) => {
    for (const { id } of slice) ids.add(highWord(id), lowWord(id))
  })
  return { inserted: lines.length, duplicates: sorted.lines.length - lines.length, rejected: [] }
}
