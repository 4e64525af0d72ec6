import { Effect } from "effect"
import { channelRules } from "../../../ports/analytics/ChannelRules.ts"
import type { KeptChannelRules } from "../../../ports/analytics/ChannelRules.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { readDefinition } from "./pastDefinitions.ts"

/** As the functions of resources name it, and the id of the one document of a workspace. */
export const channelRulesKind = { name: channelRules.name, singular: "channel_rules" }
export const channelRulesId = "workspace"

/** The workspace's own rules of channels, where there are any. */
export const keptChannelRules = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const found = yield* readDefinition<KeptChannelRules>(workspace, channelRules, channelRulesId)
  return { kept: found?.item, revision: found?.revision ?? 0 }
})
