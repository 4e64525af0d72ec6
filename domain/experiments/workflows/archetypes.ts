import { Effect } from "effect"
import { isDeepStrictEqual } from "node:util"
import { archetypeFailuresMax, archetypes, archetypesMax } from "../../../ports/experiments/Archetype.ts"
import type {
  Archetype,
  ArchetypeCheck,
  ArchetypeFailure,
  ArchetypeReport,
  Expected,
  NewArchetype
} from "../../../ports/experiments/Archetype.ts"
import type { Evaluation } from "../../../ports/experiments/Evaluation.ts"
import { production } from "../../../ports/experiments/Flag.ts"
import { FlagSnapshots } from "../../../ports/experiments/FlagSnapshots.ts"
import type { FlagSnapshot } from "../../../ports/experiments/FlagSnapshots.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { createItem, gatherItems, removeItem, replaceItem } from "../../platform/resources.ts"
import { storedIds } from "../../privacy/storedIds.ts"
import { isIdPath } from "../../targeting/namedPeople.ts"
import { snapshotOf } from "../FlagSnapshots.ts"
import { snapshotFor } from "./evaluateFlags.ts"
import { definitionsWith } from "./flags.ts"

/** Whoever's id stands in the context is named by it. */
const kindOf = (workspace: WorkspaceId) =>
  Effect.map(storedIds(workspace), (stored) => ({
    name: archetypes.name,
    singular: archetypes.singular,
    documentsMax: archetypesMax,
    subjectsOf: (item: unknown) =>
      Object.entries((item as Archetype).context).flatMap(([name, value]) =>
        isIdPath(name) && (typeof value === "string" || typeof value === "number") ? [stored(String(value))] : []
      )
  }))

const refuse = (kind: Refused["kind"], pointer: string, code: string, detail: string) =>
  new Refused({ kind, detail, errors: [{ pointer, code, detail }] })

export const createArchetype = Effect.fn("createArchetype")(function* (actor: Actor, asked: NewArchetype) {
  yield* snapshotFor({ workspace: actor.workspace }, asked.environment)
  const made: Archetype = yield* createItem(yield* kindOf(actor.workspace), actor, asked, undefined, asked.key).pipe(
    Effect.catchIf(isTaken, () => refuse("conflict", "/key", "taken", `there is an archetype ${asked.key}`))
  )
  return made
})

/** Its id is its key. */
const isTaken = (failure: unknown): boolean =>
  typeof failure === "object" &&
  failure !== null &&
  "_tag" in failure &&
  (failure._tag === "DuplicateKey" || failure._tag === "StaleRevision")

export const replaceArchetype = Effect.fn("replaceArchetype")(function* (
  actor: Actor,
  id: string,
  asked: NewArchetype,
  revision: number
) {
  if (asked.key !== id) return yield* refuse("bad-request", "/key", "immutable", `is ${id} and never changes`)
  yield* snapshotFor({ workspace: actor.workspace }, asked.environment)
  return yield* replaceItem(yield* kindOf(actor.workspace), actor, id, asked, revision)
})

export const removeArchetype = Effect.fn("removeArchetype")(function* (actor: Actor, id: string, revision: number) {
  yield* removeItem(yield* kindOf(actor.workspace), actor, id, revision)
})

/** Every archetype's expectations against what flags give now, or would with a draft. Exposes nobody. */
export const checkArchetypes = Effect.fn("checkArchetypes")(function* (
  workspace: WorkspaceId,
  { draft, keys }: ArchetypeCheck
) {
  const all = yield* gatherItems(archetypes, workspace, (archetype: Archetype) => [archetype])
  const unknown = (keys ?? []).findIndex((key) => !all.some((each) => each.key === key))
  if (unknown >= 0) {
    const detail = `there is no archetype ${keys?.[unknown] ?? ""}`
    return yield* refuse("bad-request", `/keys/${unknown}`, "unknown_archetype", detail)
  }
  const wanted = keys === undefined ? all : all.filter(({ key }) => keys.includes(key))
  const drafted = draft === undefined ? undefined : yield* definitionsWith(workspace, draft, "/draft")
  const live = yield* FlagSnapshots
  const snapshots = new Map<string, FlagSnapshot | undefined>()
  const failures: Array<ArchetypeFailure> = []
  let expectations = 0
  let failed = 0
  for (const { context, environment = production, expected, key } of wanted) {
    const snapshot =
      snapshots.get(environment) ??
      (drafted === undefined
        ? yield* live.load(workspace, environment)
        : snapshotOf(drafted, environment, 0, live.isMember(workspace)))
    snapshots.set(environment, snapshot)
    for (const [flag, wish] of Object.entries(expected)) {
      const found = snapshot?.evaluate(flag, { attributes: context })
      expectations += 1
      if (found !== undefined && isMet(wish, found)) continue
      failed += 1
      if (failures.length < archetypeFailuresMax) {
        failures.push({ archetype: key, environment, flag, expected: wish, got: gotOf(found) })
      }
    }
    yield* Effect.yieldNow
  }
  const report: ArchetypeReport = { archetypes: wanted.length, expectations, failed, failures }
  return report
})

const isMet = (expected: Expected, { value, variant }: Evaluation): boolean =>
  "variant" in expected ? expected.variant === variant : isDeepStrictEqual(expected.value, value)

const gotOf = (found: Evaluation | undefined): ArchetypeFailure["got"] => {
  if (found === undefined) return null
  const { reason, rule, value, variant } = found
  return { variant, reason, rule, ...(value === undefined ? {} : { value }) }
}
