import type { AttributionResult, AttributionRow } from "../../../ports/analytics/AttributionQuestion.ts"
import { breakdownMax } from "../../../ports/analytics/Question.ts"
import { formatMinorUnits } from "../../money/minorUnits.ts"
import { roundSignificant } from "../../statistics/significantDigits.ts"
import { conversionUnits } from "./attribute.ts"
import type { AttributedValue, Attribution, Share } from "./attribute.ts"
import type { CreditUnit, PlannedAttribution } from "./planAttribution.ts"

/** Sums of properties are held in billionths. */
const propertyExponent = 9

export const creditText = (credit: bigint, unit: CreditUnit): string | null => {
  switch (unit.kind) {
    case "money":
      return formatMinorUnits(credit, unit.exponent)
    case "property":
      return formatMinorUnits(credit, propertyExponent).replace(/\.?0+$/, "")
    case "none":
      return null
  }
}

const ratioOf = (part: bigint, whole: bigint): number | null =>
  whole === 0n ? null : roundSignificant(Number(part) / Number(whole))

/** The values in the order in which they are shown; behind the first {@link breakdownMax} they are one. */
export const orderedValues = (values: ReadonlyArray<AttributedValue>): ReadonlyArray<AttributedValue> =>
  values.toSorted(compare)

const compare = (a: AttributedValue, b: AttributedValue): number =>
  b.touched - a.touched ||
  (a.value === b.value ? 0 : a.value === null || (b.value !== null && a.value < b.value) ? -1 : 1)

/** By model the values that touched most conversions, then all others together, then what nothing touched. */
export const shapeAttribution = (
  { models, unit }: PlannedAttribution,
  { total, unattributed, values }: Attribution
): Pick<AttributionResult, "conversions" | "credit" | "currency" | "models"> => {
  const rowOf = ({ conversions, credit }: Share, touched: number): Omit<AttributionRow, "value"> => ({
    credit: creditText(credit, unit),
    conversions: Number(conversions) / Number(conversionUnits),
    share: unit.kind === "none" ? ratioOf(conversions, total.conversions) : ratioOf(credit, total.credit),
    touched
  })
  const ordered = orderedValues(values)
  const behind = ordered.slice(breakdownMax)
  return {
    conversions: Number(total.conversions / conversionUnits),
    credit: creditText(total.credit, unit),
    currency: unit.kind === "money" ? unit.currency : null,
    models: models.map((model, index) => ({
      model,
      rows: [
        ...ordered
          .slice(0, breakdownMax)
          .map(({ shares, touched, value }) => ({ value, ...rowOf(shares[index]!, touched) })),
        ...(behind.length === 0 ? [] : [{ other: true as const, ...together(behind, index, rowOf) }]),
        { unattributed: true as const, ...rowOf(unattributed, 0) }
      ]
    }))
  }
}

const together = <Row>(
  values: ReadonlyArray<AttributedValue>,
  model: number,
  rowOf: (share: Share, touched: number) => Row
): Row => {
  const sum = (of: (share: Share) => bigint) => values.reduce((total, { shares }) => total + of(shares[model]!), 0n)
  return rowOf(
    { credit: sum(({ credit }) => credit), conversions: sum(({ conversions }) => conversions) },
    values.reduce((total, { touched }) => total + touched, 0)
  )
}
