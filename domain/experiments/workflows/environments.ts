import { Effect } from "effect"
import { environments, environmentsMax, production } from "../../../ports/experiments/Flag.ts"
import type { NewEnvironment } from "../../../ports/experiments/Flag.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { Actor } from "../../platform/audit.ts"
import { keysOfEnvironment } from "../../platform/keys.ts"
import { createLive, readDefinitions, removeLive, replaceLive, untilSettled } from "./liveDefinitions.ts"

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

/** Refused while a flag says something of it, an experiment runs in it or a key reads it. */
export const removeEnvironment = Effect.fn("removeEnvironment")(function* (actor: Actor, id: string, revision: number) {
  const { definitions, revision: standing } = yield* readDefinitions(actor.workspace)
  const users = definitions.flags
    .filter((flag) => Object.hasOwn(flag.environments ?? {}, id))
    .map((flag) => ({ target: `flags/${flag.key}`, name: flag.name ?? flag.key }))
  const running = definitions.experiments
    .filter(({ environment, status }) => environment === id && status !== "archived")
    .map((experiment) => ({ target: `experiments/${experiment.id}`, name: experiment.name }))
  const keys = yield* keysOfEnvironment(actor.workspace, id)
  const reading = keys.map((key) => ({ target: `keys/${key.id}`, name: key.name }))
  yield* removeLive(environments, actor, id, revision, [...users, ...running, ...reading], standing)
}, untilSettled)
