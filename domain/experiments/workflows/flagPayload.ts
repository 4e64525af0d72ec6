import { Effect } from "effect"
import { createHash } from "node:crypto"
import type { EvaluatedValue, EvaluateRequest } from "../../../ports/experiments/EvaluateRequest.ts"
import type { FlagValues } from "../../../ports/experiments/FlagPayload.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import { locallyEvaluable } from "../evaluation/locallyEvaluable.ts"
import { entityTagOf } from "../entityTag.ts"
import { perSnapshot } from "../perSnapshot.ts"
import { evaluateFlags, snapshotFor } from "./evaluateFlags.ts"
import type { FlagReader } from "./evaluateFlags.ts"

/** What a client is given to evaluate with, as JSON text. */
export interface Payload {
  readonly kind: "file" | "values"
  readonly text: string
  /** A strong entity tag of the text, and of the context where it is made for one. */
  readonly etag: string
}

export interface PayloadReader extends FlagReader {
  /** A browser's key is no secret: who holds it gets values, and never the rules that they come from. */
  readonly kind: "secret" | "browser"
}

export interface PayloadRequest {
  readonly environment?: string | undefined
  readonly context?: EvaluateRequest["context"] | undefined
}

/** The definitions of an environment as one document, which `domain/experiments` evaluates; made once for a snapshot. */
export const filePayload = perSnapshot(({ file }): Payload => {
  const text = JSON.stringify(locallyEvaluable(file))
  const etag = `"${createHash("sha256").update(text).digest("base64url")}"`
  return { kind: "file", text, etag }
})

/** The file, or without a right to the rules, and where a context is given, the values for it; exposes nobody. */
export const readPayload = Effect.fn("readPayload")(function* (reader: PayloadReader, request: PayloadRequest) {
  const { context, environment } = request
  if (context === undefined) {
    if (reader.kind === "browser") return yield* contextMissing
    return filePayload(yield* snapshotFor(reader, environment))
  }
  const evaluated = yield* evaluateFlags(reader, { context, ...(environment === undefined ? {} : { environment }) })
  const values: FlagValues = {
    environment: evaluated.environment,
    flags: evaluated.flags.flatMap((each) => ("error_code" in each ? [] : [withoutRevision(each)]))
  }
  const payload: Payload = { kind: "values", text: JSON.stringify(values), etag: entityTagOf(context, values) }
  return payload
})

/** A change elsewhere raises the revision, and these values say the same as before. */
const withoutRevision = (evaluated: EvaluatedValue) => {
  const { revision: _, ...value } = evaluated
  return value
}

const contextDetail = "a browser key gets values for a context, not the rules: say whom they are for"
const contextMissing = new Refused({
  kind: "bad-request",
  detail: contextDetail,
  errors: [{ pointer: "/context", code: "missing", detail: contextDetail }]
})
