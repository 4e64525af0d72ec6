import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { PathPlan } from "../../../ports/analytics/PathPlan.ts"
import {
  pathEdgesMax,
  pathEdgesUsual,
  pathGapMinutesUsual,
  pathGroupCharactersMax,
  pathGroupsMax,
  pathMinutesMax,
  pathStepsMax,
  pathStepsUsual,
  pathWindowMinutesUsual
} from "../../../ports/analytics/PathQuestion.ts"
import type { PathQuestion } from "../../../ports/analytics/PathQuestion.ts"
import type { PlanFilter } from "../../../ports/analytics/PlanFilter.ts"
import { isZone } from "../../zones/zones.ts"
import { planFilter } from "../planFilter.ts"
import type { NamedField } from "../planFilter.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { readRange } from "../range.ts"
import type { Report } from "../Report.ts"
import { planSelection } from "../selection.ts"
import type { PlannedSelection } from "../selection.ts"

export interface PlannedPaths {
  readonly plan: PathPlan
  readonly zone: string
  readonly named: ReadonlyArray<NamedField>
  readonly types: PlannedSelection["types"]
}

const minuteMillis = 60_000

const isPage: PlanFilter = {
  kind: "and",
  filters: [
    { kind: "is", field: { kind: "column", column: "event_type" }, value: "page_view" },
    { kind: "is_set", field: { kind: "column", column: "path" } }
  ]
}

/** Paths with every name, range and limit resolved, or everything that is wrong with them. Knows no engine. */
export const planPaths = (
  question: PathQuestion,
  scope: QuestionScope
): { readonly planned: PlannedPaths } | { readonly errors: ReadonlyArray<FieldError> } => {
  const errors: Array<FieldError> = []
  const report: Report = (pointer, code, detail) => void errors.push({ pointer, code, detail })
  const zone = question.time_zone ?? scope.timeZone
  if (!isZone(zone)) report("/time_zone", "unknown_zone", `${zone} is no IANA time zone`)
  const range = isZone(zone) ? readRange(question.date_range, zone, report) : undefined
  const limits = readLimits(question, report)
  if (question.start !== undefined && question.end !== undefined)
    report("/end", "start_and_end", "paths go forward from a start or backward from an end, not both")
  const own = { ...scope, asOf: question.as_of ?? ("today" as const) }
  const anchorName = question.end === undefined ? "start" : "end"
  const anchor = planSelection(question[anchorName] ?? {}, `/${anchorName}`, own)
  const through = planSelection(question.through ?? {}, "/through", own)
  const filter = question.filters === undefined ? undefined : planFilter(question.filters, "/filters", own)
  errors.push(...anchor.errors, ...through.errors, ...(filter?.errors ?? []))
  if (errors.length > 0 || range === undefined) return { errors }
  const { nodes = "both" } = question
  const common = filter === undefined ? [] : [filter.filter]
  return {
    planned: {
      plan: {
        kind: "path",
        workspace: scope.workspace,
        revisions: scope.revisions,
        fromMillis: range.fromMillis,
        toMillis: range.toMillis,
        direction: question.end === undefined ? "forward" : "backward",
        anchor: { kind: "and", filters: [...common, anchor.filter] },
        through: { kind: "and", filters: [...common, through.filter, ...(nodes === "pages" ? [isPage] : [])] },
        ...limits,
        pages: nodes !== "events",
        groups: question.groups ?? [],
        collapse: question.collapse_loops ?? false
      },
      zone,
      named: [...anchor.named, ...through.named, ...(filter?.named ?? [])],
      types: [...anchor.types, ...through.types]
    }
  }
}

const readLimits = (
  question: PathQuestion,
  report: Report
): Pick<PathPlan, "steps" | "gapMillis" | "windowMillis" | "top"> => {
  const { groups = [] } = question
  const within = (name: "steps" | "gap_minutes" | "window_minutes" | "top", usual: number, max: number): number => {
    const value = question[name] ?? usual
    if (value < 1 || value > max) report(`/${name}`, "out_of_range", `must lie between 1 and ${max}`)
    return value
  }
  if (groups.length > pathGroupsMax) report("/groups", "too_many", `${pathGroupsMax} at the most`)
  for (const [index, { length }] of groups.slice(0, pathGroupsMax).entries())
    if (length < 1 || length > pathGroupCharactersMax)
      report(`/groups/${index}`, "wrong_length", `must have 1 to ${pathGroupCharactersMax} characters`)
  return {
    steps: within("steps", pathStepsUsual, pathStepsMax),
    gapMillis: within("gap_minutes", pathGapMinutesUsual, pathMinutesMax) * minuteMillis,
    windowMillis: within("window_minutes", pathWindowMinutesUsual, pathMinutesMax) * minuteMillis,
    top: within("top", pathEdgesUsual, pathEdgesMax)
  }
}
