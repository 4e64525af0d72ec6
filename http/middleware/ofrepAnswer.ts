import { HttpServerResponse } from "effect/http"
import type { HttpServerRequest } from "effect/http"
import { targetingKeyMissing } from "../../domain/experiments/workflows/evaluateOfrep.ts"
import type { FieldError } from "../../ports/analytics/IngestReceipt.ts"
import type { OfrepErrorCode } from "../../ports/experiments/Ofrep.ts"
import { problemContentType } from "../contract/Problem.ts"

interface ProblemText {
  readonly detail: string
  readonly errors?: ReadonlyArray<FieldError>
}

/** Statuses whose bodies the protocol prescribes; others, like 401 and 429, stay problems. */
const prescribed: ReadonlySet<number> = new Set([400, 404, 500])

/** An answer as the protocol writes it: problems with such a status become its failures, which name their flag. */
export const ofrepAnswer = (
  request: HttpServerRequest.HttpServerRequest,
  answer: HttpServerResponse.HttpServerResponse
): HttpServerResponse.HttpServerResponse => {
  const { body, headers, status } = answer
  if (!prescribed.has(status) || headers["content-type"] !== problemContentType || body._tag !== "Uint8Array") {
    return answer
  }
  const { detail, errors = [] } = JSON.parse(new TextDecoder().decode(body.body)) as ProblemText
  const key = keyOf(request)
  const failure = {
    ...(key === undefined ? {} : { key }),
    errorCode: codeOf(status, errors),
    errorDetails: [detail, ...errors.map((each) => `${each.pointer}: ${each.detail}`)].join("; ")
  }
  const { "content-length": _, "content-type": __, ...kept } = headers
  return HttpServerResponse.jsonUnsafe(failure, { status, headers: kept })
}

const codeOf = (status: number, errors: ReadonlyArray<FieldError>): OfrepErrorCode => {
  if (status === 404) return "FLAG_NOT_FOUND"
  if (status === 500) return "GENERAL"
  if (errors.some(({ code }) => code === targetingKeyMissing)) return "TARGETING_KEY_MISSING"
  if (errors.some(({ code }) => code === "unknown_environment")) return "GENERAL"
  return errors.some(({ pointer }) => /^\/context(\/|$)/.test(pointer)) ? "INVALID_CONTEXT" : "PARSE_ERROR"
}

/** The flag that the path names. */
const keyOf = ({ url }: HttpServerRequest.HttpServerRequest): string | undefined => {
  const name = /\/evaluate\/flags\/([^/?]+)/.exec(url)?.[1]
  if (name === undefined) return undefined
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
