import { Schema } from "effect"
import { sqlCharactersMax, sqlRowsMax, sqlRowsUsual } from "./EventLake.ts"

export const SqlRequest = Schema.Struct({
  /** One SELECT over `events`, `person_events` and `identities`. */
  query: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(sqlCharactersMax)).annotate({
    description: `One SELECT, or WITH … SELECT, in DuckDB's SQL, ${sqlCharactersMax} characters at the most. events: one row an event (time and received_at in UTC; properties, traits, traits_once as JSON; subject, whom it was sent for). identities: subject and the person and person_id that it counts for. person_events: events with person and person_id.`
  }),
  limit: Schema.optionalKey(
    Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: sqlRowsMax })).annotate({
      description: `Rows, ${sqlRowsUsual} where it is not said`
    })
  ),
  /** Needs the scope `pii:read`, and is audited. */
  personal_data: Schema.optionalKey(
    Schema.Boolean.annotate({
      description: "Also the columns ip and personal (JSON by field), clear in the answer; needs the scope pii:read"
    })
  )
}).annotate({
  identifier: "SqlRequest",
  examples: [
    {
      query:
        "select path, count(*) as views, count(distinct person) as people from person_events where event_type = 'page_view' group by 1 order by 2 desc, 1",
      limit: 100
    }
  ]
})
export type SqlRequest = typeof SqlRequest.Type

export const SqlResult = Schema.Struct({
  columns: Schema.Array(Schema.Struct({ name: Schema.String, type: Schema.String })),
  /** Lists of values; 64-bit integers, decimals, dates and times are text. */
  rows: Schema.Array(Schema.Array(Schema.Unknown)),
  row_count: Schema.Int,
  /** Where more follow: which limit was met. */
  truncated: Schema.NullOr(Schema.Literals(["rows", "bytes"])),
  limits: Schema.Struct({ rows: Schema.Int, bytes: Schema.Int }),
  /** Everything that arrived until then is counted, ISO 8601; `null` where the lake is empty. */
  complete_to: Schema.NullOr(Schema.String),
  watermark: Schema.String
}).annotate({ identifier: "SqlResult" })
export type SqlResult = typeof SqlResult.Type
