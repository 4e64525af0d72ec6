import { HttpServerResponse } from "effect/http"
import type { FieldError } from "../../ports/analytics/IngestReceipt.ts"
import { problemContentType, problemKinds, problems, problemTypeBase } from "../contract/Problem.ts"
import type { ProblemKind } from "../contract/Problem.ts"

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
  const kind = problemKinds.find((each) => problems[each][0] === response.status)
  if (kind === undefined) return response
  return withText(response, problemBody(kind, { detail: problems[kind][1], ...at }).body)
}

const textOf = ({ body }: HttpServerResponse.HttpServerResponse): string =>
  body._tag === "Uint8Array" ? (body.text ?? new TextDecoder().decode(body.body)) : "{}"

const withText = (response: HttpServerResponse.HttpServerResponse, text: string) => {
  const { "content-length": _, "content-type": __, ...headers } = response.headers
  return HttpServerResponse.text(text, { status: response.status, contentType: problemContentType, headers })
}
