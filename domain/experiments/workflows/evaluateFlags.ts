import { Clock, Effect } from "effect"
import type { Evaluation, EvaluationContext } from "../../../ports/experiments/Evaluation.ts"
import type {
  BulkEvaluateRequest,
  EvaluatedValue,
  EvaluatedValues,
  EvaluateRequest
} from "../../../ports/experiments/EvaluateRequest.ts"
import { production } from "../../../ports/experiments/Flag.ts"
import { Exposures } from "../../../ports/experiments/Exposures.ts"
import type { FlagSnapshot } from "../../../ports/experiments/FlagSnapshots.ts"
import { FlagSnapshots } from "../../../ports/experiments/FlagSnapshots.ts"
import { RecentContexts } from "../../../ports/experiments/RecentContexts.ts"
import { StickyAssignments } from "../../../ports/experiments/StickyAssignments.ts"
import { FlagUsage } from "../../../ports/experiments/FlagUsage.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { measured, noteLatency } from "../evaluationLatency.ts"
import { forcedByLink } from "./forcedByLink.ts"

const noAttributes: Readonly<Record<string, unknown>> = {}

/** Whose flags are read: those of a workspace, and of one environment alone where the reader's key is bound to it. */
export interface FlagReader {
  readonly workspace: WorkspaceId
  readonly environment?: string | undefined
  /** Token of a link that forces variants: its request exposes nobody. */
  readonly qa?: string | undefined
  /** What a browser's request says of it: bots and excluded networks are told by it. */
  readonly client?: { readonly user_agent: string | undefined; readonly ip: string | undefined }
}

/** The environment that is asked for: the key's own where nothing is said, else `production`. */
const environmentOf = ({ environment: bound }: FlagReader, asked: string | undefined): string =>
  bound ?? asked ?? production

/** A key of one environment never reads another. */
const mayRead = ({ environment: bound }: FlagReader, asked: string | undefined): boolean =>
  bound === undefined || asked === undefined || asked === bound

/** The environment that is asked for, where the key may read it. */
export const environmentFor = (reader: FlagReader, asked: string | undefined): Effect.Effect<string, Refused> => {
  if (mayRead(reader, asked)) return Effect.succeed(environmentOf(reader, asked))
  const detail = `the key reads the environment ${reader.environment} alone`
  return new Refused({ kind: "forbidden", detail, errors: [{ pointer: "/environment", code: "not_of_key", detail }] })
}

/** The snapshot of an environment; in memory but for the first request of a workspace. */
export const snapshotFor = Effect.fnUntraced(function* (reader: FlagReader, asked: string | undefined) {
  const { workspace } = reader
  const environment = yield* environmentFor(reader, asked)
  const snapshots = yield* FlagSnapshots
  const snapshot = snapshots.known(workspace, environment) ?? (yield* snapshots.load(workspace, environment))
  if (snapshot !== undefined) return snapshot
  return yield* new Refused({
    kind: "bad-request",
    detail: `there is no environment ${environment}`,
    errors: [{ pointer: "/environment", code: "unknown_environment", detail: `there is no environment ${environment}` }]
  })
})

/** The context with what a link forces; with what is stored for its units, where a sticky experiment has a say. */
const contextFor = Effect.fnUntraced(function* (
  { qa, workspace }: FlagReader,
  snapshot: FlagSnapshot,
  attributes: EvaluateRequest["context"] = noAttributes,
  keys?: Iterable<string>
) {
  if (qa === undefined) return yield* withStored(workspace, snapshot, { attributes }, keys)
  const forced = yield* forcedByLink(workspace, qa, snapshot.environment, attributes)
  return yield* withStored(workspace, snapshot, { attributes, forced }, keys)
})

/** The context with what is stored for its units, where a sticky experiment has a say in the flags. */
export const withStored = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  snapshot: FlagSnapshot,
  context: EvaluationContext,
  keys?: Iterable<string>
) {
  const experiments = snapshot.sticky(keys)
  if (experiments.length === 0) return context
  const sticky = yield* StickyAssignments
  return { ...context, stored: yield* sticky.load(workspace, experiments, context.attributes) }
})

/** What a client is told of an evaluation. */
export const valueOf = (evaluation: Evaluation, revision: number): EvaluatedValue => {
  const { assignment, bucket, forced, held_out, key, override, prerequisite, reason, rule, value, variant } = evaluation
  const metadata: Record<string, string | number | boolean> = {}
  if (assignment !== null) {
    metadata["experiment"] = assignment.experiment
    metadata["phase"] = assignment.phase
    Object.assign(metadata, assignment.allocation)
    if (assignment.from === "stored" || assignment.from === "unavailable") metadata["sticky"] = assignment.from
  }
  if (held_out !== null) metadata["holdout"] = held_out.holdout
  if (prerequisite !== null) metadata["prerequisite"] = prerequisite
  if (forced) metadata["forced"] = true
  if (override !== null) metadata["override"] = override
  return value === undefined
    ? { key, variant, reason, rule, bucket, metadata, revision }
    : { key, value, variant, reason, rule, bucket, metadata, revision }
}

/** Takes note of evaluations: whom they expose, how often flags are asked for and for whom. All of it in memory. */
const makeNotes = Effect.gen(function* () {
  const exposures = yield* Exposures
  const sticky = yield* StickyAssignments
  const usage = yield* FlagUsage
  const recent = yield* RecentContexts
  return {
    /** Whom an experiment serves through the flag is exposed, unless a link forced what he got. */
    ofOne: (reader: FlagReader, snapshot: FlagSnapshot, context: EvaluationContext, evaluation: Evaluation): void => {
      const { workspace } = reader
      const { assignment, compared, held_out: heldOut, key } = evaluation
      if (reader.qa === undefined && (assignment !== null || heldOut !== null || compared.length > 0)) {
        const attributes =
          reader.client === undefined ? context.attributes : { ...reader.client, ...context.attributes }
        exposures.note({ workspace, attributes }, { assignment, heldOut, compared })
        const experiment = assignment === null ? undefined : snapshot.stickyExperiment(assignment.experiment)
        if (assignment !== null && experiment !== undefined) {
          sticky.note(workspace, experiment, assignment, context.stored)
        }
      }
      usage.note(workspace, snapshot.environment, evaluation)
      recent.note(workspace, snapshot.environment, key, context.attributes)
    },
    ofMany: (
      { workspace }: FlagReader,
      { environment }: FlagSnapshot,
      { attributes }: EvaluationContext,
      found: ReadonlyArray<Evaluation>
    ): void => {
      for (const evaluation of found) usage.note(workspace, environment, evaluation)
      recent.note(workspace, environment, undefined, attributes)
    }
  }
})

/** One flag for one context; whom an experiment serves through it is exposed. */
export const evaluateFlag = Effect.fnUntraced(function* (reader: FlagReader, key: string, request: EvaluateRequest) {
  const snapshot = yield* snapshotFor(reader, request.environment)
  const context: EvaluationContext = yield* contextFor(reader, snapshot, request.context, [key])
  const evaluation = snapshot.evaluate(key, context)
  if (evaluation === undefined) {
    return yield* new Refused({ kind: "not-found", detail: `there is no flag ${key}`, errors: [] })
  }
  const notes = yield* makeNotes
  notes.ofOne(reader, snapshot, context, evaluation)
  return valueOf(evaluation, snapshot.revision)
}, measured("single"))

/** All flags, or those named, from one revision; a name that is no flag says so in its own place. */
export const evaluateFlags = Effect.fnUntraced(function* (reader: FlagReader, request: BulkEvaluateRequest) {
  const snapshot = yield* snapshotFor(reader, request.environment)
  const context = yield* contextFor(reader, snapshot, request.context, request.keys)
  const found = snapshot.evaluateMany(context, request.keys ?? snapshot.keys)
  const notes = yield* makeNotes
  notes.ofMany(reader, snapshot, context, found)
  return valuesOf(snapshot, found, request.keys)
}, measured("bulk"))

const valuesOf = (
  snapshot: FlagSnapshot,
  found: ReadonlyArray<Evaluation>,
  keys: BulkEvaluateRequest["keys"]
): EvaluatedValues => {
  const { environment, revision } = snapshot
  if (keys === undefined) return { flags: found.map((each) => valueOf(each, revision)), environment, revision }
  const values = new Map(found.map((each) => [each.key, valueOf(each, revision)]))
  const flags = [...new Set(keys)].map(
    (key) => values.get(key) ?? { key, error_code: "FLAG_NOT_FOUND" as const, detail: `there is no flag ${key}` }
  )
  return { flags, environment, revision }
}

/**
 * The same from what is in memory, at once and without a fiber. Undefined, and nothing was noted: something must be
 * asked for first, or it is to be refused; `evaluateFlag` and `evaluateFlags` know how.
 */
export const makeEvaluateFromMemory = Effect.gen(function* () {
  const snapshots = yield* FlagSnapshots
  const notes = yield* makeNotes
  const clock = yield* Clock.Clock

  /** Neither a link nor a stored assignment may have a say: both stand in a store. */
  const atHand = (reader: FlagReader, asked: string | undefined, keys?: Iterable<string>): FlagSnapshot | undefined => {
    if (reader.qa !== undefined || !mayRead(reader, asked)) return undefined
    const snapshot = snapshots.known(reader.workspace, environmentOf(reader, asked))
    return snapshot === undefined || snapshot.sticky(keys).length > 0 ? undefined : snapshot
  }

  return {
    flag: (reader: FlagReader, key: string, request: EvaluateRequest): EvaluatedValue | undefined => {
      const start = clock.monotonicTimeNanosUnsafe()
      const snapshot = atHand(reader, request.environment, [key])
      const context: EvaluationContext = { attributes: request.context ?? noAttributes }
      const evaluation = snapshot?.evaluate(key, context)
      if (snapshot === undefined || evaluation === undefined) return undefined
      notes.ofOne(reader, snapshot, context, evaluation)
      const value = valueOf(evaluation, snapshot.revision)
      noteLatency("single", clock.monotonicTimeNanosUnsafe() - start)
      return value
    },
    flags: (reader: FlagReader, request: BulkEvaluateRequest): EvaluatedValues | undefined => {
      const start = clock.monotonicTimeNanosUnsafe()
      const snapshot = atHand(reader, request.environment, request.keys)
      if (snapshot === undefined) return undefined
      const context: EvaluationContext = { attributes: request.context ?? noAttributes }
      const found = snapshot.evaluateMany(context, request.keys ?? snapshot.keys)
      notes.ofMany(reader, snapshot, context, found)
      const values = valuesOf(snapshot, found, request.keys)
      noteLatency("bulk", clock.monotonicTimeNanosUnsafe() - start)
      return values
    }
  }
})
export type EvaluateFromMemory = Effect.Success<typeof makeEvaluateFromMemory>
