import { Effect } from "effect"
import type { HttpServerResponse } from "effect/http"
import type { InvalidEvents } from "../../ports/analytics/IngestReceipt.ts"
import type { InvalidQuestion } from "../../ports/analytics/InvalidQuestion.ts"
import type { DuplicateKey, InvalidCursor, StaleRevision } from "../../ports/documents/DocumentStore.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import type { Refused } from "../../ports/platform/Refused.ts"
import { logPartFailure } from "./partFailures.ts"
import { problem } from "./problem.ts"

type Known = PortFailure | InvalidEvents | InvalidQuestion | InvalidCursor | StaleRevision | DuplicateKey | Refused

/** What every expected failure of a workflow is on the wire. */
export const answerOf = (failure: Known): HttpServerResponse.HttpServerResponse => {
  switch (failure._tag) {
    case "PortFailure":
      return portProblem(failure)
    case "InvalidEvents": {
      const kind = failure.status === 413 ? "too-large" : failure.status === 403 ? "forbidden" : "bad-request"
      return problem(kind, { detail: failure.detail, errors: failure.errors })
    }
    case "InvalidQuestion":
      return problem("bad-request", { detail: "the question is not valid", errors: failure.errors })
    case "InvalidCursor":
      return problem("bad-request", {
        detail: "the cursor was not issued by this list",
        errors: [{ pointer: "/cursor", code: "invalid_cursor", detail: "the cursor was not issued by this list" }]
      })
    case "StaleRevision":
      return problem("stale", {
        detail: failure.actual === 0 ? "it was deleted in the meantime" : `revision ${failure.actual} stands now`
      })
    case "DuplicateKey":
      return problem("conflict", {
        detail: `another one has the same ${failure.field}`,
        errors: [{ pointer: `/${failure.field}`, code: "taken", detail: "another one has the same value" }]
      })
    case "Refused":
      return problem(failure.kind, { detail: failure.detail, errors: failure.errors })
  }
}

export const retryAfterSeconds = 1

const portProblem = (failure: PortFailure): HttpServerResponse.HttpServerResponse => {
  const headers = { "retry-after": String(retryAfterSeconds) }
  switch (failure.reason) {
    case "full":
      return problem("storage-full", { detail: "there is no room on the disk; nothing was stored", headers })
    case "corrupt":
      return problem("internal", { detail: "stored data cannot be read; the operator's log says more" })
    default:
      return problem("unavailable", {
        detail: failure.reason === "timeout" ? failure.detail : "try again shortly",
        headers
      })
  }
}

/** The workflow's answer, or its expected failure as a problem. Failures of parts are logged: an operator must know. */
export const answerProblems = <A, E extends Known, R>(
  workflow: Effect.Effect<A, E, R>
): Effect.Effect<A | HttpServerResponse.HttpServerResponse, never, R> =>
  Effect.catch(workflow, (failure) =>
    failure._tag === "PortFailure"
      ? Effect.as(logPartFailure(failure), answerOf(failure))
      : Effect.succeed(answerOf(failure))
  )
