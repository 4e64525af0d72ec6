import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Admission } from "./Admission.ts"
import { changes, EndpointRules, reads } from "./EndpointRules.ts"
import { page } from "./pages.ts"
import { Cursor, Id, Limit, Text } from "./parameters.ts"

const AuditItem = Schema.Struct({
  id: Schema.String,
  at: Schema.Int,
  actor: Schema.String,
  action: Schema.String,
  target: Schema.String,
  from: Schema.optionalKey(Schema.String),
  request_id: Schema.String,
  before: Schema.optionalKey(Schema.Unknown),
  after: Schema.optionalKey(Schema.Unknown)
}).annotate({ identifier: "AuditItem" })

/** ISO 8601 date and time with offset. */
const Instant = Schema.optionalKey(Schema.String.check(Schema.isMaxLength(40)))
const auditFilter = { actor: Text, action: Text, target: Text, from: Instant, to: Instant }

/** What was done, by whom; nothing changes it. */
export class AuditGroup extends HttpApiGroup.make("audit")
  .add(
    HttpApiEndpoint.get("list", "/platform/audit", {
      query: { ...auditFilter, limit: Limit, cursor: Cursor },
      success: page(AuditItem)
    })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(
        OpenApi.Summary,
        "Who changed what, newest first; target by its beginning. A page may be short though more follow."
      ),
    HttpApiEndpoint.get("export", "/platform/audit/export", {
      query: auditFilter,
      success: HttpApiSchema.StreamNdjson({ schema: AuditItem })
    })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(OpenApi.Summary, "The same as lines of JSON (NDJSON), all of them, newest first.")
  )
  .middleware(Admission) {}

const deadLetter = {
  id: Schema.String,
  consumer: Schema.String,
  reason: Schema.String,
  detail: Schema.String,
  failed_at: Schema.Int,
  attempts: Schema.Int,
  redriven_at: Schema.optionalKey(Schema.Int)
}
const DeadLetterItem = Schema.Struct(deadLetter).annotate({ identifier: "DeadLetterItem" })
const DeadLetter = Schema.Struct({ ...deadLetter, line: Schema.String }).annotate({ identifier: "DeadLetter" })

const RedriveFilter = Schema.Struct({
  consumer: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(100))),
  reason: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(100)))
}).annotate({ identifier: "RedriveFilter", examples: [{ consumer: "index" }] })
const Redriven = Schema.Struct({ redriven: Schema.Int, more: Schema.Boolean }).annotate({ identifier: "Redriven" })

/** Lines of the event log that a consumer could not take. */
export class DeadLettersGroup extends HttpApiGroup.make("dead_letters")
  .add(
    HttpApiEndpoint.get("list", "/platform/dead-letters", {
      query: {
        state: Schema.optionalKey(Schema.Literals(["waiting", "redriven"])),
        consumer: Text,
        reason: Text,
        limit: Limit,
        cursor: Cursor
      },
      success: page(DeadLetterItem)
    })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(OpenApi.Summary, "Lines that a consumer could not take, newest failure first."),
    HttpApiEndpoint.post("redriveAll", "/platform/dead-letters/redrive", { payload: RedriveFilter, success: Redriven })
      .annotate(EndpointRules, changes("platform:write"))
      .annotate(OpenApi.Summary, "Put waiting lines of a consumer, or for a reason, back into the log: 1000 a time."),
    HttpApiEndpoint.get("read", "/platform/dead-letters/:id", { params: { id: Id }, success: DeadLetter })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(OpenApi.Summary, "A dead letter with its line; personal data in it stays encrypted."),
    HttpApiEndpoint.post("redrive", "/platform/dead-letters/:id/redrive", { params: { id: Id } })
      .annotate(EndpointRules, changes("platform:write"))
      .annotate(OpenApi.Summary, "Put a dead letter's line back into the log, once however often it is asked."),
    HttpApiEndpoint.delete("remove", "/platform/dead-letters/:id", { params: { id: Id } })
      .annotate(EndpointRules, changes("platform:write"))
      .annotate(OpenApi.Summary, "Remove a dead letter for good.")
  )
  .middleware(Admission) {}
