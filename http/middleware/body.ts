import { NodeHttpServerRequest } from "@effect/platform-node"
import { Effect } from "effect"
import type { HttpServerRequest, HttpServerResponse } from "effect/http"
import { isUtf8 } from "node:buffer"
import type { Readable } from "node:stream"
import { gunzip, inflate } from "node:zlib"
import { bodyBudget, bodyBytesAtOnceMax } from "./bodyBudget.ts"
import { retryAfterSeconds } from "./failures.ts"
import { problem } from "./problem.ts"

export interface BodyRules {
  readonly bytesMax: number
  readonly types: ReadonlyArray<string>
}

type Refusal = HttpServerResponse.HttpServerResponse

/**
 * Bytes over its limit that a refused body may still bring, unread: a connection that closes while its client sends is
 * reset, and the client never sees the answer (RFC 9112, 9.6). Over it the connection closes all the same.
 */
export const unreadBytesMax = 16 * 1024 * 1024

const tooLarge = (bytesMax: number, close: boolean): Refusal =>
  problem("too-large", {
    detail: `the body has ${bytesMax} bytes at the most`,
    errors: [{ pointer: "", code: "too_large", detail: `${bytesMax} bytes at the most` }],
    ...(close ? { headers: { connection: "close" } } : {})
  })

const tooMany = (): Refusal =>
  problem("unavailable", {
    detail: `bodies of ${bodyBytesAtOnceMax} bytes are being read already`,
    headers: { "retry-after": String(retryAfterSeconds) }
  })

/** The bytes straight off the connection, never more than the limit. */
const readBytes = (
  request: HttpServerRequest.HttpServerRequest,
  bytesMax: number,
  fits: (bytes: number) => boolean
): Effect.Effect<Buffer | Refusal> =>
  Effect.callback<Buffer | Refusal>((resume) => {
    const message = NodeHttpServerRequest.toIncomingMessage(request)
    // Clients like curl wait for this before they send a large body.
    if (request.headers["expect"] === "100-continue") NodeHttpServerRequest.toServerResponse(request).writeContinue()
    let first: Buffer | undefined
    let chunks: Array<Buffer> | undefined
    let size = 0
    message.on("data", (chunk: Buffer) => {
      size += chunk.length
      if (size > bytesMax || !fits(chunk.length)) {
        message.removeAllListeners("data")
        letPass(message)
        return resume(Effect.succeed(size > bytesMax ? tooLarge(bytesMax, false) : tooMany()))
      }
      if (first === undefined) first = chunk
      else (chunks ??= [first]).push(chunk)
    })
    message.on("end", () =>
      resume(Effect.succeed(chunks === undefined ? (first ?? Buffer.alloc(0)) : Buffer.concat(chunks)))
    )
    const broken = () => resume(Effect.succeed(problem("timeout", { detail: "the body did not arrive whole" })))
    message.on("error", broken)
    message.on("aborted", broken)
  })

/** Takes the rest of a refused body off the connection. */
const letPass = (message: Readable): void => {
  let unread = 0
  message.on("data", (chunk: Buffer) => {
    unread += chunk.length
    if (unread > unreadBytesMax) message.destroy()
  })
}

/** Undoes `Content-Encoding`, never into more than the limit. */
const unpack = (bytes: Buffer, encoding: string, bytesMax: number) =>
  Effect.callback<Buffer | Refusal>((resume) => {
    const done = (cause: Error | null, clear: Buffer) => {
      if (cause === null) return resume(Effect.succeed(clear))
      const large = (cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE"
      resume(
        Effect.succeed(
          large ? tooLarge(bytesMax, false) : problem("bad-request", { detail: `the body is not ${encoding}` })
        )
      )
    }
    if (encoding === "gzip") gunzip(bytes, { maxOutputLength: bytesMax }, done)
    else inflate(bytes, { maxOutputLength: bytesMax }, done)
  })

const decodeText = (bytes: Buffer): string | Refusal =>
  isUtf8(bytes)
    ? bytes.toString("utf8")
    : problem("bad-request", {
        detail: "the body is not UTF-8",
        errors: [{ pointer: "", code: "not_utf8", detail: "the body is not UTF-8" }]
      })

/** Where a request bears its body that was read already. */
export const wholeBody = Symbol("http/middleware/wholeBody")

const wholeBodyOf = (request: object): Buffer | undefined => (request as { readonly [wholeBody]?: Buffer })[wholeBody]

/** The text of a body that was read already, where there is nothing to say against it. */
export const textAtHand = (request: HttpServerRequest.HttpServerRequest, rules: BodyRules): string | undefined => {
  const bytes = wholeBodyOf(request)
  const { "content-encoding": encoding, "content-type": type = "" } = request.headers
  if (bytes === undefined || encoding !== undefined || !rules.types.includes(type)) return undefined
  return bytes.length <= rules.bytesMax && isUtf8(bytes) ? bytes.toString("utf8") : undefined
}

/** The body as text, or the problem that stands in its way: type, encoding, size, time, characters. */
export const readText = (
  request: HttpServerRequest.HttpServerRequest,
  rules: BodyRules
): Effect.Effect<string | Refusal> => {
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]!.trim().toLowerCase()
  if (!rules.types.includes(type)) {
    return Effect.succeed(problem("unsupported-media-type", { detail: `send ${rules.types.join(" or ")}` }))
  }
  const encoding = (request.headers["content-encoding"] ?? "identity").toLowerCase()
  if (encoding !== "identity" && encoding !== "gzip" && encoding !== "deflate") {
    return Effect.succeed(problem("unsupported-media-type", { detail: "content encodings: gzip, deflate" }))
  }
  const over = Number(request.headers["content-length"] ?? 0) - rules.bytesMax
  if (over > 0) return Effect.succeed(tooLarge(rules.bytesMax, over > unreadBytesMax))
  const whole = wholeBodyOf(request)
  const fits = whole === undefined ? bodyBudget(request) : () => true
  const read = whole === undefined ? readBytes(request, rules.bytesMax, fits) : Effect.succeed(whole)
  return Effect.flatMapEager(read, (bytes): Effect.Effect<string | Refusal> => {
    if (!Buffer.isBuffer(bytes)) return Effect.succeed(bytes)
    if (encoding === "identity") return Effect.succeed(decodeText(bytes))
    if (!fits(rules.bytesMax)) return Effect.succeed(tooMany())
    return Effect.map(unpack(bytes, encoding, rules.bytesMax), (clear) =>
      Buffer.isBuffer(clear) ? decodeText(clear) : clear
    )
  })
}
