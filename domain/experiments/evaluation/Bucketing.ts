import type { BucketHash } from "../../../ports/experiments/FlagFile.ts"
import { bucketRanges, growthbookHash1, growthbookHash2, rangeOf } from "../../bucketing/growthbook.ts"
import { slotOf, slotsOf, variantBucket } from "../../bucketing/sha256Buckets.ts"
import { unleashRollout, unleashVariant } from "../../bucketing/unleash.ts"

/** How a rule or an experiment takes units in, and shares them out. */
export interface Bucketing {
  readonly includes: (unit: string) => boolean
  /** What is hashed for the bucket. */
  readonly inputOf: (unit: string) => string
  readonly bucketOf: (unit: string) => number
  /** Place of the variant whose share holds the bucket; −1 where none does. */
  readonly placeOf: (bucket: number) => number
}

export interface BucketingOptions {
  readonly hash: BucketHash
  /** Hashed for the rollout. */
  readonly rollout: string
  /** Hashed for the variant. */
  readonly seed: string
  readonly percent: number
  /** Whole percents; one variant alone has 100. */
  readonly weights: ReadonlyArray<number>
}

const everybody = () => true
const nobody = () => false

/** First place whose weights, summed up, exceed the bucket. */
const byWeight = (weights: ReadonlyArray<number>) => {
  let sum = 0
  const bounds = weights.map((weight) => (sum += weight))
  return (bucket: number) => bounds.findIndex((bound) => bucket < bound)
}

export const bucketingOf = (options: BucketingOptions): Bucketing => {
  const { hash, percent, rollout, seed, weights } = options
  switch (hash) {
    case "sha256": {
      const slots = slotsOf(percent)
      return {
        includes: percent >= 100 ? everybody : (unit) => slotOf("rollout", rollout, unit) < slots,
        inputOf: (unit) => `${seed}:${unit}`,
        bucketOf: (unit) => variantBucket(seed, unit),
        placeOf: byWeight(weights)
      }
    }
    case "growthbook_1":
      return growthbook(growthbookHash1, (unit) => unit + seed, options)
    case "growthbook_2":
      return growthbook(growthbookHash2, (unit) => seed + unit, options)
    case "unleash": {
      // Its variants share out a thousand.
      const place = byWeight(weights.map((weight) => weight * 10))
      const total = weights.reduce((sum, weight) => sum + weight * 10, 0)
      return {
        includes: (unit) => unleashRollout(rollout, unit) <= percent,
        inputOf: (unit) => `${seed}:${unit}`,
        bucketOf: (unit) => (total === 0 ? 0 : unleashVariant(seed, unit, total)),
        placeOf: (bucket) => place(bucket - 1)
      }
    }
  }
}

/** One hash both covers and shares out: a single variant takes what is at or below the coverage, as a forced value does. */
const growthbook = (
  hash: (seed: string, unit: string) => number,
  inputOf: Bucketing["inputOf"],
  { percent, seed, weights }: BucketingOptions
): Bucketing => {
  const coverage = percent / 100
  if (weights.length === 1) {
    const includes = coverage >= 1 ? everybody : coverage <= 0 ? nobody : (unit: string) => hash(seed, unit) <= coverage
    return { includes, inputOf, bucketOf: (unit) => hash(seed, unit), placeOf: () => 0 }
  }
  const shares = weights.map((weight) => weight / 100)
  const ranges = bucketRanges(weights.length, coverage, shares)
  const bucketOf = (unit: string) => hash(seed, unit)
  return { includes: everybody, inputOf, bucketOf, placeOf: (bucket) => rangeOf(bucket, ranges) }
}
