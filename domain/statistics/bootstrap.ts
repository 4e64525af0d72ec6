import { createHash } from "node:crypto"
import { bootstrapDraws } from "../../ports/analytics/Bootstrap.ts"
import type { BootstrapRequest, BootstrapResult } from "../../ports/analytics/Bootstrap.ts"
import type { Steps } from "./steps.ts"
import { fillNumbers } from "./xoshiro128.ts"

/** Ends of the interval as shares of the draws: 95 %. */
const [lowShare, highShare] = [0.025, 0.975]
const word = 2 ** 32

/** P(X ≤ k) of the Poisson distribution with mean 1, as 32-bit bounds; behind the last lies less than one in 2^32. */
const poissonBounds: ReadonlyArray<number> = (() => {
  const bounds: Array<number> = []
  let [probability, sum] = [Math.exp(-1), 0]
  for (let k = 0; k < 12; k += 1) {
    sum += probability
    probability /= k + 1
    bounds.push(Math.floor(sum * word))
  }
  return bounds
})()

/**
 * Percentile intervals of sums and ratios of sums, 95 %, resampled by person (Efron, "Bootstrap methods: another look at
 * the jackknife", 1979). In every draw each person counts as often as a Poisson variable of mean 1 says, which is what
 * drawing as many people with replacement comes to where they are many, and needs nothing known of people who bring
 * nothing (Hanley and MacGibbon, "Creating non-parametric bootstrap samples using Poisson frequencies", 2006; Chamandy et
 * al., "Estimating uncertainty for massive data streams", 2012). How often is told by seed and person alone: equal data
 * have equal intervals. Quantiles lie between two draws in proportion (Hyndman and Fan, 1996, type 7).
 */
export function* bootstrap(request: BootstrapRequest): Steps<BootstrapResult> {
  const { cellCount, cellsOfKey, keys, measures, people, seed, statistics } = request
  const measureCount = measures.length
  const sums = new Float64Array(cellCount * measureCount * bootstrapDraws)
  const counted = new Uint32Array(cellCount)
  const last = new Int32Array(cellCount).fill(-1)
  const seeds = seedWords(seed)
  const weights = new Uint8Array(bootstrapDraws)
  const drawing: Drawing = { weights, state: new Uint32Array(4), numbers: new Uint32Array(bootstrapDraws) }
  let person = -1
  for (const [done, row] of rowsByPerson(people).entries()) {
    const isSame =
      person >= 0 && people[2 * row] === people[2 * person] && people[2 * row + 1] === people[2 * person + 1]
    if (!isSame) {
      person = row
      fillWeights(drawing, seeds, people[2 * row]!, people[2 * row + 1]!)
    }
    for (const cell of cellsOfKey[keys[row]!]!) {
      if (last[cell] !== person) counted[cell]! += 1
      last[cell] = person
      for (let measure = 0; measure < measureCount; measure += 1) {
        const value = measures[measure]![row]!
        if (value === 0) continue
        const at = (cell * measureCount + measure) * bootstrapDraws
        for (let draw = 0; draw < bootstrapDraws; draw += 1) sums[at + draw]! += weights[draw]! * value
      }
    }
    if (done % 100 === 99) yield
  }
  const { meansOf = new Uint32Array(statistics.length / 2).fill(1) } = request
  const count = meansOf.length
  const [low, high] = [new Float64Array(count), new Float64Array(count)]
  let first = 0
  for (let statistic = 0; statistic < count; statistic += 1) {
    const behind = first + meansOf[statistic]!
    const drawn = drawsOf(sums, statistics.subarray(2 * first, 2 * behind))
    first = behind
    low[statistic] = quantile(drawn, lowShare)
    high[statistic] = quantile(drawn, highShare)
    if (statistic % 20 === 19) yield
  }
  return { low, high, people: counted }
}

/** Rows of each person together, in their order. */
const rowsByPerson = (people: Uint32Array): Uint32Array =>
  Uint32Array.from({ length: people.length / 2 }, (_, row) => row).sort(
    (a, b) => people[2 * a]! - people[2 * b]! || people[2 * a + 1]! - people[2 * b + 1]! || a - b
  )

/** Values of a statistic in the draws that have one, ascending. */
const drawsOf = (sums: Float64Array, pairs: Int32Array): Float64Array => {
  const totals = new Float64Array(bootstrapDraws)
  const counts = new Uint32Array(bootstrapDraws)
  for (let pair = 0; pair < pairs.length; pair += 2) {
    const [above, below] = [pairs[pair]! * bootstrapDraws, pairs[pair + 1]! * bootstrapDraws]
    for (let draw = 0; draw < bootstrapDraws; draw += 1) {
      const divisor = below < 0 ? 1 : sums[below + draw]!
      if (divisor === 0) continue
      totals[draw]! += sums[above + draw]! / divisor
      counts[draw]! += 1
    }
  }
  return totals
    .map((total, draw) => total / counts[draw]!)
    .filter((_, draw) => counts[draw] !== 0)
    .toSorted()
}

const quantile = (ascending: Float64Array, share: number): number => {
  if (ascending.length < bootstrapDraws / 2) return Number.NaN
  const place = share * (ascending.length - 1)
  const below = Math.floor(place)
  const [from, to] = [ascending[below]!, ascending[Math.min(below + 1, ascending.length - 1)]!]
  return from + (place - below) * (to - from)
}

const seedWords = (seed: string): Uint32Array => {
  const bytes = createHash("sha256").update(seed).digest()
  return new Uint32Array(Array.from({ length: 4 }, (_, at) => bytes.readUInt32LE(4 * at)))
}

interface Drawing {
  readonly weights: Uint8Array
  readonly state: Uint32Array
  readonly numbers: Uint32Array
}

/** How often the person counts in each draw: numbers of xoshiro128**, seeded with both. */
const fillWeights = (
  { numbers, state, weights }: Drawing,
  seeds: Uint32Array,
  lowWord: number,
  highWord: number
): void => {
  const a = mixed(seeds[0]! ^ lowWord)
  const b = mixed(seeds[1]! ^ highWord)
  state[0] = a
  state[1] = b
  state[2] = mixed(seeds[2]! ^ a)
  state[3] = mixed(seeds[3]! ^ b) | 1
  fillNumbers(state, numbers)
  for (let draw = 0; draw < weights.length; draw += 1) {
    const number = numbers[draw]!
    let times = 0
    while (times < poissonBounds.length && number >= poissonBounds[times]!) times += 1
    weights[draw] = times
  }
}

/** The last steps of MurmurHash3: every bit of the word changes every other (Appleby). */
const mixed = (of: number): number => {
  let hash = of
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
