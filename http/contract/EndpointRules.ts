import { Context } from "effect"
import type { RateClass } from "../../ports/platform/RateLimits.ts"

/** What admission asks of an endpoint's caller; every endpoint is annotated with it. */
export interface Rules {
  /** `undefined`: public. */
  readonly scope: string | undefined
  readonly rate_class: RateClass
  /** Whether an `Idempotency-Key` replays the first answer. */
  readonly idempotent: boolean
  /** Whether a success stands in the audit log. */
  readonly audited: boolean
  /** Whose words failures are answered in; those of problems (RFC 9457) by default. */
  readonly protocol?: "ofrep"
  /** Whether clients of others may send parameters and fields that the contract does not name; their newer versions do. */
  readonly lenient?: boolean
  /** Where clients of others put their key: into the path, as its last part, or into `Authorization` without a scheme. */
  readonly clientKey?: "path" | "authorization"
}

export class EndpointRules extends Context.Service<EndpointRules, Rules>()("http/contract/EndpointRules") {}

/** Public: no token, no limit. */
export const open: Rules = { scope: undefined, rate_class: "default", idempotent: false, audited: false }
export const reads = (scope: string): Rules => ({ scope, rate_class: "default", idempotent: false, audited: false })
export const changes = (scope: string): Rules => ({ scope, rate_class: "default", idempotent: false, audited: true })
export const creates = (scope: string): Rules => ({ ...changes(scope), idempotent: true })
