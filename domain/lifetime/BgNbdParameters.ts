/**
 * Purchases come at a rate that is gamma distributed over customers with shape `r` and `alpha` weeks as its inverse
 * scale; after each purchase a customer leaves for good with a probability that is Beta(`a`, `b`) distributed.
 */
export interface BgNbdParameters {
  readonly r: number
  /** Weeks. */
  readonly alpha: number
  readonly a: number
  readonly b: number
}
