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
  { people, total, unattributed, values }: Attribution
): Pick<AttributionResult, "conversions" | "people" | "credit" | "currency" | "models"> => {
  const rowOf = ({ conversions, credit }: Share, { people, touched }: Touched): Omit<AttributionRow, "value"> => ({
    credit: creditText(credit, unit),
    conversions: Number(conversions) / Number(conversionUnits),
    share: unit.kind === "none" ? ratioOf(conversions, total.conversions) : ratioOf(credit, total.credit),
    touched,
    people
  })
  const ordered = orderedValues(values)
  const behind = ordered.slice(breakdownMax)
  return {
    conversions: Number(total.conversions / conversionUnits),
    people: people.all.size,
    credit: creditText(total.credit, unit),
    currency: unit.kind === "money" ? unit.currency : null,
    models: models.map((model, index) => ({
      model,
      rows: [
        ...ordered.slice(0, breakdownMax).map(({ people: own, shares, touched, value }) => ({
          value,
          ...rowOf(shares[index]!, { touched, people: own.size })
        })),
        ...(behind.length === 0 ? [] : [{ other: true as const, ...together(behind, index, rowOf) }]),
        { unattributed: true as const, ...rowOf(unattributed, { touched: 0, people: people.unattributed.size }) }
      ]
    }))
  }
}

interface Touched {
  readonly touched: number
  readonly people: number
}

const together = <Row>(
  values: ReadonlyArray<AttributedValue>,
  model: number,
  rowOf: (share: Share, touched: Touched) => Row
): Row => {
  const sum = (of: (share: Share) => bigint) => values.reduce((total, { shares }) => total + of(shares[model]!), 0n)
  return rowOf(
    { credit: sum(({ credit }) => credit), conversions: sum(({ conversions }) => conversions) },
    {
      touched: values.reduce((total, { touched }) => total + touched, 0),
      people: new Set(values.flatMap(({ people }) => [...people])).size
    }
  )
}
