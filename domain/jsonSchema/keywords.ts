/** Bytes of a schema as JSON, levels of schemas in one another, and schemas in all. */
export const schemaBytesMax = 64 * 1024
export const schemaDepthMax = 32
export const subschemasMax = 1000
/** Instructions of all patterns of a schema once they are compiled: `a{1000}` is short and has a thousand. */
export const patternInstructionsMax = 20_000

/** JSON Schema, draft 2020-12 (https://json-schema.org/draft/2020-12). */
export const draft = "https://json-schema.org/draft/2020-12/schema"

/** What a keyword holds: schemas of some form, or something that is no schema. */
type Holds = "schema" | "schemas" | "named_schemas" | Operand
/** Why an operand is wrong; nothing where it is right. */
type Operand = (operand: unknown) => string | undefined

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const count: Operand = (operand) =>
  Number.isInteger(operand) && (operand as number) >= 0 ? undefined : "must be an integer, 0 or more"
const number: Operand = (operand) => (typeof operand === "number" ? undefined : "must be a number")
const names: Operand = (operand) =>
  Array.isArray(operand) &&
  operand.every((each) => typeof each === "string") &&
  new Set(operand).size === operand.length
    ? undefined
    : "must be a list of texts, none twice"
const anything: Operand = () => undefined

export const typeNames = ["null", "boolean", "object", "array", "number", "string", "integer"]
const types: Operand = (operand) => {
  const all: ReadonlyArray<unknown> = Array.isArray(operand) ? operand : [operand]
  const isRight = all.length > 0 && all.every((each) => typeNames.includes(each as string))
  return isRight && new Set(all).size === all.length ? undefined : `must be one or more of ${typeNames.join(", ")}`
}

/** Every keyword that is understood. Those of `format` and of content are words for readers, as the draft has it. */
export const keywords: Readonly<Record<string, Holds>> = {
  $schema: (operand) => (operand === draft ? undefined : `must be ${draft}`),
  $id: (operand) => (typeof operand === "string" ? undefined : "must be a text"),
  $anchor: (operand) =>
    typeof operand === "string" && /^[A-Za-z_][-A-Za-z0-9._]*$/u.test(operand) ? undefined : "must be a name",
  $ref: (operand) =>
    typeof operand === "string" && operand.startsWith("#") ? undefined : "must begin with '#': nothing else is read",
  $comment: anything,
  $defs: "named_schemas",
  definitions: "named_schemas",
  title: anything,
  description: anything,
  default: anything,
  deprecated: anything,
  readOnly: anything,
  writeOnly: anything,
  examples: anything,
  format: anything,
  contentEncoding: anything,
  contentMediaType: anything,
  contentSchema: "schema",
  type: types,
  enum: (operand) => (Array.isArray(operand) ? undefined : "must be a list"),
  const: anything,
  multipleOf: (operand) => (typeof operand === "number" && operand > 0 ? undefined : "must be a number above 0"),
  maximum: number,
  exclusiveMaximum: number,
  minimum: number,
  exclusiveMinimum: number,
  maxLength: count,
  minLength: count,
  pattern: (operand) => (typeof operand === "string" ? undefined : "must be a regular expression"),
  maxItems: count,
  minItems: count,
  uniqueItems: (operand) => (typeof operand === "boolean" ? undefined : "must be true or false"),
  maxContains: count,
  minContains: count,
  maxProperties: count,
  minProperties: count,
  required: names,
  dependentRequired: (operand) =>
    isRecord(operand) && Object.values(operand).every((each) => names(each) === undefined)
      ? undefined
      : "must be lists of names, by name",
  prefixItems: "schemas",
  items: "schema",
  contains: "schema",
  unevaluatedItems: "schema",
  properties: "named_schemas",
  patternProperties: "named_schemas",
  additionalProperties: "schema",
  propertyNames: "schema",
  dependentSchemas: "named_schemas",
  unevaluatedProperties: "schema",
  allOf: "schemas",
  anyOf: "schemas",
  oneOf: "schemas",
  not: "schema",
  if: "schema",
  then: "schema",
  else: "schema"
}
