import { Effect } from "effect"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { environments, environmentsMax, production } from "../../../ports/experiments/Flag.ts"
import type { Environment, NewEnvironment } from "../../../ports/experiments/Flag.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { Actor } from "../../platform/audit.ts"
import { keysOfEnvironment } from "../../platform/keys.ts"
import { readItem } from "../../platform/resources.ts"
import type { Revised, User } from "../../platform/resources.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { withDefinition } from "../changes/Catalogue.ts"
import type { Definitions } from "../evaluation/fileOf.ts"
import { refuseUnapproved } from "./approvals.ts"
import { createLive, readDefinitions, removeLive, replaceLive, untilSettled } from "./liveDefinitions.ts"
import { overridesOf } from "./qaOverrides.ts"

const refuse = (kind: Refused["kind"], pointer: string, code: string, detail: string) =>
  new Refused({ kind, detail, errors: [{ pointer, code, detail }] })

/** An environment; `production` also before anybody has said something of it, at revision 0. */
export const readEnvironment = Effect.fn("readEnvironment")(function* (workspace: WorkspaceId, id: string) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, environments.name, id)
  if (found !== undefined || id !== production) return yield* readItem<Environment>(environments, workspace, id)
  const stamps = { created_at: 0, created_by: "start", changed_at: 0, changed_by: "start" }
  const initial: Revised<Environment> = { item: { id, key: production, ...stamps }, revision: 0 }
  return initial
})

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
  const { environments: known, revision: standing } = yield* readDefinitions(actor.workspace)
  if (revision > 0 || id !== production) {
    return yield* replaceLive(environments, actor, id, asked, revision, standing)
  }
  const made: Environment = yield* createLive(environments, actor, asked, { revision: standing, count: known.length })
  const first: Revised<Environment> = { item: made, revision: 1 }
  return first
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

/** `production` stays; another one is refused while a flag says something of it, an experiment runs in it or a key reads it. */
export const removeEnvironment = Effect.fn("removeEnvironment")(function* (actor: Actor, id: string, revision: number) {
  if (id === production) return yield* refuse("conflict", "", "always_there", `${production} is always there`)
  const catalogue = yield* readDefinitions(actor.workspace)
  const name = { kind: "environment", id } as const
  yield* refuseUnapproved(actor, catalogue, withDefinition(catalogue, name, null), name)
  const users = yield* usersOfEnvironment(actor.workspace, catalogue.definitions, id)
  yield* removeLive(environments, actor, id, revision, users, catalogue.revision)
}, untilSettled)
