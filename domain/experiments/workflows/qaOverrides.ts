import { Effect } from "effect"
import { production } from "../../../ports/experiments/Flag.ts"
import { unitAttributes } from "../../../ports/experiments/FlagFile.ts"
import { overrideAttributeUsual, qaOverrides, qaOverridesMax } from "../../../ports/experiments/QaOverride.ts"
import type { NewQaOverride } from "../../../ports/experiments/QaOverride.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import type { User } from "../../platform/resources.ts"
import { checkFlagFile } from "../evaluation/checkFlagFile.ts"
import { fileOf } from "../evaluation/fileOf.ts"
import type { Definitions } from "../evaluation/fileOf.ts"
import { refuseWhereAsked } from "./approvals.ts"
import { createLive, readDefinitions, removeLive, replaceLive, untilSettled } from "./liveDefinitions.ts"

const refuse = (kind: Refused["kind"], detail: string, errors: ReadonlyArray<FieldError>) =>
  new Refused({ kind, detail, errors })

/** Overrides that meet a test, as users of what they name. */
export const overridesOf = (
  { overrides }: Definitions,
  names: (override: NewQaOverride) => boolean
): ReadonlyArray<User> =>
  overrides.filter(names).map(({ key }) => ({ target: `${qaOverrides.name}/${key}`, name: key }))

/** Where the target of an override is evaluated. */
const placeOf = ({ environment = production, target }: NewQaOverride, { experiments }: Definitions): string =>
  "flag" in target ? environment : (experiments.find(({ id }) => id === target.experiment)?.environment ?? production)

/** Mistakes of the override alone, by their place in it. */
const check = Effect.fnUntraced(function* (workspace: WorkspaceId, override: NewQaOverride) {
  const { definitions, environments, revision } = yield* readDefinitions(workspace)
  const environment = placeOf(override, definitions)
  if (!environments.includes(environment)) {
    const detail = `there is no environment ${environment}`
    return yield* refuse("bad-request", detail, [{ pointer: "/environment", code: "unknown_environment", detail }])
  }
  if ("experiment" in override.target && override.environment !== undefined) {
    const detail = "an experiment has an environment of its own"
    return yield* refuse("bad-request", detail, [{ pointer: "/environment", code: "not_of_flag", detail }])
  }
  // Testers are named one by one; another attribute (a country, a plan) could mean everybody.
  if (!unitAttributes.includes(override.attribute ?? overrideAttributeUsual)) {
    const detail = `an override without them names units by ${unitAttributes.join(" or ")}`
    yield* refuseWhereAsked(workspace, environment, { pointer: "/attribute", detail })
  }
  const others = definitions.overrides.filter(({ key }) => key !== override.key)
  // Last, so that a unit that two name is a mistake of this one.
  const file = fileOf({ ...definitions, overrides: [...others, override] }, environment)
  const own = `/overrides/${(file.overrides?.length ?? 0) - 1}`
  const errors = checkFlagFile(file).flatMap(({ code, detail, pointer }) =>
    pointer.startsWith(`${own}/`) ? [{ pointer: pointer.slice(own.length), code, detail }] : []
  )
  if (errors.length > 0) return yield* refuse("bad-request", "the override is not valid", errors)
  return { others, revision, count: definitions.overrides.length }
})

export const createOverride = Effect.fn("createOverride")(function* (actor: Actor, asked: NewQaOverride) {
  const { count, others, revision } = yield* check(actor.workspace, asked)
  if (actor.idempotency === undefined && others.length < count) {
    const detail = `there is an override ${asked.key}`
    return yield* refuse("conflict", detail, [{ pointer: "/key", code: "taken", detail }])
  }
  if (others.length >= qaOverridesMax) {
    const detail = `a workspace has at most ${qaOverridesMax} overrides`
    return yield* refuse("conflict", detail, [{ pointer: "", code: "too_many", detail }])
  }
  return yield* createLive(qaOverrides, actor, asked, { revision, count })
}, untilSettled)

export const replaceOverride = Effect.fn("replaceOverride")(function* (
  actor: Actor,
  id: string,
  asked: NewQaOverride,
  revision: number
) {
  if (asked.key !== id) {
    const detail = `is ${id} and never changes`
    return yield* refuse("bad-request", detail, [{ pointer: "/key", code: "immutable", detail }])
  }
  const { revision: standing } = yield* check(actor.workspace, asked)
  return yield* replaceLive(qaOverrides, actor, id, asked, revision, standing)
}, untilSettled)

export const removeOverride = Effect.fn("removeOverride")(function* (actor: Actor, id: string, revision: number) {
  const { revision: standing } = yield* readDefinitions(actor.workspace)
  yield* removeLive(qaOverrides, actor, id, revision, [], standing)
}, untilSettled)
