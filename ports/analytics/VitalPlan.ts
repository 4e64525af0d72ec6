import type { PageSelection } from "./HeatmapPlan.ts"
import type { DeviceClass } from "./PageQuestion.ts"

/**
 * Metrics of a page's loading and answering, with the largest good value and the largest that is not poor, in ms (CLS: a
 * score). Thresholds as Google publishes them, web.dev/articles/vitals, defined at the 75th percentile.
 */
export const vitalThresholds = {
  LCP: { good: 2500, poor: 4000 },
  INP: { good: 200, poor: 500 },
  CLS: { good: 0.1, poor: 0.25 },
  FCP: { good: 1800, poor: 3000 },
  TTFB: { good: 800, poor: 1800 }
} as const
export type VitalName = keyof typeof vitalThresholds
export const vitalNames = Object.keys(vitalThresholds) as ReadonlyArray<VitalName>

/** The smallest value that three quarters of all do not exceed. */
export const vitalQuantile = 0.75

/** Values of the `web_vital` events of the range, none negative, by page and class of devices. */
export interface VitalPlan extends PageSelection {
  readonly kind: "vital"
}

export interface VitalRow {
  /** `undefined`: all classes together. */
  readonly device: DeviceClass | null | undefined
  readonly name: VitalName
  readonly samples: number
  /** The value at {@link vitalQuantile}. */
  readonly value: number
  readonly good: number
  readonly poor: number
}

/** What answers a {@link VitalPlan}. */
export interface VitalRows {
  /** Over all pages. */
  readonly totals: ReadonlyArray<VitalRow>
  /** Most samples first, then by host and path. */
  readonly pages: ReadonlyArray<{
    readonly host: string | null
    readonly path: string | null
    readonly samples: number
    readonly rows: ReadonlyArray<VitalRow>
  }>
  /** Pages in all. */
  readonly count: number
  /** Arrival of the newest event held, ms UTC. */
  readonly asOfMillis: number | undefined
}
