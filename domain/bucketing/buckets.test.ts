import { assert, describe, it } from "@effect/vitest"
import golden from "./buckets.golden.json" with { type: "json" }
import { bucketRanges, growthbookHash1, growthbookHash2, rangeOf } from "./growthbook.ts"
import type { HashRange } from "./growthbook.ts"
import published from "./growthbookHashes.json" with { type: "json" }
import { slotOf, slotsOf, variantBucket } from "./sha256Buckets.ts"
import type { SlotUse } from "./sha256Buckets.ts"
import { murmur32, unleashRollout, unleashVariant } from "./unleash.ts"

describe("our buckets", () => {
  it("are those of the vectors", () => {
    assert.strictEqual(golden.version, 1)
    for (const [experiment, unit, bucket] of golden.variant_bucket) {
      assert.strictEqual(variantBucket(experiment as string, unit as string), bucket)
    }
    for (const [use, id, unit, slot] of golden.slot) {
      assert.strictEqual(slotOf(use as SlotUse, id as string, unit as string), slot)
    }
  })

  it("take percents by hundredths", () => {
    assert.deepStrictEqual([0, 0.01, 0.29, 33.33, 100].map(slotsOf), [0, 1, 29, 3333, 10_000])
  })

  it(
    "are independent of each other, pair by pair, over a million ids (χ² over 10 × 10 cells)",
    { timeout: 60_000 },
    () => {
      const ids = 1_000_000
      const uses: ReadonlyArray<(unit: string) => number> = [
        (unit) => Math.floor(variantBucket("test", unit) / 10),
        (unit) => Math.floor(slotOf("rollout", "test", unit) / 1000),
        (unit) => Math.floor(slotOf("layer", "test", unit) / 1000),
        (unit) => Math.floor(slotOf("holdout", "test", unit) / 1000)
      ]
      const pairs = uses.flatMap((_, left) => uses.slice(left + 1).map((_, right) => [left, left + 1 + right] as const))
      const cells = pairs.map(() => new Uint32Array(100))
      for (let id = 0; id < ids; id += 1) {
        const found = uses.map((use) => use(`u${id}`))
        for (const [at, [left, right]] of pairs.entries()) cells[at]![found[left]! * 10 + found[right]!]! += 1
      }
      const expected = ids / 100
      for (const counts of cells) {
        const statistic = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
        // .9999 quantile of χ² with 99 degrees of freedom
        assert.isBelow(statistic, 161)
      }
    }
  )
})

describe("GrowthBook's buckets", () => {
  it("are those of its published cases", () => {
    assert.deepStrictEqual(
      [published.hash.length, published.getBucketRange.length, published.chooseVariation.length],
      [15, 13, 13]
    )
    for (const [seed, unit, version, expected] of published.hash) {
      const hash = version === 1 ? growthbookHash1 : version === 2 ? growthbookHash2 : () => null
      assert.strictEqual(hash(seed as string, unit as string), expected)
    }
    for (const [name, [count, coverage, shares], expected] of published.getBucketRange as unknown as ReadonlyArray<
      [string, [number, number, ReadonlyArray<number> | null], ReadonlyArray<HashRange>]
    >) {
      const rounded = bucketRanges(count, coverage, shares ?? undefined).map((range) =>
        range.map((each) => Number(each.toFixed(6)))
      )
      assert.deepStrictEqual(
        rounded,
        expected.map((range) => range.map((each) => Number(each.toFixed(6)))),
        name
      )
    }
    for (const [name, hash, ranges, expected] of published.chooseVariation as unknown as ReadonlyArray<
      [string, number, ReadonlyArray<HashRange>, number]
    >) {
      assert.strictEqual(rangeOf(hash, ranges), expected, name)
    }
  })
})

describe("Unleash's buckets", () => {
  it("are MurmurHash3 with its published values", () => {
    // https://github.com/aappleby/smhasher: verification values of MurmurHash3_x86_32
    assert.deepStrictEqual(
      [
        murmur32("", 0),
        murmur32("", 1),
        murmur32("test", 0),
        murmur32("Hello, world!", 0),
        murmur32("aaaa", 0x9747b28c)
      ],
      [0, 0x514e28b7, 0xba6bd213, 0xc0363e43, 0x5a97808a]
    )
  })

  it("are those of its client specification", () => {
    // https://github.com/Unleash/client-specification: values of normalizedValue in its README
    assert.deepStrictEqual([unleashRollout("gr1", "123"), unleashRollout("groupX", "999")], [73, 25])
    assert.deepStrictEqual([unleashVariant("gr1", "123", 100), unleashVariant("groupX", "999", 100)], [96, 60])
  })
})
