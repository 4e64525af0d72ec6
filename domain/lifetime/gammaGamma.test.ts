import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { readFileSync } from "node:fs"
import { runToEnd } from "../statistics/steps.ts"
import { summarise } from "./CustomerSummary.ts"
import { repeatersMin } from "./Fit.ts"
import { expectedSpend, fitGammaGamma } from "./gammaGamma.ts"
import type { GammaGammaFit, GammaGammaParameters, RepeatSpend } from "./gammaGamma.ts"
import { repeatSpendOf } from "./lifetimeValue.ts"
import { cdnowCalibrationEnd, cdnowPurchases } from "./testing/cdnow.ts"
import { chance, simulateSpends } from "./testing/simulate.ts"

const names = ["p", "q", "gamma"] as const

/** Made by `referenceValues.py` with 50 digits, from the paper's formula. */
const reference = JSON.parse(readFileSync(new URL("referenceValues.golden.json", import.meta.url), "utf8")) as {
  readonly cdnow: {
    readonly spend: {
      readonly parameters: Record<keyof GammaGammaParameters, string>
      readonly standard_errors: Record<keyof GammaGammaParameters, string>
      readonly log_likelihood: string
    }
  }
}

const cdnow = summarise(cdnowPurchases(), cdnowCalibrationEnd).map((summary) => repeatSpendOf(summary, 2))

const assertClose = (actual: number, expected: number | string, message: string, relative = 1e-9): void =>
  assert.isTrue(
    Math.abs(actual - Number(expected)) <= relative * Math.abs(Number(expected)),
    `${message}: ${actual}, not ${expected}`
  )

const fitted = (spends: ReadonlyArray<RepeatSpend>): GammaGammaFit => {
  const fit = runToEnd(fitGammaGamma(spends))
  if (fit.outcome !== "fitted") throw new Error(`refused: ${fit.reason}`)
  return fit
}

describe("Gamma-Gamma on CDNOW", () => {
  const fit = fitted(cdnow)

  it("finds the published parameters over the 946 repeaters", () => {
    assert.strictEqual(fit.convergence, "converged")
    assert.deepInclude(fit, { customers: 2357, repeaters: 946 })
    assert.deepStrictEqual(
      names.map((name) => fit.parameters[name].toFixed(2)),
      ["6.25", "3.74", "15.44"]
    )
    assert.strictEqual(fit.logLikelihood.toFixed(2), "-4055.92")
  })

  it("agrees with the 50-digit maximum and its standard errors", () => {
    const { log_likelihood, parameters, standard_errors } = reference.cdnow.spend
    for (const name of names) {
      assertClose(fit.parameters[name], parameters[name], name)
      assertClose(fit.standardErrors![name], standard_errors[name], `standard error of ${name}`)
    }
    assertClose(fit.logLikelihood, log_likelihood, "log-likelihood", 1e-11)
  })

  it("says how far spend goes with frequency, and that it is not far", () => {
    assert.approximately(fit.independence.coefficient!, 0.1139, 5e-5)
    assert.isBelow(fit.independence.pValue!, 0.001)
    assert.isFalse(fit.independence.dependent)
  })

  it("gives the same bits whatever the order of the customers", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...cdnow], { minLength: cdnow.length }), (shuffled) =>
        assert.deepStrictEqual(fitted(shuffled), fit)
      ),
      { numRuns: 5 }
    )
  })

  it("scales γ alone with the unit of money", () => {
    for (const unit of [100, 1e-3]) {
      const scaled = fitted(cdnow.map(({ frequency, meanSpend }) => ({ frequency, meanSpend: meanSpend * unit })))
      assertClose(scaled.parameters.p, fit.parameters.p, "p")
      assertClose(scaled.parameters.q, fit.parameters.q, "q")
      assertClose(scaled.parameters.gamma, fit.parameters.gamma * unit, "gamma")
      assert.approximately(scaled.logLikelihood, fit.logLikelihood - 946 * Math.log(unit), 1e-7)
    }
  })

  it("expects of customers a spend between their own mean and everybody's", () => {
    const everybody = expectedSpend(fit.parameters, { frequency: 0, meanSpend: 0 })!
    const { gamma, p, q } = fit.parameters
    assertClose(everybody, (p * gamma) / (q - 1), "everybody")
    for (const spend of cdnow.filter(({ frequency }) => frequency > 0)) {
      const expected = expectedSpend(fit.parameters, spend)!
      assert.isTrue(
        expected >= Math.min(everybody, spend.meanSpend) && expected <= Math.max(everybody, spend.meanSpend),
        JSON.stringify(spend)
      )
    }
  })
})

describe("Gamma-Gamma", () => {
  it("finds again the parameters that spends were made with", () => {
    const truths: ReadonlyArray<GammaGammaParameters> = [
      { p: 6.25, q: 3.74, gamma: 15.44 },
      { p: 1.2, q: 2.5, gamma: 80 },
      { p: 0.6, q: 9, gamma: 4000 }
    ]
    for (const [index, truth] of truths.entries()) {
      for (const seed of [1, 2, 3]) {
        const { convergence, independence, parameters, standardErrors } = fitted(
          simulateSpends(chance(1000 * index + seed), truth, 5000)
        )
        assert.strictEqual(convergence, "converged")
        assert.isFalse(independence.dependent)
        for (const name of names) {
          const deviations = Math.log(parameters[name] / truth[name]) / (standardErrors![name] / parameters[name])
          assert.isBelow(Math.abs(deviations), 4, `${name} ${parameters[name]}, not ${truth[name]}, seed ${seed}`)
        }
      }
    }
  })

  it("flags spend that goes with frequency", () => {
    const spends = simulateSpends(chance(9), { p: 6, q: 4, gamma: 15 }, 500)
    const growing = spends.map(({ frequency, meanSpend }) => ({ frequency, meanSpend: meanSpend + 5 * frequency }))
    const { coefficient, dependent } = fitted(growing).independence
    assert.isAbove(coefficient!, 0.3)
    assert.isTrue(dependent)
  })

  it("passes over those who bought once or spent nothing, and says when too few are left", () => {
    const spender = (meanSpend: number): RepeatSpend => ({ frequency: 1, meanSpend })
    const others = Array.from({ length: 500 }, (_, index) => ({ frequency: index % 2, meanSpend: 0 }))
    const few = Array.from({ length: repeatersMin - 1 }, (_, index) => spender(10 + index))
    assert.deepStrictEqual(runToEnd(fitGammaGamma([...others, ...few])), {
      outcome: "refused",
      reason: "too_few_repeaters",
      found: repeatersMin - 1,
      needed: repeatersMin
    })
    assert.deepInclude(fitted([...others, ...few, spender(9)]), { customers: 530, repeaters: 30 })
  })

  it("says which spend is none", () => {
    for (const invalid of [
      { frequency: 1, meanSpend: -1 },
      { frequency: 1, meanSpend: Number.NaN },
      { frequency: 1, meanSpend: Number.POSITIVE_INFINITY },
      { frequency: 0.5, meanSpend: 1 },
      { frequency: -1, meanSpend: 1 }
    ]) {
      const refusal = runToEnd(fitGammaGamma([{ frequency: 1, meanSpend: 1 }, invalid]))
      assert.deepStrictEqual(refusal, { outcome: "refused", reason: "invalid_summary", index: 1 })
    }
  })

  it("says that there is no maximum where all spend alike", () => {
    const { convergence, independence, parameters, standardErrors } = fitted(
      Array.from({ length: 100 }, (_, index) => ({ frequency: 1 + (index % 3), meanSpend: 20 }))
    )
    assert.notStrictEqual(convergence, "converged")
    assert.isUndefined(standardErrors)
    assert.isTrue(Object.values(parameters).every((value) => Number.isFinite(value) && value > 0))
    assert.deepStrictEqual(independence, { coefficient: undefined, pValue: undefined, dependent: false })
  })

  it("answers whatever the spends are", () => {
    const spend = fc.record({
      frequency: fc.integer({ min: 1, max: 50 }),
      meanSpend: fc.double({ min: 0.01, max: 1e6, noNaN: true })
    })
    fc.assert(
      fc.property(fc.array(spend, { minLength: repeatersMin, maxLength: 80 }), (spends) => {
        const { convergence, parameters, standardErrors } = fitted(spends)
        assert.isTrue(Object.values(parameters).every((value) => Number.isFinite(value) && value > 0))
        assert.strictEqual(standardErrors === undefined, convergence !== "converged")
      }),
      { numRuns: 100 }
    )
  })

  it("expects no spend where the parameters give no mean", () => {
    const parameters = { p: 0.2, q: 0.9, gamma: 10 }
    assert.isUndefined(expectedSpend(parameters, { frequency: 0, meanSpend: 0 }))
    assertClose(expectedSpend(parameters, { frequency: 1, meanSpend: 5 })!, (0.2 * 15) / 0.1, "one purchase", 1e-12)
  })
})
