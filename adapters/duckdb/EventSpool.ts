import { Effect, Layer, Stream } from "effect"
import { open, rename } from "node:fs/promises"
import { EventSpool, spoolSliceBytes } from "../../ports/analytics/EventSpool.ts"
import type { Spooled, SpoolLimits, SpoolOrder } from "../../ports/analytics/EventSpool.ts"
import { PortFailure } from "../../ports/PortFailure.ts"
import { duckdbFailure } from "./failures.ts"
import type { Catalog } from "./lake/Catalog.ts"
import { LakeCatalog } from "./lake/LakeCatalog.ts"
import { runWriting } from "./lake/Processes.ts"
import { SpoolFolder } from "./lake/SpoolFolder.ts"
import {
  chosenEvents,
  csvHeader,
  csvLines,
  eventsOfLines,
  ndjsonLines,
  noEvents,
  rowsOfParquet
} from "./lake/spoolText.ts"
import { seenEvents } from "./lake/viewText.ts"

/** Time that one part has. */
const partMillisMax = 1_800_000
const clearedBytes = 1024 * 1024
const headPart = "head"
const wholePart = "whole"

export interface EventSpoolOptions {
  /** Made where it is missing. */
  readonly folder: string
}

/** Files of events beside the lake, written by its processes. */
export const layer = (options: EventSpoolOptions): Layer.Layer<EventSpool, PortFailure, LakeCatalog> =>
  Layer.effect(
    EventSpool,
    Effect.gen(function* () {
      const catalog = yield* LakeCatalog
      const folder = new SpoolFolder(options.folder)
      yield* attempt("open", () => folder.open())
      return EventSpool.of({
        parts: (name, order) => attempt("parts", () => planParts(catalog, folder, name, order)),
        writePart: makeWritePart(catalog, folder),
        finish: makeFinish(catalog, folder),
        read: (name, from, to) => readFile(folder, name, from, to),
        remove: (name) => attempt("remove", () => folder.remove(name)),
        names: attempt("names", () => folder.names())
      })
    })
  )

const attempt = <A>(operation: string, work: () => Promise<A>): Effect.Effect<A, PortFailure> =>
  Effect.tryPromise({ try: work, catch: (cause) => spoolFailure(operation, cause) })

const spoolFailure = (operation: string, cause: unknown): PortFailure => {
  const { detail, reason } = duckdbFailure(operation, cause)
  return new PortFailure({ port: "EventSpool", operation, reason, detail, cause: new Error(detail) })
}

/** Days in a row are one part until they hold so many events: a process for each would take most of the time. */
const partEvents = 250_000

/** Days that may hold events of the order, as runs `<first>_<last>`; decided once, so that a part is what it was. */
const planParts = async (catalog: Catalog, folder: SpoolFolder, name: string, order: SpoolOrder) => {
  const known = await folder.plan(name)
  if (known !== undefined) return known
  const { fromMillis, toMillis, workspace } = order
  const runs: Array<{ readonly first: string; last: string; events: number }> = []
  for (const { day, events, newest, oldest } of catalog.files(workspace)) {
    if (events === 0 || newest < fromMillis || oldest >= toMillis) continue
    const run = runs.at(-1)
    if (run === undefined || (run.last !== day && run.events >= partEvents))
      runs.push({ first: day, last: day, events })
    else {
      run.last = day
      run.events += events
    }
  }
  const parts = runs.map(({ first, last }) => `${first}_${last}`)
  await folder.keepPlan(name, parts)
  return parts
}

/** Values that are not clear yet come as lines, whatever the file becomes. */
const linesOf = ({ clear, format }: SpoolOrder): "ndjson" | "csv" | undefined =>
  format === "parquet" ? (clear === undefined ? undefined : "ndjson") : format

/** What one part is read from: files stay as long as it is written, and no longer. */
const makeWritePart = (catalog: Catalog, folder: SpoolFolder) =>
  Effect.fnUntraced(function* (name: string, order: SpoolOrder, part: string, limits: SpoolLimits) {
    const known = yield* attempt("writePart", () => folder.part(name, part))
    if (known !== undefined) return { events: known.events, bytes: known.bytes }
    const into = yield* attempt("writePart", () => folder.beside(name, part))
    const spooled = yield* Effect.acquireUseRelease(
      Effect.sync(() => catalog.read(order.workspace)),
      ({ files, removing }) => {
        const [first = "", last = ""] = part.split("_")
        const paths = files.filter(({ day }) => first <= day && day <= last).map(({ path }) => path)
        const { restricted = [], workspace } = order
        const hidden = [...removing, { kind: "subjects" as const, userIds: restricted, anonymousIds: restricted }]
        const seen = seenEvents({ workspace, paths, removing: hidden, personalColumns: true })
        const rows = chosenEvents(order, seen)
        const kind = linesOf(order)
        const text = kind === "csv" ? csvLines(order, rows) : kind === "ndjson" ? ndjsonLines(order, rows) : rows
        const lineEnd = kind === "csv" ? "\r\n" : kind === "ndjson" ? "\n" : undefined
        const input = { root: catalog.root, rows: text, lineEnd, into, ...limits }
        return runWriting("spool", input, partMillisMax)
      },
      ({ release }) => Effect.sync(release)
    )
    if (spooled.exceeds !== undefined) return spooled
    const { clear } = order
    if (clear !== undefined) yield* clearLines(into, clear)
    yield* attempt("writePart", () => folder.keep(name, part, into, spooled.events))
    const bytes =
      clear === undefined ? spooled.bytes : ((yield* attempt("writePart", () => folder.part(name, part)))?.bytes ?? 0)
    return { events: spooled.events, bytes } satisfies Spooled
  })

/** Writes the lines anew with clear values, some at a time; a reference stands in one line. */
const clearLines = (path: string, clear: NonNullable<SpoolOrder["clear"]>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const beside = `${path}.clear`
      const opened = (at: string, flags: string) =>
        Effect.acquireRelease(
          attempt("writePart", () => open(at, flags, 0o600)),
          (handle) => Effect.promise(() => handle.close())
        )
      const from = yield* opened(path, "r")
      const to = yield* opened(beside, "w")
      const buffer = Buffer.alloc(clearedBytes)
      let rest = Buffer.alloc(0)
      for (;;) {
        const { bytesRead } = yield* attempt("writePart", () => from.read(buffer, 0, clearedBytes))
        const held = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
        const end = bytesRead === 0 ? held.length : held.lastIndexOf("\n") + 1
        rest = held.subarray(end)
        const text = yield* clear(held.toString("utf8", 0, end))
        yield* attempt("writePart", () => to.writeFile(text))
        if (bytesRead === 0) break
      }
    })
  ).pipe(Effect.andThen(attempt("writePart", () => rename(`${path}.clear`, path))))

const makeFinish = (catalog: Catalog, folder: SpoolFolder) =>
  Effect.fnUntraced(function* (name: string, order: SpoolOrder) {
    const planned = (yield* attempt("finish", () => folder.plan(name))) ?? []
    if (order.format === "parquet") {
      const whole = yield* joinParts(catalog, folder, name, order, planned)
      return yield* attempt("finish", () => folder.finish(name, [whole]))
    }
    const head = order.format === "csv" ? csvHeader(order.columns) : ""
    return yield* attempt("finish", async () => {
      await folder.write(name, headPart, head)
      return folder.finish(name, await folder.parts(name, [headPart, ...planned]))
    })
  })

/** One Parquet file of the parts: it ends with a list of what is in it, so that parts cannot stand side by side. */
const joinParts = Effect.fnUntraced(function* (
  catalog: Catalog,
  folder: SpoolFolder,
  name: string,
  order: SpoolOrder,
  planned: ReadonlyArray<string>
) {
  const known = yield* attempt("finish", () => folder.part(name, wholePart))
  if (known !== undefined) return known
  const parts = yield* attempt("finish", () => folder.parts(name, planned))
  const into = yield* attempt("finish", () => folder.beside(name, wholePart))
  const paths = parts.filter(({ events }) => events > 0).map(({ path }) => path)
  const rows =
    paths.length === 0
      ? noEvents(order.columns)
      : linesOf(order) === undefined
        ? rowsOfParquet(paths)
        : eventsOfLines(order.columns, paths)
  const limits = { eventsMax: Number.MAX_SAFE_INTEGER, bytesMax: Number.MAX_SAFE_INTEGER }
  const input = { root: catalog.root, rows, lineEnd: undefined, into, ...limits }
  const { events } = yield* runWriting("spool", input, partMillisMax)
  yield* attempt("finish", () => folder.keep(name, wholePart, into, events))
  const kept = yield* attempt("finish", () => folder.part(name, wholePart))
  return kept ?? (yield* spoolFailure("finish", new Error("the file is gone")))
})

const readFile = (folder: SpoolFolder, name: string, from: number, to: number) =>
  Stream.unwrap(
    Effect.map(
      attempt("read", () => folder.whole(name)),
      (whole) =>
        Stream.unfold(
          from,
          Effect.fnUntraced(function* (at: number) {
            const end = Math.min(to, whole.bytes)
            if (at >= end) return undefined
            const length = Math.min(spoolSliceBytes, end - at)
            const bytes = yield* attempt("read", () => folder.slice(name, whole, at, length))
            return [bytes, at + bytes.length] as const
          })
        )
    )
  )
