import { Schema } from "effect"
import { FieldError } from "../analytics/IngestReceipt.ts"

/** What a workflow declines although the request is well formed, with the reason. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  kind: Schema.Literals([
    "bad-request",
    "forbidden",
    "not-found",
    "conflict",
    "gone",
    "unprocessable",
    "precondition-required"
  ]),
  detail: Schema.String,
  errors: Schema.Array(FieldError)
}) {}
