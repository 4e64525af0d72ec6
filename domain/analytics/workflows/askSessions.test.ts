import { assert, describe, it } from "@effect/vitest"
import { Effect, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import type { Filter } from "../../../ports/analytics/Question.ts"
import type { SessionQuestion } from "../../../ports/analytics/SessionQuestion.ts"
import { settingsInitial } from "../../../ports/platform/Settings.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { questionWorld, storeHistory } from "../testing/questionWorld.ts"
import type { GeneratedHistory } from "../testing/questionWorld.ts"
import { bucketOf, personOf } from "../testing/reference.ts"
import type { Event } from "../testing/reference.ts"
import { matcher, selection } from "../testing/selections.ts"
import { describeSession, sessionsOf, totalsOf } from "../testing/sessionReference.ts"
import type { ReferenceSession } from "../testing/sessionReference.ts"
import { ownDomain, visitHistory } from "../testing/visitHistories.ts"
import { askQuestion } from "./askQuestion.ts"
import { askSessions, listSessions } from "./askSessions.ts"

const runs = Number(process.env["HISTORIES"] ?? 40)
const minuteMillis = 60_000
/** Short, so that runs longer than the maximum are common in the histories. */
const [idleMinutes, maximumMinutes] = [600, 720]
const limits = { idleMillis: idleMinutes * minuteMillis, maximumMillis: maximumMinutes * minuteMillis }
const dimensions = ["entry_path", "exit_path", "source", "medium", "campaign", "country"] as const
type Dimension = (typeof dimensions)[number]

interface Asked {
  /** Or whether the session's person belongs to a cohort. */
  readonly dimension: Dimension | "cohort:list"
  readonly holding: typeof selection extends fc.Arbitrary<infer A> ? A | undefined : never
  readonly filter: readonly [Dimension | "cohort:buyers", string] | undefined
}

const asked: fc.Arbitrary<Asked> = fc.record({
  dimension: fc.constantFrom(...dimensions, "cohort:list" as const),
  holding: fc.option(selection, { nil: undefined }),
  filter: fc.option(
    fc.constantFrom(
      ["source", "google.com"] as const,
      ["entry_path", "/a"] as const,
      ["cohort:buyers", "is_not_member"] as const
    ),
    { nil: undefined }
  )
})

const filterOf = ([dimension, value]: NonNullable<Asked["filter"]>): Filter =>
  dimension === "cohort:buyers" ? { cohort: "buyers", operator: value } : { dimension, operator: "is", value }

const world = questionWorld({
  ...settingsInitial,
  ingest: {
    ...settingsInitial.ingest,
    own_domains: [ownDomain],
    session_idle_minutes: idleMinutes,
    session_maximum_minutes: maximumMinutes
  }
})

const smallOrNot = <Totals extends { readonly people: number }>(totals: Totals) => ({
  ...totals,
  small: totals.people < 30
})

describe("askSessions", () => {
  const runtime = ManagedRuntime.make(world)
  let number = 0

  const answersLikeReference = async (generated: GeneratedHistory, { dimension, filter, holding }: Asked) => {
    number += 1
    const { merges, zone } = generated
    await runtime.runPromise(
      Effect.gen(function* () {
        const { all, belongs, inRange, range, workspace } = yield* storeHistory(`sessions-${number}`, generated)
        const question: SessionQuestion = {
          date_range: range,
          time_zone: zone,
          interval: "day",
          dimension,
          ...(holding === undefined ? {} : { holding }),
          ...(filter === undefined ? {} : { filters: filterOf(filter) })
        }
        const result = yield* askSessions(workspace, question)
        const sessions = sessionsOf(all, limits)
          .filter((events) => holding === undefined || events.some(matcher(holding, belongs)))
          .map((events) => describeSession(events, ownDomain))
          .filter(({ first }) => inRange(first))
          .filter((session) => {
            if (filter === undefined) return true
            return filter[0] === "cohort:buyers" ? !belongs("buyers", session.first) : session[filter[0]] === filter[1]
          })
        const valueOf = (session: ReferenceSession) =>
          dimension === "cohort:list" ? (belongs("list", session.first) ? "list" : null) : session[dimension]
        const expected = (matches: (session: ReferenceSession) => boolean) =>
          smallOrNot(totalsOf(sessions.filter(matches), personOf(all, merges)))
        const shown = (metrics: typeof result.totals) =>
          Object.fromEntries(Object.entries(metrics).filter(([name]) => name !== "bounce_interval"))
        assert.deepStrictEqual(
          shown(result.totals),
          expected(() => true)
        )
        for (const [index, start] of result.buckets.entries()) {
          const day = bucketOf(zone, "day", Date.parse(start))
          assert.deepStrictEqual(
            shown(result.series![index]!),
            expected(({ first }) => bucketOf(zone, "day", first.time) === day)
          )
        }
        assert.deepStrictEqual(new Set(result.rows.map(({ value }) => value)), new Set(sessions.map(valueOf)))
        for (const { metrics, value } of result.rows)
          assert.deepStrictEqual(
            shown(metrics),
            expected((session) => valueOf(session) === value)
          )
      })
    )
  }

  it(`answers like the reference on ${runs} generated histories`, { timeout: 240_000 }, async () => {
    await fc.assert(fc.asyncProperty(visitHistory("history"), asked, answersLikeReference), {
      numRuns: runs,
      endOnFailure: true
    })
  })

  const everything = { from: "2017-06-01", to: "2026-12-31" }

  it("lists each session once over pages of any size, with its number of events, and the trends count the same", async () => {
    const listsLikeReference = async (generated: GeneratedHistory, limit: number) => {
      number += 1
      const { zone } = generated
      await runtime.runPromise(
        Effect.gen(function* () {
          const { all, workspace } = yield* storeHistory(`sessions-${number}`, generated)
          const items = []
          let cursor: string | undefined
          do {
            const page = yield* listSessions(workspace, {
              ...everything,
              time_zone: zone,
              limit,
              ...(cursor === undefined ? {} : { cursor })
            })
            items.push(...page.items)
            cursor = page.next ?? undefined
          } while (cursor !== undefined)
          const line = (parts: ReadonlyArray<unknown>) => parts.map(String).join(" | ")
          const expected = sessionsOf(all, limits).map((events) => {
            const session = describeSession(events, ownDomain)
            const { anonymous_id, session_id = null } = session.first
            const { bounced, duration, engaged, pages, scroll, source, start } = session
            return line([
              start,
              anonymous_id,
              session_id,
              events.length,
              pages,
              duration,
              bounced,
              engaged,
              scroll,
              source
            ])
          })
          const found = items.map((item) =>
            line([
              Date.parse(item.start),
              item.anonymous_id,
              item.session_id,
              item.events,
              item.pages,
              item.duration_ms,
              item.bounced,
              item.engaged_ms,
              item.scroll_percent,
              item.source
            ])
          )
          assert.deepStrictEqual(found.toSorted(), expected.toSorted())
          assert.deepStrictEqual(
            items.map(({ start }) => Date.parse(start)),
            items.map(({ start }) => Date.parse(start)).toSorted((a, b) => b - a)
          )
          const trend = yield* askQuestion(workspace, { date_range: everything, metrics: ["sessions"] })
          assert.strictEqual(trend.totals["sessions"], expected.length)
        })
      )
    }
    await fc.assert(fc.asyncProperty(visitHistory("history"), fc.constantFrom(4, 100), listsLikeReference), {
      numRuns: Math.ceil(runs / 2)
    })
  }, 240_000)

  const seen = (device: string, timestamp: string, more: Partial<Event> = {}): Event => ({
    v: 1,
    event_id: crypto.randomUUID(),
    workspace: "any",
    event_type: "page_view",
    anonymous_id: device,
    time: Date.parse(timestamp),
    received_at: Date.parse("2026-03-03T12:00:00Z") * 1000,
    index: 0,
    timestamp: Date.parse(timestamp),
    properties: {},
    ...more
  })
  const plain = ManagedRuntime.make(questionWorld())
  const ask = (log: ReadonlyArray<Event>, question: SessionQuestion) => {
    number += 1
    const generated = { day: "2026-03-01", zone: "UTC", log, merges: new Map<string, string>() }
    return plain.runPromise(
      Effect.flatMap(storeHistory(`fixed-${number}`, generated), ({ workspace }) => askSessions(workspace, question))
    )
  }

  it("splits after 30 idle minutes and 24 hours, the limits included, never at midnight", async () => {
    const idle = [
      seen("a", "2026-03-01T23:50:00.000Z"),
      seen("a", "2026-03-02T00:20:00.000Z"),
      seen("a", "2026-03-02T00:50:00.001Z")
    ]
    const question = { date_range: { from: "2026-03-01", to: "2026-03-04" }, interval: "day" as const }
    const series = ({ series: each }: { series?: ReadonlyArray<{ sessions: number }> }) =>
      each!.map(({ sessions }) => sessions)
    assert.deepStrictEqual(series(await ask(idle, question)), [1, 1, 0, 0])
    const start = Date.parse("2026-03-01T10:00:00Z")
    const steady = Array.from({ length: 120 }, (_, index) =>
      seen("b", new Date(start + index * 30 * minuteMillis).toISOString())
    )
    // 49 half hours from 10:00 on fill 24 hours, both ends included; the next begins at 10:30.
    assert.deepStrictEqual(series(await ask(steady, question)), [1, 1, 1, 0])
    const second = { ...question, date_range: { from: "2026-03-02", to: "2026-03-02" } }
    const { totals } = await ask(steady, second)
    assert.deepStrictEqual([totals.sessions, totals.pages, totals.duration_median_ms], [1, 49, 86_400_000])
  })

  it("counts a bounce by what is interactive, and means over the sessions that tell", async () => {
    const own = (session_id: string, more: Partial<Event> = {}) =>
      seen(session_id, "2026-03-01T10:00:00Z", { session_id, ...more })
    const log = [
      own("bounce"),
      own("bounce", { event_type: "page_exit", properties: { engaged_ms: 900, scroll_percent: 40 } }),
      own("bounce", { event_type: "element_clicked", properties: { interactive: false } }),
      own("clicked"),
      own("clicked", { event_type: "element_clicked" }),
      own("server", { event_type: "order_completed" })
    ]
    const { totals } = await ask(log, { date_range: { from: "2026-03-01", to: "2026-03-01" } })
    assert.deepStrictEqual(
      [totals.sessions, totals.bounces, totals.engaged_mean_ms, totals.engaged_sessions, totals.scroll_mean_percent],
      [3, 1, 900, 1, 40]
    )
    assert.deepStrictEqual(
      totals.bounce_interval!.map((bound) => Number(bound.toFixed(4))),
      [0.0615, 0.7923]
    )
  })

  it("compares with the period before, over the same values", async () => {
    const log = [
      seen("a", "2026-03-01T10:00:00Z", { session_id: "1", geo: { country: "DE" } }),
      seen("b", "2026-03-02T10:00:00Z", { session_id: "2", geo: { country: "DE" } }),
      seen("c", "2026-03-02T11:00:00Z", { session_id: "3", geo: { country: "FR" } })
    ]
    const result = await ask(log, {
      date_range: { from: "2026-03-02", to: "2026-03-02" },
      compare: "previous_period",
      dimension: "country"
    })
    const rows = (period: Pick<typeof result, "rows">) =>
      period.rows.map(({ metrics, value }) => [value, metrics.sessions])
    assert.deepStrictEqual(rows(result), [
      ["DE", 1],
      ["FR", 1]
    ])
    assert.deepStrictEqual(rows(result.previous!), [
      ["DE", 1],
      ["FR", 0]
    ])
  })

  it("names every wrong field", async () => {
    const failure = await plain.runPromise(
      Effect.flip(
        askSessions(WorkspaceId.make("wrong"), {
          date_range: { from: "2026-01-01", to: "2026-12-31" },
          interval: "hour",
          dimension: "entrypath",
          filters: { dimension: "path", operator: "is", value: "/" },
          holding: { filters: { dimension: "contry", operator: "is", value: "DE" } }
        })
      )
    )
    assert.deepStrictEqual(
      failure._tag === "InvalidQuestion" ? failure.errors.map(({ code, pointer }) => [pointer, code]) : [],
      [
        ["/filters/dimension", "unknown_dimension"],
        ["/holding/filters/dimension", "unknown_dimension"],
        ["/dimension", "unknown_dimension"]
      ]
    )
  })
})
