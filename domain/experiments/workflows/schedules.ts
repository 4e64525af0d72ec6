import { Clock, Effect } from "effect"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { DocumentWrite } from "../../../ports/documents/DocumentStore.ts"
import { production } from "../../../ports/experiments/Flag.ts"
import type { Flag, NewFlag } from "../../../ports/experiments/Flag.ts"
import { schedules } from "../../../ports/experiments/FlagSchedule.ts"
import type {
  FlagSchedule,
  NewFlagSchedule,
  ScheduleStatus,
  StepApproval
} from "../../../ports/experiments/FlagSchedule.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { createItem, putItem, readItem, removeItem, replaceItem } from "../../platform/resources.ts"
import type { Revised, User } from "../../platform/resources.ts"
import { withDefinition } from "../changes/Catalogue.ts"
import { changeFlag } from "../release/changeFlag.ts"
import * as life from "../release/flagSchedule.ts"
import { refuseUnapproved } from "./approvals.ts"
import { readDefinitions } from "./liveDefinitions.ts"

const refused = (kind: Refused["kind"], pointer: string, code: string, detail: string) =>
  new Refused({ kind, detail, errors: [{ pointer, code, detail }] })

/** What is wrong with a schedule by the flag as it stands: each step is tried upon what the ones before have made. */
const check = Effect.fnUntraced(function* (actor: Actor, schedule: NewFlagSchedule) {
  const catalogue = yield* readDefinitions(actor.workspace)
  const { definitions, environments } = catalogue
  const { environment = production, flag: key, steps } = schedule
  if (!environments.includes(environment)) {
    const detail = `there is no environment ${environment}`
    return yield* refused("bad-request", "/environment", "unknown_environment", detail)
  }
  const flag = definitions.flags.find((each) => each.key === key)
  if (flag === undefined) return yield* refused("bad-request", "/flag", "unknown_flag", `there is no flag ${key}`)
  const errors = [...life.scheduleMistakes(schedule)]
  let stands: NewFlag = flag
  const planned: Array<NewFlag> = []
  for (const [index, { changes, gate }] of steps.entries()) {
    if (gate.kind === "sample" && exposingRule(stands, environment, gate.rule) === undefined) {
      const detail = `${gate.rule} serves no experiment, so that nobody is exposed by it`
      errors.push({ pointer: `/steps/${index}/gate/rule`, code: "exposes_nobody", detail })
    }
    const after = changeFlag(stands, environment, changes)
    if (after.kind === "refused") {
      const { at, code, detail, field } = after.refusal
      errors.push({ pointer: `/steps/${index}/changes/${at}/${field}`, code, detail })
      break
    }
    stands = after.flag
    planned.push(stands)
  }
  if (errors.length > 0) return yield* new Refused({ kind: "bad-request", detail: "the schedule is not valid", errors })
  const name = { kind: "flag", id: key } as const
  for (const each of planned) yield* refuseUnapproved(actor, catalogue, withDefinition(catalogue, name, each), name)
})

/** The experiment that a rule of the flag serves there. */
export const exposingRule = (
  { environments = {} }: Pick<Flag, "environments">,
  environment: string,
  id: string
): string | undefined => {
  const here = Object.hasOwn(environments, environment) ? environments[environment] : undefined
  const serve = here?.rules?.find((rule) => rule.id === id)?.serve
  return serve !== undefined && "experiment" in serve ? serve.experiment : undefined
}

/** Schedules of a flag that are not over. */
const liveOf = Effect.fnUntraced(function* (workspace: WorkspaceId, flag: string) {
  const documents = yield* DocumentStore
  const of = (status: ScheduleStatus) =>
    Effect.catchTag(
      documents.list({ workspace, collection: schedules.name, index: "by_flag", equals: [flag, status], limit: 100 }),
      "InvalidCursor",
      Effect.die
    )
  const found = [...(yield* of("active")).items, ...(yield* of("paused")).items]
  return found.map(({ data }) => data as FlagSchedule)
})

/** Schedules that would change a flag, which therefore is not deleted. */
export const schedulesOfFlag = Effect.fnUntraced(function* (workspace: WorkspaceId, flag: string) {
  const found = yield* liveOf(workspace, flag)
  return found.map(({ id, name = id }): User => ({ target: `${schedules.name}/${id}`, name }))
})

export const createSchedule = Effect.fn("createSchedule")(function* (actor: Actor, asked: NewFlagSchedule) {
  yield* check(actor, asked)
  const { environment = production, flag } = asked
  const others = yield* liveOf(actor.workspace, flag)
  const other = others.find((each) => (each.environment ?? production) === environment)
  if (other !== undefined && actor.idempotency === undefined) {
    return yield* refused("conflict", "/flag", "taken", `schedule ${other.id} changes ${flag} in ${environment}`)
  }
  const begun = life.begin(asked, { at: yield* Clock.currentTimeMillis, by: actor.keyId }, "made")
  const made: FlagSchedule = yield* Effect.catchTag(
    createItem(schedules, actor, { ...asked, ...begun }),
    "DuplicateKey",
    () => refused("conflict", "/flag", "taken", `another schedule changes ${flag} in ${environment}`)
  )
  return made
})

/** Another plan in the place of one of which no step is done: its life begins anew, and approvals lapse. */
export const replaceSchedule = Effect.fn("replaceSchedule")(function* (
  actor: Actor,
  id: string,
  asked: NewFlagSchedule,
  revision: number
) {
  const { item } = yield* readItem<FlagSchedule>(schedules, actor.workspace, id)
  const { environment = production, flag } = item
  const fixed = [
    ...(flag === asked.flag ? [] : [{ pointer: "/flag", code: "immutable", detail: `is ${flag} and never changes` }]),
    ...(environment === (asked.environment ?? production)
      ? []
      : [{ pointer: "/environment", code: "immutable", detail: `is ${environment} and never changes` }])
  ]
  if (fixed.length > 0) {
    return yield* new Refused({ kind: "bad-request", detail: "flag and environment never change", errors: fixed })
  }
  if (!life.isLive(item) || item.steps_applied > 0) return yield* outOfTurn(item, "replaced")
  yield* check(actor, asked)
  const act = { at: yield* Clock.currentTimeMillis, by: actor.keyId }
  const begun = life.begin(asked, act, "replaced", item.history)
  const replaced: Revised<FlagSchedule> = yield* replaceItem(schedules, actor, id, { ...asked, ...begun }, revision)
  return replaced
})

/** One that is over; what it did stays. */
export const removeSchedule = Effect.fn("removeSchedule")(function* (actor: Actor, id: string, revision: number) {
  const { item } = yield* readItem<FlagSchedule>(schedules, actor.workspace, id)
  if (life.isLive(item)) return yield* outOfTurn(item, "deleted: cancel it first")
  yield* removeItem(schedules, actor, id, revision)
})

const outOfTurn = ({ status, steps_applied, steps }: FlagSchedule, what: string) =>
  new Refused({
    kind: "conflict",
    detail: `the schedule is ${status}, ${steps_applied} of ${steps.length} steps are done: it cannot be ${what}`,
    errors: []
  })

/** Stores the next state of a schedule, with the record of it. */
export const putSchedule = (schedule: FlagSchedule, expected: number): DocumentWrite =>
  putItem(schedules, schedule, expected)

/** A verb upon what stands; the worker may come in between, and it is looked at again. */
const verb = <E, R>(
  actor: Actor,
  id: string,
  action: string,
  take: (schedule: FlagSchedule, act: life.Act) => Effect.Effect<FlagSchedule, E, R>
) =>
  Effect.gen(function* () {
    const documents = yield* DocumentStore
    const { item, revision } = yield* readItem<FlagSchedule>(schedules, actor.workspace, id)
    const at = yield* Clock.currentTimeMillis
    const taken = yield* take(item, { at, by: actor.keyId })
    if (taken === item) return { item, revision } satisfies Revised<FlagSchedule>
    const after: FlagSchedule = { ...taken, changed_at: at, changed_by: actor.keyId }
    const record = yield* auditOf(actor, at, `schedule.${action}`, `${schedules.name}/${id}`, item, after)
    const [changed = 0] = yield* documents.commit(actor.workspace, {
      writes: [putSchedule(after, revision)],
      audit: [record]
    })
    return { item: after, revision: changed } satisfies Revised<FlagSchedule>
  }).pipe(
    Effect.retry({
      times: 5,
      while: (failure: unknown) =>
        typeof failure === "object" && failure !== null && "_tag" in failure && failure._tag === "StaleRevision"
    })
  )

export const pauseSchedule = (actor: Actor, id: string) =>
  verb(actor, id, "paused", (schedule, act) =>
    schedule.status === "active" ? Effect.succeed(life.pause(schedule, act)) : outOfTurn(schedule, "paused")
  )

export const resumeSchedule = (actor: Actor, id: string) =>
  verb(actor, id, "resumed", (schedule, act) =>
    schedule.status === "paused" ? Effect.succeed(life.resume(schedule, act)) : outOfTurn(schedule, "resumed")
  )

export const cancelSchedule = (actor: Actor, id: string) =>
  verb(actor, id, "cancelled", (schedule, act) =>
    life.isLive(schedule) ? Effect.succeed(life.cancel(schedule, act)) : outOfTurn(schedule, "cancelled")
  )

/** Once more by anybody is no change. */
export const approveStep = (actor: Actor, id: string, { step }: StepApproval) =>
  verb(
    actor,
    id,
    "approved",
    Effect.fnUntraced(function* (schedule: FlagSchedule, act: life.Act) {
      const gate = schedule.steps[step - 1]?.gate
      if (gate?.kind !== "approval") {
        return yield* refused("bad-request", "/step", "not_approved", `step ${step} waits for no approval`)
      }
      if (gate.approvers !== undefined && !gate.approvers.includes(actor.keyId)) {
        return yield* refused("forbidden", "/step", "not_an_approver", `step ${step} names others who approve it`)
      }
      if (!life.isLive(schedule)) return yield* outOfTurn(schedule, "approved")
      return typeof schedule.states[step - 1]?.approved_at === "string"
        ? schedule
        : life.approve(schedule, step - 1, act)
    })
  )
