import type { Steps } from "./steps.ts"
import { invertPositiveDefinite, solvePositiveDefinite } from "./symmetricMatrix.ts"
import type { Matrix } from "./symmetricMatrix.ts"

/** A function's value, gradient and Hessian at one point. */
export interface Evaluation {
  readonly value: number
  readonly gradient: ReadonlyArray<number>
  readonly hessian: Matrix
}

export type Objective = (point: ReadonlyArray<number>) => Steps<Evaluation>

/**
 * Why the search ended.
 * - `converged`: no ascent is left, and the function falls in every direction.
 * - `boundary`: it rises towards a side of the box, or its maximum lies on one.
 * - `flat`: no ascent is left, but in some direction the function does not fall: the data do not tell the points apart.
 * - `stalled`: no step raised the value, though the gradient says one should.
 * - `iteration_limit`: it was still rising.
 * - `not_finite`: the function has no finite value and derivatives at the start.
 */
export type StopReason = "converged" | "boundary" | "flat" | "stalled" | "iteration_limit" | "not_finite"

export interface Maximum {
  readonly point: ReadonlyArray<number>
  readonly value: number
  /** Euclidean length of the gradient at `point`. */
  readonly gradientNorm: number
  /** Accepted steps. */
  readonly iterations: number
  readonly reason: StopReason
  /** Inverse of the negative Hessian at `point`; `undefined` unless converged. */
  readonly covariance: Matrix | undefined
}

export interface Box {
  readonly low: number
  readonly high: number
}

const iterationsMax = 200
const dampingsMax = 40
/** The ascent that a quadratic model still promises, in units of the function: in a log-likelihood, nothing. */
const ascentMin = 1e-13
/** A slope that is rounding alone. */
const slopeMin = 1e-9
/** Longest move of one coordinate in one step. */
const stepMax = 2
/** Share of the promised ascent that a step has to bring (Armijo's rule). */
const armijo = 1e-4
/** Sums of many logarithms are known this exactly, relative to their value. */
const valueNoise = 1e-13
const dampingFirst = 1e-9
const dampingFactor = 8

/**
 * A local maximum of a smooth function inside a box with equal sides, from a start inside it: Newton's method with the
 * Hessian damped until a step ascends (Levenberg 1944, Marquardt 1963), coordinates held while they press against the
 * box (Bertsekas 1982). Meant for two to four coordinates of like scale, such as logarithms. Never throws.
 */
export function* maximise(objective: Objective, start: ReadonlyArray<number>, box: Box): Steps<Maximum> {
  let point = start
  let here = yield* objective(point)
  if (!isFinite(here)) return stop(point, here, 0, "not_finite")
  let damping = 0
  for (let iteration = 0; iteration < iterationsMax; iteration++) {
    const free = freeCoordinates(point, here.gradient, box)
    const held = free.length < point.length
    if (free.length === 0) return stop(point, here, iteration, "boundary")
    const newton = stepOf(here, free, 0)
    if (newton !== undefined && hasArrived(here, newton)) {
      // The step that is left is exact to the second order: taking it doubles the digits of the point.
      const last = moved(point, newton, box)
      const there = yield* objective(last)
      const better = isFinite(there) && norm(there.gradient) <= norm(here.gradient)
      return stop(better ? last : point, better ? there : here, iteration, held ? "boundary" : "converged")
    }
    if (newton === undefined && steepest(here.gradient, free) <= slopeMin) {
      return stop(point, here, iteration, held ? "boundary" : "flat")
    }
    const taken = yield* ascend(objective, point, here, free, box, damping)
    if (taken === undefined) return stop(point, here, iteration, "stalled")
    ;({ damping, here, point } = taken)
  }
  return stop(point, here, iterationsMax, "iteration_limit")
}

/** A long step of little promise is a ridge, not an arrival. */
const hasArrived = ({ gradient }: Evaluation, newton: ReadonlyArray<number>): boolean =>
  0.5 * along(gradient, newton) <= ascentMin && Math.max(...newton.map(Math.abs)) < stepMax / 2

interface Ascent {
  readonly point: ReadonlyArray<number>
  readonly here: Evaluation
  readonly damping: number
}

/** The first step, by ever stronger damping, that raises the value enough. */
function* ascend(
  objective: Objective,
  point: ReadonlyArray<number>,
  here: Evaluation,
  free: ReadonlyArray<number>,
  box: Box,
  from: number
): Steps<Ascent | undefined> {
  const scale = Math.max(...free.map((i) => Math.abs(here.hessian[i]![i]!)), norm(here.gradient), Number.MIN_VALUE)
  let damping = from
  for (let attempt = 0; attempt < dampingsMax; attempt++) {
    const step = stepOf(here, free, damping * scale)
    if (step !== undefined) {
      const next = moved(point, step, box)
      const promised = along(
        here.gradient,
        next.map((value, i) => value - point[i]!)
      )
      const there = yield* objective(next)
      const enough = here.value + armijo * promised - valueNoise * Math.abs(here.value)
      if (promised > 0 && isFinite(there) && there.value >= enough) {
        return { point: next, here: there, damping: damping <= dampingFirst ? 0 : damping / dampingFactor }
      }
    }
    damping = damping === 0 ? dampingFirst : damping * dampingFactor
  }
  return undefined
}

/** Coordinates that do not press against the box. */
const freeCoordinates = (point: ReadonlyArray<number>, gradient: ReadonlyArray<number>, { high, low }: Box) =>
  point.flatMap((value, i) => {
    const presses = (value <= low && gradient[i]! < 0) || (value >= high && gradient[i]! > 0)
    return presses ? [] : [i]
  })

/** (damping − H)⁻¹ g over the free coordinates, shortened to the longest step; `undefined` where −H is too weak. */
const stepOf = ({ gradient, hessian }: Evaluation, free: ReadonlyArray<number>, damping: number) => {
  const matrix = free.map((i) => free.map((j) => (i === j ? damping : 0) - hessian[i]![j]!))
  const solution = solvePositiveDefinite(
    matrix,
    free.map((i) => gradient[i]!)
  )
  if (solution === undefined) return undefined
  const longest = Math.max(...solution.map(Math.abs))
  const shorten = longest > stepMax ? stepMax / longest : 1
  const step = gradient.map(() => 0)
  for (const [index, i] of free.entries()) step[i] = solution[index]! * shorten
  return step
}

/** The point a step away, or as far on the way as the box allows: past a side, a step would leave its direction. */
const moved = (point: ReadonlyArray<number>, step: ReadonlyArray<number>, box: Box): ReadonlyArray<number> => {
  const allowed = step.map((move, i) => {
    const room = (move > 0 ? box.high : box.low) - point[i]!
    return room === 0 || Math.abs(move) <= Math.abs(room) ? 1 : room / move
  })
  const share = Math.min(...allowed)
  return point.map((value, i) => {
    if (allowed[i] === share && share < 1) return step[i]! > 0 ? box.high : box.low
    return Math.min(box.high, Math.max(box.low, value + share * step[i]!))
  })
}

const along = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0)

const norm = (vector: ReadonlyArray<number>): number => Math.hypot(...vector)

const steepest = (gradient: ReadonlyArray<number>, free: ReadonlyArray<number>): number =>
  Math.max(...free.map((i) => Math.abs(gradient[i]!)))

const isFinite = ({ gradient, hessian, value }: Evaluation): boolean =>
  [value, ...gradient, ...hessian.flat()].every(Number.isFinite)

const stop = (
  point: ReadonlyArray<number>,
  { gradient, hessian, value }: Evaluation,
  iterations: number,
  reason: StopReason
): Maximum => ({
  point,
  value,
  gradientNorm: norm(gradient),
  iterations,
  reason,
  covariance:
    reason === "converged" ? invertPositiveDefinite(hessian.map((row) => row.map((each) => -each))) : undefined
})
