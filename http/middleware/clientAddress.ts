import type { HttpServerRequest } from "effect/http"
import { expandIPv6 } from "../../domain/analytics/ingestion/addresses.ts"

/** `[2001:db8::1]:443` and `203.0.113.7:443`, as some proxies write them. */
const withoutPort = (hop: string): string => {
  if (!hop.includes(":")) return hop
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(hop)?.[1]
  return (bracketed ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(hop)?.[1] ?? hop).replace(/^::ffff:(?=\d+\.)/i, "")
}

/**
 * The client's address: the connection's peer, or what the trusted proxies say of it. Each proxy adds the address that
 * it was called from, so only the last `trustedHops` entries of `X-Forwarded-For` are true. A request that did not come
 * through all of them is its peer's.
 */
export const clientAddress = (
  request: Pick<HttpServerRequest.HttpServerRequest, "headers" | "remoteAddress">,
  trustedHops: number
): string | undefined => {
  if (trustedHops > 0) {
    const hops = (request.headers["x-forwarded-for"] ?? "").split(",")
    const hop = hops.length < trustedHops ? "" : withoutPort(hops[hops.length - trustedHops]!.trim())
    if (hop !== "") return hop
  }
  const peer = request.remoteAddress
  return peer._tag === "Some" ? withoutPort(peer.value) : undefined
}

/** What one client is counted by: the address, of IPv6 the /64 that a client has to itself. */
export const addressKey = (ip: string | undefined): string => {
  if (ip === undefined) return ""
  const groups = ip.includes(":") ? expandIPv6(ip.split("%", 1)[0]!) : undefined
  return groups === undefined
    ? ip
    : groups
        .slice(0, 4)
        .map((group) => group.toString(16))
        .join(":")
}
