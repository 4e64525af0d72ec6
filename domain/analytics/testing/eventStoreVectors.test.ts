import * as fc from "fast-check"
import { assert, expect, it } from "vitest"
import type { Question } from "../../../ports/analytics/Question.ts"
import type { ExchangeRates } from "../../../ports/reference/ExchangeRates.ts"
import { planQuestion } from "../../questions/planQuestion.ts"
import { addDays, formatDay, parseDay } from "../../zones/zones.ts"
import { history, rangeDays } from "./histories.ts"
import type { History } from "./histories.ts"
import { withoutDuplicates } from "./reference.ts"
import { referenceAnswer } from "./referenceAnswer.ts"
import { scopeOf } from "./vectorScope.ts"

const seed = 20_260_101
const count = 10

/** Vectors are of no money: they need no rates. */
const rates = { euroRate: () => undefined } as unknown as ExchangeRates["Service"]

const pagination = { limit: 25 }
const asked: ReadonlyArray<Omit<Question, "date_range" | "time_zone">> = [
  { metrics: ["events", "people", "sessions"], interval: "day", dimensions: ["country"], pagination },
  { metrics: ["people", "events"], dimensions: ["path"], pagination: { limit: 1 } },
  {
    metrics: ["events", "people"],
    event_types: ["page_view"],
    filters: { not: { dimension: "country", operator: "is", value: "DE" } },
    interval: "day",
    pagination
  },
  { metrics: ["people", "sessions"], dimensions: ["trait:plan"], interval: "day", pagination }
]

type Metrics = Readonly<Record<string, unknown>>

const vectorOf = ({ day, log, merges, zone }: History, number: number) => {
  const workspace = `vector-${number}`
  const own = asked[number % asked.length]!
  const question: Question = {
    ...own,
    order_by: { metric: own.metrics[0]!, direction: "descending" },
    date_range: { from: day, to: formatDay(addDays(parseDay(day)!, rangeDays - 1)) },
    time_zone: zone
  }
  const read = planQuestion(question, scopeOf(workspace))
  assert("planned" in read, JSON.stringify(read))
  const facts = { events: withoutDuplicates(log), merges, rates, belongs: () => false }
  const { other, rows, series, totals } = referenceAnswer(question, facts)
  const rowOf = (metrics: Metrics, bucket: number | null, group: number | "other" | null) => ({
    bucket,
    group,
    values: question.metrics.map((name) => Number(metrics[name]))
  })
  const all = [
    { metrics: totals, series, group: null },
    ...rows.map((row, group) => ({ ...row, group })),
    ...(other === undefined ? [] : [{ ...other, group: "other" as const }])
  ]
  return {
    plan: read.planned.plan,
    lines: log.map((event) => ({ ...event, workspace })),
    merges: [...merges].map(([from, into]) => ({ from, into })),
    groups: rows.map(({ values }) => values),
    rows: all
      .flatMap((each) => [
        rowOf(each.metrics, null, each.group),
        ...each.series.map((metrics, bucket) => rowOf(metrics, bucket, each.group))
      ])
      // A store has no row where nothing is.
      .filter(({ values }) => values.some((value) => value > 0))
  }
}

/** What every event store is measured by: its contract suite reads it. `npx vitest run … -u` writes it anew. */
it("makes the vectors that are kept for the contract suite of event stores, by the slow reference", async () => {
  const histories = fc.sample(history("vector"), { seed, numRuns: 4 * count }).filter(({ log }) => log.length > 10)
  assert.isAtLeast(histories.length, count)
  const vectors = histories.slice(0, count).map((each, number) => JSON.stringify(vectorOf(each, number)))
  await expect(`[\n${vectors.join(",\n")}\n]\n`).toMatchFileSnapshot("../../../ports/analytics/EventStore.golden.json")
})
