import { Clock, Effect } from "effect"
import { DroppedEvents, droppedDaysMax } from "../../../ports/analytics/DroppedEvents.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import type { EventPlace, HeldEvent, HeldPerson } from "../../../ports/analytics/EventStore.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { EventItem, EventPage, Person, PersonItem, PersonPage } from "../../../ports/analytics/People.ts"
import type { PlanFilter } from "../../../ports/analytics/PlanFilter.ts"
import { typedPropertiesOf } from "../../../ports/analytics/StandardProperties.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { SettingsSource } from "../../../ports/platform/Settings.ts"
import { SubjectKeys } from "../../../ports/privacy/SubjectKeys.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { exponentOf, formatMinorUnits } from "../../money/minorUnits.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { clearValue, holdsEncrypted, openerOf } from "../../privacy/clearValue.ts"
import { blindIndex } from "../../privacy/personalData.ts"
import { planFilter } from "../../questions/planFilter.ts"
import { parseInstant } from "../../zones/instant.ts"
import { addDays, dayAt, daysBetween, formatDay, parseDay, startOfDay } from "../../zones/zones.ts"
import type { CalendarDay } from "../../zones/zones.ts"
import { questionScope } from "./askQuestion.ts"
import { idAtDoor } from "./idAtDoor.ts"
import { maskedValues } from "./maskedValues.ts"
import { decodeCursor, encodeCursor } from "./pageCursor.ts"

const instant = (millis: number): string => new Date(millis).toISOString()

export const eventItem = (event: HeldEvent): EventItem => {
  const {
    click_id: _clickId,
    index: _index,
    ip: _ip,
    money,
    received_at,
    sent_at,
    time,
    timestamp,
    traits: _traits,
    traits_once: _traitsOnce,
    ...rest
  } = event
  return {
    ...rest,
    time: instant(time),
    received_at: instant(Math.floor(received_at / 1000)),
    timestamp: instant(timestamp),
    sent_at: sent_at === null ? null : instant(sent_at),
    money:
      money === null
        ? null
        : {
            kind: money.kind,
            amount: formatMinorUnits(money.minor, exponentOf(money.currency) ?? 0),
            currency: money.currency
          },
    properties: maskedValues(event.properties)
  }
}

export const personItem = (person: HeldPerson): PersonItem => ({
  ...person,
  first_seen: instant(person.first_seen),
  last_seen: instant(person.last_seen)
})

const invalidParameter = (pointer: string, code: string, detail: string) =>
  new InvalidQuestion({ errors: [{ pointer, code, detail }] })

export interface EventsRequest {
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly event_type?: string | undefined
  readonly person_id?: string | undefined
  /** JSON of the question's filters. */
  readonly filters?: string | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

/** An instant, or a day of the workspace's zone: its begin for `from`, its end for `to`. */
export const readInstant = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  name: "from" | "to",
  text: string | undefined,
  otherwise: number
) {
  if (text === undefined) return otherwise
  const day = parseDay(text)
  const zone = (yield* SettingsSource).current(workspace).time_zone
  const millis = day === undefined ? parseInstant(text) : startOfDay(zone, name === "to" ? addDays(day, 1) : day)
  return (
    millis ??
    (yield* invalidParameter(
      `/${name}`,
      "not_an_instant",
      "must be a day like 2026-11-23, or a date and time with offset"
    ))
  )
})

/** The filters of a list, given as JSON. */
export const readFilters = Effect.fnUntraced(function* (workspace: WorkspaceId, text: string | undefined) {
  if (text === undefined) return undefined
  const filter = yield* Effect.try({
    try: () => JSON.parse(text) as unknown,
    catch: () => invalidParameter("/filters", "not_json", "must be JSON")
  })
  const planned = planFilter(filter, "/filters", yield* questionScope(workspace, filter))
  return planned.errors.length === 0 ? planned.filter : yield* new InvalidQuestion({ errors: planned.errors })
})

const dayMillis = 86_400_000

/** Events, newest first by arrival order, by pages that stay right while events come in. */
export const exploreEvents = Effect.fn("exploreEvents")(function* (workspace: WorkspaceId, request: EventsRequest) {
  const store = yield* EventStore
  const now = yield* Clock.currentTimeMillis
  const list = ["events", request.from, request.to, request.event_type, request.person_id, request.filters]
  const cursor = request.cursor === undefined ? undefined : yield* decodeCursor(workspace, list, request.cursor)
  const extra = yield* readFilters(workspace, request.filters)
  const filters: ReadonlyArray<PlanFilter> = [
    ...(request.event_type === undefined
      ? []
      : [
          {
            kind: "is" as const,
            field: { kind: "column" as const, column: "event_type" as const },
            value: request.event_type
          }
        ]),
    ...(extra === undefined ? [] : [extra])
  ]
  const before: EventPlace | undefined =
    cursor === undefined
      ? undefined
      : {
          time: Number(cursor[0]),
          received_at: Number(cursor[1]),
          index: Number(cursor[2]),
          event_id: String(cursor[3])
        }
  const fromMillis = yield* readInstant(workspace, "from", request.from, 0)
  const toMillis = yield* readInstant(workspace, "to", request.to, now + 2 * dayMillis)
  if (request.from !== undefined && request.to !== undefined && toMillis <= fromMillis) {
    return yield* invalidParameter("/to", "reversed_range", "must be behind from")
  }
  const events = yield* store.events({
    workspace,
    fromMillis,
    toMillis,
    filter: filters.length === 0 ? undefined : { kind: "and", filters },
    // Who asks for a person by id sees what is kept of them, restricted or not.
    ...(request.person_id === undefined
      ? { withoutRestricted: true }
      : { personId: yield* idAtDoor(workspace, request.person_id) }),
    before,
    limit: request.limit + 1
  })
  const items = events.slice(0, request.limit)
  const last = items.at(-1)
  const page: EventPage = {
    items: items.map(eventItem),
    next:
      events.length > request.limit && last !== undefined
        ? yield* encodeCursor(workspace, list, [last.time, last.received_at, last.index, last.event_id])
        : null
  }
  return page
})

/** A person's events, newest first, over all devices. */
export const readTimeline = Effect.fn("readTimeline")(function* (
  workspace: WorkspaceId,
  id: string,
  request: Omit<EventsRequest, "person_id">
) {
  const page = yield* exploreEvents(workspace, { ...request, person_id: id })
  if (page.items.length > 0) return page
  const store = yield* EventStore
  const known = yield* store.people({ workspace, personId: yield* idAtDoor(workspace, id), limit: 1 })
  return known.length > 0 ? page : yield* noPerson(id)
})

const noPerson = (id: string) => new Refused({ kind: "not-found", detail: `there is no person ${id}`, errors: [] })

const droppedDaysUsual = 30

/** Events that were answered and not kept, by day and reason; of 30 days up to the last one unless asked otherwise. */
export const listDropped = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  request: { readonly from?: string | undefined; readonly to?: string | undefined }
) {
  const dropped = yield* DroppedEvents
  const { time_zone } = (yield* SettingsSource).current(workspace)
  const today = dayAt(time_zone, yield* Clock.currentTimeMillis)
  const read = (name: "from" | "to", otherwise: CalendarDay) => {
    const text = request[name]
    const day = text === undefined ? otherwise : parseDay(text)
    return day === undefined
      ? invalidParameter(`/${name}`, "not_a_day", "must be a day like 2026-11-23")
      : Effect.succeed(day)
  }
  const last = yield* read("to", today)
  const first = yield* read("from", addDays(last, 1 - droppedDaysUsual))
  const days = daysBetween(first, last) + 1
  if (days < 1) return yield* invalidParameter("/to", "reversed_range", "must not be before from")
  if (days > droppedDaysMax) {
    return yield* invalidParameter("/from", "range_too_long", `${droppedDaysMax} days at the most`)
  }
  const [from, to] = [formatDay(first), formatDay(last)]
  return { items: yield* dropped.list(workspace, from, to), from, to, time_zone }
})

/** Event types that have come, most events first. */
export const listEventTypes = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  limit: number,
  cursor: string | undefined
) {
  const store = yield* EventStore
  const list = ["event_types"]
  const [events, name] =
    cursor === undefined ? [Number.POSITIVE_INFINITY, ""] : yield* decodeCursor(workspace, list, cursor)
  const behind = (yield* store.eventTypes(workspace))
    .toSorted((a, b) => b.events - a.events || (a.event_type < b.event_type ? -1 : 1))
    .filter((each) => each.events < Number(events) || (each.events === events && each.event_type > String(name)))
  const items = behind.slice(0, limit).map((each) => {
    const properties = typedPropertiesOf(each.event_type)
    return { ...each, standard: properties !== undefined, ...(properties === undefined ? {} : { properties }) }
  })
  const last = items.at(-1)
  const next =
    behind.length > limit && last !== undefined
      ? yield* encodeCursor(workspace, list, [last.events, last.event_type])
      : null
  return { items, next }
})

export interface PeopleRequest {
  /** People that bore the address. */
  readonly email?: string | undefined
  /** People with an id that begins so; an e-mail address or a phone number must be whole. */
  readonly search?: string | undefined
  /** JSON of the question's filters: people with such an event, or with such traits. */
  readonly filters?: string | undefined
  readonly limit: number
  readonly cursor?: string | undefined
}

/** People, last seen first. */
export const listPeople = Effect.fn("listPeople")(function* (workspace: WorkspaceId, request: PeopleRequest) {
  const store = yield* EventStore
  const list = ["people", request.email, request.search, request.filters]
  const cursor = request.cursor === undefined ? undefined : yield* decodeCursor(workspace, list, request.cursor)
  const extra = yield* readFilters(workspace, request.filters)
  const filters = [
    ...(request.email === undefined ? [] : [yield* emailFilter(workspace, request.email)]),
    ...(extra === undefined ? [] : [extra])
  ]
  const people = yield* store.people({
    workspace,
    filter: filters.length === 0 ? undefined : { kind: "and", filters },
    ...(request.search === undefined ? {} : { idPrefix: yield* idAtDoor(workspace, request.search) }),
    withoutRestricted: true,
    before: cursor === undefined ? undefined : { last_seen: Number(cursor[0]), person_id: String(cursor[1]) },
    limit: request.limit + 1
  })
  const items = people.slice(0, request.limit)
  const last = items.at(-1)
  const page: PersonPage = {
    items: items.map(personItem),
    next:
      people.length > request.limit && last !== undefined
        ? yield* encodeCursor(workspace, list, [last.last_seen, last.person_id])
        : null
  }
  return page
})

const emailFilter = Effect.fnUntraced(function* (workspace: WorkspaceId, email: string) {
  const subjectKeys = yield* SubjectKeys
  const indexKey = yield* subjectKeys.workspaceKey(workspace, "index")
  const secrets = { workspace, indexKey, pseudonymKey: indexKey }
  const filter: PlanFilter = {
    kind: "or",
    filters: [
      { kind: "bears_index", name: "email", index: blindIndex(secrets, "email", email) },
      { kind: "is", field: { kind: "column", column: "user_id" }, value: yield* idAtDoor(workspace, email) }
    ]
  }
  return filter
})

/** One person with traits; clear where the caller may read personal data, which the audit log notes. */
export const readPerson = Effect.fn("readPerson")(function* (
  actor: Actor & { readonly mayReadPersonalData: boolean },
  id: string
) {
  const store = yield* EventStore
  const { workspace } = actor
  const personId = yield* idAtDoor(workspace, id)
  const [found] = yield* store.people({ workspace, personId, limit: 1 })
  if (found === undefined) return yield* noPerson(id)
  const traits = yield* store.traits(workspace, personId)
  const person: Person = {
    ...personItem(found),
    traits: actor.mayReadPersonalData
      ? yield* clearTraits(actor, found.person_id, traits)
      : maskedValues(Object.fromEntries(traits.map(({ key, value }) => [key, value])))
  }
  return person
})

type Trait = {
  readonly key: string
  readonly value: unknown
  readonly event_id: string
  readonly field: string
  readonly subject: string
}

/** Clear traits, once the audit log says who reads them. */
const clearTraits = Effect.fnUntraced(function* (actor: Actor, personId: string, traits: ReadonlyArray<Trait>) {
  const subjectKeys = yield* SubjectKeys
  const sealed = traits.filter(({ value }) => holdsEncrypted(value))
  const keys = yield* subjectKeys.get(actor.workspace, [...new Set(sealed.map(({ subject }) => subject))])
  if (sealed.length > 0) {
    const documents = yield* DocumentStore
    const now = yield* Clock.currentTimeMillis
    const record = yield* auditOf(actor, now, "personal_data.read", `persons/${personId}`, undefined, undefined, [
      personId
    ])
    yield* documents
      .commit(actor.workspace, { writes: [], audit: [record] })
      .pipe(Effect.catchTag(["StaleRevision", "DuplicateKey"], (conflict) => Effect.die(conflict)))
  }
  return Object.fromEntries(
    traits.map(({ event_id, field, key, subject, value }) => [
      key,
      clearValue(value, field, openerOf(actor.workspace, keys.get(subject), event_id))
    ])
  )
})
