import { Effect } from "effect"
import { SubjectKeys } from "../../ports/privacy/SubjectKeys.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { isPersonalId, pseudonym } from "./personalData.ts"

/** How a workspace stores ids of people: e-mail addresses and phone numbers as pseudonyms, as at every door. */
export const storedIds = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const subjectKeys = yield* SubjectKeys
  const pseudonymKey = yield* subjectKeys.workspaceKey(workspace, "pseudonym")
  const secrets = { workspace, indexKey: pseudonymKey, pseudonymKey }
  return (id: string): string => (isPersonalId(id) ? pseudonym(secrets, id) : id)
})
