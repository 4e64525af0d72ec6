/** What one customer bought once, or got back once. Days are counted from 1970-01-01 on the calendar of one zone. */
export interface Payment {
  readonly kind: "purchase" | "refund"
  readonly customer: string
  readonly day: number
  /** Not negative, in minor units of the one currency of the whole question. */
  readonly amountMinor: bigint
}

/** When and how often a customer bought within the calibration period: all that BG/NBD needs. */
export interface RecencyFrequency {
  /** x: days with a purchase after the first such day. */
  readonly frequency: number
  /** t_x: weeks from the first to the last day with a purchase; 0 where there is but one. */
  readonly recencyWeeks: number
  /** T: weeks from the first day with a purchase to the end of the calibration period. */
  readonly ageWeeks: number
}

export interface CustomerSummary extends RecencyFrequency {
  readonly customer: string
  /** Days since 1970-01-01. */
  readonly firstDay: number
  /** Sum of the purchases on the days that `frequency` counts. */
  readonly repeatSpendMinor: bigint
  /** Sum of all purchases. */
  readonly spentMinor: bigint
  /** Sum of all refunds. */
  readonly refundedMinor: bigint
}

const daysPerWeek = 7

interface Account {
  readonly spentByDay: Map<number, bigint>
  refundedMinor: bigint
}

/**
 * One summary for each customer who bought by the end of the calibration period, ordered by customer (by UTF-16 code
 * units). Purchases on one day count once and their amounts add up (Fader and Hardie's reading of CDNOW). The last day
 * belongs to the period; what comes after it is left out. Refunds take money back and no purchase; those of somebody
 * who bought nothing are left out.
 */
export const summarise = (payments: Iterable<Payment>, calibrationEndDay: number): ReadonlyArray<CustomerSummary> => {
  const accounts = new Map<string, Account>()
  for (const { amountMinor, customer, day, kind } of payments) {
    if (day > calibrationEndDay) continue
    let account = accounts.get(customer)
    if (account === undefined) accounts.set(customer, (account = { spentByDay: new Map(), refundedMinor: 0n }))
    if (kind === "refund") account.refundedMinor += amountMinor
    else account.spentByDay.set(day, (account.spentByDay.get(day) ?? 0n) + amountMinor)
  }
  return [...accounts]
    .filter(([, { spentByDay }]) => spentByDay.size > 0)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([customer, account]) => summaryOf(customer, account, calibrationEndDay))
}

const summaryOf = (customer: string, { refundedMinor, spentByDay }: Account, endDay: number): CustomerSummary => {
  let firstDay = Number.POSITIVE_INFINITY
  let lastDay = Number.NEGATIVE_INFINITY
  let spentMinor = 0n
  for (const [day, amountMinor] of spentByDay) {
    firstDay = Math.min(firstDay, day)
    lastDay = Math.max(lastDay, day)
    spentMinor += amountMinor
  }
  return {
    customer,
    firstDay,
    frequency: spentByDay.size - 1,
    recencyWeeks: (lastDay - firstDay) / daysPerWeek,
    ageWeeks: (endDay - firstDay) / daysPerWeek,
    repeatSpendMinor: spentMinor - spentByDay.get(firstDay)!,
    spentMinor,
    refundedMinor
  }
}
