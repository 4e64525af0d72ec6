import { Clock, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { createHash } from "node:crypto"
import { dashboards } from "../../../ports/analytics/Dashboard.ts"
import type { Dashboard } from "../../../ports/analytics/Dashboard.ts"
import { insights } from "../../../ports/analytics/Insight.ts"
import type { Insight } from "../../../ports/analytics/Insight.ts"
import { shares, shareSlugs, slugBytes } from "../../../ports/analytics/Share.ts"
import type { NewShare, Share, SharedAnswer, SharedDashboard } from "../../../ports/analytics/Share.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { DuplicateKey } from "../../../ports/documents/DocumentStore.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { once } from "../../platform/idempotency.ts"
import { everywhere } from "../../platform/installation.ts"
import { readItem, removeItem } from "../../platform/resources.ts"
import { askAny } from "./askAny.ts"
import { answerTiles } from "./dashboards.ts"
import { singlePeopleIn } from "./singlePeople.ts"

/** A share as the functions of resources name it. */
export const shareKind = { name: shares.name, singular: "share" }

const slugId = (slug: string): string => createHash("sha256").update(slug).digest("hex")

const refuseSingling = (target: "insight" | "dashboard", at: string): Refused => {
  const detail = `the question's ${at} shows or picks single people`
  return new Refused({
    kind: "conflict",
    detail: `the ${target} shows single people; only aggregates are shared`,
    errors: [{ pointer: `/${target}`, code: "not_aggregated", detail }]
  })
}

/** Refuses what is not there, and what shows single people. */
const checkTarget = Effect.fnUntraced(function* (workspace: WorkspaceId, asked: NewShare) {
  if ("insight" in asked) {
    const { item } = yield* readItem<Insight>(insights, workspace, asked.insight)
    const single = yield* singlePeopleIn(workspace, item.question)
    return single === undefined ? undefined : yield* refuseSingling("insight", single)
  }
  const { item } = yield* readItem<Dashboard>(dashboards, workspace, asked.dashboard)
  for (const { insight } of item.tiles) {
    const shown = yield* readItem<Insight>(insights, workspace, insight)
    const single = yield* singlePeopleIn(workspace, shown.item.question)
    if (single !== undefined) return yield* refuseSingling("dashboard", single)
  }
  return undefined
})

/** A link to an insight or a dashboard. The slug stays with it, so that who may read shares can hand the link on again. */
export const createShare = Effect.fn("createShare")(function* (actor: Actor, asked: NewShare) {
  const documents = yield* DocumentStore
  const { expires_at } = asked
  yield* checkTarget(actor.workspace, asked)
  return yield* once<Share, DuplicateKey, SecureRandom.SecureRandom>(
    actor,
    Effect.fnUntraced(function* (remember) {
      const random = yield* SecureRandom.SecureRandom
      const now = yield* Clock.currentTimeMillis
      if (expires_at !== undefined && expires_at <= now) {
        const errors = [{ pointer: "/expires_at", code: "in_the_past", detail: "must lie in the future" }]
        return yield* new Refused({ kind: "unprocessable", detail: "the link would be gone already", errors })
      }
      const slug = Buffer.from(yield* random.randomBytes(slugBytes)).toString("base64url")
      const ends = expires_at === undefined ? {} : { expires_at }
      const share: Share = {
        id: yield* random.uuidV7(),
        ...asked,
        slug,
        path: `/s/${slug}`,
        created_at: now,
        created_by: actor.keyId
      }
      const place = { workspace: actor.workspace, share: share.id }
      const put = { kind: "put", expected: 0, schema_version: 1, subjects: [], ...ends } as const
      // First where it leads, in the place of all workspaces; it leads nowhere until the share itself is there.
      yield* documents.commit(everywhere, {
        writes: [{ ...put, collection: shareSlugs.name, id: slugId(slug), data: place }]
      })
      const { path: _path, slug: _slug, ...told } = share
      yield* documents.commit(actor.workspace, {
        writes: [{ ...put, collection: shares.name, id: share.id, data: share }],
        audit: [yield* auditOf(actor, now, "share.created", `shares/${share.id}`, undefined, told)],
        ...remember(share)
      })
      return share
    })
  )
})

/** From the moment that this is answered the link leads nowhere. */
export const removeShare = Effect.fn("removeShare")(function* (actor: Actor, id: string, revision: number) {
  const { item } = yield* readItem<Share>(shareKind, actor.workspace, id)
  yield* removeItem(shareKind, actor, id, revision)
  const documents = yield* DocumentStore
  yield* documents.commit(everywhere, {
    writes: [{ kind: "delete", collection: shareSlugs.name, id: slugId(item.slug), expected: "any" }]
  })
})

const nothingShared = () => new Refused({ kind: "not-found", detail: "there is no such link", errors: [] })

/** What a link leads to, for whoever has it. */
export const readShared = Effect.fn("readShared")(function* (slug: string) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(everywhere, shareSlugs.name, slugId(slug))
  if (found === undefined) return yield* nothingShared()
  const { share: id, workspace } = found.data as { readonly workspace: WorkspaceId; readonly share: string }
  const share = yield* documents.get(workspace, shares.name, id)
  if (share === undefined) return yield* nothingShared()
  const target = share.data as Share
  const shared: SharedAnswer | undefined =
    "insight" in target
      ? yield* sharedInsight(workspace, target.insight)
      : yield* sharedDashboard(workspace, target.dashboard)
  return shared ?? (yield* nothingShared())
})

const sharedInsight = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const documents = yield* DocumentStore
  const insight = yield* documents.get(workspace, insights.name, id)
  if (insight === undefined) return undefined
  const { name, question } = insight.data as Insight
  // The insight may have been changed since.
  if ((yield* singlePeopleIn(workspace, question)) !== undefined) return undefined
  return { name, answer: yield* askAny(workspace, question) }
})

/** Tiles whose insight was changed since to show single people are not answered. */
const sharedDashboard = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string) {
  const documents = yield* DocumentStore
  const dashboard = yield* documents.get(workspace, dashboards.name, id)
  if (dashboard === undefined) return undefined
  const { name, tiles } = dashboard.data as Dashboard
  const answers = yield* answerTiles(workspace, id, tiles, ({ question }) =>
    Effect.map(singlePeopleIn(workspace, question), (single) =>
      single === undefined ? undefined : "it shows single people, which are not shared"
    )
  )
  const shared: SharedDashboard = {
    name,
    tiles: answers.map((answer, at) => {
      const { insight: _, ...told } = answer
      const position = tiles[at]?.position
      return { ...told, ...(position === undefined ? {} : { position }) }
    })
  }
  return shared
})
