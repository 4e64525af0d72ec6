import { resolve } from "node:path"
import { requestsPerMinuteInitial } from "./http/middleware/RequestLimits.ts"
import type { RequestsPerMinute } from "./http/middleware/RequestLimits.ts"
import { logLevels } from "./logging.ts"
import type { LogLevelName } from "./logging.ts"
import { ownIssuer } from "./ports/platform/TokenKey.ts"

export interface Configuration {
  readonly port: number
  readonly host: string
  readonly metricsPort: number
  readonly dataFolder: string
  readonly geoDatabase: string | undefined
  readonly perMinute: RequestsPerMinute
  readonly trustedHops: number
  /** Time from one writing of the lake to the next. */
  readonly lakeSeconds: number
  /** Time that one SQL question has. */
  readonly sqlSeconds: number
  readonly logLevel: LogLevelName
  /** Where traces are sent; unset, no telemetry leaves the process. */
  readonly tracing: TracingConfiguration | undefined
  /** Another issuer whose tokens count, by its public keys. */
  readonly jwks: JwksConfiguration | undefined
  readonly email: EmailConfiguration
}

export interface EmailConfiguration {
  /** A mail server, or a folder below the data folder. */
  readonly target: { readonly kind: "server"; readonly url: URL } | { readonly kind: "folder"; readonly folder: string }
  /** Sender of every message: an address, or a name and an address. */
  readonly from: string
}

export interface TracingConfiguration {
  /** Base address of an OpenTelemetry collector, OTLP over HTTP. */
  readonly endpoint: string
  readonly headers: Readonly<Record<string, string>>
  /** Share of the requests that is recorded, 0 to 1. */
  readonly share: number
}

export interface JwksConfiguration {
  /** `https:` URL or file of a JSON Web Key Set. */
  readonly source: string
  readonly issuer: string
  readonly audience: string
}

type Environment = Readonly<Record<string, string | undefined>>

/** The configuration that the environment names, or every mistake in it. */
export const readConfiguration = (
  environment: Environment
): Configuration | { readonly mistakes: ReadonlyArray<string> } => {
  const mistakes: Array<string> = []
  const number = (name: string, otherwise: number, maximum: number): number => {
    const text = environment[name]
    if (text === undefined || text === "") return otherwise
    if (/^\d{1,9}$/.test(text) && Number(text) <= maximum) return Number(text)
    mistakes.push(`${name}=${text}: must be a whole number from 0 to ${maximum}`)
    return otherwise
  }
  const configuration: Configuration = {
    port: number("PORT", 8080, 65535),
    host: environment["HOST"] || "127.0.0.1",
    metricsPort: number("METRICS_PORT", 9464, 65535),
    dataFolder: environment["DATA_DIR"] || "./data",
    geoDatabase: environment["GEO_DATABASE"] || undefined,
    perMinute: readLimits(environment["RATE_LIMITS"], mistakes),
    trustedHops: number("TRUSTED_HOPS", 0, 10),
    lakeSeconds: number("LAKE_SECONDS", 60, 3600),
    sqlSeconds: number("SQL_SECONDS", 20, 600),
    logLevel: readLogLevel(environment["LOG_LEVEL"], mistakes),
    tracing: readTracing(environment, mistakes),
    jwks: readJwks(environment, mistakes),
    email: readEmail(environment, mistakes)
  }
  return mistakes.length === 0 ? configuration : { mistakes }
}

export const traceShareInitial = 0.01

const readTracing = (environment: Environment, mistakes: Array<string>): TracingConfiguration | undefined => {
  const { OTLP_ENDPOINT: endpoint, OTLP_HEADERS: headers, TRACE_SAMPLING: share } = environment
  const sampled = share === undefined || share === "" ? traceShareInitial : Number(share)
  if (!(sampled >= 0 && sampled <= 1)) mistakes.push(`TRACE_SAMPLING=${share}: must be a number from 0 to 1`)
  const pairs = (headers ?? "").split(",").filter((each) => each.trim() !== "")
  const read = pairs.map((pair) => /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(pair))
  if (read.includes(null)) mistakes.push("OTLP_HEADERS: must be name=value, divided by commas")
  if (endpoint === undefined || endpoint === "") return undefined
  if (!/^https?:$/.test(URL.parse(endpoint)?.protocol ?? "")) {
    mistakes.push(`OTLP_ENDPOINT=${endpoint}: must be the http: or https: address of a collector`)
  }
  return { endpoint, headers: Object.fromEntries(read.map((each) => [each?.[1], each?.[2]])), share: sampled }
}

export const emailFromInitial = "Broxiva <broxiva@localhost>"

/** `maildrop:` and a folder (relative: below DATA_DIR), or the address of a mail server. */
const readEmail = (environment: Environment, mistakes: Array<string>): EmailConfiguration => {
  const text = environment["EMAIL"] || "maildrop:"
  const from = environment["EMAIL_FROM"] || emailFromInitial
  if (!/^(?:[^<>\r\n]{1,200} <[^<>\s@]{1,64}@[^<>\s@]{1,255}>|[^<>\s@]{1,64}@[^<>\s@]{1,255})$/.test(from)) {
    mistakes.push(`EMAIL_FROM=${from}: must be an address, or a name and <address>`)
  }
  const folder = /^maildrop:(?:\/\/)?(.*)$/s.exec(text)?.[1]
  if (folder !== undefined) {
    const dataFolder = environment["DATA_DIR"] || "./data"
    return { target: { kind: "folder", folder: resolve(dataFolder, folder || "mail") }, from }
  }
  const url = URL.parse(text)
  const isServer = url !== null && /^smtps?:$/.test(url.protocol) && url.hostname !== "" && /^\/?$/.test(url.pathname)
  if (isServer && environment["EMAIL_FROM"]) return { target: { kind: "server", url }, from }
  // The address may hold a password: it is not repeated.
  mistakes.push(
    isServer
      ? "EMAIL_FROM: missing; a mail server takes no message without a sender's address"
      : "EMAIL: must be maildrop:<folder>, smtp://user:password@host:port or smtps://user:password@host:port"
  )
  return { target: { kind: "folder", folder: resolve("mail") }, from }
}

const readLogLevel = (text: string | undefined, mistakes: Array<string>): LogLevelName => {
  const level = logLevels.find((each) => each === (text || "info").toLowerCase())
  if (level === undefined) mistakes.push(`LOG_LEVEL=${text}: must be one of ${logLevels.join(", ")}`)
  return level ?? "info"
}

const classes = Object.keys(requestsPerMinuteInitial)

/** `ingest=5000,default=1000` over the product's table. */
const readLimits = (text: string | undefined, mistakes: Array<string>): Configuration["perMinute"] => {
  const limits: Record<string, number> = { ...requestsPerMinuteInitial }
  for (const part of (text ?? "").split(",").filter((each) => each.trim() !== "")) {
    const match = /^\s*([a-z]+)\s*=\s*(\d{1,9})\s*$/.exec(part)
    if (match === null || !classes.includes(match[1]!)) {
      mistakes.push(`RATE_LIMITS: ${part.trim()}: must be one of ${classes.join(", ")}, =, and requests a minute`)
    } else limits[match[1]!] = Number(match[2])
  }
  return limits as Configuration["perMinute"]
}

/** Keys fetched in clear could be anyone's; only this machine is believed without TLS. */
const isSafeSource = (source: string): boolean =>
  !/^[a-z]+:\/\//i.test(source) || /^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/|$))/i.test(source)

const readJwks = (environment: Environment, mistakes: Array<string>): JwksConfiguration | undefined => {
  const [source = "", issuer = "", audience = ""] = ["JWKS", "JWT_ISSUER", "JWT_AUDIENCE"].map(
    (name) => environment[name]
  )
  if (source === "" && issuer === "" && audience === "") return undefined
  if (source === "") mistakes.push("JWKS: missing; JWT_ISSUER and JWT_AUDIENCE need the keys that prove its tokens")
  if (!isSafeSource(source)) mistakes.push(`JWKS=${source}: must be an https: URL or a file`)
  if (issuer === "") mistakes.push("JWT_ISSUER: missing; JWKS needs the issuer (iss) of its tokens")
  if (issuer === ownIssuer) mistakes.push(`JWT_ISSUER=${issuer}: is the name of our own tokens' issuer`)
  if (audience === "") mistakes.push("JWT_AUDIENCE: missing; JWKS needs the audience (aud) of its tokens")
  return { source, issuer, audience }
}
