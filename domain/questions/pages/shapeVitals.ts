import { deviceClasses } from "../../../ports/analytics/PageQuestion.ts"
import { vitalNames, vitalThresholds } from "../../../ports/analytics/VitalPlan.ts"
import type { VitalRow, VitalRows } from "../../../ports/analytics/VitalPlan.ts"
import type { MeasuredPages, Vital, VitalResult } from "../../../ports/analytics/VitalQuestion.ts"
import { roundSignificant } from "../../statistics/significantDigits.ts"

const ratingOf = ({ name, value }: VitalRow): Vital["rating"] => {
  const { good, poor } = vitalThresholds[name]
  if (value <= good) return "good"
  return value <= poor ? "needs_improvement" : "poor"
}

const shapeVital = (row: VitalRow): Vital => {
  const { good, name, poor, samples, value } = row
  return {
    name,
    samples,
    p75: roundSignificant(value),
    rating: ratingOf(row),
    good: roundSignificant(good / samples),
    needs_improvement: roundSignificant((samples - good - poor) / samples),
    poor: roundSignificant(poor / samples)
  }
}

/** Core Web Vitals are passed where all three are good; a page that nobody interacts with has no INP. */
const passes = (vitals: ReadonlyArray<Vital>): boolean | null => {
  const ratingOfNamed = (name: Vital["name"]) => vitals.find((vital) => vital.name === name)?.rating
  const [loads, shifts, answers] = (["LCP", "CLS", "INP"] as const).map(ratingOfNamed)
  if (loads === undefined || shifts === undefined) return null
  return [loads, shifts, answers ?? "good"].every((rating) => rating === "good")
}

const groupOf = (rows: ReadonlyArray<VitalRow>) => {
  const vitals = vitalNames.flatMap((name) => rows.filter((row) => row.name === name).map(shapeVital))
  return { vitals, passes: passes(vitals) }
}

const measuredOf = (rows: ReadonlyArray<VitalRow>): MeasuredPages => {
  const together = rows.filter(({ device }) => device === undefined)
  return {
    samples: together.reduce((sum, { samples }) => sum + samples, 0),
    ...groupOf(together),
    devices: [...deviceClasses, null].flatMap((device) => {
      const own = rows.filter((row) => row.device === device)
      return own.length === 0 ? [] : [{ device, ...groupOf(own) }]
    })
  }
}

/** Rows of the store as ratings by page and class of devices. */
export const shapeVitals = ({
  count,
  pages,
  totals
}: VitalRows): Pick<VitalResult, "totals" | "pages" | "other_pages"> => ({
  totals: measuredOf(totals),
  pages: pages.map(({ host, path, rows }) => ({ host, path, ...measuredOf(rows) })),
  other_pages: count - pages.length
})
