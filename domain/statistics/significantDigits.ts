/** Numbers that are no counts and no money, so that equal data give equal digits whatever the engine's order of sums. */
export const significantDigits = 12

/** The number with twelve significant digits. */
export const roundSignificant = (value: number): number =>
  Number.isFinite(value) ? Number(value.toPrecision(significantDigits)) : value
