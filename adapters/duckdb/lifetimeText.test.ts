import { describe, expect, it } from "vitest"
import type { LifetimePlan } from "../../ports/analytics/LifetimePlan.ts"
import {
  lifetimeCohortsText,
  lifetimeCustomerCountText,
  lifetimeCustomersText,
  lifetimeLeftOutText,
  lifetimePageText,
  lifetimePaymentsText,
  lifetimePeriodsText,
  newestEventText
} from "./lifetimeText.ts"

const january = Date.parse("2026-01-01T00:00:00Z")
const february = Date.parse("2026-02-01T00:00:00Z")
const april = Date.parse("2026-04-01T00:00:00Z")
const dayMillis = 86_400_000

const plan: LifetimePlan = {
  kind: "lifetime",
  workspace: "it's",
  revisions: "",
  fromMillis: january,
  toMillis: april,
  buckets: [
    { fromMillis: january, first: 0, widthMillis: 31 * dayMillis },
    { fromMillis: february, first: 1, widthMillis: 28 * dayMillis }
  ],
  cohortCount: 2,
  periods: 1,
  conversions: [{ currency: "USD", fromMillis: january, numerator: 10n, denominator: 11n }],
  filter: undefined,
  customers: undefined
}

const customers = {
  beforeMillis: april,
  offsets: [
    { fromMillis: january, offsetMillis: 3_600_000 },
    { fromMillis: february, offsetMillis: 7_200_000 }
  ],
  countMax: 10
}

describe("the text of lifetime value", () => {
  it("is the golden one", async () => {
    const texts = [
      lifetimePaymentsText(plan),
      lifetimeCohortsText,
      lifetimePeriodsText(plan),
      lifetimeLeftOutText,
      newestEventText(plan.workspace),
      lifetimeCustomersText(customers),
      lifetimeCustomerCountText,
      lifetimePageText(0, 20_000)
    ]
    await expect(`${texts.join(";\n\n")};\n`).toMatchFileSnapshot("golden/lifetime.sql")
  })
})
