import type { DuckDBConnection } from "@duckdb/node-api"
import { open } from "node:fs/promises"
import { setImmediate as nextTurn } from "node:timers/promises"
import type { RejectedLine } from "../../ports/analytics/EventStore.ts"
import { highWord, lowWord, makeRepeats } from "./IdTable.ts"
import type { KnownIds } from "./KnownIds.ts"
import { quote } from "./literals.ts"
import { saveNames, stagedSlots, stagedEvents, stageNames, takeSlots } from "./propertySlots.ts"
import type { PropertySlot } from "./propertySlots.ts"
import {
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

const load = async (
  connection: DuckDBConnection,
  scratch: string,
  lines: ReadonlyArray<Line>,
  position: { readonly partition: string; readonly through: string }
): Promise<void> => {
  const hasFirsts = lines.some(({ text }) => text.includes(expiredMark))
  const mayLink = lines.some(({ text }) => text.includes(userMark))
  if (lines.length > 0) {
    await writeScratch(scratch, lines, asItIs)
    await connection.run(stageLines(scratch))
    if (hasFirsts) await connection.run(stageFirsts(scratch))
    if (mayLink) await connection.run(stageLinks(hasFirsts))
    await connection.run(stageNames)
  }
  await connection.run("begin transaction")
  try {
    if (lines.length > 0) {
      const [next] = await readAll(connection)(nextTick)
      const tick = Number(next?.["tick"])
      const [counts] = await readAll(connection)(stagedCounts(mayLink))
      const has = (name: string) => Number(counts?.[name]) > 0
      if (has("names")) {
        await connection.run(takeSlots)
        await connection.run(saveNames(tick))
      }
      const slots = await readAll(connection)(stagedSlots)
      const staged = stagedEvents(slots as unknown as ReadonlyArray<PropertySlot>, tick)
      await connection.run(`insert into store.events from ${staged}`)
      if (has("payments")) await connection.run(savePayments(staged))
      await connection.run(saveArrivals)
      if (has("accounts")) await connection.run(saveAccountChanges(tick))
      if (hasFirsts) await connection.run(saveFirsts)
      const { first, last } = counts ?? {}
      // Of lines that tell alone of first events nothing is staged.
      if (typeof first === "number") await connection.run(saveActivity(first, Number(last), tick))
      if (has("links")) {
        await connection.run(saveLinks(tick))
        await connection.run(resolvePeople("(select anonymous_subject as subject from new_links)"))
      }
    }
    await connection.run(`delete from store.positions where log_partition = ${quote(position.partition)}`)
    await connection.run(
      `insert into store.positions values (${quote(position.partition)}, ${quote(position.through)})`
    )
    await connection.run("commit")
  } catch (cause) {
    await connection.run("rollback").catch(() => undefined)
    throw cause
  }
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
  ids: KnownIds,
  scratch: string,
  batch: { readonly partition: string; readonly through: string; readonly lines: ReadonlyArray<string> }
): Promise<Inserted> => {
  const sorted = await sortAll(batch.lines, false)
  if (sorted.rejected.length > 0) return rejectedOnly(sorted.rejected)
  const lines = await fresh(connection, ids, sorted.lines)
  try {
    await load(connection, scratch, lines, batch)
  } catch (cause) {
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
