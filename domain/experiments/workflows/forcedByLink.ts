import { Clock, Effect } from "effect"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { EvaluationContext } from "../../../ports/experiments/Evaluation.ts"
import { production } from "../../../ports/experiments/Flag.ts"
import { qaLinks } from "../../../ports/experiments/QaLink.ts"
import { unitAttributes } from "../../../ports/experiments/FlagFile.ts"
import type { QaLink } from "../../../ports/experiments/QaLink.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { TokenKey } from "../../../ports/platform/TokenKey.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { verifyQaToken } from "../qaToken.ts"

const refuse = (code: string, detail: string) =>
  new Refused({ kind: "bad-request", detail, errors: [{ pointer: "/qa", code, detail }] })

/** Attributes that may name a tester: those of units, and OpenFeature's. */
const testerAttributes: ReadonlyArray<string> = [...unitAttributes, "targetingKey"]

/**
 * What the link of a token forces in an environment for whom the attributes speak of. One read of the store, for testers
 * alone.
 */
export const forcedByLink = Effect.fn("forcedByLink")(function* (
  workspace: WorkspaceId,
  token: string,
  environment: string,
  attributes: Readonly<Record<string, unknown>>
) {
  const { secret } = yield* TokenKey
  const claims = verifyQaToken(secret, workspace, token)
  if (claims === undefined) return yield* refuse("not_signed", "the link was not signed by this service")
  if (claims.expires_at <= (yield* Clock.currentTimeMillis)) return yield* refuse("expired", "the link is over")
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, qaLinks.name, claims.id)
  if (found === undefined) return yield* refuse("revoked", "the link was revoked")
  const link = found.data as QaLink
  const of = link.environment ?? production
  if (of !== environment) return yield* refuse("other_environment", `the link is of the environment ${of}`)
  const { units } = link
  if (units !== undefined && !testerAttributes.some((name) => units.some((unit) => unit === attributes[name]))) {
    return yield* refuse("other_unit", `the link is for testers whom it names by ${unitAttributes.join(" or ")}`)
  }
  const forced: NonNullable<EvaluationContext["forced"]> = link.forced
  return forced
})
