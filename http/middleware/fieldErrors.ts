import { SchemaAST, SchemaIssue } from "effect"
import { escaped } from "../../ports/jsonPointer.ts"
import type { FieldError } from "../../ports/analytics/IngestReceipt.ts"

const pointerOf = (path: ReadonlyArray<PropertyKey>): string => path.map((key) => `/${escaped(String(key))}`).join("")

/** Stable codes of what the schemas' checks refuse, by the check's name. */
const checkCodes: Readonly<Record<string, string>> = {
  isMaxLength: "too_long",
  isMinLength: "too_short",
  isBetween: "out_of_range",
  isGreaterThan: "out_of_range",
  isGreaterThanOrEqualTo: "out_of_range",
  isLessThan: "out_of_range",
  isLessThanOrEqualTo: "out_of_range",
  isInt: "not_an_integer",
  isPattern: "wrong_format"
}

/** "Expected …" without the value: an answer repeats no personal data, and no megabyte. */
const describe = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) => {
    const { input: _, ...silent } = issue
    return SchemaIssue.defaultLeafHook(Object.setPrototypeOf(silent, Object.getPrototypeOf(issue)) as SchemaIssue.Leaf)
  }
})
const detailOf = (issue: SchemaIssue.Issue): string =>
  (describe(issue).issues[0]?.message ?? "is not valid").replace(/^Expected/, "must be").replace(/, got .*$/s, "")

/** Every field of a value that its schema refuses, as a pointer into it with the first thing wrong there. */
export const fieldErrors = (issue: SchemaIssue.Issue): ReadonlyArray<FieldError> => {
  const first = new Map<string, FieldError>()
  for (const error of errorsOf(issue, [])) if (!first.has(error.pointer)) first.set(error.pointer, error)
  return [...first.values()]
}

const errorsOf = (issue: SchemaIssue.Issue, path: ReadonlyArray<PropertyKey>): ReadonlyArray<FieldError> => {
  const one = (code: string, detail: string) => [{ pointer: pointerOf(path), code, detail }]
  switch (issue._tag) {
    case "Pointer":
      return errorsOf(issue.issue, [...path, ...issue.path])
    case "Encoding":
      return errorsOf(issue.issue, path)
    case "Composite":
      return issue.issues.flatMap((each) => errorsOf(each, path))
    case "AnyOf":
      return (
        nearestOf(issue.issues.map((each) => errorsOf(each, path))) ??
        unknownKind(issue.ast, path) ??
        one("wrong_type", detailOf(issue))
      )
    case "Filter": {
      const id = String(issue.filter.annotations?.["representation"]?.id ?? "")
      return one(checkCodes[id.slice(id.lastIndexOf("/") + 1)] ?? "invalid", detailOf(issue))
    }
    case "MissingKey":
      return one("missing", "is required")
    case "UnexpectedKey":
      return one("unknown_field", "this field is not known")
    case "InvalidType":
      return one("wrong_type", detailOf(issue))
    default:
      return one("invalid", detailOf(issue))
  }
}

/** None of a union's members is meant: where each has a `kind` of its own, that is what is wrong. */
const unknownKind = (union: SchemaAST.Union, path: ReadonlyArray<PropertyKey>) => {
  const kinds = union.types.map((member) => {
    const kind = SchemaAST.isObjects(member) ? member.propertySignatures.find(({ name }) => name === "kind") : undefined
    return kind !== undefined && SchemaAST.isLiteral(kind.type) ? String(kind.type.literal) : undefined
  })
  if (kinds.length === 0 || kinds.includes(undefined)) return undefined
  return [{ pointer: pointerOf([...path, "kind"]), code: "unknown_kind", detail: `must be one of ${kinds.join(", ")}` }]
}

/**
 * Of a union's members the one that the value comes nearest to: one that knows the `kind` which the value names, then
 * whose errors lie deepest, then with the fewest unknown fields.
 */
const nearestOf = (members: ReadonlyArray<ReadonlyArray<FieldError>>): ReadonlyArray<FieldError> | undefined => {
  const depth = (errors: ReadonlyArray<FieldError>) => Math.max(...errors.map((each) => each.pointer.split("/").length))
  const strange = (errors: ReadonlyArray<FieldError>) => errors.filter((each) => each.code === "unknown_field").length
  // A member that has no `kind`, then members of which none has this one, are not meant where another is.
  const isForeign = ({ code, pointer }: FieldError) => pointer.endsWith("/kind") && code === "unknown_field"
  const foreign = (errors: ReadonlyArray<FieldError>) =>
    errors.some(isForeign) ? 2 : errors.some(({ code }) => code === "unknown_kind") ? 1 : 0
  return members.toSorted(
    (a, b) => foreign(a) - foreign(b) || depth(b) - depth(a) || strange(a) - strange(b) || a.length - b.length
  )[0]
}
