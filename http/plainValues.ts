import { SchemaAST } from "effect"
import type { Schema } from "effect"

type IsPlain = (value: unknown) => boolean

/**
 * Tells values, read from JSON, that a schema decodes to themselves, at a fraction of what decoding costs. For objects
 * without unknown fields, lists and texts; `undefined` for schemas that have anything else. A value of which it says no
 * may still be fine: only decoding can tell.
 */
export const plainValuesOf = (schema: Schema.Top): IsPlain | undefined => isPlainBy(schema.ast)

const isPlainBy = (ast: SchemaAST.AST): IsPlain | undefined => {
  const { checks, encoding } = ast
  const isOfType = encoding === undefined || isAnyJson(ast) ? typeTestOf(ast) : undefined
  if (isOfType === undefined || checks === undefined) return isOfType
  return (value) => isOfType(value) && checks.every((check) => isMet(check, value, ast))
}

/** What may be anything is anything that JSON can say, once it is read from JSON without a number beyond all. */
const isAnyJson = ({ _tag, encoding }: SchemaAST.AST): boolean => {
  const [link] = encoding ?? []
  const representation = link?.to.annotations?.["representation"] as { readonly id?: unknown } | undefined
  return _tag === "Unknown" && encoding?.length === 1 && representation?.id === "effect/schema/Json"
}

const typeTestOf = (ast: SchemaAST.AST): IsPlain | undefined => {
  switch (ast._tag) {
    case "Unknown":
      return anything
    case "String":
      return (value) => typeof value === "string"
    case "Arrays":
      return listTestOf(ast)
    case "Objects":
      return ast.encodingChecks !== undefined
        ? undefined
        : ast.propertySignatures.length === 0
          ? recordTestOf(ast)
          : structTestOf(ast)
    default:
      return undefined
  }
}

const anything: IsPlain = () => true

const isMet = (check: SchemaAST.Check<unknown>, value: unknown, ast: SchemaAST.AST): boolean =>
  check._tag === "FilterGroup"
    ? check.checks.every((each) => isMet(each, value, ast))
    : check.run(value, ast, noOptions) === undefined
const noOptions: SchemaAST.ParseOptions = {}

const listTestOf = ({ elements, encodingChecks, rest }: SchemaAST.Arrays): IsPlain | undefined => {
  const [item] = rest
  if (encodingChecks !== undefined || elements.length > 0 || rest.length !== 1 || item === undefined) return undefined
  const isItem = isPlainBy(item)
  return isItem === undefined ? undefined : (value) => Array.isArray(value) && value.every(isItem)
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const recordTestOf = ({ indexSignatures }: SchemaAST.Objects): IsPlain | undefined => {
  const [signature] = indexSignatures
  if (signature === undefined || indexSignatures.length !== 1) return undefined
  const { parameter, type } = signature
  if (parameter._tag !== "String" || parameter.checks !== undefined || parameter.encoding !== undefined)
    return undefined
  const isField = isPlainBy(type)
  if (isField === anything) return isObject
  return isField === undefined ? undefined : (value) => isObject(value) && Object.values(value).every(isField)
}

const structTestOf = ({ indexSignatures, propertySignatures }: SchemaAST.Objects): IsPlain | undefined => {
  if (indexSignatures.length > 0) return undefined
  const fields = new Map<string, IsPlain>()
  const required: Array<string> = []
  for (const { name, type } of propertySignatures) {
    const isField = isPlainBy(type)
    if (typeof name !== "string" || isField === undefined) return undefined
    fields.set(name, isField)
    if (type.context?.isOptional !== true) required.push(name)
  }
  return (value) => {
    if (!isObject(value)) return false
    for (const name of Object.keys(value)) {
      const isField = fields.get(name)
      if (isField === undefined || !isField(value[name])) return false
    }
    return required.every((name) => Object.hasOwn(value, name))
  }
}
