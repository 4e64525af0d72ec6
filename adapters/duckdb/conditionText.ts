import { accountIdText, accountTraitText } from "./accountText.ts"
import { cohortTable } from "./cohortTable.ts"
import { pointerTo, quote } from "./literals.ts"
import { traitText } from "./traitText.ts"
import type { PlanCohort, PlanField, PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import type { BucketRun } from "../../ports/analytics/TrendPlan.ts"

/** What no value is grouped as; no text of a client holds this character. */
export const unset = "\u0001"

/** An object that holds ciphertext is no value: neither it nor its blind index is ever shown or compared as text. */
const clear = (text: string): string => `(case when not contains(${text}, '"$pii":') then ${text} end)`

export const fieldText = (field: PlanField): string => {
  switch (field.kind) {
    case "column":
      return field.column === "historical" ? "e.historical::varchar" : `e.${field.column}`
    case "first_of":
      return `coalesce(${field.columns.map((column) => `e.${column}`).join(", ")})`
    case "property":
    case "trait":
    case "account_trait":
      return clear(storedText(field))
    case "account":
      return accountIdText(field.type)
    case "session":
      return `e.${field.attribute}::varchar`
    case "joined":
      return `(${field.fields.map(fieldText).join(` || ${quote(field.separator)} || `)})`
    case "cohort": {
      const cases = field.cohorts.map(({ cohort, id }) => `when ${memberText(cohort)} then ${quote(id)}`)
      return `(case ${cases.join(" ")} end)`
    }
    case "channel": {
      const rules = field.rules.map(({ channel, when }) => `when ${filterText(when)} then ${quote(channel)}`)
      return `(case ${rules.join(" ")} else ${quote(field.otherwise)} end)`
    }
  }
}

/** The same, ciphertext included: whether there is a value at all. */
const storedText = (field: PlanField): string =>
  field.kind === "property"
    ? `(e.properties->>${pointerTo(field.name)})`
    : field.kind === "trait"
      ? `(${traitText(field)}->>'$')`
      : field.kind === "account_trait"
        ? `(${accountTraitText(field)}->>'$')`
        : fieldText(field)

/** RE2 of a host, or of all hosts below it. Second levels under which names are given: com.au, co.uk. */
const hostPattern = (host: string): string => {
  const exact = host.startsWith("=")
  const name = exact ? host.slice(1) : host
  const anyEnd = name.endsWith(".*")
  const stem = (anyEnd ? name.slice(0, -2) : name).replaceAll(/[^a-z0-9-]/g, (each) => `\\${each}`)
  return `${exact ? "" : "(.*\\.)?"}${stem}${anyEnd ? "\\.([a-z]{2,6}|(co|com|org|net)\\.[a-z]{2})" : ""}`
}

/** RE2 of a text with wildcards; they take line ends too. */
const wildcardPattern = (pattern: string): string =>
  `(?s)${pattern.replaceAll(/\*\*+|\*|[^A-Za-z0-9_/*\u0080-\u{10ffff}]/gu, (part) =>
    part === "*" ? "[^/]*" : part.startsWith("*") ? ".*" : `\\x{${part.codePointAt(0)!.toString(16)}}`
  )}`

/** Subjects of the members stand in a table by then. */
const memberText = (cohort: PlanCohort): string => `(e.subject in (select subject from ${cohortTable(cohort)}))`

const comparisons = { gt: ">", gte: ">=", lt: "<", lte: "<=" } as const

/** A condition that is never null, so that `not` means not. */
export const filterText = (filter: PlanFilter): string => {
  switch (filter.kind) {
    case "and":
    case "or":
      if (filter.filters.length === 0) return filter.kind === "and" ? "true" : "false"
      return `(${filter.filters.map(filterText).join(` ${filter.kind} `)})`
    case "not":
      return `(not ${filterText(filter.filter)})`
    case "is":
      return `(${fieldText(filter.field)} is not distinct from ${quote(filter.value)})`
    case "contains":
      return `coalesce(contains(lower(${fieldText(filter.field)}), lower(${quote(filter.value)})), false)`
    case "one_of": {
      const text = filter.caseless === true ? `lower(${fieldText(filter.field)})` : fieldText(filter.field)
      return filter.values.length === 0
        ? "false"
        : `coalesce(${text} in (${filter.values.map(quote).join(", ")}), false)`
    }
    case "host_is":
      return filter.hosts.length === 0
        ? "false"
        : `coalesce(regexp_full_match(${fieldText(filter.field)}, ${quote(filter.hosts.map(hostPattern).join("|"))}), false)`
    case "matches":
      return `coalesce(regexp_full_match(${fieldText(filter.field)}, ${quote(wildcardPattern(filter.pattern))}), false)`
    case "is_set":
      return `(${storedText(filter.field)} is not null)`
    case "member_of":
      return memberText(filter.cohort)
    case "index_is":
      return `coalesce(${indexText(filter.field)} = ${quote(filter.index)}, false)`
    case "bears_index": {
      const at = pointerTo(filter.name).slice(0, -1) + "/$index'"
      const inPart = (part: string) => `coalesce(e.${part}->>${at} = ${quote(filter.index)}, false)`
      return `(${["properties", "traits", "traits_once"].map(inPart).join(" or ")})`
    }
    case "compare": {
      const text = fieldText(filter.field)
      const value =
        filter.as === "number" ? `try_cast(${text} as double)` : `epoch_ms(try_cast(${text} as timestamptz))`
      return `coalesce(${value} ${comparisons[filter.operator]} ${filter.value}, false)`
    }
  }
}

/** The blind index beside an encrypted value. */
const indexText = (field: PlanField): string =>
  field.kind === "property"
    ? `(e.properties->>${pointerTo(field.name).slice(0, -1)}/$index')`
    : field.kind === "trait"
      ? `(${traitText(field)}->>'/$index')`
      : field.kind === "account_trait"
        ? `(${accountTraitText(field)}->>'/$index')`
        : "null"

export const bucketText = (buckets: ReadonlyArray<BucketRun>): string => {
  const of = ({ first, fromMillis, widthMillis }: BucketRun) =>
    `${first} + (e.time_ms - ${fromMillis}) // ${widthMillis}`
  if (buckets.length === 1) return `(${of(buckets[0]!)})`
  const cases = buckets
    .slice(0, -1)
    .map((run, index) => `when e.time_ms < ${buckets[index + 1]!.fromMillis} then ${of(run)}`)
  return `(case ${cases.join(" ")} else ${of(buckets.at(-1)!)} end)`
}
