import { escaped } from "../../../ports/jsonPointer.ts"
import { jsonDepthMax } from "../../../ports/analytics/AnalyticsEvent.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"

const quote = 34
const backslash = 92
const openBrace = 123
const closeBrace = 125
const openBracket = 91
const closeBracket = 93
const colon = 58

interface Frame {
  /** Keys seen, for an object; `undefined` for an array. */
  readonly keys: Array<string> | undefined
  /** Key that it is the value of; `undefined` for the whole and within an array. */
  readonly name: string | undefined
}

const pointerOf = (frames: ReadonlyArray<Frame>, key: string): string =>
  [...frames.flatMap(({ name }) => (name === undefined ? [] : [name])), key].map((name) => `/${escaped(name)}`).join("")

/**
 * What `JSON.parse` lets pass although it loses data or misleads: an object that names a key twice, a key `__proto__`,
 * deep nesting, and half of a surrogate pair. One pass over the text; answers the first of each kind.
 * The text need not be valid JSON: `JSON.parse` judges that.
 */
export const inspectJson = (text: string): ReadonlyArray<FieldError> => {
  const errors: Array<FieldError> = []
  const frames: Array<Frame> = []
  let keys: Array<string> | undefined
  let key = ""
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      const end = endOfString(text, at)
      let next = end + 1
      while (text.charCodeAt(next) <= 32) next += 1
      if (keys !== undefined && text.charCodeAt(next) === colon) {
        key = readKey(text, at, end)
        const error = judgeKey(key, keys)
        if (error !== undefined) errors.push({ pointer: pointerOf(frames, key), ...error })
        keys.push(key)
      }
      at = end
    } else if (code === openBrace || code === openBracket) {
      if (frames.length >= jsonDepthMax) {
        errors.push({ pointer: "", code: "too_deep", detail: `nested deeper than ${jsonDepthMax} levels` })
        return errors
      }
      const name = keys === undefined ? undefined : key
      keys = code === openBrace ? [] : undefined
      frames.push({ keys, name })
    } else if (code === closeBrace || code === closeBracket) {
      frames.pop()
      keys = frames.at(-1)?.keys
    }
    at += 1
  }
  if (!text.isWellFormed() || hasLoneEscape(text)) {
    errors.push({ pointer: "", code: "lone_surrogate", detail: "a string holds half of a surrogate pair" })
  }
  return errors
}

/**
 * Keys in the text, however often one is given; `undefined` where only {@link inspectJson} can tell what is in it.
 * A text with as many keys as its value (see `parseBody`) names none twice, and one count costs less than a comparison
 * of keys.
 */
export const countKeys = (text: string): number | undefined => {
  if (text.includes("__proto__") || text.includes("\\u") || !text.isWellFormed()) return undefined
  let keys = 0
  let depth = 0
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    at += 1
    if (code === quote) {
      at = endOfString(text, at - 1) + 1
      while (text.charCodeAt(at) <= 32) at += 1
      if (text.charCodeAt(at) === colon) keys += 1
    } else if (code === openBrace || code === openBracket) {
      depth += 1
      if (depth > jsonDepthMax) return undefined
    } else if (code === closeBrace || code === closeBracket) depth -= 1
  }
  return keys
}

/** Place of the closing quotation mark: the first that stands behind an even number of backslashes. */
const endOfString = (text: string, start: number): number => {
  let end = text.indexOf('"', start + 1)
  while (end !== -1) {
    let before = end - 1
    while (text.charCodeAt(before) === backslash) before -= 1
    if ((end - before) % 2 === 1) return end
    end = text.indexOf('"', end + 1)
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
