import type { LifetimeResult } from "../../ports/analytics/LifetimeQuestion.ts"
import { pictureSeriesMax } from "../../ports/analytics/Picture.ts"
import type { Drawn } from "./Drawn.ts"
import { bucketLabels } from "./instants.ts"

/** What a customer of each cohort has brought, period by period; periods that are not over are left out. */
export const lifetimePicture = ({ cohorts, currency }: LifetimeResult): Drawn => {
  const labels = bucketLabels(cohorts.map(({ start }) => start))
  const curves = cohorts
    .map((cohort, index) => ({ ...cohort, name: `${labels[index]!} (${cohort.customers})` }))
    .filter(({ customers }) => customers > 0)
    .slice(-pictureSeriesMax)
  const periods = Math.max(0, ...curves.map((cohort) => cohort.periods.length))
  return {
    title: "Lifetime value by cohort",
    description: `Revenue less refunds of a customer since the first order, for ${curves.length} cohorts.`,
    shape:
      curves.length === 0
        ? undefined
        : {
            kind: "series",
            categories: Array.from({ length: periods }, (_, index) => String(index)),
            direction: "across",
            categoryAxis: "Periods after the cohort's own",
            valueAxis: `Value per customer (${currency})`,
            unit: "number",
            stacked: false,
            series: curves.map(({ name, periods: own }) => ({
              name,
              shape: "line",
              values: own.map(({ complete, value_per_customer }) => (complete ? value_per_customer : null))
            })),
            marks: []
          }
  }
}
