import { Effect } from "effect"
import type { HttpServerRequest } from "effect/http"
import { HttpServerResponse } from "effect/http"
import { createHash, createHmac } from "node:crypto"
import type { IdempotencyMark } from "../../ports/platform/IdempotencyMark.ts"
import { keyError } from "../../domain/platform/idempotency.ts"
import type { Principal } from "../../ports/platform/TokenProofs.ts"
import { problem } from "./problem.ts"

export const idempotencyKeyCharactersMax = 255
export const retryAfterSeconds = 1

type Answer = HttpServerResponse.HttpServerResponse

/** Members in the order of their names: two texts of one value have one fingerprint. */
const sorted = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value

/** The header's value, with or without the quotes of a structured field; `undefined`: not acceptable. */
const readKey = (header: string): string | undefined => {
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header
  return key.length <= idempotencyKeyCharactersMax && /^[\x21-\x7e]+$/.test(key) ? key : undefined
}

/**
 * Runs a request that creates once per `Idempotency-Key`, workspace and principal: the mark goes with the actor to the
 * workflow, which remembers its answer; while the first is at work the second is told to come back.
 */
export const makeIdempotency = () => {
  const atWork = new Set<string>()
  return <E, R>(
    request: HttpServerRequest.HttpServerRequest,
    principal: Principal,
    body: unknown,
    run: (mark: IdempotencyMark | undefined) => Effect.Effect<Answer, E, R>
  ): Effect.Effect<Answer, E, R> => {
    const header = request.headers["idempotency-key"]
    if (header === undefined) return run(undefined)
    const key = readKey(header)
    if (key === undefined) {
      const detail = `an Idempotency-Key has 1 to ${idempotencyKeyCharactersMax} visible ASCII characters`
      return Effect.succeed(problem("bad-request", { detail, errors: [keyError("invalid_key", detail)] }))
    }
    let replayed = false
    const mark: IdempotencyMark = {
      id: createHash("sha256").update(`${principal.keyId}\n${key}`).digest("hex"),
      // Keyed by what only the caller knows: the body cannot be guessed from what is stored.
      fingerprint: createHmac("sha256", key)
        .update(`${request.method}\n${request.url.split("?", 1)[0]!}\n${JSON.stringify(body, sorted) ?? ""}`)
        .digest("hex"),
      onReplay: () => void (replayed = true)
    }
    const name = `${principal.workspace}|${mark.id}`
    if (atWork.has(name)) {
      const detail = "the first request with this Idempotency-Key is still at work"
      return Effect.succeed(
        problem("conflict", {
          detail,
          errors: [keyError("in_progress", detail)],
          headers: { "retry-after": String(retryAfterSeconds) }
        })
      )
    }
    atWork.add(name)
    return run(mark).pipe(
      Effect.map((answer) => (replayed ? HttpServerResponse.setHeader(answer, "idempotent-replayed", "true") : answer)),
      Effect.ensuring(Effect.sync(() => void atWork.delete(name)))
    )
  }
}
