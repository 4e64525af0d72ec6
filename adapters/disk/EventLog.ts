import { Effect, Layer, Semaphore } from "effect"
import * as fs from "node:fs"
import { join } from "node:path"
import { setImmediate as nextTurn } from "node:timers/promises"
import { appendLinesMax, EventLog, lineBytesMax } from "../../ports/analytics/EventLog.ts"
import type { LogBatch, LogEntry } from "../../ports/analytics/EventLog.ts"
import { Gauges } from "../../ports/platform/Gauges.ts"
import { PartStates } from "../../ports/platform/PartStates.ts"
import { PortFailure } from "../../ports/PortFailure.ts"
import { readCheckpoint, writeCheckpoint } from "./Checkpoints.ts"
import { eraseLines, removeLeftovers } from "./erasing.ts"
import { diskFailure } from "./failures.ts"
import { readLines, segmentLength } from "./SegmentReader.ts"
import {
  decodePlace,
  encodePlace,
  listSegments,
  segmentFile,
  wholeLinesLength,
  youngestReceivedAt
} from "./Segments.ts"
import type { Place } from "./Segments.ts"
import { SegmentWriter } from "./SegmentWriter.ts"

export const segmentBytesMaxUsual = 64 * 1024 * 1024
/** Bytes that one batch takes from the disk, give or take a read. */
const batchBytesMax = 16 * 1024 * 1024
const partition = "0"

export interface EventLogOptions {
  /** Holds the segments and, below it, `checkpoints`. Made where it is missing. */
  readonly folder: string
  readonly segmentBytesMax?: number
}

interface Opened {
  readonly writer: SegmentWriter
  readonly tornBytes: number
  readonly segment: number
}

const openFolder = (options: EventLogOptions): Opened => {
  fs.mkdirSync(join(options.folder, "checkpoints"), { recursive: true, mode: 0o700 })
  removeLeftovers(options.folder)
  const segment = listSegments(options.folder).at(-1) ?? 1
  const file = segmentFile(options.folder, segment)
  const size = fs.existsSync(file) ? fs.statSync(file).size : 0
  const whole = size === 0 ? 0 : wholeLinesLength(file)
  if (whole < size) fs.truncateSync(file, whole)
  const writer = new SegmentWriter(options.folder, segment, whole, options.segmentBytesMax ?? segmentBytesMaxUsual)
  return { writer, tornBytes: size - whole, segment }
}

/**
 * The event log as segment files of JSON lines in one folder, one partition, positions `segment.offset`.
 * One process opens the folder (see DataFolder).
 */
export const layer = (options: EventLogOptions): Layer.Layer<EventLog, PortFailure> =>
  Layer.effect(
    EventLog,
    Effect.gen(function* () {
      const { segment, tornBytes, writer } = yield* Effect.acquireRelease(
        Effect.try({ try: () => openFolder(options), catch: (cause) => diskFailure("open", cause) }),
        (opened) => Effect.promise(() => opened.writer.close())
      )
      if (tornBytes > 0) {
        yield* Effect.logWarning(`event log: cut ${tornBytes} unacknowledged bytes off the end of segment ${segment}`)
      }
      yield* (yield* PartStates).watch("event_log", writer.lastWrite.read)
      yield* (yield* Gauges).observe({
        name: "marketing_event_log_waiting_bytes",
        description: "Bytes of lines that wait for the disk",
        read: Effect.sync(() => writer.bytesWaiting)
      })
      return EventLog.of(operations(options.folder, writer))
    })
  )

const operations = (folder: string, writer: SegmentWriter): EventLog["Service"] => {
  const checkpoints = join(folder, "checkpoints")

  const readOnce = (from: string | undefined, linesMax: number) =>
    Effect.tryPromise({
      try: () => readBatch(folder, writer, from, linesMax),
      catch: (cause) => (cause instanceof PortFailure ? cause : diskFailure("read", cause))
    })

  const erasing = Semaphore.makeUnsafe(1)
  const sealed = Effect.callback<void, PortFailure>((resume) =>
    writer.seal((failure) => resume(failure === undefined ? Effect.void : Effect.fail(failure)))
  )

  const nextAppend = Effect.callback<void>((resume) => {
    const stop = writer.onAppend(() => resume(Effect.void))
    return Effect.sync(stop)
  })

  return {
    append: (entries) =>
      Effect.callback<void, PortFailure>((resume) => {
        const refused = invalid(entries)
        if (refused !== undefined) return resume(Effect.fail(refused))
        writer.append(joinLines(entries), (failure) =>
          resume(failure === undefined ? Effect.void : Effect.fail(failure))
        )
      }),
    partitions: Effect.succeed([partition]),
    read: ({ from, linesMax, waitMillis }) =>
      readOnce(from, linesMax).pipe(
        Effect.flatMap((batch) => {
          if (batch.lines.length > 0 || waitMillis <= 0) return Effect.succeed(batch)
          const arrived = batch.through !== encodePlace(writer.end)
          const pause = arrived ? Effect.void : Effect.timeoutOption(nextAppend, waitMillis)
          return Effect.andThen(pause, readOnce(batch.through, linesMax))
        })
      ),
    checkpoint: (consumer, of) =>
      Effect.try({
        try: () => readCheckpoint(checkpoints, consumer, of),
        catch: (cause) => (cause instanceof PortFailure ? cause : diskFailure("checkpoint", cause))
      }),
    saveCheckpoint: (consumer, of, through) =>
      Effect.try({
        try: () => writeCheckpoint(checkpoints, consumer, of, through),
        catch: (cause) => diskFailure("saveCheckpoint", cause)
      }),
    end: () => Effect.sync(() => encodePlace(writer.end)),
    backlogBytes: (_, from) =>
      Effect.try({
        try: () => bytesBehind(folder, writer, from),
        catch: (cause) => (cause instanceof PortFailure ? cause : diskFailure("backlogBytes", cause))
      }),
    erase: (isErased) =>
      sealed.pipe(
        Effect.andThen(
          Effect.tryPromise({
            try: () => eraseLines(folder, writer, isErased),
            catch: (cause) => diskFailure("erase", cause)
          })
        ),
        Effect.map((lines) => ({ kind: "rewritten", lines }) as const),
        erasing.withPermits(1)
      ),
    dropBefore: (timeMillis) =>
      Effect.try({
        try: () => dropSegments(folder, writer, timeMillis),
        catch: (cause) => diskFailure("dropBefore", cause)
      })
  }
}

const joinLines = (entries: ReadonlyArray<LogEntry>): string => {
  if (entries.length === 1) return `${entries[0]!.line}\n`
  let text = ""
  for (const entry of entries) text += `${entry.line}\n`
  return text
}

const invalid = (entries: ReadonlyArray<LogEntry>): PortFailure | undefined => {
  const detail =
    entries.length > appendLinesMax
      ? `${entries.length} lines in one append, ${appendLinesMax} at the most`
      : entries.some(({ line }) => line.length * 3 > lineBytesMax && Buffer.byteLength(line) > lineBytesMax)
        ? `a line is longer than ${lineBytesMax} bytes`
        : undefined
  return detail === undefined
    ? undefined
    : new PortFailure({ port: "EventLog", operation: "append", reason: "overloaded", detail })
}

/** Where to read. Behind the end there is nothing: such a place is of a log that was lost, and this one is read whole. */
const startOf = (folder: string, from: string | undefined, end: Place): Place => {
  const place = from === undefined ? undefined : decodePlace(from)
  if (from !== undefined && place === undefined) {
    throw new PortFailure({ port: "EventLog", operation: "read", reason: "corrupt", detail: `no checkpoint: ${from}` })
  }
  const oldest = listSegments(folder)[0] ?? end.segment
  const isBehindEnd =
    place !== undefined && (place.segment > end.segment || (place.segment === end.segment && place.offset > end.offset))
  return place === undefined || place.segment < oldest || isBehindEnd ? { segment: oldest, offset: 0 } : place
}

const readBatch = async (
  folder: string,
  writer: SegmentWriter,
  from: string | undefined,
  linesMax: number
): Promise<LogBatch> => {
  const asked = from === undefined ? undefined : decodePlace(from)
  const held = asked === undefined ? undefined : await readTail(writer, asked, linesMax)
  if (from !== undefined && held !== undefined) return { partition, from, ...held }
  const end = writer.end
  let place = startOf(folder, from, end)
  for (;;) {
    const active = place.segment >= end.segment
    const length = active ? end.offset : segmentLength(folder, place.segment)
    const { lines, offset } = await gatherLines(folder, place, length, linesMax)
    const behind: Place = { segment: place.segment, offset }
    if (lines.length > 0 || active) {
      return { partition, from: from ?? encodePlace(place), through: encodePlace(behind), lines }
    }
    // Erased lines alone, so far: there may be others behind them in the same segment.
    const isPassed = offset >= length || offset === place.offset
    place = isPassed ? { segment: place.segment + 1, offset: 0 } : behind
  }
}

/** Several reads of one segment, as many as the lines take: between two of them the event loop runs. */
const gatherLines = async (folder: string, from: Place, end: number, linesMax: number) => {
  const lines: Array<string> = []
  let { offset } = from
  while (offset < end && lines.length < linesMax && offset - from.offset < batchBytesMax) {
    const place = { segment: from.segment, offset }
    const read = await readLines({ folder, from: place, end, linesMax: linesMax - lines.length })
    if (read.offset === offset) break
    for (const line of read.lines) lines.push(line)
    offset = read.offset
  }
  return { lines, offset }
}

const bytesBehind = (folder: string, writer: SegmentWriter, from: string | undefined): number => {
  const end = writer.end
  const start = startOf(folder, from, end)
  const between = listSegments(folder).filter((segment) => segment >= start.segment && segment < end.segment)
  return Math.max(0, between.reduce((sum, segment) => sum + segmentLength(folder, segment), end.offset) - start.offset)
}

/** What a reader who keeps up gets without a look at the disk; nothing where the place is the end. Several reads, as above. */
const readTail = async (writer: SegmentWriter, from: Place, linesMax: number) => {
  const { end } = writer
  if (from.segment === end.segment && from.offset === end.offset) return { through: encodePlace(from), lines: [] }
  let read = writer.tail.read(from, linesMax)
  if (read === undefined) return undefined
  const lines = [...read.lines]
  let { offset } = read
  while (lines.length < linesMax && offset - from.offset < batchBytesMax) {
    await nextTurn()
    read = writer.tail.read({ segment: from.segment, offset }, linesMax - lines.length)
    if (read === undefined) break
    for (const line of read.lines) lines.push(line)
    offset = read.offset
  }
  return { through: encodePlace({ segment: from.segment, offset }), lines }
}

const dropSegments = (folder: string, writer: SegmentWriter, timeMillis: number): { readonly segments: number } => {
  let segments = 0
  for (const segment of listSegments(folder)) {
    if (segment >= writer.end.segment) break
    const youngest = youngestReceivedAt(segmentFile(folder, segment))
    if (youngest !== undefined && youngest >= timeMillis * 1000) break
    fs.unlinkSync(segmentFile(folder, segment))
    segments += 1
  }
  return { segments }
}
