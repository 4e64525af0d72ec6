import { RE2JS } from "re2js"
import { patternLengthMax } from "../../ports/targeting/Condition.ts"

/** Texts longer than this never match by the host's own engine, which is quadratic in their length. */
const plainTextMax = 1000

/** Answers whether a text holds a match; in time that grows with the text, whatever the pattern. */
export type Pattern = (text: string) => boolean

/** At most one part may be left out or repeats without bound, and nothing that repeats is inside of something that repeats. */
const isPlain = (source: string): boolean => {
  const bare = source.replace(/\\./gsu, "x").replace(/\[(?:[^\]]*)\]/gsu, "x")
  const repeated = bare.match(/[*+?]|\{\d*,\}/gu)?.length ?? 0
  return (
    repeated <= 1 && !/\)\s*[*+?{]/u.test(bare) && !/\{/u.test(bare.replace(/\{\d*,\}/gu, "")) && !/\(\?/u.test(bare)
  )
}

/**
 * The pattern as a test, or why there is none. What could take more than quadratic time runs on RE2, which knows no
 * look-around and no back reference: a pattern that needs both a slow engine and those is refused.
 */
export const compilePattern = (source: string, insensitive: boolean): Pattern | { readonly why: string } => {
  if (source.length > patternLengthMax) return { why: `has more than ${patternLengthMax} characters` }
  const escaped = source.replace(/([^\\])\//gu, "$1\\/")
  if (isPlain(source)) {
    try {
      const native = new RegExp(escaped, insensitive ? "i" : "")
      const linear = lazily(source, insensitive)
      return (text) => (text.length <= plainTextMax ? native.test(text) : linear(text))
    } catch (cause) {
      return { why: `is no regular expression: ${(cause as Error).message}` }
    }
  }
  try {
    return linearPattern(source, insensitive)
  } catch (cause) {
    return { why: `is no regular expression that runs in linear time: ${(cause as Error).message}` }
  }
}

/** A pattern that takes at most time that grows with the length of the text times the instructions of its program. */
export interface LinearPattern {
  readonly isIn: Pattern
  readonly instructions: number
}

/** The pattern on RE2 alone, or why there is none. */
export const compileLinear = (source: string): LinearPattern | { readonly why: string } => {
  if (source.length > patternLengthMax) return { why: `has more than ${patternLengthMax} characters` }
  try {
    const compiled = compileRe2(source, false)
    return { isIn: (text) => compiled.matcher(text).find(), instructions: compiled.programSize() }
  } catch (cause) {
    return { why: `is no regular expression that runs in linear time: ${(cause as Error).message}` }
  }
}

const compileRe2 = (source: string, insensitive: boolean): RE2JS =>
  RE2JS.compile(RE2JS.translateRegExp(source), insensitive ? RE2JS.CASE_INSENSITIVE : 0)

const linearPattern = (source: string, insensitive: boolean): Pattern => {
  const compiled = compileRe2(source, insensitive)
  return (text) => compiled.matcher(text).find()
}

/** A pattern that RE2 does not know matches no long text. */
const lazily = (source: string, insensitive: boolean): Pattern => {
  let compiled: Pattern | undefined
  return (text) => {
    try {
      compiled ??= linearPattern(source, insensitive)
    } catch {
      compiled = () => false
    }
    return compiled(text)
  }
}
