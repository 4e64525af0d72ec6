import { assert, describe, it } from "@effect/vitest"
import { Effect, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import type { PathNode, PathQuestion } from "../../../ports/analytics/PathQuestion.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { pathsOf } from "../testing/pathReference.ts"
import { questionWorld, storeHistory } from "../testing/questionWorld.ts"
import type { GeneratedHistory } from "../testing/questionWorld.ts"
import type { Event } from "../testing/reference.ts"
import { matcher, selection } from "../testing/selections.ts"
import { visitHistory } from "../testing/visitHistories.ts"
import { askPaths } from "./askPaths.ts"

const runs = Number(process.env["HISTORIES"] ?? 25)
const questionsOfHistory = 4
const minuteMillis = 60_000

const question = fc.record({
  forward: fc.boolean(),
  anchor: selection,
  through: fc.option(selection, { nil: undefined }),
  nodes: fc.constantFrom("both" as const, "both" as const, "events" as const, "pages" as const),
  groups: fc.constantFrom<ReadonlyArray<string>>([], ["/pri*"], ["/*ing*", "/a", "*"], ["/[a-z]*", "*g"]),
  collapse: fc.boolean(),
  steps: fc.constantFrom(1, 2, 20),
  gap: fc.constantFrom(30, 60, 300, 2880),
  window: fc.constantFrom(60, 1440, 5760),
  top: fc.constantFrom(1, 3, 100)
})
type Generated = typeof question extends fc.Arbitrary<infer A> ? A : never

const nameOf = ({ kind, name }: PathNode): string => `${kind} ${name}`

const sumByStep = <Row extends { readonly step: number; readonly people: number }>(
  rows: ReadonlyArray<Row>,
  more: (row: Row) => number
) =>
  [...new Set(rows.map(({ step }) => step))]
    .toSorted((a, b) => a - b)
    .map((step) => {
      const own = rows.filter((row) => row.step === step)
      const sum = (of: (row: Row) => number) => own.reduce((total, row) => total + of(row), 0)
      return [step, own.length, sum(({ people }) => people), sum(more)]
    })

describe("askPaths", () => {
  const runtime = ManagedRuntime.make(questionWorld())
  let number = 0

  const answersLikeReference = async (generated: GeneratedHistory, questions: ReadonlyArray<Generated>) => {
    number += 1
    const { merges, zone } = generated
    await runtime.runPromise(
      Effect.gen(function* () {
        const { all, belongs, inRange, range, workspace } = yield* storeHistory(`history-${number}`, generated)
        for (const each of questions) {
          const { anchor, collapse, forward, gap, groups, nodes, steps, through, top, window } = each
          const asked: PathQuestion = {
            date_range: range,
            time_zone: zone,
            ...(forward ? { start: anchor } : { end: anchor }),
            ...(through === undefined ? {} : { through }),
            nodes,
            groups,
            collapse_loops: collapse,
            steps,
            gap_minutes: gap,
            window_minutes: window,
            top
          }
          const result = yield* askPaths(workspace, asked)
          const expected = pathsOf(
            all,
            {
              forward,
              inRange,
              nodes,
              groups,
              collapse,
              steps,
              anchor: matcher(anchor, belongs),
              through: through === undefined ? () => true : matcher(through, belongs),
              gapMillis: gap * minuteMillis,
              windowMillis: window * minuteMillis
            },
            merges
          )
          assert.deepStrictEqual(
            {
              people: result.people,
              edges: result.edges.map((edge) => ({ ...edge, from: nameOf(edge.from), to: nameOf(edge.to) })),
              nodes: result.nodes.map((place) => ({ ...place, node: nameOf(place.node) })),
              otherEdges: result.other_edges.map((other) => [other.step, other.edges, other.people, other.events]),
              otherNodes: result.other_nodes.map((other) => [other.step, other.nodes, other.people, other.dropped])
            },
            {
              people: expected.people,
              edges: expected.edges.slice(0, top),
              nodes: expected.nodes.slice(0, top),
              otherEdges: sumByStep(expected.edges.slice(top), ({ events }) => events),
              otherNodes: sumByStep(expected.nodes.slice(top), ({ dropped }) => dropped)
            },
            JSON.stringify(asked)
          )
        }
      })
    )
  }

  it(`answers like the reference on ${runs} generated histories`, { timeout: 240_000 }, async () => {
    const questions = fc.array(question, { minLength: questionsOfHistory, maxLength: questionsOfHistory })
    await fc.assert(fc.asyncProperty(visitHistory("history"), questions, answersLikeReference), { numRuns: runs })
  })

  const seen = (path: string, minute: number): Event => {
    const time = Date.parse("2026-03-01T23:50:00Z") + minute * minuteMillis
    return {
      v: 1,
      event_id: crypto.randomUUID(),
      workspace: "loops",
      event_type: "page_view",
      anonymous_id: "a",
      page: { url: path, path },
      time,
      received_at: time * 1000,
      index: 0,
      timestamp: time,
      properties: {}
    }
  }

  it("goes on beyond the range's end and collapses loops where asked", async () => {
    const log = [seen("/", 0), seen("/blog/1", 20), seen("/blog/2", 25), seen("/buy", 30), seen("/", 61)]
    const generated = { day: "2026-03-01", zone: "UTC", log, merges: new Map<string, string>() }
    const asked = { date_range: { from: "2026-03-01", to: "2026-03-01" }, groups: ["/blog/*"] }
    const [whole, collapsed] = await runtime.runPromise(
      Effect.flatMap(storeHistory("loops", generated), ({ workspace }) =>
        Effect.all([askPaths(workspace, asked), askPaths(workspace, { ...asked, collapse_loops: true })])
      )
    )
    const edges = (result: typeof whole) =>
      result.edges.map(({ events, from, median_ms, to }) => [from.name, to.name, events, median_ms / minuteMillis])
    assert.deepStrictEqual(edges(whole), [
      ["/", "/blog/*", 1, 20],
      ["/blog/*", "/blog/*", 1, 5],
      ["/blog/*", "/buy", 1, 5]
    ])
    assert.deepStrictEqual(edges(collapsed), [
      ["/", "/blog/*", 2, 20],
      ["/blog/*", "/buy", 1, 10]
    ])
    assert.deepStrictEqual(
      collapsed.nodes.map(({ dropped, node }) => [node.name, dropped]),
      [
        ["/", 0],
        ["/blog/*", 0],
        ["/buy", 1]
      ]
    )
  })

  it("answers an empty workspace", async () => {
    const result = await runtime.runPromise(
      askPaths(WorkspaceId.make("empty"), { date_range: { from: "2026-03-01", to: "2026-03-02" } })
    )
    assert.deepStrictEqual(
      [result.people, result.edges, result.other_edges, result.nodes, result.other_nodes],
      [0, [], [], [], []]
    )
  })

  it("names every wrong field", async () => {
    const failure = await runtime.runPromise(
      Effect.flip(
        askPaths(WorkspaceId.make("wrong"), {
          date_range: { from: "2026-01-02", to: "2026-01-01" },
          start: {},
          end: { filters: { dimension: "contry", operator: "is", value: "DE" } },
          steps: 21,
          gap_minutes: 0,
          groups: [""],
          top: 101
        })
      )
    )
    assert.deepStrictEqual(
      failure._tag === "InvalidQuestion" ? failure.errors.map(({ code, pointer }) => [pointer, code]) : [],
      [
        ["/date_range", "reversed_range"],
        ["/groups/0", "wrong_length"],
        ["/steps", "out_of_range"],
        ["/gap_minutes", "out_of_range"],
        ["/top", "out_of_range"],
        ["/end", "start_and_end"],
        ["/end/filters/dimension", "unknown_dimension"]
      ]
    )
  })
})
