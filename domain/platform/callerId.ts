import { Effect } from "effect"
import { SubjectKeys } from "../../ports/privacy/SubjectKeys.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { isPersonalId, pseudonym } from "../privacy/personalData.ts"

/** A token's id as it is written: another issuer may name its people by their e-mail addresses, which are written nowhere. */
export const callerId = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  if (!isPersonalId(id)) return id
  const subjectKeys = yield* SubjectKeys
  const pseudonymKey = yield* subjectKeys.workspaceKey(workspace, "pseudonym")
  return pseudonym({ workspace, indexKey: pseudonymKey, pseudonymKey }, id)
})
