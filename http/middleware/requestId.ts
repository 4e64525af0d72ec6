import type { HttpServerRequest } from "effect/http"
import { randomUUID } from "node:crypto"

/** The client's `X-Request-Id` where it is one, else a new one. It is logged and audited, so it may be nobody's address. */
export const requestIdOf = (request: HttpServerRequest.HttpServerRequest): string => {
  const given = request.headers["x-request-id"]
  return given !== undefined && /^[\x21-\x3f\x41-\x7e]{1,100}$/.test(given) ? given : randomUUID()
}
