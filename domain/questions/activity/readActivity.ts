import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { StickinessQuestion } from "../../../ports/analytics/StickinessQuestion.ts"
import { bucketStarts } from "../../zones/buckets.ts"
import { isZone } from "../../zones/zones.ts"
import { readAggregateBy } from "../aggregateBy.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { readRange } from "../range.ts"
import type { QuestionRange } from "../range.ts"
import type { Report } from "../Report.ts"
import { planSelection } from "../selection.ts"
import type { PlannedSelection } from "../selection.ts"

export interface Activity {
  readonly zone: string
  readonly range: QuestionRange
  /** Starts of the intervals that cover the range. */
  readonly starts: ReadonlyArray<number>
  readonly selection: PlannedSelection
  /** The type of accounts that are counted, absent where people are. */
  readonly unit: { readonly accountType?: string }
}

/** Longer than any interval: enough to find the start of the one behind the range. */
const intervalMillisMax = 32 * 86_400_000

/** Intervals and events in which people are active, or everything that is wrong with them. */
export const readActivity = (
  question: StickinessQuestion,
  scope: QuestionScope,
  intervalsMax: number
): { readonly activity: Activity } | { readonly errors: ReadonlyArray<FieldError> } => {
  const errors: Array<FieldError> = []
  const report: Report = (pointer, code, detail) => void errors.push({ pointer, code, detail })
  const zone = question.time_zone ?? scope.timeZone
  if (!isZone(zone)) report("/time_zone", "unknown_zone", `${zone} is no IANA time zone`)
  const range = isZone(zone) ? readRange(question.date_range, zone, report) : undefined
  const selection = planSelection(question, "", { ...scope, asOf: question.as_of ?? "today" })
  const starts = range === undefined ? [] : startsOf(question, zone, scope.weekStart, range, intervalsMax)
  if (starts.length > intervalsMax) report("/date_range", "too_many", `${intervalsMax} intervals at the most`)
  const unit = readAggregateBy(question.aggregate_by, report)
  errors.push(...selection.errors)
  return errors.length > 0 || range === undefined ? { errors } : { activity: { zone, range, starts, selection, unit } }
}

const startsOf = (
  { interval = "day" }: Pick<StickinessQuestion, "interval">,
  zone: string,
  weekStart: number,
  { fromMillis, toMillis }: QuestionRange,
  countMax: number
) => bucketStarts({ zone, interval, weekStart, fromMillis, toMillis, countMax })

/** Starts of the interval before, of all that cover the range, and of the one behind them. */
export const startsAround = (
  question: Pick<StickinessQuestion, "interval">,
  { weekStart }: Pick<QuestionScope, "weekStart">,
  { starts, zone }: Pick<Activity, "starts" | "zone">
): ReadonlyArray<number> => {
  const [first, last] = [starts[0]!, starts.at(-1)!]
  const of = (fromMillis: number, toMillis: number) =>
    startsOf(question, zone, weekStart, { fromMillis, toMillis, days: undefined }, starts.length)
  const before = of(first - 1, first)
  const after = of(last, last + intervalMillisMax * 2)[1]!
  return [before[0]!, ...starts, after]
}
