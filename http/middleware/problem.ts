import { HttpServerResponse } from "effect/http"
import type { FieldError } from "../../ports/analytics/IngestReceipt.ts"

/** Every problem that the service answers: the one place of status codes and titles. */
const problems = {
  "bad-request": [400, "The request is not valid"],
  unauthenticated: [401, "A valid token is needed"],
  forbidden: [403, "The token does not allow this"],
  "not-found": [404, "There is nothing here"],
  "method-not-allowed": [405, "The method does not exist here"],
  timeout: [408, "The request came too slowly"],
  conflict: [409, "The state does not allow this"],
  stale: [412, "It was changed in the meantime"],
  "too-large": [413, "The request is too large"],
  "unsupported-media-type": [415, "The content type is not supported"],
  unprocessable: [422, "The request cannot be processed"],
  "precondition-required": [428, "Name the revision that you change"],
  "rate-limited": [429, "Too many requests"],
  internal: [500, "Something went wrong here"],
  unavailable: [503, "Not available right now"],
  "storage-full": [507, "There is no room to store this"]
} as const

export type ProblemKind = keyof typeof problems
export const problemTypeBase = "https://broxiva.dev/problems/"

export interface ProblemDetails {
  readonly detail: string
  readonly instance?: string | undefined
  readonly requestId?: string | undefined
  readonly errors?: ReadonlyArray<FieldError>
  readonly headers?: Readonly<Record<string, string>>
}

/** RFC 9457. */
export const problem = (kind: ProblemKind, details: ProblemDetails): HttpServerResponse.HttpServerResponse => {
  const [status, title] = problems[kind]
  const { detail, errors, headers, instance, requestId } = details
  const body = {
    type: problemTypeBase + kind,
    title,
    status,
    detail,
    ...(instance === undefined ? {} : { instance }),
    ...(requestId === undefined ? {} : { request_id: requestId }),
    ...(errors === undefined ? {} : { errors })
  }
  return HttpServerResponse.text(JSON.stringify(body), {
    status,
    contentType: "application/problem+json",
    ...(headers === undefined ? {} : { headers })
  })
}
