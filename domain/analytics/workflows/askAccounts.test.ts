import { assert, describe, it } from "@effect/vitest"
import { Effect, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import type { EventSelection } from "../../../ports/analytics/FunnelQuestion.ts"
import type { ShownNumber } from "../../../ports/analytics/PeopleQuestion.ts"
import type { Question } from "../../../ports/analytics/Question.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { accountHistory } from "../testing/accountHistories.ts"
import { accountsOf, accountTraitOf, mainAccountOf, membersOf } from "../testing/accountReference.ts"
import { lifecycles, sticky } from "../testing/activityReference.ts"
import { bestAttempts } from "../testing/funnelReference.ts"
import { rangeDays } from "../testing/histories.ts"
import { questionWorld, storeHistory } from "../testing/questionWorld.ts"
import type { GeneratedHistory } from "../testing/questionWorld.ts"
import { bucketOf } from "../testing/reference.ts"
import type { Event } from "../testing/reference.ts"
import { retained } from "../testing/retentionReference.ts"
import { listAccounts, listAccountsBehind, listAccountTypes, listMembers, readAccount } from "./accounts.ts"
import { askFunnel } from "./askFunnel.ts"
import { askLifecycle } from "./askLifecycle.ts"
import { askQuestion } from "./askQuestion.ts"
import { askRetention } from "./askRetention.ts"
import { askStickiness } from "./askStickiness.ts"
import { listPeopleBehind } from "./peopleBehind.ts"

const runs = Number(process.env["HISTORIES"] ?? 12)
const dayMillis = 86_400_000
const types = ["page_view", "order_completed", "account_joined", "account_left"]

interface Asked {
  readonly type: "company" | "account"
  readonly first: EventSelection
  readonly second: EventSelection
  readonly plan: "pro" | undefined
  readonly byTrait: boolean
}

const selection: fc.Arbitrary<EventSelection> = fc.record({
  event_types: fc.subarray(types, { minLength: 1, maxLength: 3 })
})

const asked: fc.Arbitrary<Asked> = fc.record({
  type: fc.constantFrom("company", "company", "account"),
  first: selection,
  second: selection,
  plan: fc.option(fc.constant("pro" as const), { nil: undefined }),
  byTrait: fc.boolean()
})

const textOf = (value: unknown): string | null =>
  value === undefined || value === null ? null : typeof value === "string" ? value : JSON.stringify(value)

const counted = (values: ReadonlyArray<string | null>): ReadonlyArray<readonly [string | null, number]> =>
  [...Map.groupBy(values, (value) => value)]
    .map(([value, own]) => [value, own.length] as const)
    .toSorted((a, b) => b[1] - a[1] || ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1))

describe("questions by account", () => {
  const runtime = ManagedRuntime.make(questionWorld())
  let number = 0

  const answersLikeReference = async (generated: GeneratedHistory, { byTrait, first, plan, second, type }: Asked) => {
    number += 1
    const { day, merges, zone } = generated
    await runtime.runPromise(
      Effect.gen(function* () {
        const { all, inRange, range, workspace } = yield* storeHistory(`accounts-${number}`, generated)
        const aggregate_by = type === "account" ? "account" : `account:${type}`
        const traitName = type === "account" ? "account_trait:plan" : `account_trait:${type}:plan`
        const traitOf = (account: string | null) =>
          account === null ? null : textOf(accountTraitOf(all, type, account, "plan"))
        const accounts = accountsOf(all, merges, type)
        const main = mainAccountOf(all, merges, type)
        const isAsked = (account: string) => plan === undefined || traitOf(account) === plan
        const units = (event: Event) => accounts(event).filter(isAsked)
        const filters =
          plan === undefined ? {} : { filters: { dimension: traitName, operator: "is" as const, value: plan } }
        const common = { date_range: range, time_zone: zone, aggregate_by, ...filters }
        const matches =
          ({ event_types = [] }: EventSelection) =>
          (event: Event) =>
            event_types.includes(event.event_type)

        const dimension = byTrait ? traitName : aggregate_by
        const steps = [first, second]
        const funnel = yield* askFunnel(workspace, { ...common, steps, dimension })
        const matchFirst = matches(first)
        const same = JSON.stringify(first.event_types) === JSON.stringify(second.event_types)
        const best = bestAttempts(
          all,
          {
            steps: [matchFirst, same ? matchFirst : matches(second)],
            order: "sequential",
            windowMillis: 14 * dayMillis,
            exclusions: [],
            inRange
          },
          merges,
          undefined,
          units
        )
        assert.deepStrictEqual(
          funnel.steps.map((step) => step.people),
          [best.size, [...best.values()].filter((attempt) => attempt.length > 1).length]
        )
        assert.strictEqual(funnel.aggregate_by, `account:${type}`)
        const valueOf = (unit: string) => (byTrait ? traitOf(unit.trim()) : unit.trim())
        assert.deepStrictEqual(
          funnel.groups.map((group) => [group.value!, group.steps[0]!.people] as const),
          counted([...best.keys()].map(valueOf))
        )

        const interval = (event: Event) =>
          Math.round((Date.parse(bucketOf(zone, "day", event.time)) - Date.parse(day)) / dayMillis)
        const retentionQuestion = { ...common, start: first, return: second, periods: 2 }
        const retention = yield* askRetention(workspace, retentionQuestion)
        assert.deepStrictEqual(
          retention.cohorts.map(({ people, periods }) => ({ people, returned: periods.map((each) => each.people) })),
          retained(
            all,
            {
              start: matchFirst,
              back: matches(second),
              firstTime: true,
              orAfter: false,
              interval,
              cohorts: rangeDays,
              periods: 2
            },
            merges,
            units
          ).map((cohort) => ({ ...cohort }))
        )

        const activity = { zone, interval: "day" as const, ...range, counts: () => true }
        const stickiness = yield* askStickiness(workspace, common)
        assert.deepStrictEqual(
          stickiness.histogram.map(({ people }) => people),
          sticky(all, activity, merges, units)
        )
        const lifecycle = yield* askLifecycle(workspace, common)
        assert.deepStrictEqual(
          lifecycle.periods.map(({ dormant, new: fresh, resurrecting, returning }) => ({
            new: fresh,
            returning,
            resurrecting,
            dormant
          })),
          lifecycles(all, activity, merges, units)
        )

        const metric = type === "account" ? "accounts" : `accounts:${type}`
        const trend: Question = {
          date_range: range,
          time_zone: zone,
          interval: "day",
          metrics: ["events", metric],
          dimensions: [dimension],
          ...filters
        }
        const result = yield* askQuestion(workspace, trend)
        const ranged = all.filter(inRange)
        const unitsOfAll = (events: ReadonlyArray<Event>) => new Set(events.flatMap(units))
        assert.strictEqual(result.totals[metric], unitsOfAll(ranged).size)
        const own = ranged.filter((event) => plan === undefined || traitOf(main(event)) === plan)
        assert.strictEqual(result.totals["events"], own.length)
        assert.deepStrictEqual(
          result.series!.map((each) => each[metric]),
          result.buckets.map(
            (start) =>
              unitsOfAll(
                ranged.filter((event) => bucketOf(zone, "day", event.time) === bucketOf(zone, "day", Date.parse(start)))
              ).size
          )
        )
        for (const { metrics, values } of result.rows) {
          const [value] = values
          const isValue = (account: string | null) => (byTrait ? traitOf(account) : account) === value
          assert.strictEqual(metrics["events"], own.filter((event) => isValue(main(event))).length)
          assert.strictEqual(metrics[metric], [...unitsOfAll(ranged)].filter(isValue).length)
        }

        const behind: ReadonlyArray<{ readonly of: ShownNumber; readonly number: number }> = [
          { of: { funnel: { ...common, steps }, step: 2 }, number: funnel.steps[1]!.people },
          { of: { retention: retentionQuestion, cohort: 0 }, number: retention.cohorts[0]!.people },
          { of: { stickiness: common }, number: stickiness.people },
          { of: { lifecycle: common, period: 1, state: "active" }, number: lifecycle.periods[1]!.active },
          { of: { trend }, number: Number(result.totals[metric]) }
        ]
        for (const { number: shown, of } of behind) {
          const list = yield* listAccountsBehind(workspace, { of, limit: 100 })
          assert.deepStrictEqual([list.accounts, list.items.length, list.next], [shown, shown, null])
        }
        const refused = yield* Effect.flip(listPeopleBehind(workspace, { of: { stickiness: common } }))
        assert.strictEqual(
          refused._tag === "InvalidQuestion" && refused.errors[0]!.pointer,
          "/of/stickiness/aggregate_by"
        )

        const members = membersOf(all, merges, type)
        const eventsOf = (account: string) => all.filter((event) => accounts(event).includes(account))
        const expected = [...new Set(all.flatMap(accounts))]
          .map((account_id) => {
            const times = eventsOf(account_id).map(({ time }) => time)
            return {
              account_id,
              type,
              members: members.get(account_id) ?? 0,
              events: times.length,
              first_seen: new Date(Math.min(...times)).toISOString(),
              last_seen: new Date(Math.max(...times)).toISOString(),
              traits: Object.fromEntries(
                ["a/b~", "plan"].flatMap((name) => {
                  const value = accountTraitOf(all, type, account_id, name)
                  return value === undefined ? [] : [[name, value]]
                })
              )
            }
          })
          .toSorted((a, b) =>
            a.last_seen === b.last_seen ? (a.account_id < b.account_id ? 1 : -1) : a.last_seen < b.last_seen ? 1 : -1
          )
        const listed: Array<unknown> = []
        let cursor: string | undefined
        do {
          const page = yield* listAccounts(workspace, { type, limit: 2, cursor })
          assert.strictEqual(page.accounts, expected.length)
          listed.push(...page.items)
          cursor = page.next ?? undefined
        } while (cursor !== undefined)
        assert.deepStrictEqual(listed, expected)
        for (const account of expected) {
          assert.deepStrictEqual(yield* readAccount(workspace, account.account_id, type), account)
          const page = yield* listMembers(workspace, account.account_id, { type, limit: 100 })
          assert.deepStrictEqual([page.people, page.items.length], [account.members, account.members])
        }
        assert.deepStrictEqual(
          (yield* listAccountTypes(workspace)).items.map((each) => each.type),
          [...new Set(all.flatMap(({ accounts: named = {} }) => Object.keys(named)))].toSorted()
        )
      })
    )
  }

  it(`are answered like the reference on ${runs} generated histories`, { timeout: 240_000 }, async () => {
    await fc.assert(fc.asyncProperty(accountHistory("history"), asked, answersLikeReference), { numRuns: runs })
  })

  it("say what they cannot read, and warn of a type that has not come yet", async () => {
    const workspace = WorkspaceId.make("wrong")
    const date_range = { from: "2026-03-01", to: "2026-03-02" }
    const failure = await runtime.runPromise(
      Effect.flip(askStickiness(workspace, { date_range, aggregate_by: "acount" }))
    )
    assert.deepStrictEqual(failure._tag === "InvalidQuestion" ? failure.errors : [], [
      {
        pointer: "/aggregate_by",
        code: "unknown_unit",
        detail: "must be person, account or account: and a type like account:company; did you mean account?"
      }
    ])
    const answer = await runtime.runPromise(askStickiness(workspace, { date_range, aggregate_by: "account:company" }))
    assert.deepStrictEqual(answer.warnings, [
      { pointer: "/aggregate_by", detail: "no account of the type company has come yet" }
    ])
    const none = await runtime.runPromise(Effect.flip(readAccount(workspace, "acme", "company")))
    assert.strictEqual(none._tag, "Refused")
  })
})
