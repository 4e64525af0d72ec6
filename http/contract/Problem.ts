import { Schema } from "effect"
import { FieldError } from "../../ports/analytics/IngestReceipt.ts"

/** Every problem that the service answers: the one place of status codes and titles. */
export const problems = {
  "bad-request": [400, "The request is not valid"],
  unauthenticated: [401, "A valid token is needed"],
  forbidden: [403, "The token does not allow this"],
  "not-found": [404, "There is nothing here"],
  "method-not-allowed": [405, "The method does not exist here"],
  "not-acceptable": [406, "Nothing here has an acceptable form"],
  timeout: [408, "The request came too slowly"],
  conflict: [409, "The state does not allow this"],
  gone: [410, "It cannot be had any more"],
  stale: [412, "It was changed in the meantime"],
  "too-large": [413, "The request is too large"],
  "unsupported-media-type": [415, "The content type is not supported"],
  "range-not-satisfiable": [416, "The file has no such bytes"],
  "expectation-failed": [417, "The expectation cannot be met"],
  unprocessable: [422, "The request cannot be processed"],
  "precondition-required": [428, "Name the revision that you change"],
  "rate-limited": [429, "Too many requests"],
  "headers-too-large": [431, "The headers are too large"],
  internal: [500, "Something went wrong here"],
  unavailable: [503, "Not available right now"],
  "storage-full": [507, "There is no room to store this"]
} as const

export type ProblemKind = keyof typeof problems
export const problemKinds = Object.keys(problems) as ReadonlyArray<ProblemKind>
/** A kind's stable URI: what clients tell problems apart by. */
export const problemTypeBase = "https://broxiva.dev/problems/"
export const problemContentType = "application/problem+json"

/** RFC 9457. */
export const Problem = Schema.Struct({
  type: Schema.String.annotate({ description: problemKinds.map((kind) => problemTypeBase + kind).join(", ") }),
  title: Schema.String,
  status: Schema.Int,
  detail: Schema.String,
  /** The path that was asked. */
  instance: Schema.optionalKey(Schema.String),
  /** Names the request in the service's log. */
  request_id: Schema.optionalKey(Schema.String),
  /** Each wrong field by JSON pointer (RFC 6901), parameters as `/name`. */
  errors: Schema.optionalKey(Schema.Array(FieldError))
}).annotate({
  identifier: "Problem",
  examples: [
    {
      type: `${problemTypeBase}bad-request`,
      title: problems["bad-request"][1],
      status: 400,
      detail: "the request is not valid",
      instance: "/platform/keys",
      request_id: "0b7c6c62-8f7e-4c8e-9d3b-0d6a5f1c2e34",
      errors: [{ pointer: "/name", code: "missing", detail: "is required" }]
    }
  ]
})
export type Problem = typeof Problem.Type
