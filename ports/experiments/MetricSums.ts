import { Schema } from "effect"

/** Its value, and the values at the shares between which it lies at 95 %, clustered by unit. */
const Quantile = Schema.Struct({ value: Schema.Finite, low: Schema.Finite, high: Schema.Finite })

/**
 * All that an arm's estimate of a metric needs: what units did from their first exposure on, one total y per unit, capped
 * where the metric is. For a rate y is 0 or 1; of a quantile over events y is each event's value.
 */
export const MetricSums = Schema.Struct({
  /** Units: people whose time in the metric's window counts; of a quantile those who have a value. */
  count: Schema.Int,
  /** Units with a y that is not zero. */
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
  /** The same metric in so long before the first exposure, x per unit, capped alike; whoever did nothing then has 0. */
  before: Schema.optionalKey(
    Schema.Struct({
      /** Units. */
      count: Schema.Int,
      /** Σ x */
      sum: Schema.Finite,
      /** Σ x² */
      squares: Schema.Finite,
      /** Of a ratio: m is what x is divided by. */
      denominator: Schema.optionalKey(
        Schema.Struct({
          /** Σ m */
          sum: Schema.Finite,
          /** Σ m² */
          squares: Schema.Finite,
          /** Σ x m */
          products: Schema.Finite
        })
      ),
      quantile: Schema.optionalKey(Quantile)
    })
  ),
  /** Of a metric that is adjusted: what units with history did before their first exposure. */
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
      outcomes: Schema.Finite,
      /** Of a ratio. */
      denominator: Schema.optionalKey(
        Schema.Struct({
          /** Σ m, of units with history as all that follows. */
          sum: Schema.Finite,
          /** Σ m² */
          squares: Schema.Finite,
          /** Σ x m */
          covariates: Schema.Finite,
          /** Σ m d */
          products: Schema.Finite,
          /** Σ m y */
          numerators: Schema.Finite,
          /** Σ x d */
          across: Schema.Finite,
          /** Σ d */
          outcomes: Schema.Finite
        })
      )
    })
  ),
  quantile: Schema.optionalKey(Quantile)
}).annotate({ identifier: "MetricSums" })
export type MetricSums = typeof MetricSums.Type
