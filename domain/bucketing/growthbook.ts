/** A range of the hash, from the first inclusive to the second exclusive. */
export type HashRange = readonly [from: number, to: number]

/** FNV-1a with 32 bits over UTF-16 units, as GrowthBook's clients compute it. */
const fnv32a = (text: string): number => {
  let value = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) {
    value ^= text.charCodeAt(at)
    value = Math.imul(value, 0x01000193)
  }
  return value >>> 0
}

/** GrowthBook's first hash, 0 to .999 by thousandths; biased, kept for experiments that began with it. */
export const growthbookHash1 = (seed: string, unit: string): number => (fnv32a(unit + seed) % 1000) / 1000

/** GrowthBook's second hash, 0 to .9999 by ten-thousandths. */
export const growthbookHash2 = (seed: string, unit: string): number =>
  (fnv32a(String(fnv32a(seed + unit))) % slots) / slots
const slots = 10_000

/**
 * A range for each share, of which coverage leaves the first part: shares that do not sum to 1 (within .01) count as
 * equal. Source: https://docs.growthbook.io/lib/build-your-own#getbucketranges
 */
export const bucketRanges = (
  count: number,
  coverage: number,
  shares: ReadonlyArray<number> | undefined
): ReadonlyArray<HashRange> => {
  const covered = Math.min(1, Math.max(0, coverage))
  const total = shares?.reduce((sum, share) => sum + share, 0) ?? 0
  const isUsable = shares !== undefined && shares.length === count && total >= 0.99 && total <= 1.01
  let from = 0
  return Array.from({ length: Math.max(0, count) }, (_, at): HashRange => {
    const share = isUsable ? shares[at]! : 1 / count
    const start = from
    from += share
    return [start, start + covered * share]
  })
}

/** Place of the range that holds the hash; −1 where none does. */
export const rangeOf = (hash: number, ranges: ReadonlyArray<HashRange>): number =>
  ranges.findIndex(([from, to]) => hash >= from && hash < to)
