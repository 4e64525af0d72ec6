import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import type { NewChannelRules } from "../../../ports/analytics/ChannelRules.ts"
import { settingsInitial } from "../../../ports/platform/Settings.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { questionWorld, storeHistory } from "../testing/questionWorld.ts"
import type { GeneratedHistory } from "../testing/questionWorld.ts"
import type { Event } from "../testing/reference.ts"
import { isExternal, sessionsOf, tellsSource } from "../testing/sessionReference.ts"
import { ownDomain, visitHistory } from "../testing/visitHistories.ts"
import { askSessions } from "./askSessions.ts"
import { previewChannelRules, readChannelRules, removeChannelRules, replaceChannelRules } from "./channelRules.ts"

const runs = Number(process.env["HISTORIES"] ?? 25)

/** Rules that overlap, so that their order decides; each with what it says. */
const known = [
  { channel: "letters", dimension: "utm_medium", value: "email" },
  { channel: "news", dimension: "utm_source", value: "news" },
  { channel: "page a", dimension: "path", value: "/a" },
  { channel: "direct", dimension: "utm_medium", value: "cpc" },
  { channel: "spring", dimension: "utm_campaign", value: "spring" }
] as const
type Rule = (typeof known)[number]

const rules: fc.Arbitrary<ReadonlyArray<Rule>> = fc.shuffledSubarray([...known])
const definitionOf = (own: ReadonlyArray<Rule>): NewChannelRules => ({
  rules: own.map(({ channel, dimension, value }) => ({ channel, when: { dimension, operator: "is", value } }))
})

const holds = ({ dimension, value }: Rule, event: Event): boolean =>
  ({
    utm_medium: event.campaign?.medium,
    utm_source: event.campaign?.source,
    utm_campaign: event.campaign?.campaign,
    path: event.page?.path
  })[dimension] === value

/** The default grouping of what `visitHistories.ts` makes. */
const defaultOf = (event: Event): string => {
  const { campaign } = event
  if (campaign?.medium === "email") return "email"
  if (campaign?.medium === "cpc" || campaign?.click_id_type === "gclid") return "paid"
  if (event.page?.referrer_host === "google.com") return "organic_search"
  if (campaign?.medium === "social") return "organic_social"
  return isExternal(event, ownDomain) ? "referral" : "direct"
}

const channelOf = (session: ReadonlyArray<Event>, own: ReadonlyArray<Rule>): string => {
  const origin = session.find((event) => tellsSource(event, ownDomain)) ?? session[0]!
  return own.find((rule) => holds(rule, origin))?.channel ?? defaultOf(origin)
}

const world = questionWorld({
  ...settingsInitial,
  ingest: { ...settingsInitial.ingest, own_domains: [ownDomain] }
})

describe("channel rules", () => {
  const runtime = ManagedRuntime.make(Layer.merge(world, NodeCrypto.layer))
  let number = 0

  const classifiesLikeReference = async (
    generated: GeneratedHistory,
    current: ReadonlyArray<Rule>,
    proposed: ReadonlyArray<Rule>
  ) => {
    number += 1
    await runtime.runPromise(
      Effect.gen(function* () {
        const { all, inRange, range, workspace } = yield* storeHistory(`channels-${number}`, generated)
        const actor = { workspace, keyId: "test", from: undefined, requestId: "test" }
        yield* replaceChannelRules(actor, definitionOf(current), 0)
        const asked = { date_range: range, time_zone: generated.zone }
        const preview = yield* previewChannelRules(workspace, { ...asked, ...definitionOf(proposed) })
        const sessions = sessionsOf(all, { idleMillis: 1_800_000, maximumMillis: 86_400_000 }).filter(([first]) =>
          inRange(first!)
        )
        const [before, after] = [current, proposed].map((own) =>
          Map.groupBy(sessions, (session) => channelOf(session, own))
        )
        const countsOf = (groups: ReadonlyMap<string, ReadonlyArray<unknown>> | undefined) =>
          new Map([...(groups ?? [])].map(([channel, own]) => [channel, own.length]))
        const shown = (side: "before" | "after") =>
          new Map(preview.channels.flatMap((each) => (each[side] === 0 ? [] : [[each.channel, each[side]] as const])))
        const where = JSON.stringify([current, proposed])
        assert.strictEqual(preview.sessions, sessions.length)
        assert.deepStrictEqual(shown("before"), countsOf(before), where)
        assert.deepStrictEqual(shown("after"), countsOf(after), where)
        const moved = sessions.filter((session) => channelOf(session, current) !== channelOf(session, proposed))
        assert.strictEqual(
          preview.moves.reduce((sum, each) => sum + each.sessions, 0),
          moved.length
        )
        const now = yield* askSessions(workspace, { ...asked, dimension: "channel" })
        assert.deepStrictEqual(
          new Map(now.rows.map(({ metrics, value }) => [value ?? null, metrics.sessions])),
          countsOf(before) as Map<string | null, number>
        )
        yield* replaceChannelRules(actor, definitionOf(proposed), 1)
        const then = yield* askSessions(workspace, { ...asked, dimension: "channel" })
        assert.deepStrictEqual(
          new Map(then.rows.map(({ metrics, value }) => [value ?? null, metrics.sessions])),
          countsOf(after) as Map<string | null, number>
        )
        assert.notStrictEqual(then.watermark, now.watermark)
      })
    )
  }

  it(`classify and preview like the reference on ${runs} generated histories`, { timeout: 240_000 }, async () => {
    await fc.assert(fc.asyncProperty(visitHistory("history"), rules, rules, classifiesLikeReference), {
      numRuns: runs
    })
  })

  it("are removed once, and preview an empty workspace", async () => {
    const workspace = WorkspaceId.make("empty")
    const actor = { workspace, keyId: "test", from: undefined, requestId: "test" }
    const date_range = { from: "2026-03-01", to: "2026-03-02" }
    const [preview, changed, removed, again] = await runtime.runPromise(
      Effect.all([
        previewChannelRules(workspace, { date_range, ...definitionOf(known) }),
        replaceChannelRules(actor, definitionOf(known), 0),
        Effect.andThen(removeChannelRules(actor, 1), readChannelRules(workspace)),
        Effect.flip(removeChannelRules(actor, 0))
      ])
    )
    assert.deepStrictEqual([preview.sessions, preview.channels, preview.moves], [0, [], []])
    assert.deepStrictEqual([changed.revision, changed.item.rules.length], [1, known.length])
    assert.deepStrictEqual([removed.revision, removed.item.rules, removed.item.changed_at], [0, [], null])
    assert.strictEqual(again._tag, "Refused")
  })
})
