import type { Effect } from "effect"
import { Context, Schema } from "effect"
import type { InvalidCursor } from "../documents/DocumentStore.ts"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"
import type { PlanAnswer, PlanFilter, QueryPlan } from "./QueryPlan.ts"
import type { StoredEvent } from "./StoredEvent.ts"

export const insertLinesMax = 20_000
export const containsIdsMax = 1000
export const explorerLimitMax = 100
/** An anonymous_id seen with more users than this is shared (a kiosk, a test device) and links nobody. */
export const anonymousUsersMax = 20
/** Ids that stand for nobody; they never link. Compared in lower case. */
export const reservedIds: ReadonlyArray<string> = [
  "",
  "0",
  "-1",
  "null",
  "none",
  "nil",
  "undefined",
  "unknown",
  "anonymous",
  "guest",
  "server",
  "nan",
  "true",
  "false",
  "[object object]",
  "00000000-0000-0000-0000-000000000000"
]

export const SubjectKind = Schema.Literals(["user", "anonymous"])
export type SubjectKind = typeof SubjectKind.Type
/** Somebody as events name them. */
export const Subject = Schema.Struct({ kind: SubjectKind, id: Schema.String })
export type Subject = typeof Subject.Type

/** `from` and everybody who counts for it counts for `into`. */
export interface MergeEdge {
  readonly from: Subject
  readonly into: Subject
}

export const rejectionReasons = ["malformed_line", "unknown_version", "invalid_event"] as const
export interface RejectedLine {
  readonly line: string
  readonly reason: (typeof rejectionReasons)[number]
  readonly detail: string
}

export interface PersonSummary {
  /** The user where the person has one, else the anonymous subject. */
  readonly subject: Subject
  /** ms UTC */
  readonly first_seen: number
  readonly last_seen: number
  readonly events: number
}

export interface Person extends PersonSummary {
  /** Every subject whose events count for this person, users first. At most {@link personSubjectsMax}. */
  readonly subjects: ReadonlyArray<Subject>
  /** Newest of `traits` by event order, else oldest of `traits_once`. Personal data as stored (encrypted). */
  readonly traits: { readonly [name: string]: unknown }
}
export const personSubjectsMax = 1000

export interface KnownEventType {
  readonly event_type: string
  readonly events: number
}

export interface KnownProperty {
  readonly event_type: string
  readonly name: string
  readonly events: number
}
export const knownNamesMax = 5000

/**
 * Stored events, once per (workspace, event_id), and every question on them.
 *
 * `insert` is idempotent: of several lines with one event_id the first in log order wins, whichever batch brings it; the
 * position is stored in the same transaction as the events. What a returned `insert` stored is in every answer that
 * starts later (remote engines: within their refresh interval). A line that cannot be an event is rejected with its
 * reason and never hinders those behind it.
 * Who is who follows from the events and the merges, never from the order of arrival.
 * Answers are exact; the same plan at the same watermark has the same bytes.
 */
export class EventStore extends Context.Service<
  EventStore,
  {
    readonly insert: (batch: {
      readonly partition: string
      readonly through: string
      readonly lines: ReadonlyArray<string>
    }) => Effect.Effect<
      {
        readonly inserted: number
        readonly duplicates: number
        readonly rejected: ReadonlyArray<RejectedLine>
      },
      PortFailure
    >
    /** Where the index consumer resumes; `undefined`: from the oldest (also after the store was lost). */
    readonly position: (partition: string) => Effect.Effect<string | undefined, PortFailure>
    /** Which of the ids are stored. Cheap when none is. */
    readonly contains: (
      workspace: WorkspaceId,
      eventIds: ReadonlyArray<string>
    ) => Effect.Effect<ReadonlySet<string>, PortFailure>
    /** Fails with `timeout` at the deadline, `overloaded` when too many questions wait. */
    readonly answer: (plan: QueryPlan) => Effect.Effect<PlanAnswer, PortFailure>
    /** Currencies of orders and refunds in the range. */
    readonly currencies: (
      workspace: WorkspaceId,
      from: number,
      to: number
    ) => Effect.Effect<ReadonlyArray<string>, PortFailure>
    /** Newest first by event order; the cursor stays valid while events arrive. */
    readonly explore: (request: {
      readonly workspace: WorkspaceId
      /** ms UTC, `[from, to)` */
      readonly from: number
      readonly to: number
      readonly eventTypes: ReadonlyArray<string>
      /** All events of the person that the subject belongs to. */
      readonly person: Subject | undefined
      readonly filter: PlanFilter | undefined
      readonly limit: number
      readonly cursor: string | undefined
    }) => Effect.Effect<
      { readonly items: ReadonlyArray<StoredEvent>; readonly next: string | undefined },
      PortFailure | InvalidCursor
    >
    /** Last seen first, then by id. */
    readonly persons: (request: {
      readonly workspace: WorkspaceId
      readonly limit: number
      readonly cursor: string | undefined
    }) => Effect.Effect<
      { readonly items: ReadonlyArray<PersonSummary>; readonly next: string | undefined },
      PortFailure | InvalidCursor
    >
    /** The person that a user or anonymous id belongs to. */
    readonly person: (workspace: WorkspaceId, subject: Subject) => Effect.Effect<Person | undefined, PortFailure>
    /** Persons of whom a trait or property `name` had the value with this blind index, most recent first, at most `limit`. */
    readonly personsByIndex: (request: {
      readonly workspace: WorkspaceId
      readonly name: string
      readonly index: string
      readonly limit: number
    }) => Effect.Effect<ReadonlyArray<PersonSummary>, PortFailure>
    /** Whether `replaceMerges` was called for the workspace since this store was opened. */
    readonly hasMerges: (workspace: WorkspaceId) => Effect.Effect<boolean, PortFailure>
    /** All merges of the workspace (they live in documents; the store holds a copy it may lose). In force on return. */
    readonly replaceMerges: (
      workspace: WorkspaceId,
      merges: ReadonlyArray<MergeEdge>
    ) => Effect.Effect<void, PortFailure>
    /** Types and top-level property and trait names seen so far, with counts, most frequent first. */
    readonly known: (workspace: WorkspaceId) => Effect.Effect<
      {
        readonly eventTypes: ReadonlyArray<KnownEventType>
        readonly properties: ReadonlyArray<KnownProperty>
        readonly traits: ReadonlyArray<string>
      },
      PortFailure
    >
    /** Opaque; changes with every event, merge and deletion that an answer may show. */
    readonly watermark: (workspace: WorkspaceId) => Effect.Effect<string, PortFailure>
    /** Removes events older than the time. Raises the deletion epoch. Answers how many went. */
    readonly deleteBefore: (workspace: WorkspaceId, timeMillis: number) => Effect.Effect<number, PortFailure>
  }
>()("ports/analytics/EventStore") {}
