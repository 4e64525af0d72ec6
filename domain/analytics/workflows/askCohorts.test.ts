import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import { cohortMembers } from "../../../ports/analytics/Cohort.ts"
import type { CohortRule } from "../../../ports/analytics/CohortRule.ts"
import type { EventSelection } from "../../../ports/analytics/FunnelQuestion.ts"
import { isReservedId } from "../../../ports/analytics/EventStore.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { revisionsKeptMax } from "../../../ports/documents/Revision.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { cohortRule } from "../testing/cohortRules.ts"
import { belongsTo, keptCohorts, storeCohorts } from "../testing/cohorts.ts"
import { membersOf } from "../testing/cohortReference.ts"
import { history } from "../testing/histories.ts"
import { questionWorld, storeHistory } from "../testing/questionWorld.ts"
import type { GeneratedHistory } from "../testing/questionWorld.ts"
import { daysAfter, inOrder, personOf } from "../testing/reference.ts"
import type { Event } from "../testing/reference.ts"
import { matcher } from "../testing/selections.ts"
import { changeMembers, cohortsListing, readMembers, takeFromLists } from "./cohortLists.ts"
import { createCohort, membersOfCohort, sizeOfCohort } from "./cohorts.ts"

const runs = Number(process.env["HISTORIES"] ?? 12)
const rulesOfHistory = 4

/** The id that a person goes by: its user's, else the first of those it was seen with. */
const idsOf = (all: ReadonlyArray<Event>, merges: ReadonlyMap<string, string>) => {
  const person = personOf(all, merges)
  const own = (event: Event) =>
    event.user_id !== undefined && !isReservedId(event.user_id)
      ? { id: event.user_id, name: `user ${event.user_id}` }
      : { id: event.anonymous_id, name: `device ${event.anonymous_id}` }
  const byPerson = Map.groupBy(inOrder(all), person)
  return (name: string): string => {
    const ids = byPerson.get(name)!.map(own)
    return (ids.find((each) => each.name === name) ?? ids.toSorted((a, b) => (a.id < b.id ? -1 : 1))[0]!).id
  }
}

describe("a cohort", () => {
  const runtime = ManagedRuntime.make(Layer.mergeAll(questionWorld(), NodeCrypto.layer))
  let number = 0

  const pages = Effect.fnUntraced(function* (workspace: WorkspaceId, id: string, at: string | undefined) {
    const ids: Array<string> = []
    let cursor: string | undefined
    do {
      const page = yield* membersOfCohort(workspace, id, { at, limit: 4, cursor })
      ids.push(...page.items.map(({ person_id }) => person_id))
      cursor = page.next ?? undefined
    } while (cursor !== undefined)
    return ids.toSorted()
  })

  const answersLikeReference = async (generated: GeneratedHistory, rules: ReadonlyArray<CohortRule>) => {
    number += 1
    const { day, merges } = generated
    const cohorts = { ...keptCohorts, asked: rules[0]!, list: keptCohorts["list"]! }
    await runtime.runPromise(
      Effect.gen(function* () {
        const { all, workspace } = yield* storeHistory(`history-${number}`, generated)
        const idOf = idsOf(all, merges)
        for (const rule of rules) {
          yield* storeCohorts(workspace, { asked: rule })
          for (const at of [undefined, daysAfter(day, 1)]) {
            const before = at === undefined ? undefined : Date.parse(`${daysAfter(at, 1)}T00:00:00Z`)
            const belongs = belongsTo(all, merges, before)
            const counts = (selection: EventSelection) => matcher(selection, belongs)
            const expected = [...membersOf(rule, { all, merges, cohorts, counts, before })]
            const about = JSON.stringify([at, rule])
            const size = yield* sizeOfCohort(workspace, "asked", at)
            assert.strictEqual(size.people, expected.length, about)
            assert.deepStrictEqual(yield* pages(workspace, "asked", at), expected.map(idOf).toSorted(), about)
          }
        }
      })
    )
  }

  it(
    `has the members of the reference on ${runs} generated histories, now and at a past day`,
    {
      timeout: 240_000
    },
    async () => {
      const rules = fc.array(cohortRule, { minLength: rulesOfHistory, maxLength: rulesOfHistory })
      await fc.assert(fc.asyncProperty(history("history"), rules, answersLikeReference), { numRuns: runs })
    }
  )

  const actor = (workspace: string): Actor => ({
    workspace: WorkspaceId.make(workspace),
    keyId: "test",
    from: undefined,
    requestId: "test"
  })
  const errorsOf = async (rule: CohortRule) => {
    const failure = await runtime.runPromise(
      Effect.flip(createCohort(actor("wrong"), { name: "Wrong", membership: { kind: "live", rule } }))
    )
    return failure._tag === "InvalidQuestion" ? failure.errors.map(({ code, pointer }) => [pointer, code]) : failure
  }

  it("names every wrong field", async () => {
    const event_types = ["x"]
    assert.deepStrictEqual(
      await errorsOf({
        and: [
          { did: { event_types }, at_least: 0 },
          { did: { event_types }, exactly: 2, at_most: 3 },
          { did: { event_types }, at_least: 3, at_most: 2 },
          { did: { filters: { dimension: "contry", operator: "is", value: "DE" } } },
          { did_not: { event_types }, within: { value: 0, unit: "day" } },
          { first_time: { event_types }, between: { from: "2026-02-01", to: "2026-01-01" } },
          { in_sequence: [{ event_types }], window: { value: 600, unit: "week" } },
          { dimension: "country", operator: "is", value: "DE" },
          { cohort: "nobody", operator: "is" }
        ]
      }),
      [
        ["/membership/rule/and/0/at_least", "out_of_range"],
        ["/membership/rule/and/1/exactly", "exactly_and_limits"],
        ["/membership/rule/and/2/at_most", "reversed_range"],
        ["/membership/rule/and/3/did/filters/dimension", "unknown_dimension"],
        ["/membership/rule/and/4/within", "out_of_range"],
        ["/membership/rule/and/5/between", "reversed_range"],
        ["/membership/rule/and/6/in_sequence", "too_few"],
        ["/membership/rule/and/6/window", "out_of_range"],
        ["/membership/rule/and/7/dimension", "unknown_dimension"],
        ["/membership/rule/and/8/cohort", "unknown_cohort"],
        ["/membership/rule/and/8/operator", "unknown_operator"]
      ]
    )
  })

  it("drops somebody from every list at once", async () => {
    await runtime.runPromise(
      Effect.gen(function* () {
        const by = actor("erased")
        const make = (name: string) => createCohort(by, { name, membership: { kind: "static" } })
        const [first, second] = [yield* make("First"), yield* make("Second")]
        yield* createCohort(by, { name: "Rule", membership: { kind: "live", rule: { did: {} } } })
        yield* changeMembers(by, first.id, "added", ["ada", "bob"])
        yield* changeMembers(by, second.id, "added", ["bob"])
        assert.deepStrictEqual(yield* takeFromLists(by, ["nobody", "ada"]), [{ id: first.id, name: "First" }])
        const listed = (at: number) => readMembers(by.workspace, first.id, at, 3)
        assert.deepStrictEqual((yield* listed(3)).members.people, ["bob"])
        const documents = yield* DocumentStore
        const parts = yield* documents.list({
          workspace: by.workspace,
          collection: cohortMembers.name,
          index: "by_cohort",
          equals: [first.id],
          limit: 50
        })
        assert.notInclude(JSON.stringify(parts.items), '"ada"')
        assert.deepStrictEqual((yield* cohortsListing(by.workspace, ["bob"])).map(({ name }) => name).toSorted(), [
          "First",
          "Second"
        ])
      })
    )
  })

  it("knows the list of each of its newest revisions", async () => {
    await runtime.runPromise(
      Effect.gen(function* () {
        const by = actor("listed-before")
        const { id } = yield* createCohort(by, { name: "List", membership: { kind: "static" } })
        const people = ["ada", "bob", "cid", "dee", "eve"]
        const lists: Array<ReadonlyArray<string>> = [[], []]
        for (let change = 0; change < revisionsKeptMax + 10; change += 1) {
          const person = people[(change * 3) % people.length]!
          const isListed = lists.at(-1)!.includes(person)
          yield* changeMembers(by, id, isListed ? "removed" : "added", [
            person,
            ...(change % 7 === 0 ? [`n${change}`] : [])
          ])
          const before = lists.at(-1)!.filter((each) => each !== person)
          const others = change % 7 === 0 && !isListed ? [`n${change}`] : []
          lists.push([...before, ...(isListed ? [] : [person]), ...others])
        }
        const standing = lists.length - 1
        for (const [revision, list] of lists.entries()) {
          if (revision === 0) continue
          const read = yield* readMembers(by.workspace, id, revision, standing)
          const isKept = read.revision === revision
          if (revision > standing - revisionsKeptMax) assert.isTrue(isKept, String(revision))
          const expected = isKept ? list : lists[standing]!
          assert.deepStrictEqual(read.members.people.toSorted(), expected.toSorted(), String(revision))
        }
        assert.strictEqual((yield* readMembers(by.workspace, id, 1, standing)).revision, standing)
      })
    )
  })

  it("is refused where its rule is too deep or too large", async () => {
    const nest = (depth: number): CohortRule => (depth === 0 ? { did: {} } : { not: nest(depth - 1) })
    assert.deepStrictEqual(await errorsOf(nest(10)), [[`/membership/rule${"/not".repeat(10)}`, "too_deep"]])
    assert.deepStrictEqual(await errorsOf({ or: Array.from({ length: 50 }, () => ({ did: {} })) }), [
      ["/membership/rule", "too_many"]
    ])
  })
})
