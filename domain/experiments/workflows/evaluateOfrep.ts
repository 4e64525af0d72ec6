import { Effect } from "effect"
import type { EvaluatedValue, EvaluateRequest } from "../../../ports/experiments/EvaluateRequest.ts"
import type { OfrepRequest, OfrepValue, OfrepValues } from "../../../ports/experiments/Ofrep.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { entityTagOf } from "../entityTag.ts"
import { evaluateFlag, evaluateFlags } from "./evaluateFlags.ts"
import type { EvaluateFromMemory, FlagReader } from "./evaluateFlags.ts"

/** Code of the error of a context that names no unit. */
export const targetingKeyMissing = "targeting_key_missing"
const targetingKeyCharactersMax = 1000
const unitAttributes = ["user_id", "anonymous_id"]

/** One flag; whom an experiment serves through it is exposed. */
export const evaluateOfrep = Effect.fnUntraced(function* (
  reader: FlagReader,
  key: string,
  { context }: OfrepRequest,
  environment?: string
) {
  const attributes = attributesOf(context)
  if (attributes instanceof Refused) return yield* attributes
  return singleOf(yield* evaluateFlag(reader, key, requestOf(attributes, environment)))
})

/** All flags from one revision, with the entity tag of the answer to this context; exposes nobody. */
export const evaluateOfrepBulk = Effect.fnUntraced(function* (
  reader: FlagReader,
  { context }: OfrepRequest,
  environment?: string
) {
  const attributes = attributesOf(context)
  if (attributes instanceof Refused) return yield* attributes
  const { flags, ...evaluated } = yield* evaluateFlags(reader, requestOf(attributes, environment))
  const values: OfrepValues = {
    flags: flags.flatMap((each) => ("error_code" in each ? [] : [ofrepValue(each)])),
    metadata: { environment: evaluated.environment, revision: evaluated.revision }
  }
  // Of whom the answer is for and of all that it says: another context never has the same one.
  return { values, etag: entityTagOf(attributes, values) }
})

/** One flag from what is in memory. Undefined: it is for `evaluateOfrep` to ask, or to refuse. */
export const ofrepFromMemory =
  ({ flag }: EvaluateFromMemory) =>
  (reader: FlagReader, key: string, { context }: OfrepRequest, environment?: string): OfrepValue | undefined => {
    const attributes = attributesOf(context)
    if (attributes instanceof Refused) return undefined
    const evaluated = flag(reader, key, requestOf(attributes, environment))
    return evaluated === undefined ? undefined : singleOf(evaluated)
  }

const singleOf = (evaluated: EvaluatedValue): OfrepValue => {
  const value = ofrepValue(evaluated)
  return { ...value, metadata: { ...value.metadata, revision: evaluated.revision } }
}

type Attributes = OfrepRequest["context"]

const requestOf = (context: Attributes, environment: string | undefined): EvaluateRequest =>
  environment === undefined ? { context } : { context, environment }

const refuse = (code: string, detail: string) =>
  new Refused({ kind: "bad-request", detail, errors: [{ pointer: "/context/targetingKey", code, detail }] })

/** The context with its targeting key as the id that units are hashed by. */
const attributesOf = (context: Attributes): Attributes | Refused => {
  const key = Object.hasOwn(context, "targetingKey") ? context["targetingKey"] : undefined
  if (key !== undefined && typeof key !== "string") return refuse("wrong_type", "the targeting key must be text")
  if (key !== undefined && key.length > targetingKeyCharactersMax) {
    return refuse("too_long", `the targeting key has ${targetingKeyCharactersMax} characters at the most`)
  }
  if (unitAttributes.some((name) => namesUnit(context, name))) return context
  if (key === undefined || key === "") return refuse(targetingKeyMissing, "the context has no targetingKey")
  return { ...context, user_id: key }
}

const namesUnit = (context: Attributes, name: string): boolean => {
  const id = Object.hasOwn(context, name) ? context[name] : undefined
  return (typeof id === "string" && id !== "") || (typeof id === "number" && Number.isFinite(id))
}

const reasons: Readonly<Record<EvaluatedValue["reason"], OfrepValue["reason"]>> = {
  STATIC: "STATIC",
  TARGETING_MATCH: "TARGETING_MATCH",
  SPLIT: "SPLIT",
  DISABLED: "DISABLED",
  DEFAULT: "UNKNOWN",
  ERROR: "UNKNOWN",
  UNKNOWN: "UNKNOWN"
}

/**
 * A value as the protocol writes it. Without the revision, which stands once beside all values: providers tell a changed
 * flag by its whole answer.
 */
const ofrepValue = (evaluated: EvaluatedValue): OfrepValue => {
  const { key, metadata, reason, rule, variant } = evaluated
  return {
    key,
    ...("value" in evaluated ? { value: evaluated.value } : {}),
    reason: reasons[reason],
    ...(variant === null ? {} : { variant }),
    metadata: {
      ...metadata,
      ...(rule === null ? {} : { rule }),
      ...(reasons[reason] === reason ? {} : { reason })
    }
  }
}
