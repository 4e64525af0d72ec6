import { Context } from "effect"
import type { IdempotencyMark } from "../../ports/platform/IdempotencyMark.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { HttpApiMiddleware } from "effect/http-api"
import type { AnswerHeaders } from "./AnswerHeaders.ts"

/** Who asks: what an admitted request's token proves. */
export class CurrentPrincipal extends Context.Service<
  CurrentPrincipal,
  {
    readonly workspace: WorkspaceId
    readonly subject: string
    /** Who stands behind the token: of a key made here, the person who made it. */
    readonly person: string
    readonly keyId: string
    readonly kind: "secret" | "browser"
    readonly scopes: ReadonlySet<string>
    /** The one environment whose flags the key reads. */
    readonly environment: string | undefined
    /** Cut address of the client. */
    readonly from: string | undefined
    readonly requestId: string
    /** Where the caller sent an `Idempotency-Key` to an endpoint that creates. */
    readonly idempotency: IdempotencyMark | undefined
  }
>()("http/contract/CurrentPrincipal") {}

/** Every endpoint's way in: token, scope, rate limit; and its way out where something goes wrong. */
export class Admission extends HttpApiMiddleware.Service<Admission, { provides: CurrentPrincipal | AnswerHeaders }>()(
  "http/contract/Admission"
) {}
