import { Schema } from "effect"

/**
 * All that an arm's estimate of a metric needs: what units did from their first exposure on, one total y per unit, capped
 * where the metric is. For a rate y is 0 or 1.
 */
export const MetricSums = Schema.Struct({
  /** Units: people whose time in the metric's window counts. */
  count: Schema.Int,
  /** Units whose y is not zero. */
  converted: Schema.Int,
  /** Σ y */
  sum: Schema.Finite,
  /** Σ y² */
  squares: Schema.Finite,
  /** Of a ratio: d is the unit's denominator. */
  denominator: Schema.optionalKey(
    Schema.Struct({
      /** Σ d */
      sum: Schema.Finite,
      /** Σ d² */
      squares: Schema.Finite,
      /** Σ y d */
      products: Schema.Finite
    })
  ),
  /** What units with history did before their first exposure: x, capped alike. */
  covariate: Schema.optionalKey(
    Schema.Struct({
      /** Units with history. */
      count: Schema.Int,
      /** Σ x */
      sum: Schema.Finite,
      /** Σ x² */
      squares: Schema.Finite,
      /** Σ x y */
      products: Schema.Finite,
      /** Σ y over units with history. */
      outcomes: Schema.Finite
    })
  ),
  /** Of a quantile: its value, and the values at the shares between which it lies at 95 %, clustered by unit. */
  quantile: Schema.optionalKey(Schema.Struct({ value: Schema.Finite, low: Schema.Finite, high: Schema.Finite }))
}).annotate({ identifier: "MetricSums" })
export type MetricSums = typeof MetricSums.Type
