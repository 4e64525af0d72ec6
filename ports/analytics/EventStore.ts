import type { Effect } from "effect"
import { Context, Schema } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"
import type { ExportColumn } from "./EventExport.ts"
import type { Expiry } from "./Expiry.ts"
import type { PlanFilter } from "./PlanFilter.ts"
import type { PlanAnswer, PlanKind, QueryPlan } from "./QueryPlan.ts"
import type { StaleWatermark } from "./StaleWatermark.ts"
import type { StoredEvent } from "./StoredEvent.ts"

/** Lines that one insert takes. */
export const insertLinesMax = 20_000
/** People that one anonymous id may be seen with before it stops to link (a shared device, a broken client). */
export const linkedUsersMax = 20
/** Names of properties and traits that are remembered of a workspace. */
export const namesMax = 10_000
/** Ids of people of one workspace whose events count in no answer. */
export const restrictedIdsMax = 10_000
/** Ids that never link, compared trimmed and in lower case. */
export const reservedIds = ["", "null", "undefined", "anonymous", "server", "0"] as const

/** Whether the id stands for nobody: many clients send it for people who have nothing in common. */
export const isReservedId = (id: string): boolean =>
  (reservedIds as ReadonlyArray<string>).includes(id.trim().toLowerCase())

/** `account_trait`: of whatever type of accounts. */
export type NameKind = "property" | "trait" | "account_type" | "account_trait"

/** Event types of a workspace that are listed, the most frequent ones. */
export const listedEventTypesMax = 1000

export const RejectedLine = Schema.Struct({
  line: Schema.String,
  reason: Schema.Literals(["malformed_line", "unknown_version", "invalid_event"]),
  detail: Schema.String
})
export type RejectedLine = typeof RejectedLine.Type

/** An event as it is held, encrypted values left encrypted. */
export interface HeldEvent {
  readonly event_id: string
  readonly event_type: string
  readonly person_id: string
  readonly user_id: string | null
  readonly anonymous_id: string
  readonly session_id: string | null
  readonly time: number
  readonly received_at: number
  readonly index: number
  readonly timestamp: number
  readonly sent_at: number | null
  readonly historical: boolean
  /** What is left of the address. */
  readonly ip: string | null
  readonly click_id: string | null
  readonly page: Readonly<Record<string, string | null>>
  readonly device: Readonly<Record<string, string | null>>
  readonly geo: Readonly<Record<string, string | null>>
  readonly campaign: Readonly<Record<string, string | null>>
  readonly money: { readonly kind: string; readonly minor: bigint; readonly currency: string } | null
  readonly traits: Readonly<Record<string, unknown>> | null
  readonly traits_once: Readonly<Record<string, unknown>> | null
  readonly properties: Readonly<Record<string, unknown>>
}

/** Where an event stands in arrival order: the keyset of every list of events. */
export interface EventPlace {
  readonly time: number
  readonly received_at: number
  readonly index: number
  readonly event_id: string
}

export interface HeldPerson {
  readonly person_id: string
  readonly first_seen: number
  readonly last_seen: number
  readonly events: number
}

export interface ExpiringEvents {
  readonly event_type: string
  readonly events: number
  /** Time of the oldest, ms UTC. */
  readonly oldest: number
}

/** What is known of the first event of a subject and type, as in its stored line. */
export type FirstEvent = Pick<
  StoredEvent,
  "event_id" | "event_type" | "anonymous_id" | "user_id" | "time" | "received_at" | "index"
>

/** `from` counts as `into` from now on: both are user ids as stored, `into` is never itself merged. */
export interface UserMerge {
  readonly from: string
  readonly into: string
}

/** Events of the range that count, in arrival order, behind the place `after`; the filter is on what stands in the event. */
export interface ScanRequest {
  readonly workspace: WorkspaceId
  readonly fromMillis: number
  /** Exclusive. */
  readonly toMillis: number
  readonly filter: PlanFilter
  readonly after: EventPlace | undefined
}

/** Personal values stand in no column of a store but as ciphertext. */
export type ScannedColumn = Exclude<ExportColumn, "ip" | "personal">

/** Times in ms UTC, of arrival in µs; `properties`, `traits` and `traits_once` as the JSON that came, ciphertext in it. */
export type ScannedValue = string | number | bigint | boolean | null

/** What is asked of one state of the data. */
export interface StoreReads {
  /** Places of every `every`-th event, and of the last one where less than `count` times as many are left. */
  readonly places: (
    request: ScanRequest & { readonly every: number; readonly count: number }
  ) => Effect.Effect<ReadonlyArray<EventPlace>, PortFailure>
  /** The events up to the place `through`, it included, by the columns. */
  readonly scan: (
    request: ScanRequest & { readonly through: EventPlace; readonly columns: ReadonlyArray<ScannedColumn> }
  ) => Effect.Effect<ReadonlyArray<ReadonlyArray<ScannedValue>>, PortFailure>
  /** Where the event stands, if it is held. */
  readonly placeOf: (workspace: WorkspaceId, eventId: string) => Effect.Effect<EventPlace | undefined, PortFailure>
  readonly answer: <Kind extends PlanKind>(plan: QueryPlan<Kind>) => Effect.Effect<PlanAnswer<Kind>, PortFailure>
  /** The watermark that an answer to a plan of these revisions would bear. */
  readonly watermark: (workspace: WorkspaceId, revisions: string) => Effect.Effect<string, PortFailure>
  /** Currencies of the orders and refunds in the range, sorted. */
  readonly currencies: (
    workspace: WorkspaceId,
    fromMillis: number,
    toMillis: number
  ) => Effect.Effect<ReadonlyArray<string>, PortFailure>
  /** Event types and how many events each has, most first. */
  readonly eventTypes: (
    workspace: WorkspaceId
  ) => Effect.Effect<ReadonlyArray<{ readonly event_type: string; readonly events: number }>, PortFailure>
  /** Names that have been seen in `properties`, in traits or as types of accounts, sorted; the first {@link namesMax} that came. */
  readonly names: (workspace: WorkspaceId, kind: NameKind) => Effect.Effect<ReadonlyArray<string>, PortFailure>
}

/** What is asked of the state of a watermark. */
export interface PastReads extends StoreReads {
  /** Those of the plan whose answer bore it. */
  readonly revisions: string
}

/**
 * Every event, answering questions about people.
 *
 * `insert` is idempotent by (workspace, event_id): the first line in log order wins, over all retained time and within
 * one call. Where lines of the batch are no events, they come back and nothing is inserted: the caller sets them apart,
 * where they are durable, before it inserts the rest, so that none is lost between the two. Its position is stored in the same transaction; a store that lost its data answers `undefined` for every
 * position and is filled again from the oldest line. What is inserted is in every answer at once on the embedded
 * engine, within its refresh interval on a remote one. People follow the identity rules whatever the order of arrival.
 */
export class EventStore extends Context.Service<
  EventStore,
  {
    readonly insert: (batch: {
      readonly partition: string
      readonly through: string
      readonly lines: ReadonlyArray<string>
    }) => Effect.Effect<
      { readonly inserted: number; readonly duplicates: number; readonly rejected: ReadonlyArray<RejectedLine> },
      PortFailure
    >
    readonly position: (partition: string) => Effect.Effect<string | undefined, PortFailure>
    /** Those of the ids (lower case) that are held. */
    readonly contains: (
      workspace: WorkspaceId,
      eventIds: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlySet<string>, PortFailure>
    readonly answer: StoreReads["answer"]
    readonly watermark: StoreReads["watermark"]
    readonly currencies: StoreReads["currencies"]
    readonly places: StoreReads["places"]
    readonly scan: StoreReads["scan"]
    readonly placeOf: StoreReads["placeOf"]
    /**
     * The store as it was when it issued the watermark: events that came later, links that they made and merges of since
     * are in none of its answers, and an answer bears that watermark again where the plan's revisions are the same. A
     * watermark tells nothing but to the store that issued it, for the workspace that it was issued for; data that was
     * erased since, or a store that was built anew, ends it.
     */
    readonly asOf: (workspace: WorkspaceId, watermark: string) => Effect.Effect<PastReads, PortFailure | StaleWatermark>
    /** Newest first by arrival order. */
    readonly events: (request: {
      readonly workspace: WorkspaceId
      readonly fromMillis: number
      readonly toMillis: number
      readonly filter: PlanFilter | undefined
      readonly personId?: string | undefined
      /** Whether events of restricted people are left out. */
      readonly withoutRestricted?: boolean | undefined
      readonly before?: EventPlace | undefined
      readonly limit: number
    }) => Effect.Effect<ReadonlyArray<HeldEvent>, PortFailure>
    /** Last seen first; `before` goes on behind a person of the list. */
    readonly people: (request: {
      readonly workspace: WorkspaceId
      readonly filter?: PlanFilter | undefined
      readonly personId?: string | undefined
      /** People with a user id or an anonymous id that begins so. */
      readonly idPrefix?: string | undefined
      /** Whether restricted people are left out. */
      readonly withoutRestricted?: boolean | undefined
      readonly before?: { readonly last_seen: number; readonly person_id: string } | undefined
      readonly limit: number
    }) => Effect.Effect<ReadonlyArray<HeldPerson>, PortFailure>
    /** Traits of a person: per key the newest by event order; of `traits_once` the oldest. Encrypted ones stay so, with the event they came by. */
    readonly traits: (
      workspace: WorkspaceId,
      personId: string
    ) => Effect.Effect<
      ReadonlyArray<{
        readonly key: string
        readonly value: unknown
        readonly event_id: string
        readonly field: string
        readonly subject: string
      }>,
      PortFailure
    >
    /** What is kept of a person's events that {@link expire} removed, by event id, behind `after`. */
    readonly firstsOf: (
      workspace: WorkspaceId,
      personId: string,
      after: string | undefined,
      limit: number
    ) => Effect.Effect<ReadonlyArray<FirstEvent>, PortFailure>
    readonly eventTypes: StoreReads["eventTypes"]
    readonly names: StoreReads["names"]
    /** Ids that are the person's alone, sorted: user ids, and devices on which no other user has events. */
    readonly subjectsOf: (workspace: WorkspaceId, personId: string) => Effect.Effect<ReadonlyArray<string>, PortFailure>
    /**
     * Deletes every event of the subjects, as user ids and as devices, with what links them to others; answers how many
     * events went. `epoch` tells this state of the workspace from every earlier one: a watermark from before is not met
     * again. May be repeated.
     */
    readonly erase: (
      workspace: WorkspaceId,
      subjects: ReadonlyArray<string>,
      epoch: number
    ) => Effect.Effect<{ readonly events: number }, PortFailure>
    /** What {@link expire} would remove, by event type, most events first. */
    readonly expiring: (
      workspace: WorkspaceId,
      expiry: Expiry
    ) => Effect.Effect<ReadonlyArray<ExpiringEvents>, PortFailure>
    /**
     * Of what {@link expire} would remove the first event of each subject and type, where no earlier one is known, by event
     * id, behind `after`: what stays of it once it is gone.
     */
    readonly expiringFirsts: (
      workspace: WorkspaceId,
      expiry: Expiry,
      after: string | undefined,
      limit: number
    ) => Effect.Effect<ReadonlyArray<FirstEvent>, PortFailure>
    /**
     * Deletes the events; that a subject did something of a type for the first time, and when, stays, and counts where
     * first times are asked for. Lines of the log that are `expired` tell it to a store that is built anew. Where events
     * went no watermark from before is met again. May be repeated.
     */
    readonly expire: (workspace: WorkspaceId, expiry: Expiry) => Effect.Effect<{ readonly events: number }, PortFailure>
    /**
     * Ids of people whose events count in no answer, though they are kept and listed where that is asked for: replaces what
     * was given before. What a link or a merge makes theirs later counts in none from then on. Where it is another list no
     * watermark from before is met again.
     */
    readonly setRestricted: (workspace: WorkspaceId, ids: ReadonlyArray<string>) => Effect.Effect<void, PortFailure>
    /** Those of the ids that are restricted. */
    readonly restrictedAmong: (
      workspace: WorkspaceId,
      ids: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlySet<string>, PortFailure>
    /** The workspace's merges, all of them: replaces what was given before. In every answer within one second. */
    readonly setMerges: (workspace: WorkspaceId, merges: ReadonlyArray<UserMerge>) => Effect.Effect<void, PortFailure>
  }
>()("ports/analytics/EventStore") {}
