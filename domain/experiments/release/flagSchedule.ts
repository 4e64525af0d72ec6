import { production } from "../../../ports/experiments/Flag.ts"
import type {
  FlagChange,
  FlagSchedule,
  NewFlagSchedule,
  ScheduleLife
} from "../../../ports/experiments/FlagSchedule.ts"
import { scheduleHistoryMax } from "../../../ports/experiments/FlagSchedule.ts"
import type { ScheduleRecord, ScheduleStep, StepState } from "../../../ports/experiments/FlagSchedule.ts"
import { parseInstant } from "../../zones/instant.ts"

/** What the life of a schedule rests on. */
export type ScheduleWithLife = Pick<FlagSchedule, "flag" | "environment" | "steps" | keyof ScheduleLife>

/** Who acts, and when, in ms UTC. */
export interface Act {
  readonly by: string
  readonly at: number
}

export interface ScheduleMistake {
  readonly pointer: string
  readonly code: string
  readonly detail: string
}

/** A step that may be taken, and when its gate opened. */
export interface DueStep {
  /** From 0. */
  readonly index: number
  readonly dueAt: number
}

const textOf = (millis: number): string => new Date(millis).toISOString()
const untouched: StepState = { due_at: null, applied_at: null, approved_at: null, approved_by: null }

/** Instants that are none, and those that do not lie behind the one before. */
export const scheduleMistakes = ({ steps }: Pick<NewFlagSchedule, "steps">): ReadonlyArray<ScheduleMistake> => {
  let latest = Number.NEGATIVE_INFINITY
  return steps.flatMap(({ gate }, index) => {
    if (gate.kind !== "at") return []
    const pointer = `/steps/${index}/gate/at`
    const at = parseInstant(gate.at)
    if (at === undefined) return [{ pointer, code: "not_an_instant", detail: "there is no such day or time" }]
    const isLate = at > latest
    latest = Math.max(latest, at)
    return isLate
      ? []
      : [{ pointer, code: "not_ascending", detail: "must lie behind the instants of the steps before" }]
  })
}

/** The life of a schedule that is made, or made anew before its first step. */
export const begin = (
  { environment = production, flag, steps }: NewFlagSchedule,
  { at, by }: Act,
  what: "made" | "replaced",
  before: ReadonlyArray<ScheduleRecord> = []
): ScheduleLife => {
  const life: ScheduleLife = {
    status: "active",
    steps_applied: 0,
    states: steps.map(() => untouched),
    waits_since: textOf(at),
    waits_for: null,
    paused: null,
    next_at: null,
    occupies: `${environment}/${flag}`,
    history: noted(before, { at: textOf(at), by, what, steps: [], detail: null })
  }
  return { ...life, ...awaited({ ...life, flag, environment, steps }) }
}

const noted = (history: ReadonlyArray<ScheduleRecord>, record: ScheduleRecord): ReadonlyArray<ScheduleRecord> =>
  [...history, record].slice(-scheduleHistoryMax)

/**
 * Steps that are due, in order. Each one's wait counts from when the one before was due, not from when it was taken: a
 * service that was away ends up where one that was not does. `units`: of the next step, where it waits for a sample; a
 * later one's is not counted before the flag is as it says.
 */
export const dueSteps = (schedule: ScheduleWithLife, now: number, units?: number): ReadonlyArray<DueStep> => {
  if (schedule.status !== "active") return []
  const due: Array<DueStep> = []
  let since = Date.parse(schedule.waits_since)
  for (let index = schedule.steps_applied; index < schedule.steps.length; index += 1) {
    const seen = index === schedule.steps_applied ? units : undefined
    const dueAt = openedAt(schedule.steps[index]!, schedule.states[index], since, now, seen)
    if (dueAt === undefined || dueAt > now) break
    due.push({ index, dueAt })
    since = dueAt
  }
  return due
}

/** When the gate of a step opens, in ms UTC; `undefined`: not by time alone. */
const openedAt = (
  { gate }: ScheduleStep,
  state: StepState | undefined,
  since: number,
  now: number,
  units: number | undefined
): number | undefined => {
  switch (gate.kind) {
    case "at":
      return Math.max(since, parseInstant(gate.at) ?? since)
    case "after":
      return since + gate.seconds * 1000
    case "approval":
      return typeof state?.approved_at === "string" ? Math.max(since, Date.parse(state.approved_at)) : undefined
    case "sample":
      return units !== undefined && units >= gate.units ? Math.max(since, now) : undefined
  }
}

/** What steps do together, in their order. */
export const changesOf = ({ steps }: ScheduleWithLife, due: ReadonlyArray<DueStep>): ReadonlyArray<FlagChange> =>
  due.flatMap(({ index }) => steps[index]!.changes)

/** What the next step waits for, and when it is looked at; nothing where it is paused or over. */
const awaited = (schedule: ScheduleWithLife): Pick<ScheduleLife, "waits_for" | "next_at"> => {
  const { states, status, steps, steps_applied: index, waits_since } = schedule
  const step = steps[index]
  if (status !== "active" || step === undefined) return { waits_for: null, next_at: null }
  const opens = openedAt(step, states[index], Date.parse(waits_since), 0, undefined)
  const { kind } = step.gate
  const until = opens === undefined ? null : textOf(opens)
  return { waits_for: { step: index + 1, kind, until }, next_at: opens ?? null }
}

const next = <Of extends ScheduleWithLife>(
  schedule: Of,
  change: Partial<ScheduleLife>,
  { at, by }: Act,
  record: Pick<ScheduleRecord, "what"> & Partial<Pick<ScheduleRecord, "steps" | "detail">>
): Of => {
  const { detail = null, steps = [], what } = record
  const history = noted(schedule.history, { at: textOf(at), by, what, steps, detail })
  const after = { ...schedule, ...change, history }
  return { ...after, ...awaited(after) }
}

/** The schedule once these steps are taken, together. */
export const applied = <Of extends ScheduleWithLife>(schedule: Of, due: ReadonlyArray<DueStep>, act: Act): Of => {
  const last = due.at(-1)
  if (last === undefined) return schedule
  const dueAt = new Map(due.map((step) => [step.index, step.dueAt]))
  const states = schedule.states.map((state, index) => {
    const opened = dueAt.get(index)
    return opened === undefined ? state : { ...state, due_at: textOf(opened), applied_at: textOf(act.at) }
  })
  const isOver = last.index + 1 === schedule.steps.length
  const change: Partial<ScheduleLife> = {
    states,
    steps_applied: last.index + 1,
    waits_since: textOf(last.dueAt),
    ...(isOver ? { status: "completed", occupies: null } : {})
  }
  const taken = next(schedule, change, act, { what: "applied", steps: due.map(({ index }) => index + 1) })
  return isOver ? { ...taken, history: noted(taken.history, completion(act)) } : taken
}

const completion = ({ at, by }: Act): ScheduleRecord => ({
  at: textOf(at),
  by,
  what: "completed",
  steps: [],
  detail: null
})

/** Nothing more is taken until it is resumed. */
export const pause = <Of extends ScheduleWithLife>(
  schedule: Of,
  act: Act,
  reason: "asked" | "cannot_apply" = "asked",
  detail: string | null = null
): Of =>
  next(schedule, { status: "paused", paused: { at: textOf(act.at), by: act.by, reason, detail } }, act, {
    what: "paused",
    detail
  })

/** It goes on: the next step's wait is longer by the pause, an instant that passed is past. */
export const resume = <Of extends ScheduleWithLife>(schedule: Of, act: Act): Of => {
  const pausedAt = schedule.paused === null ? act.at : Date.parse(schedule.paused.at)
  const waits_since = textOf(Date.parse(schedule.waits_since) + Math.max(0, act.at - pausedAt))
  return next(schedule, { status: "active", paused: null, waits_since }, act, { what: "resumed" })
}

/** The steps that are left are never taken; what was done stays. */
export const cancel = <Of extends ScheduleWithLife>(schedule: Of, act: Act): Of =>
  next(schedule, { status: "cancelled", paused: null, occupies: null }, act, { what: "cancelled" })

/** Opens the gate of one step, from 0; the first approval counts. */
export const approve = <Of extends ScheduleWithLife>(schedule: Of, index: number, act: Act): Of => {
  const states = schedule.states.map((state, each) =>
    each === index ? { ...state, approved_at: textOf(act.at), approved_by: act.by } : state
  )
  return next(schedule, { states }, act, { what: "approved", steps: [index + 1] })
}

/** Whether steps may still be taken. */
export const isLive = ({ status }: Pick<ScheduleLife, "status">): boolean => status === "active" || status === "paused"
