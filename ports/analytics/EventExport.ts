import { Schema } from "effect"
import type { Collection } from "../documents/DocumentStore.ts"
import { eventTypesMax, Filter } from "./Question.ts"

/** Exports of a workspace that are held, whatever became of them. */
export const exportsHeldMax = 20
/** Exports that are written at once, of all workspaces. */
export const exportsAtOnceMax = 2
export const exportEventsMax = 50_000_000
export const exportBytesMax = 20 * 1024 ** 3
/** Time that the writing of one export has. */
export const exportMillisMax = 6 * 3_600_000
/** A finished export is kept so long; one that failed or was cancelled is named so long. */
export const exportKeptMillis = 72 * 3_600_000
/** Writings that fail for a reason which may pass are tried so often. */
export const exportAttemptsMax = 5

/** Time that one answer of events as they are read has; what is left is asked for by another. */
export const eventStreamMillisMax = 3_600_000
/** Answers of events as they are read at once, of all keys; of each key one. */
export const eventStreamsAtOnceMax = 4
/** Events that are read of the store, and held, at once. */
export const eventStreamPageMax = 250
/** A reader that takes nothing for so long is cut. */
export const eventStreamStallMillisMax = 60_000
/** Pages whose ends are looked for at once. */
export const eventStreamCutsMax = 80

/** What one line, or row, can hold, in this order. */
export const exportColumns = [
  "event_id",
  "event_type",
  "time",
  "received_at",
  "batch_index",
  "user_id",
  "anonymous_id",
  "session_id",
  "client_time",
  "sent_at",
  "historical",
  "url",
  "host",
  "path",
  "title",
  "referrer",
  "referrer_host",
  "device_type",
  "os",
  "browser",
  "country",
  "region",
  "city",
  "ip",
  "source",
  "medium",
  "campaign",
  "term",
  "content",
  "click_id_type",
  "click_id",
  "order_id",
  "refund_id",
  "amount_minor",
  "currency",
  "properties",
  "traits",
  "traits_once",
  "personal"
] as const
export type ExportColumn = (typeof exportColumns)[number]

/** Those that need the scope `pii:read`: sealed values by field, clear in the file, and what is left of the address. */
export const personalExportColumns: ReadonlySet<ExportColumn> = new Set<ExportColumn>(["ip", "personal"])

export const exportFormats = {
  ndjson: { contentType: "application/x-ndjson", ending: "ndjson" },
  csv: { contentType: "text/csv; charset=utf-8; header=present", ending: "csv" },
  parquet: { contentType: "application/vnd.apache.parquet", ending: "parquet" }
} as const
export type ExportFormat = keyof typeof exportFormats

export const NewExport = Schema.Struct({
  format: Schema.Literals(["ndjson", "csv", "parquet"]).annotate({
    description:
      "ndjson: one JSON object a line, every column named. csv: RFC 4180, UTF-8, header, CRLF, objects as JSON. parquet: typed columns, zstd."
  }),
  /** Days of the zone, both included, or instants with offset, `to` excluded; by event time. */
  date_range: Schema.Struct({ from: Schema.String, to: Schema.String }),
  /** The workspace's by default. */
  time_zone: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(100))),
  event_types: Schema.optionalKey(
    Schema.Array(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(210))).check(
      Schema.isMaxLength(eventTypesMax)
    )
  ),
  /** On what stands in the event itself: not on traits of people, cohorts or encrypted properties. */
  filters: Schema.optionalKey(Filter),
  columns: Schema.optionalKey(
    Schema.Array(Schema.Literals(exportColumns)).check(Schema.isMinLength(1), Schema.isUnique()).annotate({
      description: "All, in their usual order, where none is named; `ip` and `personal` need personal_data"
    })
  ),
  /** Needs the scope `pii:read`, here and when the file is read, and is audited. */
  personal_data: Schema.optionalKey(
    Schema.Boolean.annotate({
      description: "Also the columns ip and personal (JSON by field, clear values); needs the scope pii:read"
    })
  ),
  spreadsheet_safe: Schema.optionalKey(
    Schema.Boolean.annotate({
      description:
        "csv alone: an apostrophe is put before text that begins with = + - @, a tab or a carriage return, so that a spreadsheet does not take it for a formula; true where it is not said"
    })
  )
}).annotate({
  identifier: "NewExport",
  examples: [
    {
      format: "csv",
      date_range: { from: "2026-11-01", to: "2026-11-23" },
      event_types: ["order_completed"],
      columns: ["time", "user_id", "order_id", "amount_minor", "currency"]
    }
  ]
})
export type NewExport = typeof NewExport.Type

export const exportStates = ["queued", "running", "finished", "failed", "cancelled"] as const

/** Raw events as a file that is written in the background and read in parts. Times in ms UTC. */
export const EventExport = Schema.Struct({
  id: Schema.String,
  ...NewExport.fields,
  created_at: Schema.Int,
  created_by: Schema.String,
  status: Schema.Literals(exportStates),
  /** Counts writings: one that breaks off goes on in the same; after an erasure the file is written anew. */
  run: Schema.Int,
  started_at: Schema.NullOr(Schema.Int),
  finished_at: Schema.NullOr(Schema.Int),
  /** When the export and its file are gone; `null` until it is at its end. */
  gone_at: Schema.NullOr(Schema.Int),
  /** Events that arrived until then are in it; `null` until it is written. */
  complete_to: Schema.NullOr(Schema.Int),
  progress: Schema.Struct({
    parts: Schema.Int,
    parts_done: Schema.Int,
    events: Schema.Int,
    bytes: Schema.Int
  }),
  file: Schema.NullOr(
    Schema.Struct({
      path: Schema.String,
      name: Schema.String,
      content_type: Schema.String,
      events: Schema.Int,
      bytes: Schema.Int
    })
  ),
  failure: Schema.NullOr(
    Schema.Struct({ code: Schema.Literals(["too_large", "too_long", "invalid", "unavailable"]), detail: Schema.String })
  )
}).annotate({ identifier: "EventExport" })
export type EventExport = typeof EventExport.Type

export const eventExports = {
  name: "exports",
  singular: "export",
  collection: {
    name: "exports",
    unique: [],
    indexes: [{ name: "by_time", equals: [], sort: "created_at", direction: "descending" }]
  } satisfies Collection
}

/** Exports of every workspace that are not at their end, in the order in which they were asked for. */
export const exportQueue: Collection = {
  name: "export_queue",
  unique: [],
  indexes: [{ name: "by_time", equals: [], sort: "requested_at", direction: "ascending" }]
}
