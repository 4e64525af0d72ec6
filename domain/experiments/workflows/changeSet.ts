import { Clock, Effect } from "effect"
import { ExperimentEvidence } from "../../../ports/analytics/ExperimentEvidence.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { DocumentWrite } from "../../../ports/documents/DocumentStore.ts"
import type { Stamps } from "../../../ports/documents/Resource.ts"
import type { DefinitionChange, DefinitionKind } from "../../../ports/experiments/ChangeRequest.ts"
import { experiments } from "../../../ports/experiments/Experiment.ts"
import type { Experiment } from "../../../ports/experiments/Experiment.ts"
import {
  environments,
  environmentsMax,
  flags,
  holdouts,
  production,
  segments
} from "../../../ports/experiments/Flag.ts"
import type { Flag, NewFlag, NewSegment } from "../../../ports/experiments/Flag.ts"
import { definitionsMax } from "../../../ports/experiments/FlagFile.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor, AuditEntry } from "../../platform/audit.ts"
import { named, putItem } from "../../platform/resources.ts"
import type { User } from "../../platform/resources.ts"
import { withDefinition } from "../changes/Catalogue.ts"
import type { Catalogue } from "../changes/Catalogue.ts"
import { stepsMax } from "../../jsonSchema/validate.ts"
import type { Steps } from "../../jsonSchema/validate.ts"
import { metricsOf } from "../metricsOf.ts"
import { nextLook } from "./bandits.ts"
import { placesOf } from "./codeReferences.ts"
import { usersOfEnvironment } from "./environments.ts"
import { refusalOfExperiment, lifeAfter } from "./experiments.ts"
import {
  changedForGood,
  completed,
  mistakesOfCohort,
  mistakesOfFlag,
  mistakesOfSegment,
  unchanged,
  usersOfFlag,
  usersOfSegment
} from "./flags.ts"
import { schedulesOfFlag } from "./schedules.ts"
import { historyOf, naming, raisedRevision, readDefinitions, told } from "./liveDefinitions.ts"
import type { Live } from "./liveDefinitions.ts"

export const kinds: Readonly<Record<DefinitionKind, Live>> = {
  flag: flags,
  segment: segments,
  holdout: holdouts,
  environment: environments,
  experiment: experiments
}

type Change<Kind = DefinitionChange> = Kind extends unknown ? Omit<Kind, "base"> : never
/** A change by itself, whatever it began from. */
export type DraftedChange = Change

/** A change beside what stands. */
interface Staged {
  readonly change: DraftedChange
  /** Revision of the document; 0 where there is none. */
  readonly revision: number
  readonly before: Stamps | undefined
  /** What it is to be, without stamps; `null`: deleted. */
  readonly after: object | null
}

export interface StagedChanges {
  readonly staged: ReadonlyArray<Staged>
  readonly standing: number
  readonly before: Catalogue
  readonly after: Catalogue
  /** By place in the list of changes. */
  readonly errors: ReadonlyArray<FieldError>
}

const wrong = (pointer: string, code: string, detail: string): FieldError => ({ pointer, code, detail })

/** A document without its stamps: its definition, and the life of an experiment. */
export const definitionOf = (item: Stamps): object => {
  const { changed_at: _, changed_by: __, created_at: ___, created_by: ____, id: _____, ...definition } = item
  return definition
}

/** What several changes make of all that stands, each after those before it, and what would be wrong with it. */
export const stageChanges = Effect.fn("stageChanges")(function* (
  actor: Pick<Actor, "workspace" | "keyId">,
  changes: ReadonlyArray<DraftedChange>
) {
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  const { revision: standing, ...before } = yield* readDefinitions(actor.workspace)
  let after: Catalogue = before
  const staged: Array<Staged> = []
  const errors: Array<FieldError> = []
  for (const [at, change] of changes.entries()) {
    const found = yield* documents.get(actor.workspace, kinds[change.kind].name, change.id)
    const item = found?.data as Stamps | undefined
    const become = becoming(change, item, { by: actor.keyId, at: now }, after)
    errors.push(...placed(at, become.errors))
    if (become.errors.length > 0) continue
    staged.push({ change, revision: found?.revision ?? 0, before: item, after: become.after })
    // What is archived is in no catalogue.
    const isThere = become.after !== null && !("archived" in become.after)
    after = withDefinition(after, change, isThere ? { ...item, ...become.after } : null)
  }
  if (errors.length === 0) {
    const left: Steps = { steps: stepsMax }
    for (const [at, each] of staged.entries()) {
      errors.push(...placed(at, yield* mistakesOf(actor.workspace, each, { before, after }, left)))
    }
  }
  const all: StagedChanges = { staged, standing, before, after, errors }
  return all
})

const placed = (at: number, errors: ReadonlyArray<FieldError>): ReadonlyArray<FieldError> =>
  errors.map((error) => ({ ...error, pointer: `/changes/${at}${error.pointer}` }))

interface Becoming {
  readonly after: object | null
  readonly errors: ReadonlyArray<FieldError>
}

const becoming = (
  change: DraftedChange,
  before: Stamps | undefined,
  act: { readonly by: string; readonly at: number },
  catalogue: Catalogue
): Becoming => {
  const { id, kind } = change
  const missing = wrong("/id", "unknown", `there is no ${kind} ${id}`)
  if (change.kind === "experiment") {
    if (before === undefined) return { after: null, errors: [missing] }
    const step = lifeAfter(before as Experiment, change.act, act, catalogue.definitions)
    if (step.kind === "changed") return { after: definitionOf(step.experiment), errors: [] }
    const under = change.act.step === "open_phase" ? "/act/phase" : "/act"
    const errors = step.errors.length > 0 ? step.errors : [wrong("", "out_of_turn", step.detail)]
    return { after: null, errors: errors.map((error) => ({ ...error, pointer: under + error.pointer })) }
  }
  const { definition } = change
  if (change.kind === "flag" && change.archive !== undefined) return archiving(change, before, act)
  if (definition === null) return { after: null, errors: before === undefined ? [missing] : [] }
  const { archived } = (before ?? {}) as Pick<Flag, "archived">
  const kept = archived === undefined ? {} : { archived }
  const after = change.kind === "flag" ? { ...completed(change.definition!), ...kept } : definition
  const fixed = [
    ...unchanged("/key", id, definition.key),
    ...(change.kind === "flag" && before !== undefined
      ? changedForGood(before as Stamps & NewFlag, { ...change.definition!, key: id }).filter(
          ({ pointer }) => pointer !== "/key"
        )
      : [])
  ]
  return { after, errors: fixed.map((error) => ({ ...error, pointer: `/definition${error.pointer}` })) }
}

const archiving = (
  { archive, definition, id }: Extract<DraftedChange, { readonly kind: "flag" }>,
  before: Stamps | undefined,
  { at, by }: { readonly by: string; readonly at: number }
): Becoming => {
  const no = (pointer: string, code: string, detail: string) => ({
    after: null,
    errors: [wrong(pointer, code, detail)]
  })
  if (definition !== null) return no("/archive", "not_beside", "a flag is put away as it is: its definition is null")
  if (before === undefined) return no("/id", "unknown", `there is no flag ${id}`)
  if ((before as Flag).archived !== undefined) return no("/archive", "out_of_turn", `${id} is put away`)
  return { after: { ...definitionOf(before), archived: { at, by, reason: archive?.reason ?? null } }, errors: [] }
}

/** What would be wrong with one of the changes once all are made. */
const mistakesOf = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  { after, before: was, change }: Staged,
  { after: catalogue, before }: { readonly before: Catalogue; readonly after: Catalogue },
  left: Steps
) {
  if (change.kind === "experiment") {
    const experiment = { ...was, ...after } as Experiment
    const evidence = yield* ExperimentEvidence
    const unknown = yield* evidence.check(workspace, metricsOf(experiment)).pipe(
      Effect.as<ReadonlyArray<FieldError>>([]),
      Effect.catchTag("InvalidQuestion", ({ errors }) => Effect.succeed(errors))
    )
    const refusal = refusalOfExperiment(experiment, catalogue)
    return [...unknown, ...(refusal?.errors ?? [])].map((error) => ({ ...error, pointer: `/act${error.pointer}` }))
  }
  const archive = change.kind === "flag" ? change.archive : undefined
  if (after === null || archive !== undefined) {
    const used = (yield* usersOf(workspace, change, catalogue)).map(({ name, target }) =>
      wrong("/id", "in_use", `${target} (${name})`)
    )
    const isThere = change.kind === "flag" && was !== undefined && !("archived" in was)
    const isLookedFor = isThere && archive?.force !== true
    const places = isLookedFor ? yield* placesOf(workspace, change.id) : []
    return [...used, ...places.map((error) => ({ ...error, pointer: "/id" }))]
  }
  const own =
    change.kind === "flag"
      ? mistakesOfFlag(after as NewFlag, catalogue, left)
      : change.kind === "segment"
        ? mistakesOfSegment(after as NewSegment, catalogue)
        : []
  const ofCohort =
    change.kind === "segment" && own.length === 0
      ? yield* mistakesOfCohort(workspace, after as NewSegment, catalogue.definitions.segments)
      : []
  const full = was === undefined && isFull(change.kind, before, catalogue)
  return [
    ...[...own, ...ofCohort].map((error) => ({ ...error, pointer: `/definition${error.pointer}` })),
    ...(full ? [wrong("", "too_many", `a workspace has no room for another ${change.kind}`)] : [])
  ]
})

const usersOf = (workspace: WorkspaceId, { id, kind }: DraftedChange, { definitions }: Catalogue) => {
  if (kind === "environment") return usersOfEnvironment(workspace, definitions, id)
  if (kind === "flag") {
    return Effect.map(schedulesOfFlag(workspace, id), (found) => [...usersOfFlag(definitions, id), ...found])
  }
  const users: ReadonlyArray<User> = kind === "segment" ? usersOfSegment(definitions, id) : []
  return Effect.succeed(users)
}

const isFull = (kind: Exclude<DefinitionKind, "experiment">, before: Catalogue, after: Catalogue): boolean => {
  const count = ({ definitions, environments: all }: Catalogue): number =>
    ({
      flag: definitions.flags.length,
      segment: definitions.segments.length,
      holdout: definitions.holdouts.length,
      environment: all.filter((key) => key !== production).length
    })[kind]
  const most = kind === "environment" ? environmentsMax : definitionsMax
  return count(after) > most && count(after) > count(before)
}

/**
 * Makes all of them in one transaction, with their history, notes and audit records; none where another change came in
 * between, which `untilSettled` tries again. `request`: the change request that they are of.
 */
export const commitChanges = Effect.fn("commitChanges")(function* (
  actor: Actor,
  { staged, standing }: StagedChanges,
  also: {
    readonly request?: string
    readonly writes?: ReadonlyArray<DocumentWrite>
    readonly audit?: ReadonlyArray<AuditEntry>
  } = {}
) {
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  const made = yield* Effect.forEach(staged, (each) => writesOf(actor, each, now, standing, also.request))
  const commit = documents.commit(actor.workspace, {
    writes: [raisedRevision(now, standing), ...made.flatMap(({ writes }) => writes), ...(also.writes ?? [])],
    audit: [...made.map(({ audit }) => audit), ...(also.audit ?? [])]
  })
  // The key of a definition is its id.
  yield* Effect.catchTag(commit, "DuplicateKey", Effect.die)
  yield* told(actor.workspace)
})

const writesOf = Effect.fnUntraced(function* (
  actor: Actor,
  { after, before, change, revision }: Staged,
  now: number,
  standing: number,
  request: string | undefined
) {
  const kind = yield* naming(actor.workspace, kinds[change.kind])
  const target = `${kind.name}/${change.id}`
  const { created_at, created_by } = before ?? { created_at: now, created_by: actor.keyId }
  const item =
    after === null
      ? null
      : { ...after, id: change.id, created_at, created_by, changed_at: now, changed_by: actor.keyId }
  const verb = item === null ? "deleted" : before === undefined ? "made" : "changed"
  const own: DocumentWrite =
    item === null
      ? { kind: "delete", collection: kind.name, id: change.id, expected: revision }
      : putItem(kind, item, revision)
  const action = `${kind.singular}.${verb === "made" ? "created" : verb}`
  const people = named(kind, ...(before === undefined ? [] : [before]), ...(item === null ? [] : [item]))
  const audit = yield* auditOf(actor, now, action, target, before, item ?? undefined, people)
  const by = { verb, at: now, keyId: actor.keyId, ...(request === undefined ? {} : { request }) } as const
  const isStart = change.kind === "experiment" && change.act.step === "start"
  const look = isStart ? nextLook(item as unknown as Experiment, now) : []
  return { writes: [own, ...historyOf(kind, change.id, by, item, standing), ...look], audit }
})
