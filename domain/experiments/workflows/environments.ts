import { Effect } from "effect"
import { environments, environmentsMax, production } from "../../../ports/experiments/Flag.ts"
import type { NewEnvironment } from "../../../ports/experiments/Flag.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { Actor } from "../../platform/audit.ts"
import { keysOfEnvironment } from "../../platform/keys.ts"
import type { User } from "../../platform/resources.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { withDefinition } from "../changes/Catalogue.ts"
import type { Definitions } from "../evaluation/fileOf.ts"
import { refuseUnapproved } from "./approvals.ts"
import { createLive, readDefinitions, removeLive, replaceLive, untilSettled } from "./liveDefinitions.ts"
import { overridesOf } from "./qaOverrides.ts"

const refuse = (kind: Refused["kind"], pointer: string, code: string, detail: string) =>
  new Refused({ kind, detail, errors: [{ pointer, code, detail }] })

export const createEnvironment = Effect.fn("createEnvironment")(function* (actor: Actor, asked: NewEnvironment) {
  const { environments: known, revision } = yield* readDefinitions(actor.workspace)
  if (known.includes(asked.key))
    return yield* refuse("conflict", "/key", "taken", `there is an environment ${asked.key}`)
  if (known.length > environmentsMax) {
    return yield* refuse("conflict", "", "too_many", `a workspace has at most ${environmentsMax} beside ${production}`)
  }
  return yield* createLive(environments, actor, asked, { revision, count: known.length })
}, untilSettled)

export const replaceEnvironment = Effect.fn("replaceEnvironment")(function* (
  actor: Actor,
  id: string,
  asked: NewEnvironment,
  revision: number
) {
  if (asked.key !== id) return yield* refuse("bad-request", "/key", "immutable", `is ${id} and never changes`)
  const { revision: standing } = yield* readDefinitions(actor.workspace)
  return yield* replaceLive(environments, actor, id, asked, revision, standing)
}, untilSettled)

/** Flags that say something of an environment, experiments and overrides in it, and keys that read it. */
export const usersOfEnvironment = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  definitions: Definitions,
  id: string
) {
  const { experiments, flags } = definitions
  const keys = yield* keysOfEnvironment(workspace, id)
  const users: ReadonlyArray<User> = [
    ...flags
      .filter((flag) => Object.hasOwn(flag.environments ?? {}, id))
      .map((flag) => ({ target: `flags/${flag.key}`, name: flag.name ?? flag.key })),
    ...experiments
      .filter(({ environment, status }) => environment === id && status !== "archived")
      .map((experiment) => ({ target: `experiments/${experiment.id}`, name: experiment.name })),
    ...overridesOf(definitions, ({ environment }) => environment === id),
    ...keys.map((key) => ({ target: `keys/${key.id}`, name: key.name }))
  ]
  return users
})

/** Refused while a flag says something of it, an experiment runs in it or a key reads it. */
export const removeEnvironment = Effect.fn("removeEnvironment")(function* (actor: Actor, id: string, revision: number) {
  const catalogue = yield* readDefinitions(actor.workspace)
  const name = { kind: "environment", id } as const
  yield* refuseUnapproved(actor, catalogue, withDefinition(catalogue, name, null), name)
  const users = yield* usersOfEnvironment(actor.workspace, catalogue.definitions, id)
  yield* removeLive(environments, actor, id, revision, users, catalogue.revision)
}, untilSettled)
