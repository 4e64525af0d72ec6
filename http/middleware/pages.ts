import { Effect } from "effect"
import { HttpServerRequest } from "effect/http"
import { AnswerHeaders } from "../contract/AnswerHeaders.ts"

/** A page as it is answered, with `Link: rel="next"` (RFC 8288) to the same list behind it. */
export const paged = <P extends { readonly next: string | null }>(
  page: P
): Effect.Effect<P, never, AnswerHeaders | HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function* () {
    if (page.next === null) return page
    const { url } = yield* HttpServerRequest.HttpServerRequest
    const headers = yield* AnswerHeaders
    const [path = "", query = ""] = url.split("?", 2)
    const parameters = new URLSearchParams(query)
    // A token may stand there; it does not travel in links.
    parameters.delete("key")
    parameters.set("cursor", page.next)
    headers.set("link", `<${path}?${parameters.toString()}>; rel="next"`)
    return page
  })
