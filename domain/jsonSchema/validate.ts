import { escaped } from "../../ports/jsonPointer.ts"
import { canonical } from "./canonical.ts"
import { referred } from "./checkSchema.ts"
import type { CheckedSchema, JsonSchema, SchemaMistake } from "./checkSchema.ts"

/**
 * Steps of one save, of all values that it checks, and how deep one schema may lead to the next: what is more is refused. A
 * schema met with a value is a step, a pattern tried at a text is one or more, and so is what else grows with the sizes of
 * both. A step takes a microsecond or less, so that a save costs no more than a tenth of a second.
 */
export const stepsMax = 50_000
/** What is worth a step: items, names and characters that are only gone through; instructions of a pattern by characters. */
const partsOfStep = 8
const charactersOfStep = 64
const instructionsOfStep = 64
const depthMax = 400
export const tooCostly = `with all that is saved at once, takes more than ${stepsMax} steps or ${depthMax} levels to check`
/** Mistakes told of one value. */
export const mistakesMax = 20

/** Parts of a value that some schema has looked at, for `unevaluatedProperties` and `unevaluatedItems`. */
interface Seen {
  readonly names: Set<string>
  readonly items: Set<number>
}

type Json = Readonly<Record<string, unknown>>
type Schemas = ReadonlyArray<JsonSchema>
type NamedSchemas = Readonly<Record<string, JsonSchema>>

const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)

const isOfType = (value: unknown, type: string): boolean => {
  switch (type) {
    case "null":
      return value === null
    case "array":
      return Array.isArray(value)
    case "object":
      return isRecord(value)
    case "integer":
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}

/** Of decimal fractions, which are not exact in two's powers: within a relative 10⁻¹⁰. */
const isMultiple = (value: number, of: number): boolean => {
  const quotient = value / of
  return (
    Number.isFinite(quotient) && Math.abs(quotient - Math.round(quotient)) <= 1e-10 * Math.max(1, Math.abs(quotient))
  )
}

/** What is left of {@link stepsMax}. */
export interface Steps {
  steps: number
}

/** Takes what the schema itself costs to make ready: each instruction of its patterns is a step. */
export const takeSchema = ({ patterns }: CheckedSchema, left: Steps): boolean => {
  for (const { instructions } of patterns.values()) left.steps -= instructions
  return left.steps >= 0
}

/** One check of one value. Steps are counted, so that schemas that refer to each other without end do end. */
class Check {
  readonly mistakes: Array<SchemaMistake> = []
  readonly #schema: CheckedSchema
  readonly #left: Steps
  #depth = 0
  isExhausted = false

  constructor(schema: CheckedSchema, left: Steps) {
    this.#left = left
    this.#schema = schema
  }

  /** Whether the value meets the schema; what it has seen is added. Mistakes are said unless `quiet`. */
  meets(schema: JsonSchema, value: unknown, pointer: string, seen: Seen, quiet: boolean): boolean {
    if (this.#depth >= depthMax) this.isExhausted = true
    if (!this.#spend(1)) return false
    if (typeof schema === "boolean") {
      if (!schema) this.#say(quiet, pointer, "false", "is not allowed here")
      return schema
    }
    this.#depth += 1
    const own: Seen = { names: new Set(), items: new Set() }
    const isMet = [
      this.#meetsValue(schema, value, pointer, quiet),
      this.#meetsOthers(schema, value, pointer, own, quiet),
      isRecord(value) ? this.#meetsObject(schema, value, pointer, own, quiet) : true,
      Array.isArray(value) ? this.#meetsArray(schema, value, pointer, own, quiet) : true
    ].every(Boolean)
    this.#depth -= 1
    if (isMet && this.#goesThrough(own.names.size + own.items.size)) addAll(seen, own)
    return isMet
  }

  /** Takes steps of those that are left; false where there are not so many. */
  #spend(steps: number): boolean {
    this.#left.steps -= steps
    if (this.#left.steps < 0) this.isExhausted = true
    return !this.isExhausted
  }

  #goesThrough(parts: number): boolean {
    return this.#spend(parts / partsOfStep)
  }

  #reads(characters: number): boolean {
    return this.#spend(characters / charactersOfStep)
  }

  #matches(source: string, text: string): boolean {
    const pattern = this.#schema.patterns.get(source)
    if (pattern === undefined) return false
    return this.#spend(1 + (pattern.instructions * text.length) / instructionsOfStep) && pattern.isIn(text)
  }

  #textOf(value: unknown): string {
    return canonical(value, (size) => this.#goesThrough(size))
  }

  #say(quiet: boolean, pointer: string, code: string, detail: string): false {
    if (!quiet && this.mistakes.length < mistakesMax) this.mistakes.push({ pointer, code, detail })
    return false
  }

  /** What is said of the value itself. */
  #meetsValue(schema: Json, value: unknown, pointer: string, quiet: boolean): boolean {
    const said: Array<readonly [keyword: string, isMet: boolean, detail: string]> = []
    const { type } = schema
    const allowed = this.#schema.allowed.get(schema)
    if (type !== undefined) {
      const types = (Array.isArray(type) ? type : [type]) as ReadonlyArray<string>
      said.push(["type", types.some((each) => isOfType(value, each)), `must be of type ${types.join(" or ")}`])
    }
    if (allowed !== undefined) {
      const text = this.#textOf(value)
      const { const: constant, enum: values } = allowed
      if (values !== undefined) said.push(["enum", values.has(text), "must be one of the values of enum"])
      if (constant !== undefined) said.push(["const", constant.has(text), "must be the value of const"])
    }
    const bounds = <Name extends string>(...names: ReadonlyArray<Name>) =>
      names.map((name) => schema[name] as number | undefined)
    if (typeof value === "number") {
      const [multiple, most, below, least, above] = bounds(
        "multipleOf",
        "maximum",
        "exclusiveMaximum",
        "minimum",
        "exclusiveMinimum"
      )
      if (multiple !== undefined)
        said.push(["multipleOf", isMultiple(value, multiple), `must be a multiple of ${multiple}`])
      if (most !== undefined) said.push(["maximum", value <= most, `must be ${most} at the most`])
      if (below !== undefined) said.push(["exclusiveMaximum", value < below, `must be below ${below}`])
      if (least !== undefined) said.push(["minimum", value >= least, `must be ${least} at least`])
      if (above !== undefined) said.push(["exclusiveMinimum", value > above, `must be above ${above}`])
    }
    if (typeof value === "string") {
      const [most, least] = bounds("maxLength", "minLength")
      const isCounted = (most !== undefined || least !== undefined) && this.#reads(value.length)
      const length = isCounted ? [...value].length : 0
      if (most !== undefined) said.push(["maxLength", length <= most, `must have ${most} characters at the most`])
      if (least !== undefined) said.push(["minLength", length >= least, `must have ${least} characters at least`])
      const source = schema["pattern"]
      if (typeof source === "string") {
        said.push(["pattern", this.#matches(source, value), `must match ${source}`])
      }
    }
    const unmet = said.filter(([, isMet]) => !isMet)
    for (const [keyword, , detail] of unmet) this.#say(quiet, pointer, keyword, detail)
    return unmet.length === 0
  }

  /** What other schemas say of the same value. */
  #meetsOthers(schema: Json, value: unknown, pointer: string, seen: Seen, quiet: boolean): boolean {
    const {
      allOf,
      anyOf,
      else: otherwise,
      if: condition,
      not,
      oneOf,
      then
    } = schema as {
      readonly [name in "allOf" | "anyOf" | "oneOf"]?: Schemas
    } & { readonly [name in "not" | "if" | "then" | "else"]?: JsonSchema }
    const isMet = (each: JsonSchema, isQuiet = true) => this.meets(each, value, pointer, seen, isQuiet)
    let all = true
    if (typeof schema["$ref"] === "string" && this.#reads(schema["$ref"].length)) {
      const target = referred(this.#schema, schema["$ref"])
      if (target === undefined || !isMet(target, quiet)) all = false
    }
    for (const each of allOf ?? []) if (!isMet(each, quiet)) all = false
    // All of them, so that what each has looked at is known.
    if (anyOf !== undefined && anyOf.filter((each) => isMet(each)).length === 0) {
      all = this.#say(quiet, pointer, "anyOf", "meets none of the schemas of anyOf")
    }
    if (oneOf !== undefined) {
      const met = oneOf.filter((each) => isMet(each)).length
      if (met !== 1) all = this.#say(quiet, pointer, "oneOf", `meets ${met} of the schemas of oneOf, not one`)
    }
    if (not !== undefined && this.meets(not, value, pointer, nothing(), true)) {
      all = this.#say(quiet, pointer, "not", "meets the schema of not")
    }
    if (condition !== undefined) {
      const next = isMet(condition) ? then : otherwise
      if (next !== undefined && !isMet(next, quiet)) all = false
    }
    if (isRecord(value)) {
      const dependent = Object.entries((schema["dependentSchemas"] ?? {}) as NamedSchemas)
      this.#goesThrough(dependent.length)
      for (const [name, each] of dependent) {
        if (Object.hasOwn(value, name) && !isMet(each, quiet)) all = false
      }
    }
    return all
  }

  #meetsObject(schema: Json, value: Json, pointer: string, seen: Seen, quiet: boolean): boolean {
    const names = Object.keys(value)
    let all = this.#meetsCounts(schema, "Properties", names.length, "names", pointer, quiet)
    const lacking = (wanted: ReadonlyArray<string>, why: string) => {
      if (!this.#goesThrough(wanted.length)) return
      for (const name of wanted) {
        if (Object.hasOwn(value, name)) continue
        if (quiet || this.mistakes.length >= mistakesMax) {
          all = false
          return
        }
        all = this.#say(quiet, `${pointer}/${escaped(name)}`, "required", `is missing${why}`)
      }
    }
    lacking((schema["required"] ?? []) as ReadonlyArray<string>, "")
    const dependent = Object.entries(
      (schema["dependentRequired"] ?? {}) as Readonly<Record<string, ReadonlyArray<string>>>
    )
    this.#goesThrough(names.length + dependent.length)
    for (const [name, wanted] of dependent) {
      if (Object.hasOwn(value, name)) lacking(wanted, `: ${name} asks for it`)
    }
    const meetsPart = (each: JsonSchema, name: string) => {
      seen.names.add(name)
      if (!this.#reads(name.length)) return
      if (!this.meets(each, value[name], `${pointer}/${escaped(name)}`, nothing(), quiet)) all = false
    }
    const properties = (schema["properties"] ?? {}) as NamedSchemas
    const byPattern = Object.entries((schema["patternProperties"] ?? {}) as NamedSchemas)
    const additional = schema["additionalProperties"] as JsonSchema | undefined
    const ofNames = schema["propertyNames"] as JsonSchema | undefined
    this.#goesThrough(byPattern.length)
    for (const name of names) {
      if (this.isExhausted) return false
      let isKnown = false
      if (Object.hasOwn(properties, name)) {
        isKnown = true
        meetsPart(properties[name]!, name)
      }
      for (const [source, each] of byPattern) {
        if (!this.#matches(source, name)) continue
        isKnown = true
        meetsPart(each, name)
      }
      if (!isKnown && additional !== undefined) meetsPart(additional, name)
      if (ofNames === undefined || !this.#reads(name.length)) continue
      if (!this.meets(ofNames, name, `${pointer}/${escaped(name)}`, nothing(), quiet)) all = false
    }
    const unevaluated = schema["unevaluatedProperties"] as JsonSchema | undefined
    if (unevaluated !== undefined) for (const name of names) if (!seen.names.has(name)) meetsPart(unevaluated, name)
    return all
  }

  #meetsArray(schema: Json, value: ReadonlyArray<unknown>, pointer: string, seen: Seen, quiet: boolean): boolean {
    let all = this.#meetsCounts(schema, "Items", value.length, "items", pointer, quiet)
    this.#goesThrough(value.length)
    if (schema["uniqueItems"] === true && new Set(value.map((each) => this.#textOf(each))).size < value.length) {
      all = this.#say(quiet, pointer, "uniqueItems", "has an item twice")
    }
    const meetsPart = (each: JsonSchema, at: number) => {
      seen.items.add(at)
      if (!this.meets(each, value[at], `${pointer}/${at}`, nothing(), quiet)) all = false
    }
    const first = (schema["prefixItems"] ?? []) as Schemas
    const rest = schema["items"] as JsonSchema | undefined
    for (const at of value.keys()) {
      if (this.isExhausted) return false
      const each = at < first.length ? first[at] : rest
      if (each !== undefined) meetsPart(each, at)
    }
    const contained = schema["contains"] as JsonSchema | undefined
    if (contained !== undefined) {
      const found = [...value.keys()].filter((at) => this.meets(contained, value[at], pointer, nothing(), true))
      for (const at of found) seen.items.add(at)
      const least = (schema["minContains"] ?? 1) as number
      const most = (schema["maxContains"] ?? Number.POSITIVE_INFINITY) as number
      if (found.length < least || found.length > most) {
        const range = Number.isFinite(most) ? `${least} to ${most}` : `${least} or more`
        all = this.#say(
          quiet,
          pointer,
          "contains",
          `must hold ${range} items that meet contains, and holds ${found.length}`
        )
      }
    }
    const unevaluated = schema["unevaluatedItems"] as JsonSchema | undefined
    if (unevaluated !== undefined) for (const at of value.keys()) if (!seen.items.has(at)) meetsPart(unevaluated, at)
    return all
  }

  #meetsCounts(schema: Json, of: string, count: number, words: string, pointer: string, quiet: boolean): boolean {
    const most = schema[`max${of}`] as number | undefined
    const least = schema[`min${of}`] as number | undefined
    let all = true
    if (most !== undefined && count > most) {
      all = this.#say(quiet, pointer, `max${of}`, `must have ${most} ${words} at the most`)
    }
    if (least !== undefined && count < least) {
      all = this.#say(quiet, pointer, `min${of}`, `must have ${least} ${words} at least`)
    }
    return all
  }
}

const nothing = (): Seen => ({ names: new Set(), items: new Set() })

const addAll = (to: Seen, from: Seen): void => {
  for (const name of from.names) to.names.add(name)
  for (const at of from.items) to.items.add(at)
}

/** Mistakes of a value by the schema, the first {@link mistakesMax}; one alone where to tell them would take too long. */
export const validate = (
  schema: CheckedSchema,
  value: unknown,
  left: Steps = { steps: stepsMax }
): ReadonlyArray<SchemaMistake> => {
  const check = new Check(schema, left)
  const isMet = check.meets(schema.root, value, "", nothing(), false)
  if (check.isExhausted) {
    return [{ pointer: "", code: "too_costly", detail: tooCostly }]
  }
  return isMet ? [] : check.mistakes
}
