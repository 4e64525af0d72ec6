import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { EventBatch, SentEvent } from "../../ports/analytics/AnalyticsEvent.ts"
import { AnyAnswer, AnyQuestion } from "../../ports/analytics/AnyQuestion.ts"
import { DroppedCount } from "../../ports/analytics/DroppedEvents.ts"
import { BatchReceipt, IngestReceipt } from "../../ports/analytics/IngestReceipt.ts"
import {
  ActiveUsers,
  EventPage,
  EventTypes,
  Merge,
  MergePage,
  NewMerge,
  Person,
  PersonPage
} from "../../ports/analytics/People.ts"
import { Interval, offsetMax, Question, QuestionResult } from "../../ports/analytics/Question.ts"
import { AnswerChanges, ChangesQuestion } from "../../ports/analytics/AnswerChanges.ts"
import { Admission } from "./Admission.ts"
import { AskedAnnotations } from "./annotations.ts"
import { changes, creates, EndpointRules, reads } from "./EndpointRules.ts"
import type { Rules } from "./EndpointRules.ts"
import { Cursor, Filters, Flag, Id, Limit, answerParameters, Text, Watermark } from "./parameters.ts"

export const ingestRules: Rules = { scope: "events:write", rate_class: "ingest", idempotent: false, audited: false }
export const batchRules: Rules = { scope: "events:write", rate_class: "batch", idempotent: false, audited: false }
export const streamRules: Rules = reads("analytics:read")

const Offset = Schema.optionalKey(
  Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 0, maximum: offsetMax }))
)

/** A question of `POST /analytics/query` in flat parameters: lists with commas, filters as JSON. */
const flatQuestion = {
  from: Schema.String,
  to: Schema.String,
  interval: Schema.optionalKey(Interval),
  compare: Question.fields.compare,
  metrics: Text,
  event_types: Text,
  goal: Text,
  dimensions: Text,
  filters: Filters,
  as_of: Question.fields.as_of,
  currency: Text,
  time_zone: Text,
  uncertainty: Flag,
  order_by: Text,
  direction: Schema.optionalKey(Schema.Literals(["ascending", "descending"])),
  limit: Limit,
  offset: Offset
}

/** A trend as it is, or a question that says its kind. */
const QueryRequest = Schema.Union([Question, AnyQuestion]).annotate({
  identifier: "QueryRequest",
  examples: [
    {
      date_range: { from: "2026-11-01", to: "2026-11-23" },
      interval: "day",
      metrics: ["people", "events"],
      dimensions: ["country"],
      filters: { dimension: "path", operator: "contains", value: "/pricing" }
    }
  ]
})

const Dropped = Schema.Struct({
  items: Schema.Array(DroppedCount),
  from: Schema.String,
  to: Schema.String,
  time_zone: Schema.String
}).annotate({ identifier: "DroppedEvents" })

/** Events in: in the contract like every endpoint, served by plain routes of the same admission, for speed. */
export class EventsGroup extends HttpApiGroup.make("events_in")
  .add(
    HttpApiEndpoint.post("ingest", "/analytics/events/ingest", { payload: SentEvent, success: IngestReceipt })
      .annotate(EndpointRules, ingestRules)
      .annotate(OpenApi.Summary, "Ingest one event; answers once it is durable. 32 KB at the most, 1000 a minute."),
    HttpApiEndpoint.post("batch", "/analytics/events/batch", { payload: EventBatch, success: BatchReceipt })
      .annotate(EndpointRules, batchRules)
      .annotate(OpenApi.Summary, "Ingest 1 to 1000 events; good ones are kept beside bad ones, a result for each.")
  )
  .middleware(Admission) {}

/** A WebSocket, which no typed client calls: in the document and under the same rules as every endpoint. */
export class StreamGroup extends HttpApiGroup.make("stream")
  .add(
    HttpApiEndpoint.get("stream", "/analytics/realtime/stream", { success: HttpApiSchema.Empty(101) })
      .annotate(EndpointRules, streamRules)
      .annotate(OpenApi.Summary, "Events as they come: a WebSocket that sends one JSON object a message.")
  )
  .middleware(Admission) {}

/** Questions out. */
export class AnalyticsGroup extends HttpApiGroup.make("analytics")
  .add(
    HttpApiEndpoint.post("query", "/analytics/query", {
      query: { watermark: Watermark },
      payload: QueryRequest,
      success: Schema.Union([QuestionResult, AnyAnswer])
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "Trends: counts, people, sums and revenue over time, with breakdown and comparison. With `kind` a question of any kind, also of the last days, weeks or months; its answer names the kind."
      ),
    HttpApiEndpoint.post("changes", "/analytics/query/changes", { payload: ChangesQuestion, success: AnswerChanges })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "What late events and merges have changed in the answer to a question of any kind since a watermark."
      ),
    HttpApiEndpoint.get("trends", "/analytics/trends", {
      query: { ...flatQuestion, ...answerParameters, annotations: AskedAnnotations },
      success: QuestionResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "The same question by GET: lists with commas, filters as JSON; events and people unless metrics says otherwise. With annotations=true the notes of the range beside it."
      ),
    HttpApiEndpoint.get("dropped", "/analytics/events/dropped", { query: { from: Text, to: Text }, success: Dropped })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "Events answered and not kept, by day and reason; the last 30 days unless asked."),
    HttpApiEndpoint.get("events", "/analytics/events", {
      query: {
        from: Text,
        to: Text,
        event_type: Text,
        person_id: Text,
        filters: Filters,
        limit: Limit,
        cursor: Cursor
      },
      success: EventPage
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "Events, newest first."),
    HttpApiEndpoint.get("eventTypes", "/analytics/event-types", {
      query: { limit: Limit, cursor: Cursor },
      success: EventTypes
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "Event types that have come, most frequent first."),
    HttpApiEndpoint.get("persons", "/analytics/persons", {
      query: { email: Text, search: Text, filters: Filters, limit: Limit, cursor: Cursor },
      success: PersonPage
    })
      .annotate(EndpointRules, reads("persons:read"))
      .annotate(
        OpenApi.Summary,
        "People, last seen first: all, by e-mail address, by the begin of an id, by events or traits."
      ),
    HttpApiEndpoint.post("merge", "/analytics/persons/merge", {
      payload: NewMerge,
      success: Merge.pipe(HttpApiSchema.status(201))
    })
      .annotate(EndpointRules, creates("persons:write"))
      .annotate(OpenApi.Summary, "Count one user as another; 409 where both have events, unless forced."),
    HttpApiEndpoint.get("merges", "/analytics/persons/merges", {
      query: { limit: Limit, cursor: Cursor },
      success: MergePage
    })
      .annotate(EndpointRules, reads("persons:read"))
      .annotate(OpenApi.Summary, "Merges of users, oldest first."),
    HttpApiEndpoint.get("readMerge", "/analytics/persons/merges/:id", { params: { id: Id }, success: Merge })
      .annotate(EndpointRules, reads("persons:read"))
      .annotate(OpenApi.Summary, "One merge of users."),
    HttpApiEndpoint.delete("undoMerge", "/analytics/persons/merges/:id", { params: { id: Id } })
      .annotate(EndpointRules, changes("persons:write"))
      .annotate(OpenApi.Summary, "Undo a merge."),
    HttpApiEndpoint.get("person", "/analytics/persons/:id", { params: { id: Id }, success: Person })
      .annotate(EndpointRules, reads("persons:read"))
      .annotate(OpenApi.Summary, "A person by user id, anonymous id or e-mail address, with traits."),
    HttpApiEndpoint.get("timeline", "/analytics/persons/:id/timeline", {
      params: { id: Id },
      query: { limit: Limit, cursor: Cursor },
      success: EventPage
    })
      .annotate(EndpointRules, reads("persons:read"))
      .annotate(OpenApi.Summary, "A person's events, newest first, over all devices."),
    HttpApiEndpoint.get("activeUsers", "/analytics/realtime/users", {
      query: {
        window: Schema.optionalKey(
          Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 30 }))
        )
      },
      success: ActiveUsers
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "Distinct people of the last 5 minutes (window: 1 to 30).")
  )
  .middleware(Admission) {}
