import { Effect } from "effect"
import { channelRules } from "../../../ports/analytics/ChannelRules.ts"
import type { KeptChannelRules } from "../../../ports/analytics/ChannelRules.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"

/** As the functions of resources name it, and the id of the one document of a workspace. */
export const channelRulesKind = { name: channelRules.name, singular: "channel_rules" }
export const channelRulesId = "workspace"

/** The workspace's own rules of channels, where there are any. */
export const keptChannelRules = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, channelRules.name, channelRulesId)
  return { kept: found?.data as KeptChannelRules | undefined, revision: found?.revision ?? 0 }
})
