import { Effect } from "effect"
import { createHash } from "node:crypto"
import type { Evaluation } from "../../../ports/experiments/Evaluation.ts"
import type { EvaluatedExperiment } from "../../../ports/experiments/FlagFile.ts"
import type { FlagSnapshot } from "../../../ports/experiments/FlagSnapshots.ts"
import { FlagUsage } from "../../../ports/experiments/FlagUsage.ts"
import type {
  GrowthBookEvalRequest,
  GrowthBookFeature,
  GrowthBookFeatures
} from "../../../ports/experiments/GrowthBook.ts"
import { RecentContexts } from "../../../ports/experiments/RecentContexts.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { measured } from "../evaluationLatency.ts"
import { locallyEvaluable } from "../evaluation/locallyEvaluable.ts"
import { growthbookFeatures } from "../evaluation/growthbookFeatures.ts"
import { perSnapshot } from "../perSnapshot.ts"
import { snapshotFor, withStored } from "./evaluateFlags.ts"
import type { PayloadReader } from "./flagPayload.ts"

/** What GrowthBook's clients evaluate by themselves, as JSON text. */
export interface GrowthBookPayload {
  readonly text: string
  /** A strong tag of what it says; the time of its change is no part of it. */
  readonly etag: string
}

/** The features of a snapshot; made once for it. */
export const growthbookPayload = perSnapshot((snapshot): GrowthBookPayload => {
  const local = locallyEvaluable(snapshot.file)
  const { features, savedGroups } = growthbookFeatures(local)
  const remoteOnly = snapshot.keys.filter((key) => !Object.hasOwn(features, key))
  const said = JSON.stringify([features, savedGroups, remoteOnly])
  const answer: GrowthBookFeatures = {
    status: 200,
    features,
    savedGroups,
    experiments: [],
    dateUpdated: dateOf(snapshot),
    ...(remoteOnly.length === 0 ? {} : { remoteOnly })
  }
  return {
    text: JSON.stringify(answer),
    etag: `"${createHash("sha256").update(said).digest("base64url")}"`
  }
})

const experimentsOf = perSnapshot(({ file }) => new Map((file.experiments ?? []).map((each) => [each.id, each])))
const variantsOf = perSnapshot(({ file }) => new Map(file.flags.map(({ key, variants }) => [key, variants])))

/** Clients take two payloads of one date for the same: the microseconds tell revisions of one millisecond apart. */
const dateOf = ({ changedAt, revision }: FlagSnapshot): string =>
  new Date(changedAt).toISOString().replace("Z", `${String(revision % 1000).padStart(3, "0")}Z`)

/** The features that a key may read. A browser's key is no secret and reads no rules: its clients evaluate remotely. */
export const readGrowthBook = Effect.fn("readGrowthBook")(function* (reader: PayloadReader) {
  if (reader.kind === "browser") {
    const detail = "a browser key gets values, not rules: set remoteEval"
    return yield* new Refused({
      kind: "bad-request",
      detail,
      errors: [{ pointer: "", code: "remote_evaluation_required", detail }]
    })
  }
  return growthbookPayload(yield* snapshotFor(reader, undefined))
})

/**
 * Every flag for the attributes of a client. Whom an experiment gives a variant is in `tracks`: the client's tracking
 * callback tells of it once the flag is looked at, so nobody is exposed here.
 */
export const evaluateGrowthBook = Effect.fnUntraced(function* (
  reader: PayloadReader,
  { attributes, forcedVariations = {} }: GrowthBookEvalRequest
) {
  const snapshot = yield* snapshotFor(reader, undefined)
  const experiments = experimentsOf(snapshot)
  const forced = Object.entries(forcedVariations).flatMap(([id, place]) => {
    const variant = experiments.get(id)?.variants[place]?.variant
    return variant === undefined ? [] : [[id, variant] as const]
  })
  const asked = { attributes, forced: { experiments: Object.fromEntries(forced) } }
  const context = yield* withStored(reader.workspace, snapshot, asked)
  const found = snapshot.evaluateMany(context, snapshot.keys)
  const usage = yield* FlagUsage
  for (const evaluation of found) usage.note(reader.workspace, snapshot.environment, evaluation)
  const recent = yield* RecentContexts
  recent.note(reader.workspace, snapshot.environment, undefined, attributes)
  const variants = variantsOf(snapshot)
  const answer: GrowthBookFeatures = {
    status: 200,
    features: Object.fromEntries(
      found.map((evaluation) => {
        const experiment = experiments.get(evaluation.assignment?.experiment ?? "")
        return [evaluation.key, featureOf(evaluation, experiment, variants.get(evaluation.key) ?? [])]
      })
    ),
    experiments: [],
    dateUpdated: dateOf(snapshot)
  }
  return answer
}, measured("bulk"))

const featureOf = (
  { assignment, key, value = null }: Evaluation,
  experiment: EvaluatedExperiment | undefined,
  variants: ReadonlyArray<{ readonly name: string; readonly value: unknown }>
): GrowthBookFeature => {
  if (assignment === null || experiment === undefined) return { defaultValue: value }
  const valueOf = (name: string) => variants.find((each) => each.name === name)?.value ?? null
  const place = experiment.variants.findIndex(({ variant }) => variant === assignment.variant)
  const tracked = {
    experiment: {
      key: experiment.id,
      phase: String(assignment.phase),
      variations: experiment.variants.map(({ variant }) => valueOf(variant)),
      meta: experiment.variants.map(({ variant }) => ({ key: variant })),
      weights: experiment.variants.map(({ weight }) => weight / 100)
    },
    result: {
      featureId: key,
      inExperiment: true,
      hashUsed: true,
      stickyBucketUsed: assignment.from === "stored",
      variationId: place,
      key: assignment.variant,
      value,
      hashAttribute: assignment.unit_attribute,
      hashValue: assignment.unit,
      ...(assignment.bucket === null ? {} : { bucket: assignment.bucket })
    }
  }
  return { defaultValue: value, rules: [{ force: value, tracks: [tracked] }] }
}
