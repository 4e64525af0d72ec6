/** Units of a currency per euro, as an exact fraction. */
export interface PerEuro {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** An exact factor from minor units of one currency to minor units of another. */
export interface Factor {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** Factor through the euro: `minor × 10^(to − from) × toRate ÷ fromRate`. */
export const factorBetween = (
  from: PerEuro & { readonly exponent: number },
  to: PerEuro & { readonly exponent: number }
): Factor => {
  const up = 10n ** BigInt(Math.max(0, to.exponent - from.exponent))
  const down = 10n ** BigInt(Math.max(0, from.exponent - to.exponent))
  return {
    numerator: to.numerator * from.denominator * up,
    denominator: to.denominator * from.numerator * down
  }
}

/** `minor × factor`, half up (away from zero at the half), for amounts that are not negative. */
export const convert = (minor: bigint, factor: Factor): bigint =>
  (2n * minor * factor.numerator + factor.denominator) / (2n * factor.denominator)
