import * as fc from "fast-check"
import { assert, describe, it } from "vitest"
import type { NewFlag } from "../../../ports/experiments/Flag.ts"
import { scheduleHistoryMax } from "../../../ports/experiments/FlagSchedule.ts"
import type { NewFlagSchedule, ScheduleStep } from "../../../ports/experiments/FlagSchedule.ts"
import { changeFlag } from "./changeFlag.ts"
import {
  applied,
  approve,
  begin,
  cancel,
  changesOf,
  dueSteps,
  pause,
  resume,
  scheduleMistakes
} from "./flagSchedule.ts"
import type { ScheduleWithLife } from "./flagSchedule.ts"

const start = Date.parse("2026-12-01T00:00:00Z")
const minute = 60_000
const iso = (minutes: number) => new Date(start + minutes * minute).toISOString()
const act = (minutes: number, by = "ada") => ({ at: start + minutes * minute, by })
const percent = (value: number) => ({ kind: "set_percent", rule: "half", percent: value }) as const
const after = (minutes: number, value: number): ScheduleStep => ({
  gate: { kind: "after", seconds: minutes * 60 },
  changes: [percent(value)]
})
const at = (minutes: number, value: number): ScheduleStep => ({
  gate: { kind: "at", at: iso(minutes) },
  changes: [percent(value)]
})
const approval = (value: number): ScheduleStep => ({ gate: { kind: "approval" }, changes: [percent(value)] })
const made = (...steps: ReadonlyArray<ScheduleStep>): ScheduleWithLife => {
  const schedule: NewFlagSchedule = { flag: "checkout", steps }
  return { ...schedule, ...begin(schedule, act(0), "made") }
}
/** A round of the worker. */
const round = (schedule: ScheduleWithLife, minutes: number, units?: number): ScheduleWithLife =>
  applied(schedule, dueSteps(schedule, act(minutes).at, units), act(minutes, "worker"))

const flag: NewFlag = {
  key: "checkout",
  type: "boolean",
  variants: [
    { name: "on", value: true },
    { name: "off", value: false }
  ],
  environments: { production: { enabled: false, rules: [{ id: "half", percent: 10, serve: { variant: "on" } }] } }
}
/** The flag as the steps that are done have left it. */
const flagAfter = ({ steps, steps_applied }: ScheduleWithLife) => {
  const changes = steps.slice(0, steps_applied).flatMap((step) => step.changes)
  return changeFlag(flag, "production", changes)
}

describe("a schedule", () => {
  it("takes a step once its time has come, and is over behind the last", () => {
    const first = made(at(10, 25), after(30, 100))
    assert.deepInclude(first, { status: "active", steps_applied: 0, next_at: act(10).at })
    assert.deepStrictEqual(first.waits_for, { step: 1, kind: "at", until: iso(10) })
    assert.deepStrictEqual(dueSteps(first, act(9).at), [])
    const second = round(first, 10)
    assert.deepStrictEqual(second.waits_for, { step: 2, kind: "after", until: iso(40) })
    assert.deepStrictEqual(dueSteps(second, act(39).at), [])
    const last = round(second, 41)
    assert.deepInclude(last, { status: "completed", waits_for: null, next_at: null, occupies: null })
    assert.deepStrictEqual(
      last.states.map(({ applied_at, due_at }) => [due_at, applied_at]),
      [
        [iso(10), iso(10)],
        [iso(40), iso(41)]
      ]
    )
    assert.deepStrictEqual(
      last.history.map(({ steps, what }) => [what, ...steps]),
      [["made"], ["applied", 1], ["applied", 2], ["completed"]]
    )
  })

  it("folds what is overdue into one change, each wait counted from when the step before was due", () => {
    const schedule = made(at(10, 25), after(30, 50), at(60, 75), after(1000, 100))
    const due = dueSteps(schedule, act(500).at)
    assert.deepStrictEqual(
      due.map(({ dueAt, index }) => [index, (dueAt - start) / minute]),
      [
        [0, 10],
        [1, 40],
        [2, 60]
      ]
    )
    assert.deepStrictEqual(changesOf(schedule, due), [percent(25), percent(50), percent(75)])
    const folded = round(schedule, 500)
    assert.deepStrictEqual(folded.history.at(-1), {
      at: iso(500),
      by: "worker",
      what: "applied",
      steps: [1, 2, 3],
      detail: null
    })
    assert.deepStrictEqual(folded.waits_for, { step: 4, kind: "after", until: iso(1060) })
  })

  it("waits for an approval, which may be given ahead of its turn", () => {
    const schedule = made(after(10, 25), approval(50), after(5, 100))
    const waiting = round(schedule, 20)
    assert.deepInclude(waiting, { steps_applied: 1, next_at: null })
    assert.deepStrictEqual(waiting.waits_for, { step: 2, kind: "approval", until: null })
    const late = round(approve(waiting, 1, act(60)), 61)
    assert.deepStrictEqual(late.waits_for, { step: 3, kind: "after", until: iso(65) })
    const ahead = round(approve(schedule, 1, act(1)), 20)
    assert.deepStrictEqual(ahead.states[1], {
      due_at: iso(10),
      applied_at: iso(20),
      approved_at: iso(1),
      approved_by: "ada"
    })
    assert.strictEqual(ahead.steps_applied, 3)
  })

  it("waits for a sample of the step that stands, never of one that is only about to be taken", () => {
    const sample: ScheduleStep = { gate: { kind: "sample", rule: "half", units: 100 }, changes: [percent(100)] }
    const schedule = made(after(10, 25), sample)
    assert.strictEqual(round(schedule, 20, 500).steps_applied, 1)
    const waiting = round(schedule, 20)
    assert.deepStrictEqual(waiting.waits_for, { step: 2, kind: "sample", until: null })
    assert.strictEqual(round(waiting, 30, 99).steps_applied, 1)
    assert.deepInclude(round(waiting, 31, 100), { steps_applied: 2, status: "completed", waits_since: iso(31) })
  })

  it("takes nothing while it is paused; then its wait is longer by the pause, and an instant that passed is past", () => {
    const paused = pause(made(after(60, 25), at(100, 100)), act(50))
    assert.deepInclude(paused, { status: "paused", next_at: null, waits_for: null })
    assert.deepStrictEqual(dueSteps(paused, act(500).at), [])
    const resumed = resume(paused, act(110))
    assert.deepStrictEqual(resumed.waits_for, { step: 1, kind: "after", until: iso(120) })
    assert.deepStrictEqual(
      dueSteps(resumed, act(120).at).map(({ index }) => index),
      [0, 1]
    )
  })

  it("is cancelled with what it has done", () => {
    const over = cancel(round(made(after(10, 25), after(10, 100)), 10), act(15))
    assert.deepInclude(over, { status: "cancelled", steps_applied: 1, occupies: null, next_at: null })
    assert.deepStrictEqual(dueSteps(over, act(500).at), [])
  })

  it("keeps the newest of its history", () => {
    let schedule = made(approval(50))
    for (let times = 0; times < scheduleHistoryMax; times += 1) schedule = resume(pause(schedule, act(1)), act(1))
    assert.lengthOf(schedule.history, scheduleHistoryMax)
    assert.strictEqual(schedule.history.at(-1)?.what, "resumed")
  })

  it("has instants that are some, one behind the other", () => {
    const zoned: ScheduleStep = { gate: { kind: "at", at: "2026-12-01T12:00:00+02:00" }, changes: [percent(1)] }
    const utc: ScheduleStep = { gate: { kind: "at", at: "2026-12-01T10:00:00Z" }, changes: [percent(2)] }
    const none: ScheduleStep = { gate: { kind: "at", at: "2026-02-30T10:00:00Z" }, changes: [percent(3)] }
    assert.deepStrictEqual(
      scheduleMistakes({ steps: [zoned, after(5, 2), utc, none] }).map(({ code, pointer }) => [pointer, code]),
      [
        ["/steps/2/gate/at", "not_ascending"],
        ["/steps/3/gate/at", "not_an_instant"]
      ]
    )
    assert.deepStrictEqual(made(zoned).waits_for, { step: 1, kind: "at", until: "2026-12-01T10:00:00.000Z" })
  })
})

const horizon = 2000
const anyStep = (index: number): fc.Arbitrary<ScheduleStep> =>
  fc.oneof(
    fc.integer({ min: 1, max: 300 }).map((minutes) => after(minutes, index + 1)),
    fc.integer({ min: 0, max: horizon }).map((minutes) => at(minutes, index + 1)),
    fc.constant(approval(index + 1))
  )
const plans = fc
  .integer({ min: 1, max: 8 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => anyStep(index))))
const deeds = fc.array(
  fc.record({
    minutes: fc.integer({ min: 1, max: horizon }),
    what: fc.constantFrom("pause" as const, "resume" as const, "approve" as const),
    step: fc.nat(7)
  }),
  { maxLength: 12 }
)

interface Deed {
  readonly minutes: number
  readonly what: "pause" | "resume" | "approve"
  readonly step: number
}
const deed = (schedule: ScheduleWithLife, { minutes, step, what }: Deed): ScheduleWithLife => {
  if (what === "pause") return schedule.status === "active" ? pause(schedule, act(minutes)) : schedule
  if (what === "resume") return schedule.status === "paused" ? resume(schedule, act(minutes)) : schedule
  const isOpen = schedule.steps[step]?.gate.kind === "approval" && schedule.states[step]?.approved_at === null
  return isOpen && (schedule.status === "active" || schedule.status === "paused")
    ? approve(schedule, step, act(minutes))
    : schedule
}
/** A service that looks at these minutes, and whenever somebody does something, for which it must be there. */
const live = (steps: ReadonlyArray<ScheduleStep>, done: ReadonlyArray<Deed>, looks: ReadonlyArray<number>) => {
  const moments = [
    ...looks.map((minutes) => ({ minutes, done: undefined })),
    ...done.map((each) => ({ minutes: each.minutes, done: each }))
  ].toSorted((a, b) => a.minutes - b.minutes)
  let schedule = made(...steps)
  let changes = 0
  for (const { done: each, minutes } of moments) {
    const before = schedule.steps_applied
    schedule = round(schedule, minutes)
    if (schedule.steps_applied > before) changes += 1
    if (each !== undefined) schedule = deed(schedule, each)
  }
  return { schedule, changes }
}
const always = Array.from({ length: 3 * horizon }, (_, minutes) => minutes)

describe("downtime", () => {
  it("of any pattern ends where none would have: same flag, same times due, no step twice or left out", () => {
    fc.assert(
      fc.property(
        plans,
        deeds,
        fc.array(fc.integer({ min: 0, max: 3 * horizon }), { maxLength: 20 }),
        (steps, done, looks) => {
          const ordered = done.toSorted((a, b) => a.minutes - b.minutes)
          const up = live(steps, ordered, always)
          const away = live(steps, ordered, [...looks, 3 * horizon])
          assert.deepStrictEqual(flagAfter(away.schedule), flagAfter(up.schedule))
          const due = ({ states, status, waits_for, waits_since }: ScheduleWithLife) => ({
            status,
            waits_for,
            waits_since,
            due: states.map(({ approved_at, approved_by, due_at }) => ({ approved_at, approved_by, due_at }))
          })
          assert.deepStrictEqual(due(away.schedule), due(up.schedule))
          const taken = away.schedule.history.filter(({ what }) => what === "applied").flatMap((each) => each.steps)
          assert.deepStrictEqual(
            taken,
            taken.map((_, index) => index + 1)
          )
          assert.isAtMost(away.changes, up.changes)
        }
      ),
      { numRuns: 300 }
    )
  })
})

describe("changes of a flag", () => {
  const changed = (...changes: Parameters<typeof changeFlag>[2]) => changeFlag(flag, "production", changes)

  it("are made in their order, of the one environment", () => {
    const all = changed(
      { kind: "enable" },
      percent(40),
      { kind: "serve", rule: "half", variant: "off" },
      { kind: "disable_rule", rule: "half" },
      { kind: "set_default", variant: "on" }
    )
    assert.deepStrictEqual(all.kind === "changed" && all.flag.environments, {
      production: {
        enabled: true,
        default_variant: "on",
        rules: [{ id: "half", percent: 40, enabled: false, serve: { variant: "off" } }]
      }
    })
    const elsewhere = changeFlag(flag, "staging", [{ kind: "enable" }])
    assert.deepStrictEqual(elsewhere.kind === "changed" && elsewhere.flag.environments, {
      ...flag.environments,
      staging: { enabled: true }
    })
  })

  it("are all made or none: what the flag has not is refused with its place", () => {
    assert.deepStrictEqual(changed({ kind: "enable" }, { ...percent(5), rule: "gone" }), {
      kind: "refused",
      refusal: { at: 1, field: "rule", code: "unknown_rule", detail: "the flag has no rule gone there" }
    })
    const removed = changed({ kind: "remove_rule", rule: "half" }, percent(5))
    assert.deepInclude(removed.kind === "refused" && removed.refusal, { at: 1, code: "unknown_rule" })
    const odd = changed({ kind: "set_default", variant: "maybe" })
    assert.deepInclude(odd.kind === "refused" && odd.refusal, { field: "variant", code: "unknown_variant" })
  })
})
