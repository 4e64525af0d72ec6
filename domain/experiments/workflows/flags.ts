import { Effect } from "effect"
import { cohortKeysMax, CohortMembers } from "../../../ports/analytics/CohortMembers.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { Experiment } from "../../../ports/experiments/Experiment.ts"
import { cohortSegmentsMax, flags, production, segments } from "../../../ports/experiments/Flag.ts"
import type { Flag, NewFlag, NewSegment, Segment } from "../../../ports/experiments/Flag.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { readItem } from "../../platform/resources.ts"
import type { User } from "../../platform/resources.ts"
import { groupsNamed } from "../../targeting/checkCondition.ts"
import { checkSchema } from "../../jsonSchema/checkSchema.ts"
import { stepsMax, takeSchema, tooCostly, validate } from "../../jsonSchema/validate.ts"
import type { Steps } from "../../jsonSchema/validate.ts"
import { checkFlagFile } from "../evaluation/checkFlagFile.ts"
import { fileOf } from "../evaluation/fileOf.ts"
import type { Definitions } from "../evaluation/fileOf.ts"
import { withDefinition } from "../changes/Catalogue.ts"
import type { Catalogue } from "../changes/Catalogue.ts"
import { refuseUnapproved } from "./approvals.ts"
import { refuseReferenced } from "./codeReferences.ts"
import { schedulesOfFlag } from "./schedules.ts"
import { overridesOf } from "./qaOverrides.ts"
import { createLive, readDefinitions, removeLive, replaceLive, untilSettled } from "./liveDefinitions.ts"

const invalid = (detail: string, errors: ReadonlyArray<FieldError>) =>
  new Refused({ kind: "bad-request", detail, errors })

/** A flag with what it has where nothing is said. */
export const completed = (flag: NewFlag): NewFlag => {
  if (flag.type !== "boolean" || flag.variants !== undefined) return flag
  return {
    ...flag,
    variants: [
      { name: "on", value: true },
      { name: "off", value: false }
    ],
    off_variant: flag.off_variant === undefined ? "off" : flag.off_variant,
    default_variant: flag.default_variant === undefined ? "on" : flag.default_variant
  }
}

/** Mistakes of the flag alone, by their place in it. */
export const mistakesOfFlag = (
  flag: NewFlag,
  { definitions: others, environments: known }: Catalogue,
  /** What checks by JSON Schema may still take, of all flags that are saved at once. */
  left: Steps = { steps: stepsMax }
): ReadonlyArray<FieldError> => {
  if (flag.variants === undefined) return [{ pointer: "/variants", code: "missing", detail: "must have a variant" }]
  const all = { ...others, flags: [flag, ...others.flags.filter(({ key }) => key !== flag.key)] }
  const said = Object.keys(flag.environments ?? {})
  const unknown = said
    .filter((environment) => !known.includes(environment))
    .map((environment) => ({
      pointer: `/environments/${environment}`,
      code: "unknown_environment",
      detail: `there is no environment ${environment}`
    }))
  const found = [...new Set([production, ...said])].flatMap((environment) =>
    checkFlagFile(fileOf(all, environment)).flatMap(({ code, detail, pointer }) => {
      const own = /^\/flags\/0(\/.*)?$/u.exec(pointer)?.[1] ?? (pointer === "/flags/0" ? "" : undefined)
      return own === undefined ? [] : [{ pointer: placeOf(own, environment, flag), code, detail }]
    })
  )
  return [
    ...unknown,
    ...mistakesBySchema(flag, left),
    ...new Map(found.map((error) => [`${error.pointer} ${error.code}`, error])).values()
  ]
}

/** Mistakes of the flag's JSON Schema, or of values by it. */
const mistakesBySchema = ({ schema, type, variants = [] }: NewFlag, left: Steps): ReadonlyArray<FieldError> => {
  if (schema === undefined) return []
  if (type !== "json") return [{ pointer: "/schema", code: "not_json", detail: "is for flags of type json" }]
  const checked = checkSchema(schema)
  if ("mistakes" in checked) {
    return checked.mistakes.map(({ code, detail, pointer }) => ({ pointer: `/schema${pointer}`, code, detail }))
  }
  if (!takeSchema(checked, left)) return [{ pointer: "/schema", code: "too_costly", detail: tooCostly }]
  return variants.flatMap(({ value }, at) =>
    validate(checked, value, left).map(({ code, detail, pointer }) => ({
      pointer: `/variants/${at}/value${pointer}`,
      code,
      detail
    }))
  )
}

/** Where in the flag stands what an environment evaluates. */
const placeOf = (pointer: string, environment: string, flag: NewFlag): string => {
  const here = flag.environments?.[environment]
  const isOwn = pointer.startsWith("/rules") || pointer.startsWith("/prerequisites")
  if (isOwn || (here !== undefined && Object.hasOwn(here, pointer.slice(1))))
    return `/environments/${environment}${pointer}`
  return pointer
}

/** What stands, where the flag is valid in it and the actor may make it so. */
export const checkFlag = Effect.fnUntraced(function* (actor: Actor, flag: NewFlag) {
  const catalogue = yield* readDefinitions(actor.workspace)
  const errors = mistakesOfFlag(flag, catalogue)
  if (errors.length > 0) return yield* invalid("the flag is not valid", errors)
  const name = { kind: "flag", id: flag.key } as const
  yield* refuseUnapproved(actor, catalogue, withDefinition(catalogue, name, flag), name)
  return { ...catalogue.definitions, revision: catalogue.revision }
})

/** All definitions as they would be with a draft of a flag, new or not; its mistakes stand under `pointer`. */
export const definitionsWith = Effect.fn("definitionsWith")(function* (
  workspace: WorkspaceId,
  draft: NewFlag,
  pointer: string
) {
  const flag = completed(draft)
  const catalogue = yield* readDefinitions(workspace)
  const { definitions } = catalogue
  const errors = mistakesOfFlag(flag, catalogue)
  if (errors.length > 0) {
    const placed = errors.map((error) => ({ ...error, pointer: pointer + error.pointer }))
    return yield* invalid("the draft is not valid", placed)
  }
  const all: Definitions = { ...definitions, flags: [flag, ...definitions.flags.filter(({ key }) => key !== flag.key)] }
  return all
})

export const createFlag = Effect.fn("createFlag")(function* (actor: Actor, asked: NewFlag) {
  const flag = completed(asked)
  const { flags: others, revision } = yield* checkFlag(actor, flag)
  const documents = yield* DocumentStore
  // Of an archived flag the key is taken, too.
  const isTaken = (yield* documents.get(actor.workspace, flags.name, flag.key)) !== undefined
  if (actor.idempotency === undefined && isTaken) return yield* taken(flags.singular, flag.key)
  return yield* createLive(flags, actor, flag, { revision, count: others.length })
}, untilSettled)

const taken = (singular: string, key: string) =>
  Effect.fail(
    new Refused({
      kind: "conflict",
      detail: `there is a ${singular} ${key}`,
      errors: [{ pointer: "/key", code: "taken", detail: "another one has the same value" }]
    })
  )

export const unchanged = (pointer: string, before: unknown, after: unknown): ReadonlyArray<FieldError> =>
  before === after ? [] : [{ pointer, code: "immutable", detail: `is ${String(before)} and never changes` }]

/** What never changes of a flag, and would. */
export const changedForGood = (before: NewFlag, after: NewFlag): ReadonlyArray<FieldError> => [
  ...unchanged("/key", before.key, after.key),
  ...unchanged("/type", before.type, after.type)
]

/** An archived flag may be put right, so that it can come back; nothing is evaluated by it. */
const replaceArchived = Effect.fnUntraced(function* (
  actor: Actor,
  id: string,
  flag: NewFlag & Pick<Flag, "archived">,
  revision: number
) {
  const catalogue = yield* readDefinitions(actor.workspace)
  const errors = mistakesOfFlag(flag, catalogue)
  if (errors.length > 0) return yield* invalid("the flag is not valid", errors)
  return yield* replaceLive(flags, actor, id, flag, revision, catalogue.revision)
})

export const replaceFlag = Effect.fn("replaceFlag")(function* (
  actor: Actor,
  id: string,
  asked: NewFlag,
  revision: number
) {
  const { item: before } = yield* readItem<Flag>(flags, actor.workspace, id)
  const flag = completed(asked)
  const fixed = changedForGood(before, flag)
  if (fixed.length > 0) return yield* invalid("a flag's key and type never change", fixed)
  if (before.archived !== undefined)
    return yield* replaceArchived(actor, id, { ...flag, archived: before.archived }, revision)
  const { revision: standing } = yield* checkFlag(actor, flag)
  return yield* replaceLive(flags, actor, id, flag, revision, standing)
}, untilSettled)

/** Flags that name another one as their prerequisite. */
const dependents = ({ flags: all }: Definitions, key: string): ReadonlyArray<User> =>
  all
    .filter(({ environments = {} }) =>
      Object.values(environments).some(({ prerequisites = [], rules = [] }) =>
        [...prerequisites, ...rules.flatMap((rule) => rule.prerequisites ?? [])].some(({ flag }) => flag === key)
      )
    )
    .map((flag) => ({ target: `flags/${flag.key}`, name: flag.name ?? flag.key }))

/** Experiments that do not take anybody without it. */
const experimentsWith = (
  { experiments }: Definitions,
  names: (experiment: Experiment) => boolean
): ReadonlyArray<User> =>
  experiments
    .filter((experiment) => experiment.status !== "archived" && names(experiment))
    .map(({ id, name }) => ({ target: `experiments/${id}`, name }))

const conditionsOf = ({ condition, phases, prerequisites }: Experiment) => [
  condition,
  phases.map((phase) => phase.condition),
  prerequisites
]

/** Flags and experiments that look at a flag's value, overrides of it, and releases. */
export const usersOfFlag = (definitions: Definitions, id: string): ReadonlyArray<User> => [
  ...dependents(definitions, id),
  ...experimentsWith(definitions, ({ prerequisites = [] }) => prerequisites.some(({ flag }) => flag === id)),
  ...overridesOf(definitions, ({ target }) => "flag" in target && target.flag === id),
  ...(definitions.releases ?? [])
    .filter(({ flag }) => flag === id)
    .map((release) => ({ target: `releases/${release.id}`, name: release.name ?? release.id }))
]

export const removeFlag = Effect.fn("removeFlag")(function* (actor: Actor, id: string, revision: number) {
  const { item } = yield* readItem<Flag>(flags, actor.workspace, id)
  const catalogue = yield* readDefinitions(actor.workspace)
  const name = { kind: "flag", id } as const
  yield* refuseUnapproved(actor, catalogue, withDefinition(catalogue, name, null), name)
  if (item.archived === undefined) yield* refuseReferenced(actor.workspace, id, "archive it by force first")
  const users = [...usersOfFlag(catalogue.definitions, id), ...(yield* schedulesOfFlag(actor.workspace, id))]
  yield* removeLive(flags, actor, id, revision, users, catalogue.revision)
}, untilSettled)

/** Mistakes of the segment alone, by their place in it. */
export const mistakesOfSegment = (segment: NewSegment, { definitions }: Catalogue): ReadonlyArray<FieldError> => {
  const all = { ...definitions, segments: [segment, ...definitions.segments.filter(({ key }) => key !== segment.key)] }
  return checkFlagFile(fileOf(all, production)).flatMap(({ code, detail, pointer }) =>
    pointer.startsWith("/groups/0/") ? [{ pointer: pointer.replace("/groups/0", "/members"), code, detail }] : []
  )
}

/** Where a segment is a cohort that there is not, or that memory has no room for. */
export const mistakesOfCohort = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  { key, members }: NewSegment,
  others: Definitions["segments"]
) {
  const wrong = (code: string, detail: string): ReadonlyArray<FieldError> => [
    { pointer: "/members/cohort", code, detail }
  ]
  if (!("cohort" in members)) return []
  const ofCohorts = others.filter((each) => each.key !== key && "cohort" in each.members)
  if (ofCohorts.length >= cohortSegmentsMax) {
    return wrong("too_many", `a workspace has at most ${cohortSegmentsMax} segments that are cohorts`)
  }
  const read = (yield* CohortMembers).read(workspace, members.cohort, undefined)
  const found = yield* Effect.catchTag(read, "InvalidQuestion", ({ errors }) => Effect.succeed(errors))
  // A rule that names what there is no more.
  if (Array.isArray(found)) return wrong("not_valid", found[0]?.detail ?? "the cohort's rule is not valid any more")
  if (found === undefined) return wrong("unknown_cohort", `there is no cohort ${members.cohort}`)
  return found === "too_many"
    ? wrong("too_large", `the cohort has more than ${cohortKeysMax} user ids and devices`)
    : []
})

const checkSegment = Effect.fnUntraced(function* (actor: Actor, segment: NewSegment) {
  const catalogue = yield* readDefinitions(actor.workspace)
  const errors = mistakesOfSegment(segment, catalogue)
  if (errors.length > 0) return yield* invalid("the segment is not valid", errors)
  const [wrong] = yield* mistakesOfCohort(actor.workspace, segment, catalogue.definitions.segments)
  if (wrong !== undefined) return yield* invalid(wrong.detail, [wrong])
  const name = { kind: "segment", id: segment.key } as const
  yield* refuseUnapproved(actor, catalogue, withDefinition(catalogue, name, segment), name)
  return { ...catalogue.definitions, revision: catalogue.revision }
})

export const createSegment = Effect.fn("createSegment")(function* (actor: Actor, segment: NewSegment) {
  const { revision, segments: others } = yield* checkSegment(actor, segment)
  if (actor.idempotency === undefined && others.some(({ key }) => key === segment.key))
    return yield* taken(segments.singular, segment.key)
  return yield* createLive(segments, actor, segment, { revision, count: others.length })
}, untilSettled)

export const replaceSegment = Effect.fn("replaceSegment")(function* (
  actor: Actor,
  id: string,
  segment: NewSegment,
  revision: number
) {
  const { item: before } = yield* readItem<Segment>(segments, actor.workspace, id)
  const fixed = unchanged("/key", before.key, segment.key)
  if (fixed.length > 0) return yield* invalid("a segment's key never changes", fixed)
  const { revision: standing } = yield* checkSegment(actor, segment)
  return yield* replaceLive(segments, actor, id, segment, revision, standing)
}, untilSettled)

/** Flags and segments whose conditions name a segment. */
export const usersOfSegment = (definitions: Definitions, key: string): ReadonlyArray<User> => [
  ...definitions.flags
    .filter(({ environments = {} }) => groupsNamed(environments).has(key))
    .map((flag) => ({ target: `flags/${flag.key}`, name: flag.name ?? flag.key })),
  ...definitions.segments
    .filter(({ members }) => "condition" in members && groupsNamed(members.condition).has(key))
    .map((segment) => ({ target: `segments/${segment.key}`, name: segment.key })),
  ...experimentsWith(definitions, (experiment) => groupsNamed(conditionsOf(experiment)).has(key))
]

export const removeSegment = Effect.fn("removeSegment")(function* (actor: Actor, id: string, revision: number) {
  const { definitions, revision: standing } = yield* readDefinitions(actor.workspace)
  yield* removeLive(segments, actor, id, revision, usersOfSegment(definitions, id), standing)
}, untilSettled)
