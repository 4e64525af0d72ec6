import type { PageSelection } from "./HeatmapPlan.ts"

/** A burst of angry clicks has at least three within this time and this distance of each other. */
export const rageMillisMax = 1000
export const ragePixelsMax = 30

export const clickOrders = ["rage", "dead", "clicks"] as const
export type ClickOrder = (typeof clickOrders)[number]

/**
 * Clicks of the range by element. Three clicks are a rage where they follow each other on one page of one device (those
 * that tell where they were, on fixed elements apart, in arrival order), the last no more than {@link rageMillisMax} after
 * the first, any two no more than {@link ragePixelsMax} apart. Each click of such three is a rage click; clicks of
 * overlapping threes are one burst, of the element of its first click. What lies at the range's borders is judged with
 * its neighbours outside.
 */
export interface ClickPlan extends PageSelection {
  readonly kind: "click"
  readonly order: ClickOrder
}

export interface ClickCounts {
  readonly clicks: number
  readonly rageClicks: number
  readonly rageBursts: number
  readonly deadClicks: number
  readonly people: number
  readonly ragePeople: number
  readonly deadPeople: number
}

/** What answers a {@link ClickPlan}. */
export interface ClickRows {
  /** Most of what the order asks for first, then most rage clicks, dead clicks, clicks; then by host, path and selector. */
  readonly elements: ReadonlyArray<
    ClickCounts & { readonly host: string | null; readonly path: string | null; readonly selector: string }
  >
  /** Elements in all. */
  readonly count: number
  /** Of all clicks, those of no known element included. */
  readonly totals: ClickCounts
  /** Arrival of the newest event held, ms UTC. */
  readonly asOfMillis: number | undefined
}
