import { Effect } from "effect"
import { funnels } from "../../../ports/analytics/Funnel.ts"
import type { Funnel, NewFunnel } from "../../../ports/analytics/Funnel.ts"
import type { FunnelRequest } from "../../../ports/analytics/FunnelQuestion.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { readItem } from "../../platform/resources.ts"
import { createKept, readRevision, replaceKept } from "../../platform/revisions.ts"
import { planFunnel } from "../../questions/funnel/planFunnel.ts"
import { askFunnel } from "./askFunnel.ts"
import { questionScope } from "./askQuestion.ts"

/** A day on which every funnel can be planned, to find what is wrong with a definition before it is kept. */
const anyRange = { from: "2026-01-01", to: "2026-01-01" }

const check = Effect.fnUntraced(function* (workspace: WorkspaceId, definition: NewFunnel) {
  const read = planFunnel({ ...definition, date_range: anyRange }, yield* questionScope(workspace, definition))
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
})

export const createFunnel = Effect.fnUntraced(function* (actor: Actor, definition: NewFunnel) {
  yield* check(actor.workspace, definition)
  return yield* createKept(funnels, actor, definition)
})

export const replaceFunnel = Effect.fnUntraced(function* (
  actor: Actor,
  id: string,
  definition: NewFunnel,
  revision: number
) {
  yield* check(actor.workspace, definition)
  return yield* replaceKept(funnels, actor, id, definition, revision)
})

/** What the funnel was at a revision becomes its newest; refused where that cannot be asked any more. */
export const restoreFunnel = Effect.fnUntraced(function* (actor: Actor, id: string, revision: number) {
  const { definition } = yield* readRevision<NewFunnel>(funnels, actor.workspace, id, revision)
  const standing = yield* readItem(funnels, actor.workspace, id)
  return yield* replaceFunnel(actor, id, definition, standing.revision)
})

/** A kept funnel, asked for a range. */
export const askKeptFunnel = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string, request: FunnelRequest) {
  const { item } = yield* readItem<Funnel>(funnels, workspace, id)
  const { conversion_window, exclusions, filters, order, steps } = item
  return yield* askFunnel(workspace, {
    steps,
    ...(order === undefined ? {} : { order }),
    ...(conversion_window === undefined ? {} : { conversion_window }),
    ...(exclusions === undefined ? {} : { exclusions }),
    ...(filters === undefined ? {} : { filters }),
    ...request
  })
})
