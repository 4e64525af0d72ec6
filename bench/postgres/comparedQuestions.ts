import type { AttributionResult } from "../../ports/analytics/AttributionQuestion.ts"
import type { FunnelResult } from "../../ports/analytics/FunnelQuestion.ts"
import type { LifecycleResult } from "../../ports/analytics/LifecycleQuestion.ts"
import type { LifetimeResult } from "../../ports/analytics/LifetimeQuestion.ts"
import type { PathResult } from "../../ports/analytics/PathQuestion.ts"
import type { QuestionResult } from "../../ports/analytics/Question.ts"
import type { RetentionResult } from "../../ports/analytics/RetentionQuestion.ts"
import type { SessionResult } from "../../ports/analytics/SessionQuestion.ts"
import type { StickinessResult } from "../../ports/analytics/StickinessQuestion.ts"
import { askedQuestions } from "../askedQuestions.ts"
import type { AskedQuestion } from "../askedQuestions.ts"

type Row = Readonly<Record<string, unknown>>
/** The same question in the SQL of Postgres, and what both answers must have in common. */
export interface ComparedQuestion {
  readonly question: AskedQuestion
  readonly sql: string
  readonly ours: (answer: unknown) => unknown
  readonly theirs: (rows: ReadonlyArray<Row>, answer: unknown) => unknown
}

/** A comparison that knows the shape of the service's answer. */
const compared = <Answer>(known: {
  readonly question: AskedQuestion
  readonly sql: string
  readonly ours: (answer: Answer) => unknown
  readonly theirs: (rows: ReadonlyArray<Row>, answer: Answer) => unknown
}): ComparedQuestion => ({
  question: known.question,
  sql: known.sql,
  ours: (answer) => known.ours(answer as Answer),
  theirs: (rows, answer) => known.theirs(rows, answer as Answer)
})

const dayMillis = 86_400_000
const person = "coalesce(p.person, e.subject)"
const joined = "events e left join people p on p.subject = e.subject"

const rangeOf = ({ body }: AskedQuestion): readonly [number, number] => {
  const { from, to } = body["date_range"] as { readonly from: string; readonly to: string }
  return [Date.parse(from), Date.parse(to) + dayMillis]
}
const within = (question: AskedQuestion): string => {
  const [from, to] = rangeOf(question)
  return `e.time_ms >= ${from} and e.time_ms < ${to}`
}
const dayOf = (question: AskedQuestion): string => `(e.time_ms - ${rangeOf(question)[0]}) / ${dayMillis}`
const weekOf = (start: number): string => `(e.time_ms - ${start}) / ${7 * dayMillis}`
/** The Monday on or before an instant. */
const mondayOf = (millis: number): number => millis - ((Math.floor(millis / dayMillis) + 3) % 7) * dayMillis
const number = (value: unknown): number => Number(value ?? 0)

const named = (name: string): AskedQuestion => {
  const found = askedQuestions.find((question) => question.name.startsWith(name))
  if (found === undefined) throw new Error(`no question ${name}`)
  return found
}

const trend = (name: string, column: string, where = "true", series = true): ComparedQuestion => {
  const question = named(name)
  const pair = (metrics: QuestionResult["totals"]) => [metrics.people, metrics.events]
  return compared<QuestionResult>({
    question,
    sql: `with x as materialized (select ${series ? dayOf(question) : "0"} as bucket, ${column} as g, ${person} as person, count(*) as n
      from ${joined} where ${within(question)} and ${where} group by 1, 2, 3)
      select ${series ? "bucket, " : ""}g, ${series ? "grouping(bucket, g)" : "grouping(g) + 2"} as level, count(distinct person) as people, sum(n) as events from x
      group by grouping sets ((), (g)${series ? ", (bucket), (bucket, g)" : ""})`,
    ours: (answer) => ({
      totals: pair(answer.totals),
      series: series ? (answer.series ?? []).map(pair) : [],
      rows: answer.rows
        .filter((row) => row.other === undefined)
        .map((row) => [row.values[0], pair(row.metrics), series ? (row.series ?? []).map(pair) : []])
    }),
    theirs: (rows, answer) => {
      const own = (level: number, value?: string | null) =>
        rows.filter((row) => number(row["level"]) === level && (value === undefined || row["g"] === value))
      const pairOf = (row: Row | undefined) => [number(row?.["people"]), number(row?.["events"])]
      const byDay = (found: ReadonlyArray<Row>) =>
        answer.buckets.map((_, day) => pairOf(found.find((row) => number(row["bucket"]) === day)))
      return {
        totals: pairOf(own(3)[0]),
        series: series ? byDay(own(1)) : [],
        rows: answer.rows
          .filter((row) => row.other === undefined)
          .map(({ values: [value = null] }) => [value, pairOf(own(2, value)[0]), series ? byDay(own(0, value)) : []])
      }
    }
  })
}

const sums = (name: string, bucket: (question: AskedQuestion) => string): ComparedQuestion => {
  const question = named(name)
  return compared<QuestionResult>({
    question,
    sql: `select ${bucket(question)} as bucket, sum((properties->>'seconds')::numeric) as seconds, count(*) as events
      from events e where ${within(question)} and properties->>'plan' = 'pro' group by 1 order by 1`,
    ours: (answer) => (answer.series ?? []).map((each) => [each["sum:seconds"], each.events]),
    theirs: (rows) => rows.map((row) => [number(row["seconds"]), number(row["events"])])
  })
}

const monthOf = "date_trunc('month', to_timestamp(e.time_ms / 1000) at time zone 'UTC')"

const funnel = (): ComparedQuestion => {
  const question = named("funnel")
  const [from, to] = rangeOf(question)
  const window = 14 * dayMillis
  const step = (type: string, end: number) =>
    `select ${person} as p, e.time_ms as t, e.received_us as r from ${joined} where e.event_type = '${type}' and e.time_ms >= ${from} and e.time_ms < ${end}`
  const next = (events: string, before: string) =>
    `select b.p, b.r, b.t, max(a.t0) as t0 from ${events} b join ${before} a on a.p = b.p and a.r < b.r and b.t - a.t0 <= ${window} group by 1, 2, 3`
  return compared<FunnelResult>({
    question,
    sql: `with e1 as materialized (${step("page_view", to)}), e2 as materialized (${step("product_viewed", to + window)}),
      e3 as materialized (${step("product_added_to_cart", to + window)}), e4 as materialized (${step("order_completed", to + window)}),
      s1 as (select p, r, t, t as t0 from e1), s2 as materialized (${next("e2", "s1")}), s3 as materialized (${next("e3", "s2")}),
      s4 as materialized (${next("e4", "s3")})
      select (select count(distinct p) from e1) as n1, (select count(distinct p) from s2) as n2, (select count(distinct p) from s3) as n3, (select count(distinct p) from s4) as n4`,
    ours: (answer) => answer.steps.map((each) => each.people),
    theirs: ([row]) => [1, 2, 3, 4].map((index) => number(row![`n${index}`]))
  })
}

const retention = (): ComparedQuestion => {
  const question = named("retention")
  const [from, to] = rangeOf(question)
  const start = mondayOf(from)
  return compared<RetentionResult>({
    question,
    sql: `with x as materialized (select ${person} as person, min(e.time_ms) as first, array_agg(distinct ${weekOf(start)}) filter (where e.time_ms >= ${start}) as weeks
      from ${joined} group by 1)
      select (first - ${start}) / ${7 * dayMillis} as cohort, week - (first - ${start}) / ${7 * dayMillis} as ahead, count(*) as people
      from x, unnest(weeks) as week where first >= ${start} and first < ${to} group by 1, 2`,
    ours: (answer) => answer.cohorts.map((each) => each.periods.map((period) => period.people)),
    theirs: (rows, answer) =>
      answer.cohorts.map((each, cohort) =>
        each.periods.map((_, ahead) =>
          number(rows.find((row) => number(row["cohort"]) === cohort && number(row["ahead"]) === ahead)?.["people"])
        )
      )
  })
}

const sessions = (): ComparedQuestion => {
  const question = named("sessions")
  const [from, to] = rangeOf(question)
  return compared<SessionResult>({
    question,
    sql: `with x as materialized (
        select e.session, min(e.time_ms) as first, max(e.time_ms) as last, count(*) filter (where event_type = 'page_view') as pages,
          count(*) filter (where event_type not in ('page_view', 'page_exit', 'scroll_depth', 'engagement')) as interactive,
          (array_agg(coalesce(source, referrer_host) order by received_us))[1] as source, (array_agg(e.subject order by received_us))[1] as subject
        from events e where e.time_ms >= ${from - dayMillis} and e.time_ms < ${to + dayMillis} group by 1
      ), y as materialized (select e.*, ${person} as person, (first - ${from}) / ${dayMillis} as day from x e left join people p on p.subject = e.subject where first >= ${from} and first < ${to})
      select day, source, grouping(day, source) as level, count(*) as sessions, count(distinct person) as people, sum(pages) as pages,
        count(*) filter (where pages = 1 and interactive = 0) as bounces, sum(last - first) as duration, percentile_cont(0.5) within group (order by last - first) as median
      from y group by grouping sets ((), (source), (day), (day, source))`,
    ours: (answer) => ({
      totals: [answer.totals.sessions, answer.totals.people, answer.totals.bounces, answer.totals.pages],
      rows: answer.rows.map((row) => [row.value, row.metrics.sessions, row.metrics.people]),
      series: answer.series?.map((each) => each.sessions)
    }),
    theirs: (rows, answer) => {
      const of = (level: number) => rows.filter((row) => number(row["level"]) === level)
      const total = of(3)[0]!
      return {
        totals: ["sessions", "people", "bounces", "pages"].map((name) => number(total[name])),
        rows: answer.rows.map((row) => {
          const own = of(2).find((each) => each["source"] === row.value)
          return [row.value, number(own?.["sessions"]), number(own?.["people"])]
        }),
        series: of(1)
          .toSorted((a, b) => number(a["day"]) - number(b["day"]))
          .map((row) => number(row["sessions"]))
      }
    }
  })
}

const attribution = (): ComparedQuestion => {
  const question = named("attribution")
  const [from, to] = rangeOf(question)
  const lookBack = 30 * dayMillis
  return compared<AttributionResult>({
    question,
    sql: `with orders as materialized (select ${person} as person, e.time_ms as t, e.order_id, e.minor from ${joined} where e.minor is not null and ${within(question)}),
      touches as materialized (select distinct on (e.session) ${person} as person, e.time_ms as t, coalesce(e.source, e.referrer_host) as source
        from ${joined} where e.time_ms >= ${from - lookBack - dayMillis} and e.time_ms < ${to} order by e.session, e.received_us),
      pairs as materialized (select o.order_id, o.minor, o.t, t.source, o.t - t.t as before from orders o join touches t on t.person = o.person and t.t <= o.t and t.t >= o.t - ${lookBack}),
      weighted as (select *, power(0.5, before / ${7 * dayMillis}.0) / sum(power(0.5, before / ${7 * dayMillis}.0)) over w as decayed, 1.0 / count(*) over w as even from pairs window w as (partition by order_id))
      select source, count(distinct order_id) as touched, sum(minor * decayed) as decayed, sum(minor * even) as even,
        (select count(*) from orders) as orders, (select sum(minor) from orders) as minor from weighted group by 1`,
    ours: (answer) => ({
      totals: [answer.conversions, Math.round(Number(answer.credit) * 100)],
      touched: (answer.models[0]?.rows ?? [])
        .filter((row) => typeof row.value === "string")
        .map((row) => [row.value, row.touched])
        .toSorted()
    }),
    theirs: (rows) => ({
      totals: [number(rows[0]?.["orders"]), number(rows[0]?.["minor"])],
      touched: rows.map((row) => [row["source"], number(row["touched"])]).toSorted()
    })
  })
}

const lifetime = (): ComparedQuestion => {
  const question = named("lifetime")
  const month = (column: string) =>
    `(extract(year from to_timestamp(${column} / 1000) at time zone 'UTC') * 12 + extract(month from to_timestamp(${column} / 1000) at time zone 'UTC'))::int`
  return compared<LifetimeResult>({
    question,
    sql: `with o as materialized (select ${person} as person, e.time_ms as t, e.minor from ${joined} where e.minor is not null),
      c as materialized (select person, ${month("min(t)")} as cohort from o group by 1)
      select cohort - ${month(String(rangeOf(question)[0]))} as cohort, ${month("t")} - cohort as period, count(*) as orders, sum(minor) as minor, count(distinct o.person) as people
      from o join c on c.person = o.person group by 1, 2 order by 1, 2`,
    ours: (answer) =>
      answer.cohorts.map((each) => {
        const last = each.periods.at(-1)
        return [each.customers, last?.orders, Math.round(Number(last?.revenue) * 100)]
      }),
    theirs: (rows, answer) =>
      answer.cohorts.map((_, cohort) => {
        const own = rows.filter((row) => number(row["cohort"]) === cohort)
        const sum = (name: string) => own.reduce((total, row) => total + number(row[name]), 0)
        return [number(own.find((row) => number(row["period"]) === 0)?.["people"]), sum("orders"), sum("minor")]
      })
  })
}

const paths = (): ComparedQuestion => {
  const question = named("paths")
  const node = "case when e.event_type = 'page_view' then e.path else e.event_type end"
  const [, to] = rangeOf(question)
  return compared<PathResult>({
    question,
    sql: `with f as materialized (select ${person} as person, min(e.received_us) as r, min(e.time_ms) as t from ${joined} where e.event_type = 'page_view' and ${within(question)} group by 1),
      x as materialized (select f.person, ${node} as node, e.time_ms as t, row_number() over w as n, lag(${node}) over w as near, e.time_ms - lag(e.time_ms) over w as millis
        from ${joined} join f on f.person = ${person} where e.time_ms < ${to + dayMillis} and e.received_us >= f.r and e.time_ms <= f.t + ${dayMillis} and e.time_ms >= ${rangeOf(question)[0]}
        window w as (partition by f.person order by e.received_us)),
      y as (select *, bool_or(millis > 1800000) over (partition by person order by n) as ended from x)
      select n - 1 as step, near, node, count(*) as people, percentile_cont(0.5) within group (order by millis) as median
      from y where ended is not true and n between 2 and 6 group by 1, 2, 3 order by people desc, step, near, node limit 50`,
    ours: (answer) => answer.edges.map((edge) => edge.people),
    theirs: (rows) => rows.map((row) => number(row["people"]))
  })
}

const lifecycle = (): ComparedQuestion => {
  const question = named("lifecycle")
  const [from, to] = rangeOf(question)
  const start = mondayOf(from)
  return compared<LifecycleResult>({
    question,
    sql: `with x as materialized (select distinct ${person} as person, case when e.time_ms < ${start} then -1 else ${weekOf(start)} end as week from ${joined} where e.time_ms < ${to + 7 * dayMillis}),
      b as materialized (select distinct ${person} as person from ${joined} where e.time_ms >= ${start - 7 * dayMillis} and e.time_ms < ${start}),
      y as (select person, week, min(week) over w as first, lag(week) over w as before from x window w as (partition by person order by week))
      select week, count(*) as active, count(*) filter (where before is null) as new,
        count(*) filter (where case when week = 0 then exists (select from b where b.person = y.person) else before = week - 1 end) as returning
      from y where week >= 0 group by 1 order by 1`,
    ours: (answer) => answer.periods.map((each) => [each.active, each.new, each.returning]),
    theirs: (rows) => rows.map((row) => [number(row["active"]), number(row["new"]), number(row["returning"])])
  })
}

const stickiness = (name: string, bucket: (question: AskedQuestion) => string): ComparedQuestion => {
  const question = named(name)
  return compared<StickinessResult>({
    question,
    sql: `select n, count(*) as people from (select person, count(*) as n from (select distinct ${person} as person, ${bucket(question)} as bucket from ${joined} where ${within(question)}) x group by 1) y group by 1 order by 1`,
    ours: (answer) => answer.histogram.filter((each) => each.people > 0).map((each) => [each.intervals, each.people]),
    theirs: (rows) => rows.map((row) => [number(row["n"]), number(row["people"])])
  })
}

export const comparedQuestions: ReadonlyArray<ComparedQuestion> = [
  trend("30-day trend by country", "e.country"),
  trend("30-day trend by a custom property", "e.properties->>'plan'"),
  sums("custom property filtered and summed, 30 days", dayOf),
  sums("custom property filtered and summed, 12 months", () => monthOf),
  trend("top pages", "e.path", "e.event_type = 'page_view'", false),
  funnel(),
  retention(),
  sessions(),
  attribution(),
  lifetime(),
  paths(),
  lifecycle(),
  stickiness("stickiness by day", dayOf),
  stickiness("stickiness by week", (question) => weekOf(mondayOf(rangeOf(question)[0])))
]
