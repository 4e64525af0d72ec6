import { Clock, Effect } from "effect"
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
import { SettingsSource } from "../../../ports/platform/Settings.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { putItem } from "../../platform/resources.ts"
import { keep, naming, pageOfRevisions, readRevision, removeKept, replaceKept } from "../../platform/revisions.ts"
import { channelRulesOf, defaultChannels } from "../../questions/channels.ts"
import { planChannelRules } from "../../questions/planChannelRules.ts"
import { planChannelPreview, shapeChannelPreview } from "../../questions/sessions/planChannelPreview.ts"
import { formatExactly } from "../../zones/zones.ts"
import { answerFacts } from "./answerFacts.ts"
import { questionScope } from "./askQuestion.ts"
import { channelRulesId, channelRulesKind, keptChannelRules } from "./keptChannelRules.ts"

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

const check = Effect.fnUntraced(function* (workspace: WorkspaceId, { rules }: NewChannelRules) {
  const { errors } = planChannelRules(rules, yield* questionScope(workspace))
  if (errors.length > 0) return yield* new InvalidQuestion({ errors })
})

/** The first rules of a workspace. */
const createRules = Effect.fnUntraced(function* (actor: Actor, definition: NewChannelRules) {
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  const by = { created_at: now, created_by: actor.keyId, changed_at: now, changed_by: actor.keyId }
  const item: KeptChannelRules = { ...definition, id: channelRulesId, ...by }
  const kind = yield* naming(actor.workspace, channelRulesKind)
  const target = `${kind.name}/${item.id}`
  yield* documents.commit(actor.workspace, {
    writes: [putItem(kind, item, 0), keep(kind, item, 1)],
    audit: [yield* auditOf(actor, now, `${kind.singular}.created`, target, undefined, item, kind.subjectsOf(item))]
  })
  return { item, revision: 1 }
})

/** Replaces the rules that stand at the revision; past sessions are judged by the new ones. */
export const replaceChannelRules = Effect.fn("replaceChannelRules")(function* (
  actor: Actor,
  definition: NewChannelRules,
  revision: number
) {
  yield* check(actor.workspace, definition)
  const changed: { readonly item: KeptChannelRules; readonly revision: number } =
    revision === 0
      ? yield* createRules(actor, definition)
      : yield* replaceKept(channelRulesKind, actor, channelRulesId, definition, revision)
  return { item: shown(changed.item), revision: changed.revision }
})

/** Newest first; none while the workspace has no rules of its own. */
export const listChannelRevisions = (workspace: WorkspaceId, limit: number, cursor: string | undefined) =>
  pageOfRevisions<NewChannelRules>(channelRulesKind, workspace, channelRulesId, limit, cursor)

/** What the rules were at a revision becomes the newest; refused where they cannot mean that any more. */
export const restoreChannelRules = Effect.fnUntraced(function* (actor: Actor, revision: number) {
  const { definition } = yield* readRevision<NewChannelRules>(
    channelRulesKind,
    actor.workspace,
    channelRulesId,
    revision
  )
  const standing = yield* keptChannelRules(actor.workspace)
  return yield* replaceChannelRules(actor, definition, standing.revision)
})

/** Back to the default grouping alone. */
export const removeChannelRules = (actor: Actor, revision: number) =>
  removeKept(channelRulesKind, actor, channelRulesId, revision)

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
    from: formatExactly(zone, plan.fromMillis),
    to: formatExactly(zone, plan.toMillis),
    ...shapeChannelPreview(answer),
    ...(yield* answerFacts(workspace, read.planned, answer, [plan]))
  }
  return result
})
