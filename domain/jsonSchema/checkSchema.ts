import { escaped } from "../../ports/jsonPointer.ts"
import { compileLinear } from "../targeting/pattern.ts"
import type { LinearPattern } from "../targeting/pattern.ts"
import { canonical } from "./canonical.ts"
import { keywords, patternInstructionsMax, schemaBytesMax, schemaDepthMax, subschemasMax } from "./keywords.ts"

/** A mistake in a schema or in a value; the pointer is into it (RFC 6901). */
export interface SchemaMistake {
  readonly pointer: string
  readonly code: string
  readonly detail: string
}

export type JsonSchema = boolean | Readonly<Record<string, unknown>>

/** A schema that was found right, with every schema in it by its pointer, and those that have a name. */
export interface CheckedSchema {
  readonly root: JsonSchema
  readonly byPointer: ReadonlyMap<string, JsonSchema>
  readonly byAnchor: ReadonlyMap<string, JsonSchema>
  /** Regular expressions, compiled to run in time that grows with the text. */
  readonly patterns: ReadonlyMap<string, LinearPattern>
  /** Of schemas with `enum` or `const` the canonical texts of what these allow. */
  readonly allowed: ReadonlyMap<JsonSchema, Readonly<Partial<Record<"enum" | "const", ReadonlySet<string>>>>>
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * The schema ready for use, or every mistake that it holds. A keyword that is not understood is one: it would check
 * nothing. References lead to schemas of the same document alone.
 */
export const checkSchema = (given: unknown): CheckedSchema | { readonly mistakes: ReadonlyArray<SchemaMistake> } => {
  const mistakes: Array<SchemaMistake> = []
  const byPointer = new Map<string, JsonSchema>()
  const byAnchor = new Map<string, JsonSchema>()
  const patterns = new Map<string, LinearPattern>()
  const allowed = new Map<JsonSchema, Partial<Record<"enum" | "const", ReadonlySet<string>>>>()
  let instructions = 0
  const references: Array<readonly [pointer: string, reference: string]> = []
  const say = (pointer: string, code: string, detail: string) => void mistakes.push({ pointer, code, detail })

  const checkPattern = (source: string, pointer: string) => {
    if (patterns.has(source) || instructions > patternInstructionsMax) return
    const pattern = compileLinear(source)
    if ("why" in pattern) return say(pointer, "bad_pattern", pattern.why)
    patterns.set(source, pattern)
    instructions += pattern.instructions
    if (instructions > patternInstructionsMax) {
      say(pointer, "bad_pattern", `makes all patterns together more than ${patternInstructionsMax} instructions`)
    }
  }
  const checkAll = (schema: unknown, pointer: string, depth: number): void => {
    if (typeof schema === "boolean") return void byPointer.set(pointer, schema)
    if (!isRecord(schema)) return say(pointer, "wrong_operand", "must be a schema: an object, true or false")
    if (depth > schemaDepthMax) return say(pointer, "too_deep", `has more than ${schemaDepthMax} levels`)
    byPointer.set(pointer, schema)
    if (byPointer.size === subschemasMax + 1) say("", "too_many", `holds more than ${subschemasMax} schemas`)
    if (byPointer.size > subschemasMax) return
    for (const [keyword, operand] of Object.entries(schema)) {
      checkKeyword(keyword, operand, `${pointer}/${escaped(keyword)}`, depth)
    }
    const ofValues = {
      ...(Array.isArray(schema["enum"]) ? { enum: new Set(schema["enum"].map((each) => canonical(each))) } : {}),
      ...("const" in schema ? { const: new Set([canonical(schema["const"])]) } : {})
    }
    if (Object.keys(ofValues).length > 0) allowed.set(schema, ofValues)
    if (typeof schema["$anchor"] === "string") {
      if (byAnchor.has(schema["$anchor"])) say(`${pointer}/$anchor`, "duplicate", "is here twice")
      byAnchor.set(schema["$anchor"], schema)
    }
  }
  const checkKeyword = (keyword: string, operand: unknown, pointer: string, depth: number): void => {
    const holds = Object.hasOwn(keywords, keyword) ? keywords[keyword] : undefined
    if (holds === undefined) return say(pointer, "unknown_keyword", `${keyword} is no keyword that is checked here`)
    if (keyword === "$id" && depth > 1)
      return say(pointer, "not_supported", "schemas in others have no name of their own")
    if (holds === "schema") return checkAll(operand, pointer, depth + 1)
    if (holds === "schemas") {
      if (!Array.isArray(operand) || operand.length === 0)
        return say(pointer, "wrong_operand", "must be a list of schemas")
      return operand.forEach((each, at) => checkAll(each, `${pointer}/${at}`, depth + 1))
    }
    if (holds === "named_schemas") {
      if (!isRecord(operand)) return say(pointer, "wrong_operand", "must be schemas, by name")
      for (const [name, each] of Object.entries(operand)) {
        if (keyword === "patternProperties") checkPattern(name, `${pointer}/${escaped(name)}`)
        checkAll(each, `${pointer}/${escaped(name)}`, depth + 1)
      }
      return
    }
    const why = holds(operand)
    if (why !== undefined) return say(pointer, "wrong_operand", why)
    if (keyword === "pattern") checkPattern(operand as string, pointer)
    if (keyword === "$ref") references.push([pointer, operand as string])
  }

  const bytes = Buffer.byteLength(JSON.stringify(given) ?? "")
  if (bytes > schemaBytesMax) say("", "too_large", `has more than ${schemaBytesMax} bytes`)
  else checkAll(given, "", 1)
  const checked: CheckedSchema = { root: given as JsonSchema, byPointer, byAnchor, patterns, allowed }
  for (const [pointer, reference] of references) {
    if (referred(checked, reference) === undefined) say(pointer, "unknown_reference", `there is no schema ${reference}`)
  }
  return mistakes.length > 0 ? { mistakes } : checked
}

/** The schema that a reference leads to. */
export const referred = ({ byAnchor, byPointer }: CheckedSchema, reference: string): JsonSchema | undefined => {
  const fragment = decoded(reference.slice(1))
  return fragment === undefined
    ? undefined
    : fragment === "" || fragment.startsWith("/")
      ? byPointer.get(fragment)
      : byAnchor.get(fragment)
}

const decoded = (fragment: string): string | undefined => {
  try {
    return decodeURIComponent(fragment)
  } catch {
    return undefined
  }
}
