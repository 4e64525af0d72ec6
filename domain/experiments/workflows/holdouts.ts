import { Effect } from "effect"
import { holdouts } from "../../../ports/experiments/Flag.ts"
import type { NewHoldout } from "../../../ports/experiments/Flag.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { Actor } from "../../platform/audit.ts"
import { withDefinition } from "../changes/Catalogue.ts"
import { refuseUnapproved } from "./approvals.ts"
import { createLive, readDefinitions, removeLive, replaceLive, untilSettled } from "./liveDefinitions.ts"

const refuse = (kind: Refused["kind"], code: string, detail: string) =>
  new Refused({ kind, detail, errors: [{ pointer: "/key", code, detail }] })

/** What stands, where the actor may make the holdout what it would be. */
const readApproved = Effect.fnUntraced(function* (actor: Actor, id: string, holdout: NewHoldout | null) {
  const catalogue = yield* readDefinitions(actor.workspace)
  const name = { kind: "holdout", id } as const
  yield* refuseUnapproved(actor, catalogue, withDefinition(catalogue, name, holdout), name)
  return catalogue
})

export const createHoldout = Effect.fn("createHoldout")(function* (actor: Actor, asked: NewHoldout) {
  const { definitions, revision } = yield* readApproved(actor, asked.key, asked)
  const known = definitions.holdouts
  if (actor.idempotency === undefined && known.some(({ key }) => key === asked.key)) {
    return yield* refuse("conflict", "taken", `there is a holdout ${asked.key}`)
  }
  return yield* createLive(holdouts, actor, asked, { revision, count: known.length })
}, untilSettled)

export const replaceHoldout = Effect.fn("replaceHoldout")(function* (
  actor: Actor,
  id: string,
  asked: NewHoldout,
  revision: number
) {
  if (asked.key !== id) return yield* refuse("bad-request", "immutable", `is ${id} and never changes`)
  const { revision: standing } = yield* readApproved(actor, id, asked)
  return yield* replaceLive(holdouts, actor, id, asked, revision, standing)
}, untilSettled)

/** Its units get what everybody gets from then on. */
export const removeHoldout = Effect.fn("removeHoldout")(function* (actor: Actor, id: string, revision: number) {
  const { revision: standing } = yield* readApproved(actor, id, null)
  yield* removeLive(holdouts, actor, id, revision, [], standing)
}, untilSettled)
