import type {
  CustomerColumns,
  CustomersWanted,
  LifetimePeriodRow,
  LifetimePlan,
  LifetimeRows
} from "../../ports/analytics/LifetimePlan.ts"
import type { Read, Row } from "./Engine.ts"
import {
  lifetimeCohortsText,
  lifetimeCustomerCountText,
  lifetimeCustomersText,
  lifetimeLeftOutText,
  lifetimePageText,
  lifetimePaymentsText,
  lifetimePeopleText,
  lifetimePeriodsText,
  newestEventText
} from "./lifetimeText.ts"
import { readPersonRows } from "./personRows.ts"

/** Customers that are rows at a time; then they are columns. */
const pageCustomers = 20_000

export const answerLifetime = async (read: Read, plan: LifetimePlan): Promise<LifetimeRows> => {
  await read(lifetimePaymentsText(plan))
  const cohorts = await read(lifetimeCohortsText)
  const rows = await read(lifetimePeriodsText(plan))
  const leftOut = await read(lifetimeLeftOutText)
  const asked = plan.uncertain === true ? lifetimePeopleText(plan) : undefined
  const people = asked === undefined ? undefined : await readPersonRows(read, asked.rows, asked.measures)
  const [newest] = await read(newestEventText(plan.workspace))
  const millis = (name: string): number | undefined => {
    const value = newest?.[name]
    return value === null || value === undefined ? undefined : Number(value)
  }
  return {
    cohorts: cohorts.map((row) => ({ cohort: Number(row["cohort"]), customers: Number(row["customers"]) })),
    rows: rows.map(periodOf),
    leftOut: leftOut.map((row) => ({
      currency: String(row["currency"]),
      orders: Number(row["orders"]),
      minor: BigInt(row["minor"] as bigint)
    })),
    asOfMillis: millis("arrival"),
    newestMillis: millis("happened"),
    people,
    customers: plan.customers === undefined ? undefined : await readCustomers(read, plan.customers)
  }
}

const periodOf = (row: Row): LifetimePeriodRow => ({
  cohort: Number(row["cohort"]),
  period: Number(row["period"]),
  orders: Number(row["orders"]),
  refunds: Number(row["refunds"]),
  revenueMinor: BigInt(row["revenue"] as bigint),
  refundedMinor: BigInt(row["refunded"] as bigint)
})

const readCustomers = async (read: Read, wanted: CustomersWanted): Promise<LifetimeRows["customers"]> => {
  await read(lifetimeCustomersText(wanted))
  const [counted] = await read(lifetimeCustomerCountText)
  const count = Number(counted?.["customers"] ?? 0)
  if (count > wanted.countMax) return { tooMany: count }
  const columns: CustomerColumns = {
    cohort: new Int32Array(count),
    firstDay: new Int32Array(count),
    lastDay: new Int32Array(count),
    frequency: new Int32Array(count),
    repeatSpendMinor: new Float64Array(count)
  }
  for (let from = 0; from < count; from += pageCustomers) {
    for (const row of await read(lifetimePageText(from, from + pageCustomers))) {
      const n = Number(row["n"])
      columns.cohort[n] = Number(row["cohort"])
      columns.firstDay[n] = Number(row["first_day"])
      columns.lastDay[n] = Number(row["last_day"])
      columns.frequency[n] = Number(row["frequency"])
      columns.repeatSpendMinor[n] = Number(row["repeat_spend"])
    }
  }
  return columns
}
