type Json = Readonly<Record<string, unknown>>
type Direction = "request" | "answer"

const isObject = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)
const objectAt = (value: unknown, ...path: ReadonlyArray<string>): Json => {
  let at: unknown = value
  for (const name of path) at = isObject(at) ? at[name] : undefined
  return isObject(at) ? at : {}
}
const listAt = (value: Json, name: string): ReadonlyArray<unknown> => (Array.isArray(value[name]) ? value[name] : [])

/**
 * What a change of the OpenAPI document takes away from clients that were written for the one before: paths, methods,
 * statuses, fields and parameters that are gone, that are newly required, or whose type or range is another. New
 * endpoints, optional fields and wider ranges of requests, and new fields of answers are no break.
 */
export const breakingChanges = (before: Json, after: Json): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (const [path, methods] of Object.entries(objectAt(before, "paths"))) {
    for (const [method, operation] of Object.entries(methods as Json)) {
      const at = `${method.toUpperCase()} ${path}`
      const now = objectAt(after, "paths", path, method)
      if (Object.keys(now).length === 0) found.push(`${at} is gone`)
      else compareOperations({ before, after, found }, at, operation as Json, now)
    }
  }
  return found
}

interface Comparison {
  readonly before: Json
  readonly after: Json
  readonly found: Array<string>
}

const compareOperations = (comparison: Comparison, at: string, before: Json, after: Json): void => {
  const { found } = comparison
  if (before["x-scope"] !== after["x-scope"]) {
    found.push(`${at}: the scope ${String(before["x-scope"])} is ${String(after["x-scope"])} now`)
  }
  compareParameters(comparison, at, before, after)
  const [bodyBefore, bodyAfter] = [bodyOf(before["requestBody"]), bodyOf(after["requestBody"])]
  if (bodyBefore === undefined && bodyAfter !== undefined) found.push(`${at}: a body is required now`)
  if (bodyBefore !== undefined && bodyAfter === undefined) found.push(`${at}: the body is gone`)
  if (bodyBefore !== undefined && bodyAfter !== undefined) {
    compareSchemas(comparison, "request", `${at} body`, bodyBefore, bodyAfter)
  }
  for (const [status, answer] of Object.entries(objectAt(before, "responses"))) {
    if (!/^[123]/.test(status)) continue
    const now = objectAt(after, "responses", status)
    if (Object.keys(now).length === 0) found.push(`${at}: the answer ${status} is gone`)
    const [was, is] = [bodyOf(answer), bodyOf(now)]
    if (was !== undefined && is === undefined) found.push(`${at}: the answer ${status} has no body any more`)
    if (was !== undefined && is !== undefined) compareSchemas(comparison, "answer", `${at} ${status}`, was, is)
  }
}

const bodyOf = (holder: unknown): Json | undefined => {
  const [content] = Object.values(objectAt(holder, "content"))
  return isObject(content) ? objectAt(content, "schema") : undefined
}

const compareParameters = (comparison: Comparison, at: string, before: Json, after: Json): void => {
  const byName = (operation: Json) =>
    new Map(
      listAt(operation, "parameters").map((each) => [
        `${String((each as Json)["in"])} ${String((each as Json)["name"])}`,
        each as Json
      ])
    )
  const [was, is] = [byName(before), byName(after)]
  for (const [name, parameter] of was) {
    const now = is.get(name)
    if (now === undefined) comparison.found.push(`${at}: the parameter ${name} is gone`)
    else compareSchemas(comparison, "request", `${at} ${name}`, objectAt(parameter, "schema"), objectAt(now, "schema"))
  }
  for (const [name, parameter] of is) {
    if (parameter["required"] === true && was.get(name)?.["required"] !== true) {
      comparison.found.push(`${at}: the parameter ${name} is required now`)
    }
  }
}

/** Follows a reference of the document; a schema that holds itself is compared once. */
const resolve = (document: Json, schema: Json): Json => {
  const reference = schema["$ref"]
  return typeof reference === "string" ? objectAt(document, ...reference.slice(2).split("/")) : schema
}

const compareSchemas = (
  comparison: Comparison,
  direction: Direction,
  at: string,
  before: Json,
  after: Json,
  seen: ReadonlySet<unknown> = new Set()
): void => {
  const [was, is] = [resolve(comparison.before, before), resolve(comparison.after, after)]
  if (seen.has(was)) return
  const next = new Set(seen).add(was)
  const { found } = comparison
  const inside = (name: string, a: Json, b: Json) => compareSchemas(comparison, direction, `${at}${name}`, a, b, next)

  if (!isSameType(was, is, direction)) {
    found.push(`${at}: the type ${typeText(was)} is ${typeText(is)} now`)
    return
  }
  compareValues(found, direction, at, was, is)
  if (direction === "request") compareRanges(found, at, was, is)
  compareFields(found, direction, at, was, is, inside)
  if (isObject(was["items"]) && isObject(is["items"])) inside("[]", was["items"], is["items"])
  const [waysBefore, waysAfter] = [waysOf(was), waysOf(is)]
  if (
    waysBefore.length !== waysAfter.length &&
    (direction === "answer" ? waysAfter.length > waysBefore.length : waysAfter.length < waysBefore.length)
  ) {
    found.push(`${at}: it has ${waysAfter.length} forms where it had ${waysBefore.length}`)
  }
  for (const [index, way] of waysBefore.entries()) {
    const now = waysAfter[index]
    if (now !== undefined) inside(`|${index}`, way, now)
  }
}

const waysOf = (schema: Json): ReadonlyArray<Json> =>
  [...listAt(schema, "anyOf"), ...listAt(schema, "oneOf")].filter(isObject)

const typesOf = (schema: Json): ReadonlyArray<unknown> =>
  Array.isArray(schema["type"]) ? schema["type"] : schema["type"] === undefined ? [] : [schema["type"]]
const typeText = (schema: Json): string => typesOf(schema).join("|") || (waysOf(schema).length > 0 ? "union" : "any")

/** A request may take more types than before, an answer may give fewer. */
const isSameType = (was: Json, is: Json, direction: Direction): boolean => {
  const [before, after] = [typesOf(was), typesOf(is)]
  if (direction === "request")
    return after.length === 0
      ? waysOf(is).length === waysOf(was).length || waysOf(was).length === 0
      : before.length > 0 &&
          before.every((type) => after.includes(type) || (type === "integer" && after.includes("number")))
  return before.length === 0
    ? waysOf(was).length === 0 || after.length === 0
    : after.length > 0 &&
        after.every((type) => before.includes(type) || (type === "integer" && before.includes("number")))
}

const compareValues = (found: Array<string>, direction: Direction, at: string, was: Json, is: Json): void => {
  const [before, after] = [listAt(was, "enum"), listAt(is, "enum")]
  if (direction === "request") {
    if (before.length === 0 && after.length > 0) found.push(`${at}: only ${after.join(", ")} are taken now`)
    for (const value of before) {
      if (after.length > 0 && !after.includes(value)) found.push(`${at}: ${String(value)} is not taken any more`)
    }
    if (is["pattern"] !== undefined && is["pattern"] !== was["pattern"]) found.push(`${at}: the pattern is another`)
  } else if (before.length > 0) {
    if (after.length === 0) found.push(`${at}: it may be any value now`)
    for (const value of after) if (!before.includes(value)) found.push(`${at}: it may be ${String(value)} now`)
  }
}

const upperBounds = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"]
const lowerBounds = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"]

const compareRanges = (found: Array<string>, at: string, was: Json, is: Json): void => {
  const number = (value: unknown, otherwise: number) => (typeof value === "number" ? value : otherwise)
  for (const name of upperBounds) {
    if (number(is[name], Infinity) < number(was[name], Infinity))
      found.push(`${at}: ${name} is ${String(is[name])} now`)
  }
  for (const name of lowerBounds) {
    if (number(is[name], -Infinity) > number(was[name], -Infinity) && number(is[name], 0) > 0) {
      found.push(`${at}: ${name} is ${String(is[name])} now`)
    }
  }
}

const compareFields = (
  found: Array<string>,
  direction: Direction,
  at: string,
  was: Json,
  is: Json,
  inside: (name: string, before: Json, after: Json) => void
): void => {
  const [before, after] = [objectAt(was, "properties"), objectAt(is, "properties")]
  const [requiredBefore, requiredAfter] = [listAt(was, "required"), listAt(is, "required")]
  for (const [name, field] of Object.entries(before)) {
    const now = after[name]
    if (!isObject(now)) found.push(`${at}.${name} is gone`)
    else inside(`.${name}`, field as Json, now)
  }
  const [had, has] = direction === "request" ? [requiredBefore, requiredAfter] : [requiredAfter, requiredBefore]
  for (const name of has) {
    const known = direction === "request" || String(name) in after
    if (known && !had.includes(name)) {
      found.push(`${at}.${String(name)} is ${direction === "request" ? "required" : "optional"} now`)
    }
  }
  if (isObject(was["additionalProperties"]) && isObject(is["additionalProperties"])) {
    inside(".*", was["additionalProperties"], is["additionalProperties"])
  }
}
