/** Why a figure cannot be given. */
export type StatisticsRefusal =
  /** An arm, or all of them, have no units. */
  | "no_units"
  /** A variance takes two units in an arm, a quantile's interval more. */
  | "too_few_units"
  /** All units are alike: nothing to compare a difference with. */
  | "no_variance"
  /** A relative figure needs a control that is not zero. */
  | "control_is_zero"
  /** The control's mean is not told from zero: the interval of the relative lift has no end. */
  | "control_near_zero"
  /** An argument lies outside its domain: a rate beyond 0 and 1, a negative variance, a level of 0. */
  | "out_of_range"

/** Figures are numbers, lists and structures, so a word in their place is a reason. */
export const isRefused = (answer: unknown): answer is StatisticsRefusal => typeof answer === "string"
