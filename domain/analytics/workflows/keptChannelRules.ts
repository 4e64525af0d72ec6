import { Effect } from "effect"
import { channelRules } from "../../../ports/analytics/ChannelRules.ts"
import type { KeptChannelRules } from "../../../ports/analytics/ChannelRules.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { definitionOf } from "../../questions/revisions.ts"
import type { DefinitionRevision } from "../../questions/revisions.ts"
import { readDefinition } from "./pastDefinitions.ts"

/** As the functions of resources name it, and the id of the one document of a workspace. */
export const channelRulesKind = { name: channelRules.name, singular: "channel_rules" }
export const channelRulesId = "workspace"

const rulesOf = definitionOf(channelRules, channelRulesId)
const beginningOf = definitionOf(channelRules, "created_at")

/** The workspace's own rules of channels, where there are any, and what of them a watermark carries. */
export const keptChannelRules = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const found = yield* readDefinition<KeptChannelRules>(workspace, channelRules, channelRulesId)
  const revision = found?.revision ?? 0
  // Rules that were deleted and set again begin at revision 1 once more: when they began tells them apart.
  const carried: ReadonlyArray<DefinitionRevision> =
    found === undefined
      ? [[rulesOf, revision]]
      : [
          [rulesOf, revision],
          [beginningOf, found.item.created_at]
        ]
  return { kept: found?.item, revision, carried }
})
