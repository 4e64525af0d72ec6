import type { Effect } from "effect"
import { Context, Schema } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"
import type { UserMerge } from "./EventStore.ts"
import type { Expiry } from "./Expiry.ts"

/** Longest text of one SQL question. */
export const sqlCharactersMax = 20_000
/** Rows that one SQL question answers at the most, and where it does not say. */
export const sqlRowsMax = 10_000
export const sqlRowsUsual = 1000
/** Bytes of rows that one SQL question answers at the most, as JSON. */
export const sqlBytesMax = 8 * 1024 * 1024
/** Event types that one removal names. */
export const removedEventTypesMax = 50
/** Ids of subjects that one removal names. */
export const removedSubjectsMax = 10_000

/** Topic of a change notice: somebody waits for what the log holds to be in the lake. */
export const lakeWanted = "lake_wanted"

/** What the lake holds of one UTC day of a workspace. */
export interface LakeDay {
  /** `yyyy-mm-dd` of the timestamp as the client said it. */
  readonly day: string
  readonly events: number
  readonly files: number
  readonly bytes: number
}

/** How far the lake is. */
export interface LakeState {
  /** Newest arrival (µs UTC) among the events that are in it; 0 where it is empty. What came before is in it as well. */
  readonly completeToMicros: number
  /** Opaque; the same as long as what is seen is the same: of a statement, its merges and restrictions count too. */
  readonly watermark: string
}

/** Which events of a workspace to remove. */
export type LakeSelection =
  /**
   * Events of subjects as sent: those with one of the user ids, and those with one of the anonymous ids whose user id is
   * absent or stands for nobody. An event of another user on a shared device stays.
   */
  | {
      readonly kind: "subjects"
      readonly userIds: ReadonlyArray<string>
      readonly anonymousIds: ReadonlyArray<string>
    }
  | Expiry

/** A statement that the closed room does not run, or that failed in it, in words for its author. */
export class SqlRefused extends Schema.TaggedError<SqlRefused>()("SqlRefused", {
  detail: Schema.String
}) {}

export interface SqlQuestion {
  readonly workspace: WorkspaceId
  readonly sql: string
  readonly rowsMax: number
  /** Ids of people whose events are not seen; none by default. */
  readonly restricted?: ReadonlyArray<string> | undefined
  /** Users that count as others. */
  readonly merges: ReadonlyArray<UserMerge>
  /** Whether the columns of personal data are there. Sealed values in them come as {@link sealedReference}. */
  readonly personalColumns: boolean
}

export interface SqlRows {
  readonly columns: ReadonlyArray<{ readonly name: string; readonly type: string }>
  /** JSON of the list of rows, each a list of values; what JSON numbers cannot hold exactly is text. */
  readonly rowsJson: string
  readonly rows: number
  /** `rows` or `bytes` where more follow than the limit allows. */
  readonly truncatedBy: "rows" | "bytes" | undefined
  readonly state: LakeState
}

/**
 * In the place of a value that is personal data stands `$pii{…}`: base64url of the JSON list
 * [subject, event_id, field, sealed], sealed as in the stored line. Who has the keys puts the clear value in its place.
 */
export const sealedReference = /\$pii\{([A-Za-z0-9_-]+)\}/g

/**
 * A columnar copy of every event, by workspace and UTC day.
 *
 * `write` takes lines of the log in order and may hold them back; `flush` makes what was taken durable, with the place
 * behind it in `position`. After a crash the lake is as of its position, and is written on from there: each event is in it once, the
 * first line of an event_id in log order, however often lines come. Lines that are no events are passed over: the event
 * store sets them apart. A lake that was lost answers `undefined` for its position and is filled again from the oldest line.
 *
 * `remove` makes the events invisible at once and answers when they are in no file any more. It does not reach lines that are
 * given later: whoever writes must keep those of erased subjects away.
 *
 * `select` runs one SELECT in a closed room, where nothing exists but this workspace's events: no file, no network, no
 * setting, no other workspace. Fails as `overloaded` where too many wait or the statement needs too much memory, as `timeout` at its
 * deadline.
 *
 * Eventual on remote engines: a file of theirs is delivered within minutes, an event that was delivered twice is seen once
 * only after the day was compacted, and removed events are invisible at once (a list of what is removed) but in files
 * for up to 24 hours.
 */
export class EventLake extends Context.Service<
  EventLake,
  {
    readonly position: (partition: string) => Effect.Effect<string | undefined, PortFailure>
    /** Lines behind the last ones of the partition, or, after a failure, behind its position. */
    readonly write: (batch: {
      readonly partition: string
      readonly from: string
      readonly through: string
      readonly lines: ReadonlyArray<string>
    }) => Effect.Effect<void, PortFailure>
    readonly flush: Effect.Effect<void, PortFailure>
    readonly state: (workspace: WorkspaceId) => Effect.Effect<LakeState, PortFailure>
    /** Days that hold events, ascending. */
    readonly days: (workspace: WorkspaceId) => Effect.Effect<ReadonlyArray<LakeDay>, PortFailure>
    /** How many events a removal would remove. */
    readonly count: (workspace: WorkspaceId, selection: LakeSelection) => Effect.Effect<number, PortFailure>
    /** May be repeated. Answers how many events went. */
    readonly remove: (
      workspace: WorkspaceId,
      selection: LakeSelection
    ) => Effect.Effect<{ readonly events: number }, PortFailure>
    readonly select: (question: SqlQuestion) => Effect.Effect<SqlRows, SqlRefused | PortFailure>
  }
>()("ports/analytics/EventLake") {}
