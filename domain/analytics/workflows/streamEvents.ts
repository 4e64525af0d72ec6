import { Clock, Effect, Option, Stream } from "effect"
import {
  eventStreamCutsMax,
  eventStreamMillisMax,
  eventStreamPageMax,
  exportFormats
} from "../../../ports/analytics/EventExport.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import type { EventPlace, ScanRequest, StoreReads } from "../../../ports/analytics/EventStore.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { PortFailure } from "../../../ports/PortFailure.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { naming } from "../../platform/revisions.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import { listOf } from "../../questions/flatQuestion.ts"
import { exportEnd, exportHead, exportLine } from "../../questions/exports/exportLine.ts"
import type { LineForm } from "../../questions/exports/exportLine.ts"
import { planEventStream, readEventStream } from "../../questions/exports/planEventStream.ts"
import type { FlatEventStream } from "../../questions/exports/planEventStream.ts"
import { askAt } from "./askAt.ts"
import { questionScope } from "./askQuestion.ts"

/** Events of one state of the store, whatever comes in meanwhile. */
export interface EventStream {
  readonly contentType: string
  /** Names the state: with it and the last event that came, another answer goes on. */
  readonly watermark: string
  readonly bytes: Stream.Stream<Uint8Array, PortFailure>
}

/**
 * Events in arrival order, as fast as they are taken, once the audit log says who reads them: a page of them is read when
 * the one before has gone. The last line says how many there are and whether they are all; an answer without it was cut.
 * `isStopping` ends it early.
 */
export const streamEvents = Effect.fnUntraced(function* (
  actor: Actor,
  flat: FlatEventStream,
  isStopping: () => boolean
) {
  const { workspace } = actor
  const begun = beginStream(workspace, flat, isStopping)
  const stream = yield* askAt(workspace, flat.watermark, begun, ({ watermark }) => watermark)
  yield* recordReading(actor, flat)
  return stream
})

/** What was asked for, as an export says it. */
const recordReading = Effect.fnUntraced(function* (actor: Actor, flat: FlatEventStream) {
  const read = readEventStream(flat)
  const asked = {
    ...("asked" in read ? read.asked : {}),
    ...(flat.columns === undefined ? {} : { columns: listOf(flat.columns) }),
    ...(flat.after === undefined ? {} : { after: flat.after })
  }
  const documents = yield* DocumentStore
  const { subjectsOf } = yield* naming(actor.workspace, { name: "events", singular: "event" })
  const now = yield* Clock.currentTimeMillis
  const record = yield* auditOf(actor, now, "events.exported", "events", undefined, asked, subjectsOf(asked))
  yield* withoutConflict(documents.commit(actor.workspace, { writes: [], audit: [record] }))
})

const beginStream = Effect.fn("streamEvents")(function* (
  workspace: WorkspaceId,
  flat: FlatEventStream,
  isStopping: () => boolean
) {
  const read = readEventStream(flat)
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  const scope = yield* questionScope(workspace, read.asked)
  const plan = planEventStream(flat, read.asked, scope)
  if ("errors" in plan) return yield* new InvalidQuestion({ errors: plan.errors })
  const { after, filter, form, fromMillis, toMillis } = plan.planned
  const store = yield* EventStore
  const watermark = yield* store.watermark(workspace, scope.revisions)
  const reads = yield* Effect.catchTag(store.asOf(workspace, watermark), "StaleWatermark", () => movedOn)
  const place = after === undefined ? undefined : yield* reads.placeOf(workspace, after)
  if (after !== undefined && place === undefined) {
    const detail = "there is no such event at that watermark"
    return yield* new InvalidQuestion({ errors: [{ pointer: "/after", code: "unknown_event", detail }] })
  }
  const range = { workspace, fromMillis, toMillis, filter }
  const until = (yield* Clock.currentTimeMillis) + eventStreamMillisMax
  const isOver = Effect.map(Clock.currentTimeMillis, (now) => isStopping() || now >= until)
  const stream: EventStream = {
    contentType: exportFormats[form.format].contentType,
    watermark,
    bytes: linesOf(reads, { ...range, after: place }, form, isOver)
  }
  return stream
})

/** Erased between two reads: nothing is told of a state that is not there any more. */
const movedOn = new PortFailure({
  port: "EventStore",
  operation: "asOf",
  reason: "unavailable",
  detail: "data was erased while it was asked for"
})

interface Progress {
  readonly after: EventPlace | undefined
  /** Ends of the next pages. */
  readonly cuts: ReadonlyArray<EventPlace>
  readonly events: number
}

const encoder = new TextEncoder()

const linesOf = (
  reads: StoreReads,
  request: ScanRequest,
  form: LineForm,
  isOver: Effect.Effect<boolean>
): Stream.Stream<Uint8Array, PortFailure> => {
  const nextCuts = ({ after, cuts }: Progress) =>
    cuts.length > 0
      ? Effect.succeed(cuts)
      : reads.places({ ...request, after, every: eventStreamPageMax, count: eventStreamCutsMax })
  const page = Effect.fnUntraced(function* (progress: Progress) {
    const { after, events } = progress
    const ended = (complete: boolean) =>
      [[encoder.encode(exportEnd(form, { events, complete }))], Option.none<Progress>()] as const
    if (yield* isOver) return ended(false)
    const [through, ...cuts] = yield* nextCuts(progress)
    if (through === undefined) return ended(true)
    const rows = yield* reads.scan({ ...request, after, through, columns: form.columns })
    const text = rows.map((values) => exportLine(form, values)).join("")
    const next: Progress = { after: through, cuts, events: events + rows.length }
    return [[encoder.encode(text)], Option.some(next)] as const
  })
  const first: Progress = { after: request.after, cuts: [], events: 0 }
  const head = exportHead(form)
  const lines = Stream.paginate(first, page)
  return head === "" ? lines : Stream.concat(Stream.make(encoder.encode(head)), lines)
}
