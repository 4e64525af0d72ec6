import type { Evaluation } from "./maximise.ts"

/** Value, gradient and Hessian of a function that is a sum of many, while they are being summed. */
export interface EvaluationSums {
  value: number
  readonly gradient: Float64Array
  /** By rows; only the lower triangle is summed. */
  readonly hessian: Float64Array
}

export const noSums = (coordinates: number): EvaluationSums => ({
  value: 0,
  gradient: new Float64Array(coordinates),
  hessian: new Float64Array(coordinates * coordinates)
})

/** The sums as an evaluation, the upper triangle of the Hessian filled from the lower. */
export const evaluationOf = ({ gradient, hessian, value }: EvaluationSums): Evaluation => {
  const size = gradient.length
  const at = (i: number, j: number): number => hessian[i >= j ? i * size + j : j * size + i]!
  return {
    value,
    gradient: [...gradient],
    hessian: Array.from({ length: size }, (_, i) => Array.from({ length: size }, (__, j) => at(i, j)))
  }
}
