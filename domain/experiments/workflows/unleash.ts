import { Clock, Effect } from "effect"
import type { EvaluatedFlag, FlagType } from "../../../ports/experiments/FlagFile.ts"
import { FlagUsage, usageKeptDays } from "../../../ports/experiments/FlagUsage.ts"
import { RecentContexts } from "../../../ports/experiments/RecentContexts.ts"
import type { Evaluation } from "../../../ports/experiments/Evaluation.ts"
import type {
  UnleashContext,
  UnleashFeatures,
  UnleashMetrics,
  UnleashToggle,
  UnleashToggles
} from "../../../ports/experiments/Unleash.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { entityTagOf } from "../entityTag.ts"
import { perSnapshot } from "../perSnapshot.ts"
import { attributesOf } from "../unleash/unleashContext.ts"
import { payloadOf, unleashFeatures } from "../unleash/unleashFeatures.ts"
import { snapshotFor, withStored } from "./evaluateFlags.ts"
import type { PayloadReader } from "./flagPayload.ts"

interface Told {
  readonly answer: UnleashFeatures
  readonly etag: string
}

const toldOf = perSnapshot((snapshot): Told => {
  const { features, leftOut } = unleashFeatures(snapshot.file)
  const query = { environment: snapshot.environment, inlineSegmentConstraints: true }
  const answer: UnleashFeatures = { version: 2, features, segments: [], query, left_out: leftOut }
  return { answer, etag: entityTagOf(answer) }
})

const typesOf = perSnapshot(({ file }) => new Map(file.flags.map(({ key, type }) => [key, type])))

const countsAreServers = new Refused({
  kind: "forbidden",
  detail: "a browser key counts nothing: its flags are counted where they are asked for, at /api/frontend",
  errors: []
})

const rulesAreSecret = new Refused({
  kind: "forbidden",
  detail: "a browser key gets values, not the rules: ask /api/frontend",
  errors: []
})

/** The flags of an environment as clients of Unleash evaluate them, made once for a snapshot. */
export const readUnleashFeatures = Effect.fn("readUnleashFeatures")(function* (
  reader: PayloadReader,
  namePrefix?: string
) {
  if (reader.kind === "browser") return yield* rulesAreSecret
  const { answer, etag } = toldOf(yield* snapshotFor(reader, undefined))
  if (namePrefix === undefined) return { answer, etag }
  const some = {
    ...answer,
    features: answer.features.filter(({ name }) => name.startsWith(namePrefix)),
    left_out: answer.left_out.filter(({ name }) => name.startsWith(namePrefix))
  }
  return { answer: some, etag: entityTagOf(some) }
})

/** All flags that are on for a context, with their variants; exposes nobody. */
export const readUnleashToggles = Effect.fn("readUnleashToggles")(function* (
  reader: PayloadReader,
  asked: UnleashContext
) {
  const snapshot = yield* snapshotFor(reader, undefined)
  const attributes = attributesOf(asked)
  const context = yield* withStored(reader.workspace, snapshot, { attributes })
  const usage = yield* FlagUsage
  const recent = yield* RecentContexts
  recent.note(reader.workspace, snapshot.environment, undefined, attributes)
  const types = typesOf(snapshot)
  const toggles = snapshot.evaluateMany(context).flatMap((evaluation): ReadonlyArray<UnleashToggle> => {
    usage.note(reader.workspace, snapshot.environment, evaluation)
    return toggleOf(evaluation, types.get(evaluation.key)!)
  })
  const answer: UnleashToggles = { toggles }
  return { answer, etag: entityTagOf(attributes, answer) }
})

/** Clients are told of what is on alone. */
const toggleOf = ({ key, value, variant }: Evaluation, type: FlagType): ReadonlyArray<UnleashToggle> => {
  if (value === undefined || variant === null) return []
  const toggle = { name: key, enabled: true, impressionData: false }
  if (type !== "boolean") {
    return [
      { ...toggle, variant: { name: variant, enabled: true, feature_enabled: true, payload: payloadOf(type, value) } }
    ]
  }
  return value === true ? [{ ...toggle, variant: { name: "disabled", enabled: false, feature_enabled: true } }] : []
}

const dayMillis = 86_400_000

/** Counts what a client evaluated by itself, in the hour that it says; flags that are none here are passed over. */
export const reportUnleashMetrics = Effect.fn("reportUnleashMetrics")(function* (
  reader: PayloadReader,
  { bucket: { start, toggles } }: UnleashMetrics
) {
  if (reader.kind === "browser") return yield* countsAreServers
  const snapshot = yield* snapshotFor(reader, undefined)
  const usage = yield* FlagUsage
  const now = yield* Clock.currentTimeMillis
  const said = start === undefined ? Number.NaN : Date.parse(start)
  const at = said > now - usageKeptDays * dayMillis && said < now ? said : now
  for (const flag of snapshot.file.flags) {
    if (!Object.hasOwn(toggles, flag.key)) continue
    for (const [variant, evaluations] of countsOf(flag, toggles[flag.key]!)) {
      if (evaluations > 0) usage.report(reader.workspace, snapshot.environment, flag.key, variant, evaluations, at)
    }
  }
})

type Reported = UnleashMetrics["bucket"]["toggles"][string]

/** Evaluations by variant. A flag that is no boolean may be asked whether it is on, too: that says no variant. */
const countsOf = (
  { type, variants }: EvaluatedFlag,
  { no = 0, variants: counted = {}, yes = 0 }: Reported
): ReadonlyArray<readonly [string | null, number]> => {
  const named = (value: boolean) => variants.find((each) => each.value === value)?.name ?? null
  if (type === "boolean") {
    return [
      [named(true), yes],
      [named(false), no]
    ]
  }
  const known = variants.flatMap(({ name }) => (Object.hasOwn(counted, name) ? [[name, counted[name]!] as const] : []))
  const sum = known.reduce((all, [, evaluations]) => all + evaluations, 0)
  return [...known, [null, Math.max(0, yes + no - sum)]]
}
