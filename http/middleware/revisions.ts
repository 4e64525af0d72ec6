import { Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { createHash } from "node:crypto"
import { StaleRevision } from "../../ports/documents/DocumentStore.ts"
import { Refused } from "../../ports/platform/Refused.ts"
import { AnswerHeaders } from "../contract/AnswerHeaders.ts"

/** The one form of a document's entity tag: its revision. */
export const etagOf = (revision: number): string => `"${revision}"`

const entityTags = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g

/** Tags of `If-Match` and `If-None-Match` (RFC 9110, 13.1); a bare number is taken as a tag too. */
const readTags = (header: string): "*" | ReadonlyArray<string> => {
  const text = header.trim()
  if (text === "*") return "*"
  if (/^\d+$/.test(text)) return [`"${text}"`]
  return [...text.matchAll(entityTags)].map(([tag]) => tag)
}

/** Strong comparison, for changes: a weak tag is equal to nothing. */
const matchesStrongly = (header: string, etag: string): boolean => {
  const tags = readTags(header)
  return tags === "*" || (!etag.startsWith("W/") && tags.includes(etag))
}

const matchesWeakly = (header: string, etag: string): boolean => {
  const tags = readTags(header)
  const bare = (tag: string) => tag.replace(/^W\//, "")
  return tags === "*" || tags.some((tag) => bare(tag) === bare(etag))
}

/**
 * The revision that stands, where `If-Match` allows to change it; the change names it once more when it is stored.
 * PUT and PATCH must send the header: whoever changes a document says which one they have seen.
 */
export const matchRevision = <E, R>(
  read: Effect.Effect<{ readonly revision: number }, E, R>
): Effect.Effect<number, E | Refused | StaleRevision, R | HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function* () {
    const { headers, method } = yield* HttpServerRequest.HttpServerRequest
    const header = headers["if-match"]
    if (header === undefined && method !== "DELETE") {
      const detail = "send If-Match with the revision that you change, as GET answers it in ETag"
      return yield* new Refused({ kind: "precondition-required", detail, errors: [] })
    }
    const { revision } = yield* read
    if (header !== undefined && !matchesStrongly(header, etagOf(revision))) {
      return yield* new StaleRevision({ collection: "", id: "", actual: revision })
    }
    return revision
  })

/** The value; its document's revision is the answer's `ETag`. */
export const withRevision = <A>(revision: number, value: A): Effect.Effect<A, never, AnswerHeaders> =>
  Effect.map(AnswerHeaders, (headers) => {
    headers.set("etag", etagOf(revision))
    return value
  })

/** Whether the client holds what it asks for, so that 304 says enough. */
export const isUnchanged = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch !== undefined && matchesWeakly(ifNoneMatch, etag)

/** Whether the client names exactly this tag; `*` does not. */
export const namesTag = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch?.trim() !== "*" && isUnchanged(ifNoneMatch, etag)

/** A new document: where it is, at its first revision. */
export const withLocation = <A extends { readonly id: string }>(
  list: string,
  made: A
): Effect.Effect<A, never, AnswerHeaders> =>
  Effect.map(AnswerHeaders, (headers) => {
    headers.set("location", `${list}/${encodeURIComponent(made.id)}`)
    headers.set("etag", etagOf(1))
    return made
  })

/** GET answers carry an `ETag`, a weak one of their bytes where they are no document, and 304 to who holds it. */
export const answerConditionally = (
  request: HttpServerRequest.HttpServerRequest,
  answer: HttpServerResponse.HttpServerResponse
): HttpServerResponse.HttpServerResponse => {
  const { body, status } = answer
  if ((request.method !== "GET" && request.method !== "HEAD") || status !== 200 || body._tag !== "Uint8Array") {
    return answer
  }
  const etag =
    answer.headers["etag"] ?? `W/"${createHash("sha256").update(body.body).digest("base64url").slice(0, 27)}"`
  const known = request.headers["if-none-match"]
  const headers = { etag, "cache-control": "private, no-cache" }
  if (isUnchanged(known, etag)) {
    const { "content-length": _, "content-type": __, ...kept } = answer.headers
    return HttpServerResponse.empty({ status: 304, headers: { ...kept, ...headers } })
  }
  return HttpServerResponse.setHeaders(answer, headers)
}
