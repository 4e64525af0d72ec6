import type { HttpServerRequest } from "effect/http"
import { randomUUID } from "node:crypto"

/** The client's `X-Request-Id` where it is one, else a new one. */
export const requestIdOf = (request: HttpServerRequest.HttpServerRequest): string => {
  const given = request.headers["x-request-id"]
  return given !== undefined && /^[\x21-\x7e]{1,100}$/.test(given) ? given : randomUUID()
}
