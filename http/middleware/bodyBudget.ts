import { NodeHttpServerRequest } from "@effect/platform-node"
import type { HttpServerRequest } from "effect/http"

/** Bytes of bodies in memory at once, from their arrival until their request is answered. */
export const bodyBytesAtOnceMax = 128 * 1024 * 1024

let taken = 0

/** Counts bytes of one request's body; answers false where no more fit. Given back with the answer. */
export const bodyBudget = (request: HttpServerRequest.HttpServerRequest): ((bytes: number) => boolean) => {
  let own = 0
  return (bytes) => {
    if (taken + bytes > bodyBytesAtOnceMax) return false
    const response = NodeHttpServerRequest.toServerResponse(request)
    if (response.closed) return true
    if (own === 0) {
      response.once("close", () => {
        taken -= own
        own = 0
      })
    }
    own += bytes
    taken += bytes
    return true
  }
}
