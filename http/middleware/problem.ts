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
export const problemTypeBase = "https://broxiva.dev/problems/"

export interface ProblemDetails {
  readonly detail: string
  readonly instance?: string | undefined
  readonly requestId?: string | undefined
  readonly errors?: ReadonlyArray<FieldError>
  readonly headers?: Readonly<Record<string, string>>
}

/** RFC 9457: status and body. */
export const problemBody = (
  kind: ProblemKind,
  { detail, errors, instance, requestId }: Omit<ProblemDetails, "headers">
): { readonly status: number; readonly body: string } => {
  const [status, title] = problems[kind]
  const body = {
    type: problemTypeBase + kind,
    title,
    status,
    detail,
    ...(instance === undefined ? {} : { instance }),
    ...(requestId === undefined ? {} : { request_id: requestId }),
    ...(errors === undefined ? {} : { errors })
  }
  return { status, body: JSON.stringify(body) }
}

export const problemContentType = "application/problem+json"

export const problem = (kind: ProblemKind, details: ProblemDetails): HttpServerResponse.HttpServerResponse => {
  const { body, status } = problemBody(kind, details)
  return HttpServerResponse.text(body, {
    status,
    contentType: problemContentType,
    ...(details.headers === undefined ? {} : { headers: details.headers })
  })
}

/** The same problem, naming the request that it answers; another refusal with that status becomes a problem. */
export const locateProblem = (
  response: HttpServerResponse.HttpServerResponse,
  at: { readonly instance: string; readonly requestId: string }
): HttpServerResponse.HttpServerResponse => {
  const type = response.headers["content-type"] ?? ""
  if (type === problemContentType) {
    const { detail, errors, instance, request_id, status, title, ...rest } = JSON.parse(textOf(response))
    const body = {
      ...rest,
      title,
      status,
      detail,
      instance: instance ?? at.instance,
      request_id: request_id ?? at.requestId,
      ...(errors === undefined ? {} : { errors })
    }
    return withText(response, JSON.stringify(body))
  }
  if (type.startsWith("application/json")) return response
  const kind = (Object.keys(problems) as ReadonlyArray<ProblemKind>).find(
    (each) => problems[each][0] === response.status
  )
  if (kind === undefined) return response
  return withText(response, problemBody(kind, { detail: problems[kind][1], ...at }).body)
}

const textOf = ({ body }: HttpServerResponse.HttpServerResponse): string =>
  body._tag === "Uint8Array" ? (body.text ?? new TextDecoder().decode(body.body)) : "{}"

const withText = (response: HttpServerResponse.HttpServerResponse, text: string) => {
  const { "content-length": _, "content-type": __, ...headers } = response.headers
  return HttpServerResponse.text(text, { status: response.status, contentType: problemContentType, headers })
}
