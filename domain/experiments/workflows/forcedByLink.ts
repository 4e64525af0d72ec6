import { Clock, Effect } from "effect"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { EvaluationContext } from "../../../ports/experiments/Evaluation.ts"
import { production } from "../../../ports/experiments/Flag.ts"
import { qaLinks } from "../../../ports/experiments/QaLink.ts"
import type { QaLink } from "../../../ports/experiments/QaLink.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { TokenKey } from "../../../ports/platform/TokenKey.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { verifyQaToken } from "../qaToken.ts"

const refuse = (code: string, detail: string) =>
  new Refused({ kind: "bad-request", detail, errors: [{ pointer: "/qa", code, detail }] })

/** What the link of a token forces in an environment. One read of the store, for testers alone. */
export const forcedByLink = Effect.fn("forcedByLink")(function* (
  workspace: WorkspaceId,
  token: string,
  environment: string
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
  const forced: NonNullable<EvaluationContext["forced"]> = link.forced
  return forced
})
