import type { AttributionRows, AttributionTouch } from "../../../ports/analytics/AttributionPlan.ts"
import type { AttributionModel } from "../../../ports/analytics/AttributionQuestion.ts"
import type { Steps } from "../../statistics/steps.ts"
import { allocate } from "./allocate.ts"
import { weightsOf } from "./weights.ts"

/** A conversion is divided into millionths. */
export const conversionUnits = 1_000_000n
/** Shares that are computed between two pauses: about a millisecond's worth. */
const sharesPerStep = 1000

export interface Share {
  credit: bigint
  /** In {@link conversionUnits}. */
  conversions: bigint
}

export interface AttributedValue {
  readonly value: string | null
  /** In the order in which values came. */
  readonly place: number
  readonly touched: number
  /** Who has a conversion that it touched. */
  readonly people: ReadonlySet<bigint>
  /** In the order of the models. */
  readonly shares: ReadonlyArray<Share>
}

export interface Attribution {
  readonly values: ReadonlyArray<AttributedValue>
  readonly unattributed: Share
  readonly total: Share
  /** Who converted, and who has a conversion that nothing touched. */
  readonly people: { readonly all: ReadonlySet<bigint>; readonly unattributed: ReadonlySet<bigint> }
}

const nothing = (): Share => ({ credit: 0n, conversions: 0n })

const add = (to: Share, credit: bigint, conversions: bigint): void => {
  to.credit += credit
  to.conversions += conversions
}

/** Takes what each conversion gives to each value. */
export interface Contributions {
  readonly toAll: (person: bigint, credit: bigint, conversions: bigint) => void
  readonly toNobody: (person: bigint, credit: bigint, conversions: bigint) => void
  /** `value` and `model` by their places. */
  readonly toValue: (person: bigint, value: number, model: number, credit: bigint, conversions: bigint) => void
}

/** Gives each conversion's amount to the values that touched it, by every model, exact to the unit. */
export function* attribute(
  { credits, touches }: Pick<AttributionRows, "credits" | "touches">,
  models: ReadonlyArray<AttributionModel>,
  halfLifeMillis: number,
  contributions?: Contributions
): Steps<Attribution> {
  const values = new Map<
    string | null,
    {
      touched: number
      readonly people: Set<bigint>
      readonly place: number
      readonly shares: ReadonlyArray<Share>
    }
  >()
  const valueOf = (value: string | null) => {
    const known = values.get(value)
    if (known !== undefined) return known
    const fresh = { touched: 0, people: new Set<bigint>(), place: values.size, shares: models.map(nothing) }
    values.set(value, fresh)
    return fresh
  }
  const [unattributed, total] = [nothing(), nothing()]
  const people = { all: new Set<bigint>(), unattributed: new Set<bigint>() }
  let at = 0
  let done = 0
  let own: ReadonlyArray<AttributionTouch> = []
  let weights: ReadonlyArray<ReadonlyArray<bigint>> = []
  let conversion: number | undefined
  for (const credit of credits) {
    if (credit.conversion !== conversion) {
      conversion = credit.conversion
      const first = conversion === undefined ? touches.length : beginOf(touches, at, conversion)
      at = conversion === undefined ? touches.length : beginOf(touches, first, conversion + 1)
      own = touches.slice(first, at)
      const before = own.map((touch) => touch.beforeMillis)
      weights = own.length === 0 ? [] : models.map((model) => weightsOf(model, before, halfLifeMillis))
    }
    const [amount, one] = [credit.amount ?? 0n, credit.refund ? 0n : conversionUnits]
    const { person } = credit
    add(total, amount, one)
    contributions?.toAll(person, amount, one)
    if (own.length === 0) {
      add(unattributed, amount, one)
      contributions?.toNobody(person, amount, one)
    }
    if (!credit.refund) {
      people.all.add(person)
      if (own.length === 0) people.unattributed.add(person)
      for (const value of new Set(own.map((touch) => touch.value))) {
        const touched = valueOf(value)
        touched.touched += 1
        touched.people.add(person)
      }
    }
    for (const [model, weight] of weights.entries()) {
      const [amounts, ones] = [allocate(amount, weight), allocate(one, weight)]
      for (const [index, { value }] of own.entries()) {
        const { place, shares } = valueOf(value)
        add(shares[model]!, amounts[index]!, ones[index]!)
        contributions?.toValue(person, place, model, amounts[index]!, ones[index]!)
      }
    }
    done += 1 + own.length * models.length
    if (done >= sharesPerStep) {
      done = 0
      yield
    }
  }
  return { values: [...values].map(([value, rest]) => ({ value, ...rest })), unattributed, total, people }
}

/** Index of the first touch of that conversion or a later one. */
const beginOf = (touches: ReadonlyArray<AttributionTouch>, from: number, conversion: number): number => {
  let at = from
  while (at < touches.length && touches[at]!.conversion < conversion) at += 1
  return at
}
