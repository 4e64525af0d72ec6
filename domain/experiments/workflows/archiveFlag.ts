import { Clock, Effect } from "effect"
import { flags } from "../../../ports/experiments/Flag.ts"
import type { Flag, FlagArchiving, NewFlag } from "../../../ports/experiments/Flag.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { Actor } from "../../platform/audit.ts"
import { readItem } from "../../platform/resources.ts"
import { withDefinition } from "../changes/Catalogue.ts"
import { refuseUnapproved } from "./approvals.ts"
import { definitionOf } from "./changeSet.ts"
import { refuseReferenced } from "./codeReferences.ts"
import { mistakesOfFlag, usersOfFlag } from "./flags.ts"
import { readDefinitions, replaceLive, untilSettled } from "./liveDefinitions.ts"
import { schedulesOfFlag } from "./schedules.ts"

/** The flag, off wherever it was on. */
const offEverywhere = (flag: NewFlag): NewFlag =>
  flag.environments === undefined
    ? flag
    : {
        ...flag,
        environments: Object.fromEntries(
          Object.entries(flag.environments).map(([name, said]) => [name, { ...said, enabled: false }])
        )
      }

/**
 * Puts a flag away: refused while other definitions use it, and, unless forced, while code names it. To whoever asks for
 * it, it is not there any more, which is another answer than that of a flag that is off: where an environment asks for
 * approvals, a change request puts it away.
 */
export const archiveFlag = Effect.fn("archiveFlag")(function* (
  actor: Actor,
  id: string,
  { force = false, reason }: FlagArchiving
) {
  const { item, revision } = yield* readItem<Flag>(flags, actor.workspace, id)
  if (item.archived !== undefined) return { item, revision }
  const catalogue = yield* readDefinitions(actor.workspace)
  const users = [...usersOfFlag(catalogue.definitions, id), ...(yield* schedulesOfFlag(actor.workspace, id))]
  if (users.length > 0) {
    const errors = users.map(({ name, target }) => ({ pointer: "", code: "in_use", detail: `${target} (${name})` }))
    return yield* new Refused({ kind: "conflict", detail: "the flag is in use", errors })
  }
  if (!force) yield* refuseReferenced(actor.workspace, id, "take it out of the code first, or archive by force")
  const name = { kind: "flag", id } as const
  yield* refuseUnapproved(actor, catalogue, withDefinition(catalogue, name, null), name)
  const archived = { at: yield* Clock.currentTimeMillis, by: actor.keyId, reason: reason ?? null }
  const put = { ...(definitionOf(item) as NewFlag), archived }
  return yield* replaceLive(flags, actor, id, put, revision, catalogue.revision)
}, untilSettled)

/** Takes a flag back, off in every environment, where it is still valid. */
export const unarchiveFlag = Effect.fn("unarchiveFlag")(function* (actor: Actor, id: string) {
  const { item, revision } = yield* readItem<Flag>(flags, actor.workspace, id)
  if (item.archived === undefined) return { item, revision }
  const catalogue = yield* readDefinitions(actor.workspace)
  const { archived: _, ...definition } = definitionOf(item) as NewFlag & Pick<Flag, "archived">
  const flag = offEverywhere(definition)
  const errors = mistakesOfFlag(flag, catalogue)
  if (errors.length > 0) {
    return yield* new Refused({
      kind: "conflict",
      detail: "the flag is not valid any more: put it right first",
      errors
    })
  }
  return yield* replaceLive(flags, actor, id, flag, revision, catalogue.revision)
}, untilSettled)
