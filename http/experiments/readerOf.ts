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

/** What the request's token proves of its reader. */
export type Proven = Pick<CurrentPrincipal["Service"], "environment" | "kind" | "workspace">

/**
 * Who reads flags, with the token of the link that the request bears. As where events come in, a browser key's own
 * header and address count; a secret key's are its server's.
 */
export const readerAs = (
  { headers, query }: Linked,
  { environment, kind, workspace }: Proven,
  request: HttpServerRequest.HttpServerRequest,
  trustedHops: number
): FlagReader => {
  const qa = query.qa ?? headers["x-qa-link"]
  if (kind !== "browser") return { workspace, environment, qa }
  const client = { user_agent: request.headers["user-agent"], ip: clientAddress(request, trustedHops) }
  return { workspace, environment, qa, client }
}

export const readerOf = Effect.fnUntraced(function* (linked: Linked) {
  const principal = yield* CurrentPrincipal
  const request = yield* HttpServerRequest.HttpServerRequest
  const { trustedHops } = yield* RequestLimits
  return readerAs(linked, principal, request, trustedHops)
})
