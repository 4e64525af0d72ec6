import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { EventExport, NewExport } from "../../ports/analytics/EventExport.ts"
import { Admission } from "./Admission.ts"
import { changes, creates, EndpointRules, reads } from "./EndpointRules.ts"
import { page } from "./pages.ts"
import { Cursor, Filters, Flag, Id, Limit, Text, Watermark } from "./parameters.ts"

const scope = "analytics:export"

/** Raw events as files. */
export class ExportsGroup extends HttpApiGroup.make("exports")
  .add(
    HttpApiEndpoint.get("list", "/analytics/exports", {
      query: { limit: Limit, cursor: Cursor },
      success: page(EventExport)
    })
      .annotate(EndpointRules, reads(scope))
      .annotate(OpenApi.Summary, "Every export, newest first."),
    HttpApiEndpoint.post("create", "/analytics/exports", {
      payload: NewExport,
      success: EventExport.pipe(HttpApiSchema.status(201))
    })
      .annotate(EndpointRules, creates(scope))
      .annotate(
        OpenApi.Summary,
        "Ask for raw events as a file, written in the background: 50 million events, 20 GiB and 6 hours at the most, 20 exports a workspace."
      ),
    HttpApiEndpoint.get("stream", "/analytics/events/export", {
      query: {
        format: Schema.optionalKey(Schema.Literals(["ndjson", "csv"])),
        from: Schema.String,
        to: Schema.String,
        time_zone: Text,
        event_types: Text,
        filters: Filters,
        columns: Text,
        spreadsheet_safe: Flag,
        after: Text,
        watermark: Watermark
      },
      success: HttpApiSchema.StreamUint8Array()
    })
      .annotate(EndpointRules, reads(scope))
      .annotate(
        OpenApi.Summary,
        "Raw events at once, in arrival order, as fast as they are read, as lines of JSON or CSV: those of one state, which the header Watermark names, whatever comes in meanwhile. The last line says how many there are and whether they are all; an answer without it broke off, and goes on by `after` (the last event_id that came whole) and `watermark`. One at once of a key; one hour at the most."
      ),
    HttpApiEndpoint.get("read", "/analytics/exports/:id", { params: { id: Id }, success: EventExport })
      .annotate(EndpointRules, reads(scope))
      .annotate(OpenApi.Summary, "One export: how far it is, and where its file is once it is finished."),
    HttpApiEndpoint.post("cancel", "/analytics/exports/:id/cancel", { params: { id: Id }, success: EventExport })
      .annotate(EndpointRules, changes(scope))
      .annotate(OpenApi.Summary, "Stop an export that is not finished; 409 where it is at its end."),
    HttpApiEndpoint.delete("remove", "/analytics/exports/:id", { params: { id: Id } })
      .annotate(EndpointRules, changes(scope))
      .annotate(OpenApi.Summary, "Delete an export and its file."),
    HttpApiEndpoint.get("file", "/analytics/exports/:id/file", {
      params: { id: Id },
      success: HttpApiSchema.StreamUint8Array()
    })
      .annotate(EndpointRules, reads(scope))
      .annotate(
        OpenApi.Summary,
        "The file of a finished export. With Range (one range of bytes) and If-Range a broken download goes on; 409 before the file is there, and after somebody was erased until it is written anew."
      )
  )
  .middleware(Admission) {}
