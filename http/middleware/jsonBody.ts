import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import type { HttpServerResponse } from "effect/http"
import { inspectJson } from "../../domain/analytics/ingestion/inspectJson.ts"
import { jsonBodyBytesMax } from "../contract/bodyLimits.ts"
import { readText } from "./body.ts"
import { problem } from "./problem.ts"

export const jsonBodyRules = { bytesMax: jsonBodyBytesMax, types: ["application/json"] }

/** A body that was read, or the problem that stands in its way. */
export type JsonBody = { readonly value: unknown } | { readonly refused: HttpServerResponse.HttpServerResponse }

/** The request's JSON; what decodes the request after this finds the same text. */
export const readJson = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<JsonBody> =>
  Effect.map(readText(request, jsonBodyRules), (text): JsonBody => {
    if (typeof text !== "string") return { refused: text }
    const errors = inspectJson(text)
    if (errors.length > 0) {
      return { refused: problem("bad-request", { detail: "the body is not acceptable JSON", errors }) }
    }
    try {
      const value: unknown = JSON.parse(text)
      Object.defineProperty(request, "text", { value: Effect.succeed(text) })
      return { value }
    } catch {
      const detail = "the body is not JSON"
      return { refused: problem("bad-request", { detail, errors: [{ pointer: "", code: "not_json", detail }] }) }
    }
  })
