import type { Effect, Stream } from "effect"
import { Context } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"
import type { ExportColumn, ExportFormat } from "./EventExport.ts"
import type { PlanFilter } from "./PlanFilter.ts"

/** Bytes that a reader of a file is given at once. */
export const spoolSliceBytes = 256 * 1024

export interface SpoolOrder {
  readonly workspace: WorkspaceId
  readonly format: ExportFormat
  /** In the order of the file. */
  readonly columns: ReadonlyArray<ExportColumn>
  /** Event time, ms UTC; `toMillis` is exclusive. */
  readonly fromMillis: number
  readonly toMillis: number
  /** Events that arrived before, µs UTC. */
  readonly arrivedBeforeMicros: number
  /** On columns and properties of events. */
  readonly filter: PlanFilter
  /** Ids of people whose events are not in the file; none by default. */
  readonly restricted?: ReadonlyArray<string> | undefined
  /** In CSV, whether text that a spreadsheet takes for a formula is made harmless. */
  readonly escapesFormulas: boolean
  /**
   * Puts clear values in the place of references (`sealedReference`) in a piece of the text that holds whole ones; absent
   * where no column holds any.
   */
  readonly clear: ((text: string) => Effect.Effect<string, PortFailure>) | undefined
}

/** How much of a file there is; `exceeds` where it would be more than it may be, and is cut. */
export interface Spooled {
  readonly events: number
  readonly bytes: number
  readonly exceeds?: "events" | "bytes" | undefined
}

export interface SpoolLimits {
  readonly eventsMax: number
  readonly bytesMax: number
}

/**
 * Events of the lake as files, written part by part and read from any byte on.
 *
 * A file is named by its writer and consists of parts, each some UTC days of the client's timestamps in arrival order. `parts`
 * decides about them once. `writePart` answers once the part is durable, and at once where it was written before: a writing that broke off goes on behind its
 * last whole part. What is being removed from the lake is in no part that is written from then on; parts from before are
 * not touched: whoever removes must `remove` the file. `finish` makes the file readable; bytes do not change after it.
 */
export class EventSpool extends Context.Service<
  EventSpool,
  {
    /** Names of the file's parts in its order, the same ones whenever it is asked again. */
    readonly parts: (name: string, order: SpoolOrder) => Effect.Effect<ReadonlyArray<string>, PortFailure>
    readonly writePart: (
      name: string,
      order: SpoolOrder,
      part: string,
      limits: SpoolLimits
    ) => Effect.Effect<Spooled, PortFailure>
    readonly finish: (name: string, order: SpoolOrder) => Effect.Effect<Spooled, PortFailure>
    /** Bytes `from` to before `to`, no more than {@link spoolSliceBytes} at once, as fast as they are taken. Fails once the file is gone. */
    readonly read: (name: string, from: number, to: number) => Stream.Stream<Uint8Array, PortFailure>
    /** May be repeated. */
    readonly remove: (name: string) => Effect.Effect<void, PortFailure>
    /** Names of all files, whole or not. */
    readonly names: Effect.Effect<ReadonlyArray<string>, PortFailure>
  }
>()("ports/analytics/EventSpool") {}
