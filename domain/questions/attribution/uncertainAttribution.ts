import { bootstrapRowsMax } from "../../../ports/analytics/Bootstrap.ts"
import type { BootstrapRequest, BootstrapResult, PersonRows } from "../../../ports/analytics/Bootstrap.ts"
import type { AttributionResult, AttributionRow } from "../../../ports/analytics/AttributionQuestion.ts"
import { breakdownMax } from "../../../ports/analytics/Question.ts"
import { roundSignificant } from "../../statistics/significantDigits.ts"
import { smallGroupPeople } from "../../statistics/smallGroup.ts"
import { conversionUnits } from "./attribute.ts"
import type { Attribution, Contributions } from "./attribute.ts"
import type { PlannedAttribution } from "./planAttribution.ts"
import { creditText, orderedValues } from "./shapeAttribution.ts"

const measures = 2
const [creditMeasure, conversionsMeasure] = [0, 1]
const statisticsOfCell = 3
/** Keys of all conversions and of those that nothing touched; behind them those of values, by model. */
const [allKey, nobodyKey, valueKeys] = [0, 1, 2]

const lowWord = 0xffff_ffffn

/** What each conversion gives to whom, as rows of people; up to as many as a bootstrap takes. */
export class CreditRows implements Contributions {
  private readonly people = new Uint32Array(2 * bootstrapRowsMax)
  private readonly keys = new Uint32Array(bootstrapRowsMax)
  private readonly credit = new Float64Array(bootstrapRowsMax)
  private readonly conversions = new Float64Array(bootstrapRowsMax)
  private readonly models: number
  private count = 0

  constructor(models: number) {
    this.models = models
  }

  toAll = (person: bigint, credit: bigint, conversions: bigint) => this.add(person, allKey, credit, conversions)
  toNobody = (person: bigint, credit: bigint, conversions: bigint) => this.add(person, nobodyKey, credit, conversions)
  toValue = (person: bigint, value: number, model: number, credit: bigint, conversions: bigint) =>
    this.add(person, valueKeys + value * this.models + model, credit, conversions)

  private add(person: bigint, key: number, credit: bigint, conversions: bigint): void {
    const at = this.count
    this.count += 1
    if (at >= bootstrapRowsMax) return
    this.people[2 * at] = Number(person & lowWord)
    this.people[2 * at + 1] = Number(person >> 32n)
    this.keys[at] = key
    this.credit[at] = Number(credit)
    this.conversions[at] = Number(conversions)
  }

  rows(): PersonRows | { readonly tooMany: number } {
    const { count } = this
    if (count > bootstrapRowsMax) return { tooMany: count }
    return {
      people: this.people.slice(0, 2 * count),
      keys: this.keys.slice(0, count),
      measures: [this.credit.slice(0, count), this.conversions.slice(0, count)]
    }
  }
}

/** Cells: all conversions, those that nothing touched, then by model each value that is shown and what is behind them. */
const shownOf = (values: Attribution["values"]): number => Math.min(values.length, breakdownMax) + 1
const cellOf = (shown: number, model: number, place: number): number => 2 + model * shown + place

export const attributionStatistics = ({ models }: PlannedAttribution, { values }: Attribution): number =>
  (2 + models.length * shownOf(values)) * statisticsOfCell

/** What the intervals are drawn from. */
export const attributionRequest = (
  { models, unit }: PlannedAttribution,
  { values }: Attribution,
  rows: PersonRows,
  seed: string
): BootstrapRequest => {
  const shown = shownOf(values)
  const cells = 2 + models.length * shown
  const cellsOfKey: Array<ReadonlyArray<number>> = [[0], [1]]
  for (const [place, value] of orderedValues(values).entries())
    for (const model of models.keys())
      cellsOfKey[valueKeys + value.place * models.length + model] = [cellOf(shown, model, Math.min(place, shown - 1))]
  const shared = unit.kind === "none" ? conversionsMeasure : creditMeasure
  return {
    ...rows,
    seed,
    cellCount: cells,
    cellsOfKey,
    statistics: new Int32Array(
      Array.from({ length: cells }, (_, cell) => [
        cell * measures + creditMeasure,
        -1,
        cell * measures + conversionsMeasure,
        -1,
        cell * measures + shared,
        shared
      ]).flat()
    )
  }
}

/** The models with the intervals of each row. */
export const withCreditIntervals = (
  { unit }: PlannedAttribution,
  { values }: Attribution,
  models: AttributionResult["models"],
  { high, low, people }: BootstrapResult
): AttributionResult["models"] => {
  const shown = shownOf(values)
  const of = <A>(statistic: number, show: (value: number) => A): readonly [A, A] | null =>
    Number.isNaN(low[statistic]!) ? null : [show(low[statistic]!), show(high[statistic]!)]
  const uncertain = (cell: number): Pick<AttributionRow, "intervals" | "small"> => {
    const first = cell * statisticsOfCell
    const credit = of(first, (value) => creditText(BigInt(Math.round(value)), unit) ?? "")
    return {
      intervals: {
        credit: unit.kind === "none" ? null : credit,
        conversions: of(first + 1, (value) => roundSignificant(value / Number(conversionUnits))),
        share: of(first + 2, roundSignificant)
      },
      small: people[cell]! < smallGroupPeople
    }
  }
  return models.map(({ model, rows }, index) => ({
    model,
    rows: rows.map((row, place) => ({
      ...row,
      ...uncertain(row.unattributed === true ? 1 : cellOf(shown, index, row.other === true ? shown - 1 : place))
    }))
  }))
}
