import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { readFileSync } from "node:fs"
import { runToEnd } from "../statistics/steps.ts"
import { fitBgNbd } from "./bgNbd.ts"
import { bgNbdLikelihood } from "./bgNbdLikelihood.ts"
import type { BgNbdParameters } from "./BgNbdParameters.ts"
import { expectedPurchases, expectedPurchasesOfNewCustomer, probabilityAlive } from "./bgNbdPredictions.ts"
import { summarise } from "./CustomerSummary.ts"
import type { RecencyFrequency } from "./CustomerSummary.ts"
import { customersMin, repeatersMin } from "./Fit.ts"
import type { Fit } from "./Fit.ts"
import { groupSummaries } from "./SummaryGroups.ts"
import { cdnowCalibrationEnd, cdnowPurchases } from "./testing/cdnow.ts"
import { chance, simulateHistories } from "./testing/simulate.ts"

type Four = readonly [r: number, alpha: number, a: number, b: number]

/** Made by `referenceValues.py` with 50 digits, from the papers' formulas. */
const reference = JSON.parse(readFileSync(new URL("referenceValues.golden.json", import.meta.url), "utf8")) as {
  readonly cdnow: {
    readonly purchases: {
      readonly parameters: Record<keyof BgNbdParameters, string>
      readonly standard_errors: Record<keyof BgNbdParameters, string>
      readonly log_likelihood: string
    }
  }
  readonly points: ReadonlyArray<{ readonly parameters: Four; readonly log_likelihood: string }>
  readonly predictions: ReadonlyArray<{
    readonly parameters: Four
    readonly summary: readonly [frequency: number, recencyWeeks: number, ageWeeks: number]
    readonly weeks: number
    readonly alive: string
    readonly purchases: string
  }>
}

const names = ["r", "alpha", "a", "b"] as const
const parametersOf = ([r, alpha, a, b]: Four): BgNbdParameters => ({ r, alpha, a, b })
const cdnow = summarise(cdnowPurchases(), cdnowCalibrationEnd)

const assertClose = (actual: number, expected: number | string, message = "", relative = 1e-9): void => {
  const error = Math.abs(actual - Number(expected))
  assert.isTrue(
    error <= Math.max(relative * Math.abs(Number(expected)), 1e-12),
    `${message}: ${actual}, not ${expected}`
  )
}

const fitted = (summaries: ReadonlyArray<RecencyFrequency>): Fit<BgNbdParameters> => {
  const fit = runToEnd(fitBgNbd(summaries))
  if (fit.outcome !== "fitted") throw new Error(`refused: ${fit.reason}`)
  return fit
}

const repeated = (count: number, summary: RecencyFrequency): ReadonlyArray<RecencyFrequency> =>
  Array.from({ length: count }, () => summary)

describe("BG/NBD on CDNOW", () => {
  const fit = fitted(cdnow)

  it("finds the parameters that the paper prints", () => {
    assert.strictEqual(fit.convergence, "converged")
    assert.deepInclude(fit, { customers: 2357, repeaters: 946 })
    assert.deepStrictEqual(
      names.map((name) => fit.parameters[name].toFixed(4)),
      ["0.2426", "4.4136", "0.7929", "2.4259"]
    )
    assert.strictEqual(fit.logLikelihood.toFixed(2), "-9582.43")
  })

  it("expects of the paper's customer what the paper does", () => {
    const customer = { frequency: 2, recencyWeeks: 30.43, ageWeeks: 38.86 }
    assert.strictEqual(expectedPurchases(fit.parameters, customer, 39).toFixed(3), "1.226")
    assert.strictEqual(probabilityAlive(fit.parameters, customer).toFixed(4), "0.7266")
  })

  it("agrees with the 50-digit maximum and its standard errors", () => {
    const { log_likelihood, parameters, standard_errors } = reference.cdnow.purchases
    for (const name of names) {
      assertClose(fit.parameters[name], parameters[name], name)
      assertClose(fit.standardErrors![name], standard_errors[name], `standard error of ${name}`)
    }
    assertClose(fit.logLikelihood, log_likelihood, "log-likelihood", 1e-11)
    assert.isBelow(fit.gradientNorm, 1e-8)
  })

  it("agrees with the 50-digit log-likelihood far from the maximum", () => {
    for (const { log_likelihood, parameters } of reference.points) {
      const { value } = runToEnd(bgNbdLikelihood(runToEnd(groupSummaries(cdnow)), 1)(parameters.map(Math.log)))
      assertClose(value, log_likelihood, `log-likelihood at ${parameters.join(", ")}`)
    }
  })

  it("gives the same bits whatever the order of the customers", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...cdnow], { minLength: cdnow.length }), (shuffled) =>
        assert.deepStrictEqual(fitted(shuffled), fit)
      ),
      { numRuns: 5 }
    )
  })

  it("scales α alone with the unit of time", () => {
    for (const unit of [7, 1 / 52, 1e6]) {
      const scaled = fitted(
        cdnow.map(({ ageWeeks, frequency, recencyWeeks }) => ({
          frequency,
          ageWeeks: ageWeeks * unit,
          recencyWeeks: recencyWeeks * unit
        }))
      )
      assertClose(scaled.parameters.alpha, fit.parameters.alpha * unit, "alpha")
      for (const name of ["r", "a", "b"] as const) assertClose(scaled.parameters[name], fit.parameters[name], name)
      assert.approximately(scaled.logLikelihood, fit.logLikelihood - 2457 * Math.log(unit), 1e-7)
    }
  })

  it("counts a customer who comes twice as two", () => {
    const twice = fitted([...cdnow, ...cdnow])
    for (const name of names) {
      assertClose(twice.parameters[name], fit.parameters[name], name)
      assertClose(twice.standardErrors![name] * Math.SQRT2, fit.standardErrors![name], `standard error of ${name}`)
    }
  })
})

describe("BG/NBD", () => {
  it("finds again the parameters that histories were made with", () => {
    const truths: ReadonlyArray<Four> = [
      [0.2426, 4.4136, 0.7929, 2.4259],
      [0.9, 9, 1.5, 6],
      [2, 15, 0.5, 3]
    ]
    for (const [index, truth] of truths.entries()) {
      for (const seed of [1, 2, 3]) {
        const histories = simulateHistories(chance(1000 * index + seed), parametersOf(truth), {
          customers: 6000,
          agesWeeks: [26, 104]
        })
        const { convergence, parameters, standardErrors } = fitted(histories)
        assert.strictEqual(convergence, "converged")
        for (const [i, name] of names.entries()) {
          const deviations = Math.log(parameters[name] / truth[i]!) / (standardErrors![name] / parameters[name])
          assert.isBelow(
            Math.abs(deviations),
            4,
            `${name} of ${truth.join(", ")} with seed ${seed}: ${parameters[name]}`
          )
        }
      }
    }
  })

  it("runs in slices when there is much to do", () => {
    const histories = simulateHistories(chance(5), parametersOf([0.5, 5, 1, 3]), {
      customers: 20_000,
      agesWeeks: [1, 52]
    })
    let slices = 0
    for (const steps = fitBgNbd(histories); steps.next().done !== true;) slices += 1
    assert.isAbove(slices, 20)
  })

  it("takes and gives what can be sent to a worker and back", () => {
    const fit = fitted(cdnow)
    assert.deepStrictEqual(structuredClone(fitted(structuredClone(cdnow))), fit)
    assert.deepStrictEqual(JSON.parse(JSON.stringify(fit)), fit)
  })

  it("says how many people are too few", () => {
    const once = { frequency: 0, recencyWeeks: 0, ageWeeks: 20 }
    const again = { frequency: 1, recencyWeeks: 3, ageWeeks: 20 }
    const fit = (summaries: ReadonlyArray<RecencyFrequency>) => runToEnd(fitBgNbd(summaries))
    const refused = (reason: "too_few_customers" | "too_few_repeaters", found: number, needed: number) =>
      ({ outcome: "refused", reason, found, needed }) as const
    assert.deepStrictEqual(fit([]), refused("too_few_customers", 0, customersMin))
    assert.deepStrictEqual(fit([again]), refused("too_few_customers", 1, customersMin))
    assert.deepStrictEqual(fit(repeated(customersMin - 1, again)), refused("too_few_customers", 99, customersMin))
    assert.deepStrictEqual(fit(repeated(5000, once)), refused("too_few_repeaters", 0, repeatersMin))
    assert.deepStrictEqual(
      fit([...repeated(5000, once), ...repeated(repeatersMin - 1, again)]),
      refused("too_few_repeaters", 29, repeatersMin)
    )
    assert.deepStrictEqual(
      fit(repeated(5000, { frequency: 0, recencyWeeks: 0, ageWeeks: 0 })),
      refused("too_few_repeaters", 0, repeatersMin)
    )
  })

  it("says which summary is none", () => {
    const valid = { frequency: 1, recencyWeeks: 3, ageWeeks: 20 }
    for (const invalid of [
      { ...valid, frequency: 1.5 },
      { ...valid, frequency: -1 },
      { ...valid, frequency: Number.NaN },
      { ...valid, frequency: 1e9 },
      { ...valid, recencyWeeks: 21 },
      { ...valid, recencyWeeks: 0 },
      { ...valid, recencyWeeks: Number.NaN },
      { ...valid, frequency: 0 },
      { ...valid, ageWeeks: Number.POSITIVE_INFINITY },
      { frequency: 0, recencyWeeks: 0, ageWeeks: -1 }
    ]) {
      const refusal = runToEnd(fitBgNbd([valid, invalid, valid]))
      assert.deepStrictEqual(
        refusal,
        { outcome: "refused", reason: "invalid_summary", index: 1 },
        JSON.stringify(invalid)
      )
    }
  })

  it("says that there is no maximum where all customers are alike", () => {
    for (const summary of [
      { frequency: 3, recencyWeeks: 10, ageWeeks: 20 },
      { frequency: 1, recencyWeeks: 20, ageWeeks: 20 },
      { frequency: 500, recencyWeeks: 500, ageWeeks: 520 }
    ]) {
      const { convergence, parameters, standardErrors } = fitted(repeated(200, summary))
      assert.notStrictEqual(convergence, "converged", JSON.stringify(summary))
      assert.isUndefined(standardErrors)
      assert.isTrue(Object.values(parameters).every((value) => Number.isFinite(value) && value > 0))
    }
  })

  it("answers whatever the histories are, and never with less than its starts", () => {
    const summary = fc
      .record({
        frequency: fc.integer({ min: 0, max: 40 }),
        days: fc.integer({ min: 0, max: 400 }),
        share: fc.double({ min: 0, max: 1, noNaN: true })
      })
      .map(({ days, frequency, share }): RecencyFrequency => {
        if (frequency === 0) return { frequency, recencyWeeks: 0, ageWeeks: days / 7 }
        return { frequency, recencyWeeks: Math.ceil(1 + share * days) / 7, ageWeeks: (days + 1) / 7 }
      })
    fc.assert(
      fc.property(fc.array(summary, { minLength: 1, maxLength: 12 }), (kinds) => {
        const summaries = Array.from({ length: 240 }, (_, index) => kinds[index % kinds.length]!)
        const fit = runToEnd(fitBgNbd(summaries))
        if (fit.outcome === "refused") return assert.isTrue(kinds.filter(({ frequency }) => frequency > 0).length < 3)
        assert.isTrue(Object.values(fit.parameters).every((value) => Number.isFinite(value) && value > 0))
        assert.strictEqual(fit.standardErrors === undefined, fit.convergence !== "converged")
        const atOnes = runToEnd(bgNbdLikelihood(runToEnd(groupSummaries(summaries)), 1)([0, 0, 0, 0]))
        assert.isAtLeast(fit.logLikelihood, atOnes.value - 1e-6)
      }),
      { numRuns: 100 }
    )
  })
})

describe("BG/NBD predictions", () => {
  it("agree with the 50-digit values of the papers' formulas", () => {
    for (const { alive, parameters, purchases, summary, weeks } of reference.predictions) {
      const [frequency, recencyWeeks, ageWeeks] = summary
      const message = JSON.stringify({ parameters, summary, weeks })
      const customer = { frequency, recencyWeeks, ageWeeks }
      assertClose(probabilityAlive(parametersOf(parameters), customer), alive, message)
      assertClose(expectedPurchases(parametersOf(parameters), customer, weeks), purchases, message)
      if (ageWeeks === 0)
        assertClose(expectedPurchasesOfNewCustomer(parametersOf(parameters), weeks), purchases, message)
    }
  })

  it("grow with time, and stay below those of one who never leaves", () => {
    const positive = (max: number) => fc.double({ min: 0.01, max, noNaN: true })
    fc.assert(
      fc.property(
        fc.record({ r: positive(20), alpha: positive(100), a: positive(20), b: positive(50) }),
        fc.integer({ min: 0, max: 60 }),
        positive(300),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        positive(520),
        (parameters, frequency, ageWeeks, share, weeks) => {
          const customer = { frequency, ageWeeks, recencyWeeks: frequency === 0 ? 0 : ageWeeks * share }
          const alive = probabilityAlive(parameters, customer)
          assert.isTrue(alive >= 0 && alive <= 1)
          const expected = expectedPurchases(parameters, customer, weeks)
          const loyal = (alive * (parameters.r + frequency) * weeks) / (parameters.alpha + ageWeeks)
          assert.isAtMost(expected, loyal * (1 + 1e-9))
          assert.isAtLeast(expectedPurchases(parameters, customer, weeks * 1.1), expected * (1 - 1e-12))
          assert.strictEqual(expectedPurchases(parameters, customer, 0), 0)
        }
      ),
      { numRuns: 500 }
    )
  })
})
