import { jsonDepthMax } from "../../../ports/analytics/AnalyticsEvent.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"

const quote = 34
const backslash = 92
const openBrace = 123
const closeBrace = 125
const openBracket = 91
const closeBracket = 93
const colon = 58

const escapePointer = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1")

interface Frame {
  /** Keys seen, for an object; `undefined` for an array. */
  readonly keys: Array<string> | undefined
  readonly pointer: string
}

/**
 * What `JSON.parse` lets pass although it loses data or misleads: an object that names a key twice, a key `__proto__`,
 * deep nesting, and half of a surrogate pair. One pass over the text; answers the first of each kind.
 * The text need not be valid JSON: `JSON.parse` judges that.
 */
export const inspectJson = (text: string): ReadonlyArray<FieldError> => {
  const errors: Array<FieldError> = []
  const frames: Array<Frame> = []
  let key = ""
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      const end = endOfString(text, at)
      let next = end + 1
      while (next < text.length && text.charCodeAt(next) <= 32) next += 1
      const keys = frames.at(-1)?.keys
      if (text.charCodeAt(next) === colon && keys !== undefined) {
        key = readKey(text, at, end)
        const error = judgeKey(key, keys)
        if (error !== undefined) {
          errors.push({ pointer: `${frames.at(-1)!.pointer}/${escapePointer(key)}`, ...error })
        }
        keys.push(key)
      }
      at = end + 1
      continue
    }
    if (code === openBrace || code === openBracket) {
      if (frames.length >= jsonDepthMax) {
        errors.push({ pointer: "", code: "too_deep", detail: `nested deeper than ${jsonDepthMax} levels` })
        return errors
      }
      const parent = frames.at(-1)
      const pointer =
        parent === undefined
          ? ""
          : parent.keys === undefined
            ? parent.pointer
            : `${parent.pointer}/${escapePointer(key)}`
      frames.push({ keys: code === openBrace ? [] : undefined, pointer })
    } else if (code === closeBrace || code === closeBracket) frames.pop()
    at += 1
  }
  if (!text.isWellFormed() || hasLoneEscape(text)) {
    errors.push({ pointer: "", code: "lone_surrogate", detail: "a string holds half of a surrogate pair" })
  }
  return errors
}

const endOfString = (text: string, start: number): number => {
  let at = start + 1
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === backslash) at += 2
    else if (code === quote) return at
    else at += 1
  }
  return text.length
}

const readKey = (text: string, start: number, end: number): string => {
  const raw = text.slice(start + 1, end)
  if (!raw.includes("\\")) return raw
  try {
    return JSON.parse(`"${raw}"`) as string
  } catch {
    return raw
  }
}

const judgeKey = (key: string, seen: ReadonlyArray<string>): Pick<FieldError, "code" | "detail"> | undefined => {
  if (key === "__proto__") return { code: "forbidden_key", detail: "the key __proto__ is not allowed" }
  return seen.includes(key) ? { code: "duplicate_key", detail: "the key is given twice" } : undefined
}

const escapes = /\\\\|\\u(d[89ab][0-9a-f]{2})(\\u(d[c-f][0-9a-f]{2}))?|\\u(d[c-f][0-9a-f]{2})/gi

const hasLoneEscape = (text: string): boolean => {
  if (!text.includes("\\u")) return false
  for (const match of text.matchAll(escapes)) {
    if (match[1] !== undefined && match[3] === undefined) return true
    if (match[4] !== undefined) return true
  }
  return false
}
