import { Clock, Effect } from "effect"
import { channelRules } from "../../../ports/analytics/ChannelRules.ts"
import type {
  ChannelPreview,
  ChannelPreviewQuestion,
  ChannelRules,
  KeptChannelRules,
  NewChannelRules
} from "../../../ports/analytics/ChannelRules.ts"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { SettingsSource } from "../../../ports/platform/Settings.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { channelRulesOf, defaultChannels } from "../../questions/channels.ts"
import { planChannelRules } from "../../questions/planChannelRules.ts"
import { planChannelPreview, shapeChannelPreview } from "../../questions/sessions/planChannelPreview.ts"
import { formatInstant } from "../../zones/zones.ts"
import { answerFacts } from "./answerFacts.ts"
import { questionScope } from "./askQuestion.ts"
import { channelRulesId, keptChannelRules } from "./keptChannelRules.ts"

const shown = (kept: KeptChannelRules | undefined): ChannelRules => ({
  rules: kept?.rules ?? [],
  default_channels: defaultChannels,
  changed_at: kept?.changed_at ?? null,
  changed_by: kept?.changed_by ?? null
})

/** The workspace's own rules; none, at revision 0, until they are first set. */
export const readChannelRules = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const { kept, revision } = yield* keptChannelRules(workspace)
  return { item: shown(kept), revision }
})

/** Replaces the rules that stand at the revision; past sessions are judged by the new ones. */
export const replaceChannelRules = Effect.fn("replaceChannelRules")(function* (
  actor: Actor,
  { rules }: NewChannelRules,
  revision: number
) {
  const { workspace } = actor
  const { errors } = planChannelRules(rules, yield* questionScope(workspace))
  if (errors.length > 0) return yield* new InvalidQuestion({ errors })
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  const { kept: before } = yield* keptChannelRules(workspace)
  const kept: KeptChannelRules = { rules, changed_at: now, changed_by: actor.keyId }
  const [next = revision + 1] = yield* documents.commit(workspace, {
    writes: [
      {
        kind: "put",
        collection: channelRules.name,
        id: channelRulesId,
        expected: revision,
        schema_version: 1,
        subjects: [],
        data: kept
      }
    ],
    audit: [yield* auditOf(actor, now, "channel_rules.changed", "channel-rules", before, kept)]
  })
  return { item: shown(kept), revision: next }
})

/** Back to the default grouping alone. */
export const removeChannelRules = Effect.fn("removeChannelRules")(function* (actor: Actor, revision: number) {
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  const { kept: before } = yield* keptChannelRules(actor.workspace)
  if (before === undefined) {
    const detail = "the workspace has no channel rules of its own"
    return yield* new Refused({ kind: "not-found", detail, errors: [] })
  }
  yield* documents.commit(actor.workspace, {
    writes: [{ kind: "delete", collection: channelRules.name, id: channelRulesId, expected: revision }],
    audit: [yield* auditOf(actor, now, "channel_rules.deleted", "channel-rules", before)]
  })
})

/** How past sessions would be classified by other rules. Errors name each wrong field. */
export const previewChannelRules = Effect.fn("previewChannelRules")(function* (
  workspace: WorkspaceId,
  question: ChannelPreviewQuestion
) {
  const store = yield* EventStore
  const { ingest } = (yield* SettingsSource).current(workspace)
  const read = planChannelPreview(question, yield* questionScope(workspace), (own) =>
    channelRulesOf(own, ingest.own_domains)
  )
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  const { plan, zone } = read.planned
  const answer = yield* store.answer(plan)
  const result: ChannelPreview = {
    from: formatInstant(zone, plan.fromMillis),
    to: formatInstant(zone, plan.toMillis),
    ...shapeChannelPreview(answer),
    ...(yield* answerFacts(workspace, read.planned, answer, [plan]))
  }
  return result
})
