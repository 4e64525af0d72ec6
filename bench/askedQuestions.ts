import { historyTo } from "./historyLines.ts"

const dayMillis = 86_400_000
const dayOf = (millis: number) => new Date(millis).toISOString().slice(0, 10)
const lastDays = (days: number) => ({ from: dayOf(historyTo - days * dayMillis), to: dayOf(historyTo - 1) })
const year = { from: "2025-11-01", to: "2026-10-31" }

export interface AskedQuestion {
  readonly name: string
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
}

const trend = (name: string, more: Readonly<Record<string, unknown>>): AskedQuestion => ({
  name,
  path: "/analytics/query",
  body: { date_range: lastDays(30), interval: "day", metrics: ["people", "events"], ...more }
})
const isPro = { dimension: "property:plan", operator: "is", value: "pro" }
const sums = { metrics: ["sum:seconds", "events"], filters: isPro }

/** What a dashboard asks, on the days before the history's end. */
export const askedQuestions: ReadonlyArray<AskedQuestion> = [
  trend("30-day trend by country", { dimensions: ["country"] }),
  trend("30-day trend by a custom property", { dimensions: ["property:plan"] }),
  trend("custom property filtered and summed, 30 days", sums),
  trend("custom property filtered and summed, 12 months", { ...sums, date_range: year, interval: "month" }),
  trend("top pages with uniques, 30 days", {
    interval: undefined,
    event_types: ["page_view"],
    dimensions: ["path"]
  }),
  {
    name: "funnel of 4 steps, 90 days",
    path: "/analytics/funnels/query",
    body: {
      date_range: lastDays(90),
      steps: ["page_view", "product_viewed", "product_added_to_cart", "order_completed"].map((type) => ({
        event_types: [type]
      })),
      conversion_window: { value: 14, unit: "day" }
    }
  },
  {
    name: "retention, 12 weeks",
    path: "/analytics/retention/query",
    body: { date_range: lastDays(84), interval: "week", periods: 12 }
  },
  {
    name: "sessions by source, 30 days",
    path: "/analytics/sessions/query",
    body: { date_range: lastDays(30), interval: "day", dimension: "source" }
  },
  {
    name: "attribution, 30 days, look-back 30 days",
    path: "/analytics/attribution/query",
    body: { date_range: lastDays(30), look_back_days: 30, dimension: "source", currency: "EUR" }
  },
  {
    name: "lifetime value by monthly cohort, 12 months",
    path: "/analytics/ltv/query",
    body: { date_range: year, interval: "month", predict: false, currency: "EUR" }
  },
  {
    name: "paths of 5 steps, 30 days",
    path: "/analytics/paths/query",
    body: { date_range: lastDays(30), start: { event_types: ["page_view"] } }
  },
  {
    name: "lifecycle, 12 weeks",
    path: "/analytics/lifecycle/query",
    body: { date_range: lastDays(84), interval: "week" }
  },
  {
    name: "stickiness by day, 30 days",
    path: "/analytics/stickiness/query",
    body: { date_range: lastDays(30), interval: "day" }
  },
  {
    name: "stickiness by week, 12 months",
    path: "/analytics/stickiness/query",
    body: { date_range: year, interval: "week" }
  }
]
