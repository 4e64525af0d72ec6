import { Clock, Effect, Schedule, Semaphore, Stream } from "effect"
import type { Scope } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import { open } from "node:fs/promises"
import {
  keysCooldownMillis,
  keySetBytesMax,
  keysFetchMillisMax,
  keysRefreshMillis
} from "../../ports/platform/TokenKeys.ts"
import type { TokenKeySet, TrustedIssuer } from "../../ports/platform/TokenKeys.ts"
import { PortFailure } from "../../ports/PortFailure.ts"
import { readKeySet } from "./keySet.ts"

export interface JwksOptions {
  /** `https:` URL, or the path of a file. */
  readonly source: string
  readonly issuer: string
  readonly audience: string
}

const failure = (detail: string, cause?: unknown): PortFailure =>
  new PortFailure({
    port: "TokenKeys",
    operation: "refresh",
    reason: "unavailable",
    detail,
    ...(cause === undefined ? {} : { cause })
  })

const tooLarge = (source: string) => failure(`${source} has more than ${keySetBytesMax} bytes`)

/** No redirects: the keys come from the place that was configured, or not at all. */
const fetchText = (url: string): Effect.Effect<string, PortFailure> =>
  Effect.gen(function* () {
    const response = yield* HttpClient.get(url, { headers: { accept: "application/jwk-set+json, application/json" } })
    if (response.status !== 200) return yield* failure(`${url} answers ${response.status}`)
    const decoder = new TextDecoder()
    let size = 0
    let text = ""
    yield* Stream.runForEach(response.stream, (chunk) => {
      size += chunk.length
      if (size > keySetBytesMax) return Effect.fail(tooLarge(url))
      text += decoder.decode(chunk, { stream: true })
      return Effect.void
    })
    return text + decoder.decode()
  }).pipe(
    Effect.timeoutOrElse({
      duration: keysFetchMillisMax,
      orElse: () => Effect.fail(failure(`${url} does not answer within ${keysFetchMillisMax} ms`))
    }),
    Effect.catchTag("HttpClientError", (cause) => Effect.fail(failure(`${url} cannot be read`, cause))),
    Effect.provide(FetchHttpClient.layer),
    Effect.provideService(FetchHttpClient.RequestInit, { redirect: "error" })
  )

const readText = (file: string): Effect.Effect<string, PortFailure> =>
  Effect.tryPromise({
    try: async () => {
      const handle = await open(file, "r")
      try {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(keySetBytesMax + 1))
        if (bytesRead > keySetBytesMax) throw tooLarge(file)
        return buffer.toString("utf8", 0, bytesRead)
      } finally {
        await handle.close()
      }
    },
    catch: (cause) => (cause instanceof PortFailure ? cause : failure(`${file} cannot be read`, cause))
  })

/**
 * An issuer whose keys are a JSON Web Key Set at a URL or in a file, followed while the service runs. A file must be
 * there at the start; a URL may be away, until then its tokens cannot be proven.
 */
export const issuer = (options: JwksOptions): Effect.Effect<TrustedIssuer, PortFailure, Scope.Scope> =>
  Effect.gen(function* () {
    const { audience, source } = options
    const isUrl = /^https?:\/\//i.test(source)
    const load = isUrl ? fetchText(source) : readText(source)
    const turn = yield* Semaphore.make(1)
    let held: { readonly text: string; readonly set: TokenKeySet } | undefined
    let askedAt = Number.NEGATIVE_INFINITY

    const ask = Effect.gen(function* () {
      askedAt = yield* Clock.currentTimeMillis
      const keys = readKeySet(yield* load)
      if (keys === undefined) return yield* failure(`${source} holds no JSON Web Key Set`)
      if (keys.length === 0) yield* Effect.logWarning(`${source} holds no key that can prove a token`)
      const text = JSON.stringify(keys)
      if (held?.text !== text) held = { text, set: { kind: "public", keys } }
      return held.set
    })
    /** Callers that wait for one another ask once. */
    const follow = (pauseMillis: number) =>
      turn.withPermit(
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          if (now - askedAt < pauseMillis) {
            return held === undefined ? yield* failure(`${source} could not be read just now`) : held.set
          }
          return yield* Effect.catch(ask, (cause) =>
            Effect.andThen(
              Effect.logWarning(`token keys: ${cause.message}`),
              held === undefined ? Effect.fail(cause) : Effect.succeed(held.set)
            )
          )
        })
      )

    yield* isUrl ? Effect.ignore(follow(0)) : ask
    yield* Effect.forkScoped(
      Effect.repeat(Effect.ignore(follow(keysCooldownMillis)), Schedule.spaced(keysRefreshMillis))
    )
    return { issuer: options.issuer, audience, current: () => held?.set, refresh: follow(keysCooldownMillis) }
  })
