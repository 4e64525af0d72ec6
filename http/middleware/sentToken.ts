import type { HttpServerRequest } from "effect/http"
import type { Principal } from "../../ports/platform/TokenProofs.ts"
import type { Rules } from "../contract/EndpointRules.ts"

/** A token and where it stands: addresses are written into the logs of proxies, headers are not. */
export interface Sent {
  readonly token: string
  readonly place: "header" | "query" | "path"
}

type Request = Pick<HttpServerRequest.HttpServerRequest, "headers" | "url">

/** The token of a request, wherever it stands in it. */
export const sentToken = (request: Request, clientKey?: Rules["clientKey"]): Sent | undefined => {
  if (clientKey === "path") return { token: lastSegment(request.url), place: "path" }
  const header = request.headers["authorization"]
  if (header !== undefined) return { token: tokenOf(header, clientKey === "authorization"), place: "header" }
  const query = request.url.indexOf("?")
  const key = query === -1 ? null : new URLSearchParams(request.url.slice(query)).get("key")
  return key === null ? undefined : { token: key, place: "query" }
}

/**
 * Whether a token may stand there. In an address, which is no secret, only what opens little: a browser key, and in the
 * path of clients that know no other place also one that is bound to an environment.
 */
export const mayStand = ({ place }: Sent, { environment, kind }: Pick<Principal, "environment" | "kind">): boolean =>
  place === "header" || kind === "browser" || (place === "path" && environment !== undefined)

/** Nearly always it is that of the request before. */
const tokenOf = (header: string, mayBeBare: boolean): string => {
  if (header !== lastHeader || mayBeBare !== lastMayBeBare) {
    lastToken = readToken(header, mayBeBare)
    lastHeader = header
    lastMayBeBare = mayBeBare
  }
  return lastToken
}
let lastHeader = ""
let lastMayBeBare = false
let lastToken = ""

const readToken = (header: string, mayBeBare: boolean): string => {
  const usual = header.startsWith("Bearer ") ? header.slice("Bearer ".length) : " "
  if (isOneWord(usual)) return usual
  if (mayBeBare && isOneWord(header)) return header
  return /^bearer +(\S+)$/i.exec(header)?.[1] ?? ""
}

const isOneWord = (text: string): boolean => !text.includes(" ") && !text.includes("\t")

const lastSegment = (url: string): string => {
  const path = url.split("?", 1)[0]!
  const segment = path.slice(path.lastIndexOf("/", path.length - 2) + 1).replace(/\/$/, "")
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
