import { Effect } from "effect"
import { HttpServerRequest } from "effect/http"
import type { FlagReader } from "../../domain/experiments/workflows/evaluateFlags.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { clientAddress } from "../middleware/clientAddress.ts"
import { RequestLimits } from "../middleware/RequestLimits.ts"

/** What of a request may bear the token of a link; the parameter wins over the header. */
export interface Linked {
  readonly query: { readonly qa?: string }
  readonly headers: { readonly "x-qa-link"?: string }
}

/**
 * Who reads flags, with the token of the link that the request bears. As where events come in, a browser key's own
 * header and address count; a secret key's are its server's.
 */
export const readerOf = ({ headers, query }: Linked) =>
  Effect.flatMap(CurrentPrincipal, ({ environment, kind, workspace }) => {
    const reader: FlagReader = { workspace, environment, qa: query.qa ?? headers["x-qa-link"] }
    return kind === "browser" ? seenAs(reader) : Effect.succeed(reader)
  })

const seenAs = Effect.fnUntraced(function* (reader: FlagReader) {
  const request = yield* HttpServerRequest.HttpServerRequest
  const { trustedHops } = yield* RequestLimits
  const seen: FlagReader = {
    ...reader,
    client: { user_agent: request.headers["user-agent"], ip: clientAddress(request, trustedHops) }
  }
  return seen
})
