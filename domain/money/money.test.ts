import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { convert, factorBetween } from "./conversion.ts"
import { formatMinorUnits, toMinorUnits } from "./minorUnits.ts"

describe("money", () => {
  it("reads decimals exactly, by the currency's digits", () => {
    for (const [amount, currency, minor] of [
      [12.34, "USD", 1234],
      ["12.3", "USD", 1230],
      ["12.3400", "USD", 1234],
      [0, "EUR", 0],
      [1999, "JPY", 1999],
      ["1.234", "KWD", 1234],
      [0.1, "EUR", 10],
      ["90071992547409.91", "USD", Number.MAX_SAFE_INTEGER],
      [5, "XAF", 5]
    ] as const)
      assert.strictEqual(toMinorUnits(amount, currency), minor, `${amount} ${currency}`)
  })

  it("says why an amount is none", () => {
    for (const [amount, currency, why] of [
      [-1, "USD", "negative"],
      ["-0.01", "USD", "negative"],
      [1.234, "USD", "precision"],
      [1.5, "JPY", "precision"],
      [1, undefined, "currency"],
      [1, "usd", "currency"],
      [1, "XXX", "currency"],
      [1, "XAU", "currency"],
      ["1,50", "USD", "amount"],
      [1e21, "USD", "amount"],
      [Number.NaN, "USD", "amount"],
      [null, "USD", "amount"],
      ["90071992547409.92", "USD", "amount"],
      ["0x10", "USD", "amount"],
      ["", "USD", "amount"]
    ] as const)
      assert.strictEqual(toMinorUnits(amount, currency), why, `${amount} ${currency}`)
  })

  it("writes what it read", () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat(),
        fc.constantFrom(["USD", 2] as const, ["JPY", 0] as const, ["KWD", 3] as const),
        (minor, [currency, exponent]) => {
          assert.strictEqual(toMinorUnits(formatMinorUnits(BigInt(minor), exponent), currency), minor)
        }
      )
    )
    assert.strictEqual(formatMinorUnits(-5n, 2), "-0.05")
  })

  it("converts through the euro, half up", () => {
    const euro = { numerator: 1n, denominator: 1n, exponent: 2 }
    const dollar = { numerator: 11172n, denominator: 10000n, exponent: 2 }
    const yen = { numerator: 17568n, denominator: 100n, exponent: 0 }
    assert.strictEqual(convert(100_00n, factorBetween(euro, dollar)), 111_72n)
    assert.strictEqual(convert(10_000n, factorBetween(yen, euro)), 56_92n)
    assert.strictEqual(convert(1n, { numerator: 1n, denominator: 2n }), 1n)
    assert.strictEqual(convert(1n, { numerator: 49n, denominator: 100n }), 0n)
  })
})
