import { Clock, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { escaped } from "../../../ports/jsonPointer.ts"
import { batchEventsMax, eventBytesMax } from "../../../ports/analytics/AnalyticsEvent.ts"
import type { AnalyticsEvent } from "../../../ports/analytics/AnalyticsEvent.ts"
import { DroppedEvents } from "../../../ports/analytics/DroppedEvents.ts"
import { EventLog } from "../../../ports/analytics/EventLog.ts"
import type { LogEntry } from "../../../ports/analytics/EventLog.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { InvalidEvents } from "../../../ports/analytics/IngestReceipt.ts"
import type { BatchItem, BatchReceipt, FieldError, IngestReceipt } from "../../../ports/analytics/IngestReceipt.ts"
import { VisitorIds } from "../../../ports/analytics/VisitorIds.ts"
import { SettingsSource } from "../../../ports/platform/Settings.ts"
import type { PortFailure } from "../../../ports/PortFailure.ts"
import { nonceBytes } from "../../../ports/privacy/sealing.ts"
import { PrivacySignals } from "../../../ports/privacy/PrivacySignals.ts"
import { SubjectKeys } from "../../../ports/privacy/SubjectKeys.ts"
import { GeoLocator } from "../../../ports/reference/GeoLocator.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { WorkspaceSecrets } from "../../privacy/personalData.ts"
import type { Draft, IngestContext, RequestFacts } from "../ingestion/Draft.ts"
import { draftEvent, storedLine } from "../ingestion/draftEvent.ts"
import { makeNonces } from "../ingestion/nonces.ts"
import { jsonBytesAtMost } from "../ingestion/jsonBytesAtMost.ts"
import { parseBody } from "../ingestion/parseBody.ts"
import { RememberedIds } from "../ingestion/RememberedIds.ts"
import { parseInstant } from "../../zones/instant.ts"
import { encryptFields, personalFieldsOf, subjectOf } from "../ingestion/personalFields.ts"
import { asEvent, eventErrors, isEvent } from "../ingestion/validateEvent.ts"

export interface IngestRequest extends RequestFacts {
  readonly workspace: WorkspaceId
  /** Whether the key may import past events (scope `events:import`). */
  readonly mayImport: boolean
}

/** Ids of durable events remembered so that a retry is answered as a duplicate before the store has indexed the first. */
export const rememberedIdsMax = 200_000

export interface Ingestion {
  /** One event as JSON text. Answers once it is durable. */
  readonly ingestEvent: (
    request: IngestRequest,
    body: string
  ) => Effect.Effect<IngestReceipt, InvalidEvents | PortFailure>
  /** `{ events, sent_at?, historical? }` as JSON text: good events are kept beside bad ones, a result for each. */
  readonly ingestBatch: (
    request: IngestRequest,
    body: string
  ) => Effect.Effect<BatchReceipt, InvalidEvents | PortFailure>
  /** Events that the product made itself, which are right by construction. */
  readonly ingestOwn: (
    workspace: WorkspaceId,
    events: ReadonlyArray<AnalyticsEvent>
  ) => Effect.Effect<void, PortFailure>
}

type Requirements =
  | DroppedEvents
  | EventLog
  | EventStore
  | SubjectKeys
  | GeoLocator
  | VisitorIds
  | SettingsSource
  | SecureRandom.SecureRandom

/** The write side of analytics: from a request's text to durable lines. */
export const make: Effect.Effect<Ingestion, never, Requirements> = Effect.gen(function* () {
  const log = yield* EventLog
  const store = yield* EventStore
  const droppedEvents = yield* DroppedEvents
  const subjectKeys = yield* SubjectKeys
  const { locate } = yield* GeoLocator
  const visitorIds = yield* VisitorIds
  const settings = yield* SettingsSource
  const signals = yield* PrivacySignals
  const random = yield* SecureRandom.SecureRandom
  const takeNonces = makeNonces(random)
  const clock = yield* Clock.Clock

  const secretsOf = new Map<string, WorkspaceSecrets>()
  const durable = new RememberedIds(rememberedIdsMax, yield* random.randomBytes(4))
  let lastReceivedAt = 0

  /** Microseconds that only grow, so that arrival order is total within a process. */
  const receive = (): number => {
    lastReceivedAt = Math.max(lastReceivedAt + 1, clock.currentTimeMillisUnsafe() * 1000)
    return lastReceivedAt
  }

  const loadSecrets = Effect.fnUntraced(function* (workspace: WorkspaceId) {
    const indexKey = yield* subjectKeys.workspaceKey(workspace, "index")
    const pseudonymKey = yield* subjectKeys.workspaceKey(workspace, "pseudonym")
    const secrets: WorkspaceSecrets = { workspace, indexKey, pseudonymKey }
    secretsOf.set(workspace, secrets)
    return secrets
  })

  /** Gives today's id of its visitor to each event of a browser that bears neither an id nor a session of its own. */
  const nameVisitor = (request: IngestRequest, events: ReadonlyArray<unknown>): Visit | undefined => {
    const { ip, keyKind, userAgent = "", workspace } = request
    const nameless = keyKind === "browser" && ip !== undefined ? events.filter(isNameless) : []
    if (ip === undefined || nameless.length === 0) return undefined
    const name = () => {
      const id = visitorIds.idOf({ workspace, ip, userAgent }, clock.currentTimeMillisUnsafe())
      if (id !== undefined) for (const event of nameless) event["anonymous_id"] = id
      return id !== undefined
    }
    const visit = { nameless: new Set<unknown>(nameless), load: undefined }
    if (name()) return visit
    const load = Effect.suspend(() => visitorIds.load(clock.currentTimeMillisUnsafe()))
    return { ...visit, load: Effect.map(load, name) }
  }

  const withContext = <A, E>(
    workspace: WorkspaceId,
    visit: Visit | undefined,
    body: (context: IngestContext) => Effect.Effect<A, E>
  ): Effect.Effect<A, E | PortFailure> => {
    if (visit?.load !== undefined) {
      return Effect.flatMap(visit.load, () => withContext(workspace, { ...visit, load: undefined }, body))
    }
    const known = secretsOf.get(workspace)
    const run = (secrets: WorkspaceSecrets) => body({ settings: settings.current(workspace).ingest, secrets, locate })
    return known === undefined ? Effect.flatMap(loadSecrets(workspace), run) : run(known)
  }

  /** The event as it would be stored, and why it is not, where it is not: an erased subject has no events any more. */
  const draftUnlessErased = (...given: Parameters<typeof draftEvent>): ReturnType<typeof draftEvent> => {
    const made = draftEvent(...given)
    if (made.dropped !== undefined) return made
    const isErased = subjectKeys.tombstones.has(made.draft.stored.workspace, subjectOf(made.draft))
    return isErased ? { ...made, dropped: "erased" } : made
  }

  /**
   * Encrypts personal data of the drafts; answers those whose subject was erased meanwhile. Keys are durable before this
   * ends.
   */
  const protect = Effect.fnUntraced(function* (workspace: WorkspaceId, drafts: ReadonlyArray<Draft>) {
    const work = drafts.map((draft) => ({ draft, fields: personalFieldsOf(draft), subject: subjectOf(draft) }))
    const personal = work.filter(({ fields }) => fields.length > 0)
    const erasedDrafts = new Set<Draft>()
    if (personal.length === 0) return erasedDrafts
    const subjects = [...new Set(personal.map(({ subject }) => subject))]
    const { erased, keys } = yield* subjectKeys.getOrCreate(workspace, subjects)
    const nonces = yield* takeNonces(personal.reduce((sum, { fields }) => sum + fields.length, 0))
    let at = 0
    for (const { draft, fields, subject } of personal) {
      const key = keys.get(subject)
      if (erased.has(subject) || key === undefined) erasedDrafts.add(draft)
      else encryptFields(draft, fields, key, nonces.subarray(at * nonceBytes))
      at += fields.length
    }
    return erasedDrafts
  })

  const keyOf = (request: IngestRequest, draft: Draft): LogEntry => ({
    key: `${request.workspace}|${draft.stored.anonymous_id}`,
    line: storedLine(draft)
  })

  /** Which of the ids are new; nearly always all of them. */
  const whatIsNew = (workspace: WorkspaceId, ids: ReadonlyArray<string>) => {
    const unknown = ids.filter((id) => !durable.has(workspace, id))
    return Effect.map(store.contains(workspace, unknown), (stored): ((id: string) => boolean) => {
      if (unknown.length === ids.length && stored.size === 0) return () => true
      const fresh = new Set(unknown)
      return (id) => fresh.has(id) && !stored.has(id)
    })
  }

  const ingestEvent: Ingestion["ingestEvent"] = (request, body) => {
    const parsed = parseBody(body)
    if (parsed instanceof InvalidEvents) return Effect.fail(parsed)
    const visit = nameVisitor(request, [parsed.value])
    return withContext(
      request.workspace,
      visit,
      (context): Effect.Effect<IngestReceipt, InvalidEvents | PortFailure> => {
        const errors = errorsOf(parsed.value, "", sessionsOf(visit, parsed.value, context))
        if (errors.length > 0) return Effect.fail(invalid(400, "the event is not valid", errors))
        // A character is three bytes at the most.
        if (body.length * 3 > eventBytesMax && Buffer.byteLength(body) > eventBytesMax) {
          return Effect.fail(tooLarge("", Buffer.byteLength(body)))
        }
        const event = asEvent(parsed.value)
        const arrival = { receivedAt: receive(), index: 0, historical: false, sentAt: undefined }
        const { draft, dropped } = draftUnlessErased(event, request, context, arrival)
        if (dropped !== undefined) {
          droppedEvents.count(request.workspace, dropped)
          return Effect.succeed<IngestReceipt>({ event_id: draft.stored.event_id, dropped })
        }
        return visit === undefined && request.globalPrivacyControl === true
          ? Effect.tap(storeOne(request, draft), () => Effect.sync(() => objects(request, draft)))
          : storeOne(request, draft)
      }
    )
  }

  /** A visitor whom the service names itself for a day is nobody whose decision could be met again. */
  const objects = ({ globalPrivacyControl, workspace }: IngestRequest, draft: Draft): void => {
    if (globalPrivacyControl === true) signals.objects(workspace, subjectOf(draft))
  }

  /** The usual event is new and bears no personal data: it waits for the disk and for nothing else. */
  const storeOne = (request: IngestRequest, draft: Draft): Effect.Effect<IngestReceipt, PortFailure> => {
    const { workspace } = request
    const { event_id } = draft.stored
    if (durable.has(workspace, event_id)) return Effect.succeed({ event_id, duplicate: true })
    return Effect.flatMapEager(
      store.contains(workspace, [event_id]),
      (stored): Effect.Effect<IngestReceipt, PortFailure> => {
        if (stored.has(event_id)) return Effect.succeed({ event_id, duplicate: true })
        if (personalFieldsOf(draft).length === 0) return append(request, draft)
        return Effect.flatMap(protect(workspace, [draft]), (erased) => {
          if (!erased.has(draft)) return append(request, draft)
          droppedEvents.count(workspace, "erased")
          return Effect.succeed<IngestReceipt>({ event_id, dropped: "erased" })
        })
      }
    )
  }

  const append = (request: IngestRequest, draft: Draft): Effect.Effect<IngestReceipt, PortFailure> =>
    Effect.map(log.append([keyOf(request, draft)]), () => {
      const { event_id } = draft.stored
      // Sent several times at once, it stands in the log as often: the first line counts, the others are duplicates.
      return durable.add(request.workspace, event_id) ? receiptOf(draft) : { event_id, duplicate: true as const }
    })

  const ingestBatch: Ingestion["ingestBatch"] = (request, body) => {
    const parsed = parseBody(body)
    if (parsed instanceof InvalidEvents) return Effect.fail(parsed)
    const batch = readBatch(parsed.value, request)
    if (batch instanceof InvalidEvents) return Effect.fail(batch)
    const visit = nameVisitor(request, batch.events)
    return withContext(request.workspace, visit, (context) =>
      storeBatch(request, context, visit, batch, Buffer.byteLength(body))
    )
  }

  const storeBatch = Effect.fnUntraced(function* (
    request: IngestRequest,
    context: IngestContext,
    visit: Visit | undefined,
    batch: Batch,
    bodyBytes: number
  ) {
    const receivedAt = receive()
    const items: Array<BatchItem> = []
    const kept: Array<{ readonly index: number; readonly draft: Draft }> = []
    const seen = new Set<string>()
    const { events } = batch
    for (let index = 0; index < events.length; index += 1) {
      const value = events[index]
      const errors = batch.own ? noErrors : errorsOf(value, `/events/${index}`, sessionsOf(visit, value, context))
      const mayBeTooLarge = errors.length === 0 && bodyBytes > eventBytesMax && jsonBytesAtMost(value) > eventBytesMax
      const bytes = mayBeTooLarge ? Buffer.byteLength(JSON.stringify(value)) : 0
      const refused = bytes > eventBytesMax ? tooLarge(`/events/${index}`, bytes).errors : errors
      if (refused.length > 0) {
        items[index] = { index, status: "refused", errors: refused }
        continue
      }
      const event: AnalyticsEvent = asEvent(value)
      const arrival = { receivedAt, index, historical: batch.historical, sentAt: batch.sentAt }
      const { draft, dropped } = draftUnlessErased(event, request, context, arrival)
      const { event_id } = draft.stored
      if (dropped !== undefined) items[index] = { index, status: "dropped", event_id, dropped }
      else if (seen.has(event_id)) items[index] = { index, status: "duplicate", event_id, duplicate: true }
      else kept.push({ index, draft })
      if (dropped === undefined) seen.add(event_id)
    }
    const isNew = yield* whatIsNew(
      request.workspace,
      kept.map(({ draft }) => draft.stored.event_id)
    )
    const fresh = kept.filter(({ draft, index }) => {
      const { event_id } = draft.stored
      if (isNew(event_id)) return true
      items[index] = { index, status: "duplicate", event_id, duplicate: true }
      return false
    })
    const erased = yield* protect(
      request.workspace,
      fresh.map(({ draft }) => draft)
    )
    const entries: Array<LogEntry> = []
    for (const { draft, index } of fresh) {
      const { event_id } = draft.stored
      if (erased.has(draft)) items[index] = { index, status: "dropped", event_id, dropped: "erased" }
      else {
        entries.push(keyOf(request, draft))
        if (visit?.nameless.has(batch.events[index]) !== true) objects(request, draft)
        items[index] =
          draft.notes.length === 0
            ? { index, status: "stored", event_id }
            : { index, status: "stored", event_id, notes: draft.notes }
      }
    }
    if (entries.length > 0) yield* log.append(entries)
    for (const { event_id, index, status } of items) {
      if (status !== "stored" || durable.add(request.workspace, event_id!)) continue
      items[index] = { index, status: "duplicate", event_id: event_id!, duplicate: true }
    }
    for (const { dropped } of items) if (dropped !== undefined) droppedEvents.count(request.workspace, dropped)
    const count = { stored: 0, duplicate: 0, dropped: 0, refused: 0 }
    for (const { status } of items) count[status] += 1
    const { dropped, duplicate: duplicates, refused, stored } = count
    const receipt: BatchReceipt = { stored, duplicates, dropped, refused, results: items }
    return receipt
  })

  const ingestOwn: Ingestion["ingestOwn"] = (workspace, events) => {
    const request: IngestRequest = { workspace, keyKind: "secret", mayImport: false }
    const batch: Batch = { events, sentAt: undefined, historical: false, own: true }
    return Effect.asVoid(
      withContext(workspace, undefined, (context) => storeBatch(request, context, undefined, batch, 0))
    )
  }

  return { ingestEvent, ingestBatch, ingestOwn }
})

const receiptOf = ({ notes, stored: { event_id } }: Draft): IngestReceipt =>
  notes.length === 0 ? { event_id } : { event_id, notes }

const noErrors: ReadonlyArray<FieldError> = []

const errorsOf = (value: unknown, pointer: string, sessions: "client" | "server"): ReadonlyArray<FieldError> =>
  isEvent(value, sessions) ? noErrors : eventErrors(value, pointer, sessions)

/** Events that the service names itself; their sessions are derived, whatever the workspace says. */
interface Visit {
  readonly nameless: ReadonlySet<unknown>
  /** Where the day's salt is not at hand: brings it and names the events. */
  readonly load: Effect.Effect<unknown, PortFailure> | undefined
}

const isNameless = (event: unknown): event is Record<string, unknown> =>
  typeof event === "object" &&
  event !== null &&
  (event as Record<string, unknown>)["anonymous_id"] === undefined &&
  (event as Record<string, unknown>)["session_id"] === undefined

const sessionsOf = (visit: Visit | undefined, event: unknown, { settings }: IngestContext): "client" | "server" =>
  visit?.nameless.has(event) === true ? "server" : settings.sessions

interface Batch {
  readonly events: ReadonlyArray<unknown>
  readonly sentAt: number | undefined
  readonly historical: boolean
  /** Made by the product itself. */
  readonly own: boolean
}

const invalid = (status: 400 | 403 | 413, detail: string, errors: ReadonlyArray<FieldError>): InvalidEvents =>
  new InvalidEvents({ status, detail, errors })

const tooLarge = (pointer: string, bytes: number): InvalidEvents =>
  invalid(413, `an event has ${eventBytesMax} bytes at the most`, [
    { pointer, code: "too_large", detail: `${bytes} bytes, ${eventBytesMax} at the most` }
  ])

const readBatch = (value: unknown, request: IngestRequest): InvalidEvents | Batch => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return invalid(400, "the batch is not valid", [
      { pointer: "", code: "wrong_type", detail: "a batch is an object: { events, sent_at?, historical? }" }
    ])
  }
  const { events, historical = false, sent_at, ...unknown } = value as Readonly<Record<string, unknown>>
  const errors: Array<FieldError> = Object.keys(unknown).map((key) => ({
    pointer: `/${escaped(key)}`,
    code: "unknown_field",
    detail: "this field is not known"
  }))
  const sentAt = typeof sent_at === "string" ? parseInstant(sent_at) : undefined
  if (sent_at !== undefined && sentAt === undefined) {
    errors.push({
      pointer: "/sent_at",
      code: "not_an_instant",
      detail: "must be an ISO 8601 date and time with offset"
    })
  }
  if (typeof historical !== "boolean") {
    errors.push({ pointer: "/historical", code: "wrong_type", detail: "must be true or false" })
  }
  if (!Array.isArray(events))
    errors.push({ pointer: "/events", code: "wrong_type", detail: "must be a list of events" })
  else if (events.length === 0) errors.push({ pointer: "/events", code: "too_few", detail: "at least 1 event" })
  else if (events.length > batchEventsMax) {
    return invalid(413, `a batch has ${batchEventsMax} events at the most`, [
      { pointer: "/events", code: "too_many", detail: `${events.length} events, ${batchEventsMax} at the most` }
    ])
  }
  if (errors.length > 0) return invalid(400, "the batch is not valid", errors)
  if (historical === true && !request.mayImport) {
    return invalid(403, "importing past events needs the scope events:import", [
      { pointer: "/historical", code: "missing_scope", detail: "needs the scope events:import" }
    ])
  }
  return { events: events as ReadonlyArray<unknown>, sentAt, historical: historical === true, own: false }
}
