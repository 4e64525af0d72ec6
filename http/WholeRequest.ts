import { headerBytesMax } from "./middleware/RequestLimits.ts"

/** Longest body of a request that is read whole, without Node's parser. */
export const wholeBodyBytesMax = 64 * 1024

/** What fields say, and themselves. */
interface Fields {
  readonly headers: Readonly<Record<string, string>>
  readonly bodyBytes: number
}

export interface WholeRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  /** What came behind it. */
  readonly rest: Buffer | undefined
}

const headEnd = Buffer.from("\r\n\r\n")
const requestLine = /^POST (\/[\w./~-]*) HTTP\/1\.1$/
/** Name and value of a field (RFC 9110, sections 5.1 and 5.5), of ASCII alone. */
const fieldLine = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t\x20-\x7e]*)$/
const lengthText = /^(0|[1-9]\d{0,5})$/
/** Fields that change how a message is framed, or what is done with its connection: Node's to judge. */
const framingFields = new Set([
  "transfer-encoding",
  "expect",
  "upgrade",
  "trailer",
  "te",
  "keep-alive",
  "proxy-connection"
])

/** Nothing where any of them is unusual. */
const readFields = (text: string): Fields | undefined => {
  const headers: Record<string, string> = {}
  for (const line of text.split("\r\n")) {
    const [, name, value] = fieldLine.exec(line) ?? []
    if (name === undefined || value === undefined) return undefined
    const field = name.toLowerCase()
    if (field in headers || framingFields.has(field)) return undefined
    headers[field] = value.trim()
  }
  const { connection = "keep-alive", "content-length": length, host } = headers
  if (connection.toLowerCase() !== "keep-alive" || length === undefined || !lengthText.test(length)) return undefined
  if (host === undefined || host === "" || Number(length) > wholeBodyBytesMax) return undefined
  return { headers, bodyBytes: Number(length) }
}

/**
 * Reads requests of the one usual form: POST, HTTP/1.1, each field once, a body of known and moderate length. Answers
 * `partial` for the beginning of such a one, and `unusual` for everything else, of which nothing was taken. The
 * fields of the last request are remembered: clients send the same ones again and again.
 */
export const makeRequestReader = (): ((bytes: Buffer) => WholeRequest | "partial" | "unusual") => {
  let lastText: string | undefined
  let last: Fields | undefined
  return (bytes) => {
    const end = bytes.indexOf(headEnd)
    if (end === -1 || end > headerBytesMax) return "unusual"
    const head = bytes.toString("latin1", 0, end)
    const lineEnd = head.indexOf("\r\n")
    const path = lineEnd === -1 ? undefined : requestLine.exec(head.slice(0, lineEnd))?.[1]
    if (path === undefined) return "unusual"
    const text = head.slice(lineEnd + 2)
    if (text !== lastText) {
      last = readFields(text)
      lastText = text
    }
    if (last === undefined) return "unusual"
    const from = end + headEnd.length
    const to = from + last.bodyBytes
    if (bytes.length < to) return "partial"
    const rest = bytes.length === to ? undefined : bytes.subarray(to)
    return { path, headers: last.headers, body: bytes.subarray(from, to), rest }
  }
}
