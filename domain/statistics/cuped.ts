import type { ArmEstimate } from "./ArmEstimate.ts"
import type { PairSums, SampleSums } from "./SampleSums.ts"
import { deviations } from "./SampleSums.ts"
import type { StatisticsRefusal } from "./StatisticsRefusal.ts"

/** A sample whose units have, where there is history, a value x from before their first exposure. */
export interface CovariateSums extends SampleSums {
  readonly covariate: {
    /** Units with history. */
    readonly count: number
    /** Σ x, Σ x², Σ x y over units with history. */
    readonly sum: number
    readonly squares: number
    readonly products: number
    /** Σ y over units with history. */
    readonly outcomes: number
  }
}

export interface CupedEstimates {
  /** One for all arms: Σ S_xy / Σ S_xx, both within arms. */
  readonly theta: number
  readonly pooledCovariateMean: number
  /** 1 − adjusted variance / plain variance over all arms; 0 where the covariate tells nothing. */
  readonly varianceReduction: number
  readonly arms: ReadonlyArray<ArmEstimate>
}

/**
 * Means adjusted by what units did before (Deng, Xu, Kohavi, Walker, "Improving the sensitivity of online controlled
 * experiments by utilizing pre-experiment data", 2013): ȳ − θ (x̄ − x̄_pooled). Units without history are taken to lie
 * at the pooled mean of x, so that nobody is left out.
 */
export const adjustByCovariate = (arms: ReadonlyArray<CovariateSums>): CupedEstimates | StatisticsRefusal => {
  if (arms.length === 0 || arms.some(({ count }) => !(count > 0))) return "no_units"
  if (arms.some(({ count }) => count < 2)) return "too_few_units"
  const known = total(arms, ({ covariate }) => covariate.count)
  const pooledCovariateMean = known > 0 ? total(arms, ({ covariate }) => covariate.sum) / known : 0
  const within = arms.map((arm) => withinArm(arm, pooledCovariateMean))
  const spread = total(within, ({ xx }) => xx)
  const theta = spread > 0 ? total(within, ({ xy }) => xy) / spread : 0
  const adjusted = within.map(({ count, mean, shift, xx, xy, yy }) => ({
    count,
    mean: mean - theta * shift,
    variance: Math.max(0, yy - 2 * theta * xy + theta * theta * xx) / (count - 1) / count
  }))
  const plain = total(within, ({ yy }) => yy)
  const left = plain - 2 * theta * total(within, ({ xy }) => xy) + theta * theta * spread
  return {
    theta,
    pooledCovariateMean,
    varianceReduction: plain > 0 ? Math.min(1, 1 - left / plain) : 0,
    arms: adjusted
  }
}

/** A ratio of y by d, and of units with history the same x by m from before. */
export interface RatioCovariateSums extends PairSums {
  readonly covariate: {
    /** Units with history, and sums over them: x is `left`, m `right`. */
    readonly before: PairSums
    /** Σ x y, Σ x d, Σ m y, Σ m d, Σ y, Σ d */
    readonly xy: number
    readonly xd: number
    readonly my: number
    readonly md: number
    readonly y: number
    readonly d: number
  }
}

/**
 * Ratios adjusted by the same ratio before (Deng, Xu, Kohavi, Walker 2013, section 3.4 and appendix B): by the delta
 * method a ratio r is the mean of r + (y − r d) / d̄ over units, and so is the one before, about all arms' together; these
 * are adjusted as means are.
 */
export const adjustRatioByCovariate = (arms: ReadonlyArray<RatioCovariateSums>): CupedEstimates | StatisticsRefusal => {
  if (arms.some(({ right }) => right.sum === 0)) return "no_units"
  const known = total(arms, ({ covariate }) => covariate.before.count)
  const below = total(arms, ({ covariate }) => covariate.before.right.sum)
  const ratio = below === 0 ? 0 : total(arms, ({ covariate }) => covariate.before.left.sum) / below
  const mean = known === 0 ? 0 : below / known
  return adjustByCovariate(arms.map((arm) => linearised(arm, ratio, mean)))
}

/** Sums of the linear terms; `ratio` and `mean` are those of all arms before. */
const linearised = (
  { count, covariate, left, products, right }: RatioCovariateSums,
  ratio: number,
  mean: number
): CovariateSums => {
  const own = left.sum / right.sum
  const unit = right.sum / count
  const { before, d, md, my, xd, xy, y } = covariate
  const over = (value: number): number => (mean === 0 ? 0 : value / mean)
  // Σ (y − r d) is zero over all units, not over those with history.
  const outcomes = (y - own * d) / unit
  const sum = over(before.left.sum - ratio * before.right.sum)
  return {
    count,
    sum: count * own,
    squares: count * own * own + (left.squares - 2 * own * products + own * own * right.squares) / (unit * unit),
    covariate: {
      count: before.count,
      sum,
      squares: over(over(before.left.squares - 2 * ratio * before.products + ratio * ratio * before.right.squares)),
      products: own * sum + over(xy - own * xd - ratio * (my - own * md)) / unit,
      outcomes: before.count * own + outcomes
    }
  }
}

interface WithinArm {
  readonly count: number
  readonly mean: number
  /** x̄ of the arm less the pooled mean. */
  readonly shift: number
  readonly xx: number
  readonly xy: number
  readonly yy: number
}

/** Deviations within an arm; x is measured from the pooled mean, where units without history are 0. */
const withinArm = ({ count, covariate, squares, sum }: CovariateSums, centre: number): WithinArm => {
  const x = covariate.sum - covariate.count * centre
  const xSquares = covariate.squares - 2 * centre * covariate.sum + covariate.count * centre * centre
  const products = covariate.products - centre * covariate.outcomes
  const atLeastRounding = (value: number, of: number): number => (value > count * Number.EPSILON * of ? value : 0)
  return {
    count,
    mean: sum / count,
    shift: x / count,
    xx: atLeastRounding(deviations(count, xSquares, x, x), covariate.squares),
    xy: deviations(count, products, x, sum),
    yy: atLeastRounding(deviations(count, squares, sum, sum), squares)
  }
}

const total = <A>(values: ReadonlyArray<A>, of: (value: A) => number): number =>
  values.reduce((sum, value) => sum + of(value), 0)
