import { Clock, Effect } from "effect"
import { production } from "../../../ports/experiments/Flag.ts"
import { qaLinkMinutesUsual, qaLinks, qaLinksMax } from "../../../ports/experiments/QaLink.ts"
import type { MadeQaLink, NewQaLink, QaLink } from "../../../ports/experiments/QaLink.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { TokenKey } from "../../../ports/platform/TokenKey.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { createItem, removeItem } from "../../platform/resources.ts"
import { storedIds } from "../../privacy/storedIds.ts"
import { forcedMistakes } from "../forcedMistakes.ts"
import { signQaToken } from "../qaToken.ts"
import { refuseWhereAsked } from "./approvals.ts"
import { snapshotFor } from "./evaluateFlags.ts"

export const qaLinkKind = {
  name: qaLinks.name,
  singular: "qa_link",
  documentsMax: qaLinksMax,
  expiresAt: (item: unknown) => (item as QaLink).expires_at
}

const naming = (workspace: WorkspaceId) =>
  Effect.map(storedIds(workspace), (stored) => ({
    ...qaLinkKind,
    subjectsOf: (item: unknown) => [...new Set(((item as QaLink).units ?? []).map(stored))]
  }))

/** A link that forces variants which there are; its token is made of what is stored, so that a replay shows it again. */
export const createQaLink = Effect.fn("createQaLink")(function* (
  actor: Actor,
  { minutes = qaLinkMinutesUsual, ...asked }: NewQaLink
) {
  const { workspace } = actor
  const errors = forcedMistakes(yield* snapshotFor({ workspace }, asked.environment), asked.forced)
  if (errors.length > 0) return yield* new Refused({ kind: "bad-request", detail: "there is nothing to force", errors })
  if (asked.units === undefined) {
    // Whoever is sent it gets what it forces: nothing keeps it from being sent to all.
    const detail = "a link names its testers (units), an override names them for good"
    yield* refuseWhereAsked(workspace, asked.environment ?? production, { pointer: "/units", detail })
  }
  const expires_at = (yield* Clock.currentTimeMillis) + minutes * 60_000
  const link: QaLink = yield* createItem(yield* naming(workspace), actor, { ...asked, expires_at })
  const { secret } = yield* TokenKey
  const made: MadeQaLink = { ...link, token: signQaToken(secret, workspace, link) }
  return made
})

/** From now on its token forces nothing, and is refused. */
export const revokeQaLink = Effect.fn("revokeQaLink")(function* (actor: Actor, id: string, revision: number) {
  yield* removeItem(yield* naming(actor.workspace), actor, id, revision)
})
