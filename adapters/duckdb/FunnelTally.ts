import type { FunnelPlan, FunnelRow } from "../../ports/analytics/FunnelPlan.ts"
import { Numbers } from "./Numbers.ts"
import type { BestAttempt } from "./walkFunnel.ts"

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
