import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, ManagedRuntime } from "effect"
import * as fc from "fast-check"
import { ExperimentEvidence } from "../../ports/analytics/ExperimentEvidence.ts"
import type { EvidenceDay } from "../../ports/analytics/ExperimentEvidence.ts"
import type { StoredEvent } from "../../ports/analytics/StoredEvent.ts"
import type { ExperimentMetric } from "../../ports/experiments/Experiment.ts"
import type { MetricSums } from "../../ports/experiments/MetricSums.ts"
import { settingsInitial } from "../../ports/platform/Settings.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { roundSignificant } from "../statistics/significantDigits.ts"
import { parseDay, startOfDay } from "../zones/zones.ts"
import * as experimentEvidence from "./ExperimentEvidence.ts"
import { eventsBefore, exposedUnits, plainSums } from "./testing/experimentReference.ts"
import type { PlainMetric, Unit } from "./testing/experimentReference.ts"
import { history } from "./testing/histories.ts"
import type { History } from "./testing/histories.ts"
import { traitOf } from "./testing/reference.ts"
import { questionWorld, storeHistory } from "./testing/questionWorld.ts"

const runs = Number(process.env["HISTORIES"] ?? 25)
const hour = 3_600_000
const day = 24 * hour

const amount = (event: StoredEvent): number => {
  const value = event.properties["amount"]
  return typeof value === "number"
    ? value
    : typeof value === "string" && !Number.isNaN(Number(value))
      ? Number(value)
      : 0
}
const isType = (type: string) => (event: StoredEvent) => event.event_type === type

const hasAmount = (event: StoredEvent): boolean => {
  const value = event.properties["amount"]
  return (typeof value === "number" || typeof value === "string") && value !== "" && !Number.isNaN(Number(value))
}
const usual = { beforeMillis: 14 * day }
const views = isType("page_view")
const orders = isType("order_completed")
const steps = [{ event_types: ["page_view"] }, { event_types: ["order_completed"] }]

const asked: ReadonlyArray<readonly [ExperimentMetric, PlainMetric]> = [
  [
    { id: "rate", measure: { kind: "rate", of: { event_types: ["order_completed"] } }, window_days: 1, cuped_days: 7 },
    { counts: orders, amount: () => 1, yes: true, untilMillis: day, beforeMillis: 7 * day, adjusts: true }
  ],
  [
    {
      id: "mean",
      measure: { kind: "mean", of: { event_types: ["page_view"] }, value: { kind: "property", property: "amount" } },
      cap: { kind: "absolute", value: 30 },
      cuped_days: 30
    },
    { counts: views, amount, cap: 30, beforeMillis: 30 * day, adjusts: true }
  ],
  [
    {
      id: "whole",
      measure: { kind: "mean", of: { event_types: ["page_view"] } },
      window_days: 2,
      complete_windows: true
    },
    { counts: views, amount: () => 1, untilMillis: 2 * day, complete: true, ...usual }
  ],
  [
    {
      id: "ratio",
      measure: {
        kind: "ratio",
        of: { event_types: ["order_completed"] },
        by: { of: { event_types: ["page_view"] } }
      },
      cap: { kind: "absolute", value: 1 },
      cuped_days: 7
    },
    {
      counts: orders,
      amount: () => 1,
      by: (event) => Number(views(event)),
      cap: 1,
      beforeMillis: 7 * day,
      adjusts: true
    }
  ],
  [
    {
      id: "back",
      measure: { kind: "retention", of: { event_types: ["page_view"] }, from_day: 1, to_day: 2 },
      cuped_days: 10
    },
    {
      counts: views,
      amount: () => 1,
      yes: true,
      fromMillis: day,
      untilMillis: 3 * day,
      complete: true,
      beforeMillis: 10 * day,
      adjusts: true
    }
  ],
  [
    {
      id: "funnel",
      measure: { kind: "funnel", steps, conversion_window: { value: 30, unit: "hour" } },
      window_days: 3,
      cuped_days: 14
    },
    {
      funnel: { steps: [views, orders], order: "sequential", windowMillis: 30 * hour, exclusions: [] },
      counts: orders,
      amount: () => 1,
      yes: true,
      untilMillis: 3 * day,
      adjusts: true,
      ...usual
    }
  ],
  [
    {
      id: "funnel-without",
      measure: {
        kind: "funnel",
        steps: [...steps, { event_types: ["page_view"] }],
        exclusions: [{ event_types: ["user_signed_up"], after_step: 1, before_step: 3 }]
      }
    },
    {
      funnel: {
        steps: [views, orders, views],
        order: "sequential",
        windowMillis: 14 * day,
        exclusions: [{ matches: isType("user_signed_up"), after: 0, before: 2 }]
      },
      counts: views,
      amount: () => 1,
      yes: true,
      ...usual
    }
  ],
  [
    {
      id: "funnel-strict",
      measure: { kind: "funnel", steps, order: "strict" },
      window_days: 2,
      complete_windows: true
    },
    {
      funnel: { steps: [views, orders], order: "strict", windowMillis: 14 * day, exclusions: [] },
      counts: orders,
      amount: () => 1,
      yes: true,
      untilMillis: 2 * day,
      complete: true,
      ...usual
    }
  ],
  [
    { id: "funnel-any", measure: { kind: "funnel", steps: steps.toReversed(), order: "any" } },
    {
      funnel: { steps: [orders, views], order: "any", windowMillis: 14 * day, exclusions: [] },
      counts: views,
      amount: () => 1,
      yes: true,
      ...usual
    }
  ],
  [
    {
      id: "median-of-events",
      measure: {
        kind: "quantile",
        of: { event_types: ["page_view"] },
        value: { kind: "property", property: "amount" },
        share: 0.5,
        per: "event"
      }
    },
    { quantile: { share: 0.5, per: "event", ignoreZeros: false }, counts: views, amount, hasAmount, ...usual }
  ],
  [
    {
      id: "quantile-of-units",
      measure: {
        kind: "quantile",
        of: { event_types: ["page_view"] },
        share: 0.4,
        per: "unit",
        ignore_zeros: true
      },
      window_days: 2,
      complete_windows: true
    },
    {
      quantile: { share: 0.4, per: "unit", ignoreZeros: true },
      counts: views,
      amount: () => 1,
      untilMillis: 2 * day,
      complete: true,
      ...usual
    }
  ],
  [
    {
      id: "all-units",
      measure: { kind: "quantile", of: { event_types: ["page_view"] }, share: 0.6, per: "unit" }
    },
    { quantile: { share: 0.6, per: "unit", ignoreZeros: false }, counts: views, amount: () => 1, ...usual }
  ]
]

/** Dimensions in plain words: the value that events up to the first exposure leave. */
const dimensions: ReadonlyArray<readonly [string, (before: ReadonlyArray<StoredEvent>) => unknown]> = [
  ["country", (before) => before.findLast(({ geo }) => geo?.country !== undefined)?.geo?.country],
  [
    "property:amount",
    (before) => before.findLast(({ properties }) => properties["amount"] !== undefined)?.properties["amount"]
  ],
  ["first:country", (before) => before.find(({ geo }) => geo?.country !== undefined)?.geo?.country],
  ["trait:plan", (before) => traitOf(before, "plan")]
]
const told = (value: unknown): string | null => (value === undefined || value === null ? null : String(value))

const rounded = (sums: MetricSums): unknown =>
  JSON.parse(JSON.stringify(sums), (_, value: unknown) =>
    typeof value === "number" ? roundSignificant(Number(value.toFixed(6))) : value
  )

/** Some clients do not say the phase, and some say the one before. */
const phaseOf = ({ event_id }: StoredEvent) =>
  [{ phase: 2 }, {}, { phase: 1 }, { phase: 2 }][Number.parseInt(event_id.slice(-1), 16) % 4]!

/** Some say a step that there is, some one that there is not, some none. */
const stepOf = ({ event_id }: StoredEvent) =>
  [{ step: 1 }, {}, { step: 2 }, { step: 9 }][Number.parseInt(event_id.slice(-2, -1), 16) % 4]!

/** Some of what the history holds are exposures instead. */
const exposed = (generated: History, picks: ReadonlyArray<number>): History => ({
  ...generated,
  log: generated.log.map((event) => {
    const pick = picks[Number.parseInt(event.event_id.slice(-6), 16) % picks.length]!
    return pick > 3
      ? event
      : {
          ...event,
          event_type: "experiment_exposed",
          properties: {
            experiment_id: pick === 3 ? "other" : "e",
            variant: ["a", "b", "gone", "a"][pick],
            ...phaseOf(event),
            ...stepOf(event)
          }
        }
  })
})

describe("the evidence of an experiment", () => {
  const runtime = ManagedRuntime.make(
    Layer.provideMerge(experimentEvidence.layer, questionWorld({ ...settingsInitial, time_zone: "UTC" }))
  )
  let number = 0

  const answersLikeReference = async (
    made: History,
    picks: ReadonlyArray<number>,
    afterHours: number,
    dimension: number
  ) => {
    const [dimensionName, valueOf] = dimensions[dimension]!
    number += 1
    const generated = exposed({ ...made, zone: "UTC" }, picks)
    const { merges } = generated
    await runtime.runPromise(
      Effect.gen(function* () {
        const { all, workspace } = yield* storeHistory(`evidence-${number}`, generated)
        const start = startOfDay("UTC", parseDay(generated.day)!)
        const experiment = {
          id: "e",
          variants: ["a", "b"],
          fromMillis: start + afterHours * hour,
          toMillis: start + 5 * day,
          zone: "UTC"
        }
        const steps = [experiment.fromMillis, experiment.fromMillis + 30 * hour]
        const evidence = yield* ExperimentEvidence
        const { days, ...others } = yield* evidence.gather(workspace, {
          experiment: "e",
          phase: 2,
          variants: experiment.variants,
          fromMillis: experiment.fromMillis,
          toMillis: experiment.toMillis,
          metrics: asked.map(([metric], index) => ({ metric, pointer: `/goals/${index}` })),
          steps,
          dimension: dimensionName
        })
        const exposures = exposedUnits(all, merges, experiment)
        const { carriedOver, units } = exposures
        assert.strictEqual(others.carriedOver, carriedOver)
        assert.strictEqual(others.twoVariants, units.filter(({ several }) => several).length)
        for (const [at, each] of days.entries()) {
          for (const [arm, variant] of experiment.variants.entries()) {
            for (const [index, [metric, plain]] of asked.entries()) {
              assert.deepStrictEqual(
                rounded(each.sums[index]![arm]!),
                rounded(
                  plainSums(exposures, experiment, plain, variant, {
                    date: each.date,
                    isLast: at === days.length - 1
                  })
                ),
                `${metric.id} of ${variant} on day ${at}`
              )
            }
          }
        }
        const last = days.at(-1)!
        assert.deepStrictEqual(
          last.assigned,
          experiment.variants.map((variant) => units.filter((unit) => unit.variant === variant).length)
        )
        assert.deepStrictEqual(
          last.participants,
          experiment.variants.map((variant) => units.filter((unit) => unit.variant === variant && !unit.several).length)
        )
        const valueBefore = new Map(
          units.map((unit) => [unit.person, told(valueOf(eventsBefore(all, merges, unit)))] as const)
        )
        const alone = units.filter(({ several }) => !several)
        const countOf = (value: string | null) => alone.filter(({ person }) => valueBefore.get(person) === value).length
        assert.deepStrictEqual(
          new Set(others.slices.map(({ value }) => value)),
          new Set(alone.map(({ person }) => valueBefore.get(person)!))
        )
        const sizes = others.slices.map(({ value }) => countOf(value))
        assert.deepStrictEqual(
          sizes,
          sizes.toSorted((a, b) => b - a)
        )
        const isOf = (part: EvidenceDay, among: (unit: Unit) => boolean, where: string) => {
          for (const [arm, variant] of experiment.variants.entries()) {
            const own = units.filter((unit) => among(unit) && unit.variant === variant)
            assert.strictEqual(part.assigned[arm], own.length)
            assert.strictEqual(part.participants[arm], own.filter(({ several }) => !several).length)
            for (const [index, [metric, plain]] of asked.entries()) {
              assert.deepStrictEqual(
                rounded(part.sums[index]![arm]!),
                rounded(plainSums(exposures, experiment, plain, variant, { date: last.date, isLast: true }, among)),
                `${metric.id} of ${variant} where ${where}`
              )
            }
          }
        }
        for (const { day: slice, value } of others.slices) {
          isOf(slice, ({ person }) => valueBefore.get(person) === value, `${dimensionName} is ${value}`)
        }
        const stepOfUnit = ({ first, step }: Unit) => (step === 1 || step === 2 ? step : first >= steps[1]! ? 2 : 1)
        assert.strictEqual(others.steps.length, units.length === 0 ? 0 : 2)
        for (const [at, part] of others.steps.entries()) {
          isOf(part, (unit) => stepOfUnit(unit) === at + 1, `the step is ${at + 1}`)
        }
      })
    )
  }

  it(`is that of the reference on ${runs} generated histories`, { timeout: 240_000 }, async () => {
    const picks = fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 7, maxLength: 7 })
    const after = fc.integer({ min: -40, max: 30 })
    const which = fc.nat(dimensions.length - 1)
    await fc.assert(fc.asyncProperty(history("evidence"), picks, after, which, answersLikeReference), { numRuns: runs })
  })

  it("says what is wrong with what a metric counts, and where", async () => {
    const metric: ExperimentMetric = {
      id: "m",
      measure: { kind: "rate", of: { filters: { dimension: "contry", operator: "is", value: "DE" } } }
    }
    const failure = await runtime.runPromise(
      Effect.flip(
        Effect.gen(function* () {
          const evidence = yield* ExperimentEvidence
          yield* evidence.check(WorkspaceId.make("wrong"), [
            { metric, pointer: "/goals/0" },
            { metric: { id: "n", measure: { kind: "mean", of: {} } }, pointer: "/secondary/0" }
          ])
        })
      )
    )
    assert.deepStrictEqual(
      failure._tag === "InvalidQuestion"
        ? failure.errors.map(({ code, pointer }) => `${pointer} ${code}`).toSorted()
        : [],
      ["/goals/0/measure/of/filters/dimension unknown_dimension", "/secondary/0/measure/of missing"]
    )
  })
})
