import type { PlanField, PlanFilter } from "./PlanFilter.ts"
import type { SessionLimits } from "./SessionLimits.ts"
import type { SourceRules } from "./SessionPlan.ts"
import type { ConversionRun } from "./TrendPlan.ts"

export const attributionDimensions = ["channel", "source", "medium", "campaign", "landing_page"] as const
export type AttributionDimension = (typeof attributionDimensions)[number]

/** Events that are touches themselves, whatever campaign they bear. */
export const touchEventTypes = ["email_clicked", "banner_clicked"] as const
/** What touches without any source are called, as channel and as source. */
export const directTouch = "direct"
/** Touches of all conversions together, and conversions, that one question may read. */
export const attributionTouchesMax = 1_000_000

export type AttributedConversions =
  /** Orders of the range, and refunds of the range, whenever their order was; each once, converted. */
  | { readonly kind: "orders"; readonly conversions: ReadonlyArray<ConversionRun> }
  /** Every event that the filter takes, worth the property's number in billionths, or nothing but itself. */
  | { readonly kind: "events"; readonly selection: PlanFilter; readonly property: string | undefined }

/**
 * The touches that led to each conversion. A session is one touch: its first event with a source or of
 * {@link touchEventTypes}, else, where a page was viewed, its first page view, which is direct. A touch belongs to the
 * person of that event, and to all their conversions at the same instant or up to the look-back after it, whatever the
 * range. Direct touches count where no other lies in the look-back, or where they are kept.
 */
export interface AttributionPlan {
  readonly kind: "attribution"
  readonly workspace: string
  readonly revisions: string
  readonly fromMillis: number
  /** Exclusive. */
  readonly toMillis: number
  readonly conversions: AttributedConversions
  /** Holds for conversions and refunds. */
  readonly filter: PlanFilter | undefined
  readonly lookBackMillis: number
  readonly keepDirect: boolean
  readonly dimension: AttributionDimension
  /** Intervals are drawn from the rows. */
  readonly uncertain?: true
  readonly limits: SessionLimits
  readonly sources: SourceRules
  readonly channel: PlanField
}

/** What is to be divided among the touches of a conversion. */
export interface AttributionCredit {
  /** `undefined`: of no conversion that is known, as refunds of unknown orders. */
  readonly conversion: number | undefined
  /** Minor units of the plan's currency, negative for refunds, or billionths; `null` where there is no amount. */
  readonly amount: bigint | null
  /** Not itself a conversion, but what takes one back. */
  readonly refund: boolean
  /** Whose conversion it is, a hash of 64 bits. */
  readonly person: bigint
}

export interface AttributionTouch {
  readonly conversion: number
  readonly value: string | null
  /** From the touch to the conversion. */
  readonly beforeMillis: number
}

/** What answers an {@link AttributionPlan}. */
export interface AttributionRows {
  /** By conversion, in arrival order; those of no conversion come last. */
  readonly credits: ReadonlyArray<AttributionCredit>
  /** By conversion, the earliest touch first. */
  readonly touches: ReadonlyArray<AttributionTouch>
  /** There are more than {@link attributionTouchesMax}; the rows are not whole. */
  readonly tooMany: boolean
  /** Orders and refunds without exchange rate, by currency, sorted. */
  readonly leftOut: ReadonlyArray<{ readonly currency: string; readonly orders: number; readonly minor: bigint }>
  /** Arrival of the newest event held, ms UTC. */
  readonly asOfMillis: number | undefined
}
