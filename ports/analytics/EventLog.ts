import type { Effect } from "effect"
import { Context } from "effect"
import type { PortFailure } from "../PortFailure.ts"

/** Most lines that one `append` takes. */
export const appendLinesMax = 1000
/** Longest line in UTF-8 bytes. */
export const lineBytesMax = 64 * 1024

export interface LogEntry {
  /** Ordering key: workspace + anonymous_id. Entries of one key keep their order. */
  readonly key: string
  /** One stored line without its line break. */
  readonly line: string
}

/** What became of erased lines: `kept` ones go with the log's own retention, after so many days at the most. */
export type ErasedLines =
  | { readonly kind: "rewritten"; readonly lines: number }
  | { readonly kind: "kept"; readonly daysMax: number }

export interface LogBatch {
  /** The part of the log it was read from; the embedded log has one, `"0"`. */
  readonly partition: string
  /** Where these lines begin: the checkpoint that was read from (opaque, comparable only by the adapter). */
  readonly from: string
  /** Checkpoint that resumes right behind these lines. */
  readonly through: string
  readonly lines: ReadonlyArray<string>
}

/**
 * The durable stream of stored lines.
 *
 * `append` answers once every line is durable (of no lines: whether lines could be written): it survives kill -9 and power loss. It is all or nothing for its caller
 * (a failure means that none was acknowledged; a torn tail is cut when the log is next opened) and may be repeated:
 * consumers are idempotent by event_id. Order holds per key. Readers see a line only after it is durable.
 * Delivery to a consumer is at least once, from its checkpoint on.
 *
 * A line of spaces alone is none: it is what is left of an erased one.
 */
export class EventLog extends Context.Service<
  EventLog,
  {
    readonly append: (entries: ReadonlyArray<LogEntry>) => Effect.Effect<void, PortFailure>
    readonly partitions: Effect.Effect<ReadonlyArray<string>, PortFailure>
    /**
     * Up to `linesMax` lines behind `from` (`undefined`: the oldest retained). Waits up to `waitMillis` for the first
     * line; an empty batch when none came.
     */
    readonly read: (request: {
      readonly partition: string
      readonly from: string | undefined
      readonly linesMax: number
      readonly waitMillis: number
    }) => Effect.Effect<LogBatch, PortFailure>
    /** The consumer's durable checkpoint in that partition, `undefined` before the first. */
    readonly checkpoint: (consumer: string, partition: string) => Effect.Effect<string | undefined, PortFailure>
    readonly saveCheckpoint: (consumer: string, partition: string, through: string) => Effect.Effect<void, PortFailure>
    /** The end of the partition now: what a reader would have passed once it had read everything durable. */
    readonly end: (partition: string) => Effect.Effect<string, PortFailure>
    /** Bytes of lines behind `from` (`undefined`: of all that is retained); `undefined` where the engine does not count them. */
    readonly backlogBytes: (
      partition: string,
      from: string | undefined
    ) => Effect.Effect<number | undefined, PortFailure>
    /**
     * Overwrites the lines that were durable before the call and for which `isErased` says so, on the disk too; answers
     * how many. Places stay as they are, readers pass over what is gone. Where it breaks off each line is as it was or
     * gone, and it may be repeated. A log that cannot be rewritten says how long it keeps them.
     */
    readonly erase: (isErased: (line: string) => boolean) => Effect.Effect<ErasedLines, PortFailure>
    /** Drops whole segments whose youngest line is older than the time (ms UTC). Answers how many lines went. */
    readonly dropBefore: (timeMillis: number) => Effect.Effect<{ readonly segments: number }, PortFailure>
  }
>()("ports/analytics/EventLog") {}
