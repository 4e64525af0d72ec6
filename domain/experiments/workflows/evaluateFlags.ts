import { Effect } from "effect"
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
import { measured } from "../evaluationLatency.ts"
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

/**
 * The environment that is asked for: the key's own where nothing is said, else `production`. A key of one environment
 * never reads another.
 */
export const environmentFor = (reader: FlagReader, asked: string | undefined): Effect.Effect<string, Refused> => {
  const { environment: bound } = reader
  if (bound === undefined || asked === undefined || asked === bound) return Effect.succeed(bound ?? asked ?? production)
  const detail = `the key reads the environment ${bound} alone`
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

/** One flag for one context; whom an experiment serves through it is exposed. */
export const evaluateFlag = Effect.fnUntraced(function* (reader: FlagReader, key: string, request: EvaluateRequest) {
  const { workspace } = reader
  const snapshot = yield* snapshotFor(reader, request.environment)
  const context: EvaluationContext = yield* contextFor(reader, snapshot, request.context, [key])
  const evaluation = snapshot.evaluate(key, context)
  if (evaluation === undefined) {
    return yield* new Refused({ kind: "not-found", detail: `there is no flag ${key}`, errors: [] })
  }
  const isNoted = evaluation.assignment !== null || evaluation.held_out !== null || evaluation.compared.length > 0
  if (reader.qa === undefined && isNoted) {
    const exposures = yield* Exposures
    const { assignment, compared, held_out: heldOut } = evaluation
    exposures.note(
      { workspace, attributes: { ...reader.client, ...request.context } },
      { assignment, heldOut, compared }
    )
    const experiment = assignment === null ? undefined : snapshot.stickyExperiment(assignment.experiment)
    if (assignment !== null && experiment !== undefined) {
      const sticky = yield* StickyAssignments
      sticky.note(workspace, experiment, assignment, context.stored)
    }
  }
  const usage = yield* FlagUsage
  usage.note(workspace, snapshot.environment, evaluation)
  const recent = yield* RecentContexts
  recent.note(workspace, snapshot.environment, key, context.attributes)
  return valueOf(evaluation, snapshot.revision)
}, measured("single"))

/** All flags, or those named, from one revision; a name that is no flag says so in its own place. */
export const evaluateFlags = Effect.fnUntraced(function* (reader: FlagReader, request: BulkEvaluateRequest) {
  const { workspace } = reader
  const snapshot = yield* snapshotFor(reader, request.environment)
  const { keys } = request
  const context = yield* contextFor(reader, snapshot, request.context, keys)
  const found = snapshot.evaluateMany(context, keys ?? snapshot.keys)
  const usage = yield* FlagUsage
  for (const evaluation of found) usage.note(workspace, snapshot.environment, evaluation)
  const recent = yield* RecentContexts
  recent.note(workspace, snapshot.environment, undefined, context.attributes)
  const values = new Map(found.map((each) => [each.key, valueOf(each, snapshot.revision)]))
  const answer: EvaluatedValues = {
    flags: (keys === undefined ? snapshot.keys : [...new Set(keys)]).map(
      (key) => values.get(key) ?? { key, error_code: "FLAG_NOT_FOUND", detail: `there is no flag ${key}` }
    ),
    environment: snapshot.environment,
    revision: snapshot.revision
  }
  return answer
}, measured("bulk"))
