import * as fc from "fast-check"
import { assert, expect, it } from "vitest"
import { byJson, toldKinds } from "../../../ports/analytics/answerVectors.ts"
import type { AnswerVector, ToldKind } from "../../../ports/analytics/answerVectors.ts"
import type { CohortRule } from "../../../ports/analytics/CohortRule.ts"
import type { EventSelection } from "../../../ports/analytics/FunnelQuestion.ts"
import type { QueryPlan } from "../../../ports/analytics/QueryPlan.ts"
import { planLifecycle } from "../../questions/activity/planLifecycle.ts"
import { planStickiness } from "../../questions/activity/planStickiness.ts"
import { planAttribution } from "../../questions/attribution/planAttribution.ts"
import { planCohortRule } from "../../questions/cohorts/planCohortRule.ts"
import { planFunnel } from "../../questions/funnel/planFunnel.ts"
import { planLifetime } from "../../questions/lifetime/planLifetime.ts"
import { planHeatmap } from "../../questions/pages/planHeatmap.ts"
import { planPaths } from "../../questions/paths/planPaths.ts"
import { planRetention } from "../../questions/retention/planRetention.ts"
import { planSessions } from "../../questions/sessions/planSessions.ts"
import { addDays, formatDay, parseDay } from "../../zones/zones.ts"
import { lifecycles, sticky } from "./activityReference.ts"
import { attributed } from "./attributionReference.ts"
import { clickHistory } from "./clickHistories.ts"
import { membersOf } from "./cohortReference.ts"
import { bestAttempts } from "./funnelReference.ts"
import { heatmapOf } from "./heatmapReference.ts"
import { rangeDays } from "./histories.ts"
import { lifetimes } from "./lifetimeReference.ts"
import { pathsOf } from "./pathReference.ts"
import type { GeneratedHistory } from "./questionWorld.ts"
import { bucketOf, daysAfter, personOf, withoutDuplicates } from "./reference.ts"
import type { Event } from "./reference.ts"
import { retained } from "./retentionReference.ts"
import { describeSession, sessionsOf, totalsOf } from "./sessionReference.ts"
import { matcher } from "./selections.ts"
import { scopeOf } from "./vectorScope.ts"
import { visitHistory } from "./visitHistories.ts"

const seed = 20_260_101
const dayMillis = 86_400_000
const minuteMillis = 60_000
/** No host is the workspace's own. */
const ownDomain = "nobody.example"
const limits = { idleMillis: 30 * minuteMillis, maximumMillis: dayMillis }

const pages: EventSelection = { event_types: ["page_view"] }
const signUps: EventSelection = { event_types: ["user_signed_up", "profile_updated"] }
const orders: EventSelection = { event_types: ["order_completed", "order_refunded"] }
const matches = (selection: EventSelection) => matcher(selection, () => false)

type Read<Planned> = { readonly planned: Planned } | { readonly errors: unknown }

const planOf = <Plan>(read: Read<{ readonly plan: Plan }>): Plan => {
  if ("errors" in read) throw new Error(JSON.stringify(read.errors))
  return read.planned.plan
}

type Asked = AnswerVector["asked"][number]

const numberOf = (counts: Iterable<number>): number => [...counts].reduce((sum, each) => sum + each, 0)

/** Questions about visits, each with what the reference says. */
const aboutVisits = (workspace: string, { day, log, merges, zone }: GeneratedHistory): ReadonlyArray<Asked> => {
  const scope = scopeOf(workspace)
  const all = withoutDuplicates(log)
  const range = { from: day, to: formatDay(addDays(parseDay(day)!, rangeDays - 1)) }
  const common = { date_range: range, time_zone: zone }
  const dayOf = (event: Event) => bucketOf(zone, "day", event.time)
  const inRange = (event: Event) => dayOf(event) >= range.from && dayOf(event) <= range.to
  const interval = (event: Event) => Math.round((Date.parse(dayOf(event)) - Date.parse(day)) / dayMillis)
  const asked: Array<Asked> = []
  const add = (plan: QueryPlan<ToldKind>, told: unknown) => void asked.push({ plan, told })

  for (const order of ["sequential", "strict", "any"] as const) {
    const steps = [pages, signUps, orders]
    const window = { value: 2, unit: "day" } as const
    const plan = planOf(planFunnel({ ...common, steps, order, conversion_window: window }, scope))
    const reference = { steps: steps.map(matches), order, windowMillis: 2 * dayMillis, exclusions: [], inRange }
    const best = [...bestAttempts(all, reference, merges).values()]
    add(plan, {
      people: steps.map((_, step) => best.filter((attempt) => attempt.length > step).length),
      millis: [1, 2].map((step) =>
        numberOf(best.map((attempt) => (attempt.length > step ? attempt[step]!.time - attempt[step - 1]!.time : 0)))
      )
    })
  }

  for (const cohorts of ["first_time", "recurring"] as const) {
    const periods = 2
    const plan = planOf(planRetention({ ...common, start: pages, return: signUps, periods, cohorts }, scope))
    const [on, since] = [false, true].map((orAfter) =>
      retained(
        all,
        {
          start: matches(pages),
          back: matches(signUps),
          firstTime: cohorts === "first_time",
          orAfter,
          interval,
          cohorts: rangeDays,
          periods
        },
        merges
      )
    )
    const rows = on!.map(({ people, returned }, cohort) => [cohort, people, returned, since![cohort]!.returned])
    add(
      plan,
      rows.filter(([, people]) => Number(people) > 0)
    )
  }

  const activity = { zone, interval: "day", ...range, counts: matches(signUps) } as const
  const states = lifecycles(all, activity, merges)
  add(
    planOf(planLifecycle({ ...common, ...signUps, interval: "day" }, scope)),
    states.map((each, at) => [at + 1, each.new, each.returning, each.resurrecting, Math.abs(each.dormant)])
  )
  add(
    planOf(planStickiness({ ...common, ...signUps, interval: "day" }, scope)),
    sticky(all, activity, merges).flatMap((people, at) => (people > 0 ? [[at + 1, people]] : []))
  )

  for (const forward of [true, false]) {
    const anchor = forward ? { start: pages } : { end: orders }
    const own = { ...common, ...anchor, steps: 3, gap_minutes: 300, window_minutes: 1440, top: 100, groups: ["/pri*"] }
    const expected = pathsOf(
      all,
      {
        forward,
        inRange,
        nodes: "both",
        groups: ["/pri*"],
        collapse: true,
        steps: 3,
        anchor: matches(forward ? pages : orders),
        through: () => true,
        gapMillis: 300 * minuteMillis,
        windowMillis: 1440 * minuteMillis
      },
      merges
    )
    add(planOf(planPaths({ ...own, nodes: "both", collapse_loops: true }, scope)), {
      people: expected.people,
      edges: expected.edges.map((edge) => [edge.step, edge.from, edge.to, edge.people, edge.events, edge.median_ms]),
      nodes: expected.nodes.map((place) => [place.step, place.node, place.people, place.dropped])
    })
  }

  const sessions = sessionsOf(all, limits)
    .map((events) => describeSession(events, ownDomain))
    .filter(({ first }) => inRange(first))
  const totals = totalsOf(sessions, personOf(all, merges))
  add(planOf(planSessions(common, scope)), [
    totals.sessions,
    totals.people,
    totals.bounces,
    totals.pages,
    totals.duration_median_ms
  ])

  for (const direct of ["last_resort", "equal"] as const) {
    const reference = {
      limits,
      ownDomain,
      lookBackMillis: 3 * dayMillis,
      halfLifeMillis: 7 * dayMillis,
      keepDirect: direct === "equal",
      dimension: "source",
      selection: matches(orders),
      inRange,
      worth: () => 1n
    } as const
    const told = (model: "first_touch" | "last_touch") =>
      [...attributed(all, reference, model, merges).credits]
        .filter(([, count]) => count > 0n)
        .map(([key, count]) => [key === "unattributed" ? "-" : key.replace(/^value/, "="), Number(count)])
        .toSorted(([a], [b]) => (a! < b! ? -1 : 1))
    const question = { ...common, conversion: orders, look_back_days: 3, dimension: "source", direct } as const
    add(planOf(planAttribution(question, scope)), { first: told("first_touch"), last: told("last_touch") })
  }

  const first = daysAfter(day, -31)
  const months = (text: string) => Number(text.slice(0, 4)) * 12 + Number(text.slice(5, 7))
  const lifetime = {
    interval: (event: Event) => months(dayOf(event)) - months(first),
    cohorts: months(range.to) - months(first) + 1,
    periods: 1,
    convert: () => undefined,
    merges,
    fits: () => true
  }
  add(
    planOf(
      planLifetime({ ...common, date_range: { from: first, to: range.to }, interval: "month", periods: 1 }, scope)
    ),
    lifetimes(all, lifetime).map(({ customers, periods }) => ({
      customers,
      periods: periods.map((each) => [each.orders, each.refunds])
    }))
  )

  const rules: ReadonlyArray<CohortRule> = [
    { did: pages, at_least: 2 },
    { and: [{ did: pages }, { did_not: orders }] },
    { in_sequence: [pages, signUps], window: { value: 1, unit: "day" } }
  ]
  for (const rule of rules) {
    const planned = planCohortRule(rule, "", scope, undefined)
    assert.deepStrictEqual(planned.errors, [])
    const cohort = { digest: JSON.stringify(rule), rule: planned.rule, beforeMillis: undefined }
    const members = membersOf(rule, { all, merges, cohorts: {}, counts: matches })
    add({ kind: "membership", workspace, revisions: "", cohort, keysMax: 0 }, members.size)
  }
  return asked
}

/** Questions about clicks. */
const aboutClicks = (workspace: string, { day, log, merges, zone }: GeneratedHistory): ReadonlyArray<Asked> => {
  const all = withoutDuplicates(log)
  const range = { from: day, to: formatDay(addDays(parseDay(day)!, rangeDays - 1)) }
  const inRange = (event: Event) => {
    const own = bucketOf(zone, "day", event.time)
    return own >= range.from && own <= range.to
  }
  return ["/a", "/b"].map((path) => {
    const grid = { path, columns: 3, rows: 7, top: 100 }
    const plan = planOf(planHeatmap({ date_range: range, time_zone: zone, ...grid }, scopeOf(workspace)))
    const maps = heatmapOf(all, { inRange, matches: () => true, device: undefined, host: undefined, ...grid }, merges)
    const layers = maps.flatMap(({ device, fixed, page }) => [
      { device, fixed: false, ...page },
      { device, fixed: true, ...fixed }
    ])
    const told = {
      layers: layers
        .filter(({ clicks }) => clicks > 0)
        .map(({ clicks, device, fixed, people, unplaced }) => [device, fixed, clicks, clicks - unplaced, people])
        .toSorted(byJson),
      cells: layers
        .flatMap(({ cells, device, fixed }) =>
          cells.map(({ clicks, column, people, row }) => [device, fixed, column, row, clicks, people])
        )
        .toSorted(byJson),
      views: numberOf(maps.map(({ scroll }) => scroll.views)),
      measured: numberOf(maps.map(({ scroll }) => scroll.measured))
    }
    return { plan, told }
  })
}

const vectorOf = (
  workspace: string,
  made: GeneratedHistory,
  about: (workspace: string, made: GeneratedHistory) => ReadonlyArray<Asked>
): AnswerVector => ({
  workspace,
  lines: made.log.map((event) => ({ ...event, workspace })),
  merges: [...made.merges].map(([from, into]) => ({ from, into })),
  asked: about(workspace, made)
})

/** Numbers of an answer that are not 0, as far as they tell more. */
const tellingOf = ({ told }: Asked): number =>
  Math.min(12, (JSON.stringify(told).match(/(?<![\w.])[1-9]\d*/g) ?? []).length)

/** Of the histories that the seed makes, those whose answers tell most. */
const drawn = (
  name: string,
  histories: fc.Arbitrary<GeneratedHistory>,
  count: number,
  about: (workspace: string, made: GeneratedHistory) => ReadonlyArray<Asked>
): ReadonlyArray<AnswerVector> =>
  fc
    .sample(histories, { seed, numRuns: 400 })
    .filter(({ log, merges }) => log.length > 20 && log.length < 50 && merges.size > 0)
    .map((made) => ({ made, tells: numberOf(about(name, made).map(tellingOf)) }))
    .toSorted((a, b) => b.tells - a.tells)
    .slice(0, count)
    .map(({ made }, at) => vectorOf(`${name}-${at}`, made, about))

/** What every event store is measured by: its contract suite reads it. `npx vitest run … -u` writes it anew. */
it("makes the vectors of every kind of question that are kept for event stores, by the slow references", async () => {
  const visits = drawn("visits", visitHistory("vector"), 4, aboutVisits)
  const clicks = drawn("clicks", clickHistory("vector"), 2, aboutClicks)
  const vectors = [...visits, ...clicks]
  assert.lengthOf(vectors, 6)
  // Each of the plans tells something somewhere.
  for (const each of [visits, clicks])
    for (const at of each[0]!.asked.keys())
      assert.isAbove(numberOf(each.map(({ asked }) => tellingOf(asked[at]!))), 0, each[0]!.asked[at]!.plan.kind)
  const kinds = new Set(vectors.flatMap(({ asked }) => asked.map(({ plan }) => plan.kind)))
  assert.sameMembers([...kinds], [...toldKinds])
  const text = vectors.map((each) => JSON.stringify(each)).join(",\n")
  await expect(`[\n${text}\n]\n`).toMatchFileSnapshot("../../../ports/analytics/answerVectors.golden.json")
})
