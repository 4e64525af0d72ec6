import type { AttributionModel } from "../../../ports/analytics/AttributionQuestion.ts"

/** Fractions of time decay are kept to so many binary digits: as exact as a double holds them. */
const decayScale = 2 ** 52

/**
 * How much each touch of a conversion weighs, the earliest first; whole numbers, so that all that follows is exact.
 * `beforeMillis` is the time from the touch to the conversion.
 */
export const weightsOf = (
  model: AttributionModel,
  beforeMillis: ReadonlyArray<number>,
  halfLifeMillis: number
): ReadonlyArray<bigint> => {
  const last = beforeMillis.length - 1
  switch (model) {
    case "first_touch":
      return beforeMillis.map((_, at) => (at === 0 ? 1n : 0n))
    case "last_touch":
      return beforeMillis.map((_, at) => (at === last ? 1n : 0n))
    case "linear":
      return beforeMillis.map(() => 1n)
    case "position_based": {
      // 40 % to both ends and 20 % between them: 2 (n − 2) to 1 each; with nothing between, half and half.
      const end = last <= 1 ? 1n : 2n * BigInt(last - 1)
      return beforeMillis.map((_, at) => (at === 0 || at === last ? end : 1n))
    }
    case "time_decay":
      // Against the newest touch, whose weight is 1, so that a long look-back loses no digits.
      return beforeMillis.map((before) =>
        BigInt(Math.round(2 ** ((beforeMillis[last]! - before) / halfLifeMillis) * decayScale))
      )
  }
}
