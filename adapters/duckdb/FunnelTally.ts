import type { FunnelPlan, FunnelRow } from "../../ports/analytics/FunnelPlan.ts"
import type { BestAttempt } from "./walkFunnel.ts"

/** Sums of safe integers stay safe below it by far. */
const sumMax = 2 ** 52
const valuesFirst = 4

/** A list of numbers that grows. */
class Numbers {
  #values = new Float64Array(valuesFirst)
  #count = 0
  #sum = 0
  #carried = 0n

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#count * 2)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[this.#count] = value
    this.#count += 1
    this.#sum += value
    if (this.#sum < sumMax) return
    this.#carried += BigInt(this.#sum)
    this.#sum = 0
  }

  addAll(others: Numbers): void {
    for (const value of others.#values.subarray(0, others.#count)) this.add(value)
  }

  sum(): bigint {
    return this.#carried + BigInt(this.#sum)
  }

  median(): number | null {
    if (this.#count === 0) return null
    const values = this.#values.subarray(0, this.#count)
    const middle = this.#count >> 1
    const upper = select(values, middle)
    if (this.#count % 2 === 1) return upper
    let lower = -Infinity
    for (let at = 0; at < middle; at += 1) lower = Math.max(lower, values[at]!)
    return lower + (upper - lower) / 2
  }
}

/** The value that has `place` others before it; they stand in front of it afterwards (Hoare's selection). */
const select = (values: Float64Array, place: number): number => {
  let [from, to] = [0, values.length - 1]
  while (from < to) {
    const pivot = values[(from + to) >> 1]!
    let [left, right] = [from, to]
    while (left <= right) {
      while (values[left]! < pivot) left += 1
      while (values[right]! > pivot) right -= 1
      if (left > right) break
      const held = values[left]!
      values[left] = values[right]!
      values[right] = held
      left += 1
      right -= 1
    }
    if (place <= right) to = right
    else if (place >= left) from = left
    else break
  }
  return values[place]!
}

/** Counts best attempts into a row of the answer. */
export class FunnelTally {
  readonly #plan: FunnelPlan
  readonly #asOfMillis: number
  readonly #people: Array<number>
  readonly #times: ReadonlyArray<Numbers>
  readonly #bins: ReadonlyArray<Array<number>>
  #open = 0

  constructor(plan: FunnelPlan, asOfMillis: number) {
    this.#plan = plan
    this.#asOfMillis = asOfMillis
    this.#people = plan.steps.map(() => 0)
    this.#times = plan.steps.slice(1).map(() => new Numbers())
    this.#bins = plan.steps.slice(1).map(() => plan.binStartsMillis.map(() => 0))
  }

  get people(): number {
    return this.#people[0]!
  }

  add({ furthest, times }: BestAttempt): void {
    const { binStartsMillis, steps, windowMillis } = this.#plan
    this.#people[0]! += 1
    for (let step = 1; step <= furthest; step += 1) {
      this.#people[step]! += 1
      const time = times[step]! - times[step - 1]!
      this.#times[step - 1]!.add(time)
      let bin = binStartsMillis.length - 1
      while (bin > 0 && time < binStartsMillis[bin]!) bin -= 1
      if (bin >= 0) this.#bins[step - 1]![bin]! += 1
    }
    if (furthest + 1 < steps.length && times[0]! + windowMillis > this.#asOfMillis) this.#open += 1
  }

  /** Takes what another has counted. */
  include(other: FunnelTally): void {
    other.#people.forEach((people, step) => (this.#people[step]! += people))
    other.#times.forEach((times, index) => this.#times[index]!.addAll(times))
    other.#bins.forEach((bins, index) => bins.forEach((people, bin) => (this.#bins[index]![bin]! += people)))
    this.#open += other.#open
  }

  row(group: FunnelRow["group"]): FunnelRow {
    return {
      group,
      people: this.#people,
      times: this.#times.map((each, index) => ({
        sumMillis: each.sum(),
        medianMillis: each.median(),
        people: this.#bins[index]!
      })),
      open: this.#open
    }
  }
}
