import { Effect } from "effect"
import { SubjectKeys } from "../../../ports/privacy/SubjectKeys.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { isPersonalId, pseudonym } from "../../privacy/personalData.ts"

/** The id as it is stored: e-mail addresses and phone numbers are replaced at every door. */
export const idAtDoor = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  if (!isPersonalId(id)) return id
  const subjectKeys = yield* SubjectKeys
  const pseudonymKey = yield* subjectKeys.workspaceKey(workspace, "pseudonym")
  return pseudonym({ workspace, indexKey: pseudonymKey, pseudonymKey }, id)
})
