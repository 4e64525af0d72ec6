import { escaped } from "../../ports/jsonPointer.ts"

/** Dimensions of questions and rules whose values are ids of people. */
const idDimensions: ReadonlySet<unknown> = new Set(["user_id", "anonymous_id"])
/** Operators that compare with whole ids: parts and patterns name nobody. */
const comparing: ReadonlySet<unknown> = new Set(["is", "is_not", "one_of"])

const isIdCondition = (value: object): value is { readonly value: unknown } =>
  "dimension" in value &&
  "operator" in value &&
  "value" in value &&
  idDimensions.has(value.dimension) &&
  comparing.has(value.operator)

type Rename = (id: string, pointer: string) => unknown

const renamed = (value: unknown, rename: Rename, pointer: string): unknown =>
  typeof value === "string" || typeof value === "number" ? rename(String(value), pointer) : value

/** Whoever gets another name gets no mail. */
const recipientsWithout = (recipients: ReadonlyArray<unknown>, rename: Rename, pointer: string) =>
  recipients.filter((to) => typeof to !== "string" || rename(to, pointer) === to)

/**
 * A definition of a question or a rule with what `rename` gives in the place of each id of a person that its conditions
 * compare with, at whatever depth; without recipients whom it gives another name.
 */
export const mapPeople = (definition: unknown, rename: Rename, pointer = ""): unknown => {
  if (Array.isArray(definition)) {
    return definition.map((each, index) => mapPeople(each, rename, `${pointer}/${index}`))
  }
  if (typeof definition !== "object" || definition === null) return definition
  if (isIdCondition(definition)) {
    const { value } = definition
    const at = `${pointer}/value`
    return {
      ...definition,
      value: Array.isArray(value) ? value.map((each) => renamed(each, rename, at)) : renamed(value, rename, at)
    }
  }
  return Object.fromEntries(
    Object.entries(definition).map(([name, each]) => {
      const at = `${pointer}/${escaped(name)}`
      const isMail = name === "recipients" && Array.isArray(each)
      return [name, isMail ? recipientsWithout(each, rename, at) : mapPeople(each, rename, at)]
    })
  )
}

/** Ids of people that the conditions of a definition compare with, addresses of its recipients, and where they are. */
export const peopleInFilters = (
  definition: unknown
): ReadonlyArray<{ readonly id: string; readonly pointer: string }> => {
  const found: Array<{ readonly id: string; readonly pointer: string }> = []
  mapPeople(definition, (id, pointer) => {
    found.push({ id, pointer })
    return id
  })
  return found
}
