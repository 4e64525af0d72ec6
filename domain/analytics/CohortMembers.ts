import { Effect, Layer } from "effect"
import { cohortKeysMax, CohortMembers } from "../../ports/analytics/CohortMembers.ts"
import type { HeldMembers } from "../../ports/analytics/CohortMembers.ts"
import { EventStore, isReservedId } from "../../ports/analytics/EventStore.ts"
import { subjectKey } from "../../ports/analytics/MembershipPlan.ts"
import type { PlanCohort } from "../../ports/analytics/PlanFilter.ts"
import type { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { SettingsSource } from "../../ports/platform/Settings.ts"
import type { SubjectKeys } from "../../ports/privacy/SubjectKeys.ts"
import type { ExchangeRates } from "../../ports/reference/ExchangeRates.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { storedIds } from "../privacy/storedIds.ts"
import { questionScope } from "./workflows/askQuestion.ts"

type Services = EventStore | DocumentStore | SettingsSource | SubjectKeys | ExchangeRates

/** Ids that a list names, whoever sent what. */
const listedKeys = (
  { rule }: PlanCohort,
  keyOf: (kind: "user" | "device", id: string) => bigint
): ReadonlyArray<bigint> =>
  rule.kind !== "listed"
    ? []
    : [
        ...rule.people.flatMap((id) => [keyOf("user", id), keyOf("device", id)]),
        ...rule.users.map((id) => keyOf("user", id)),
        ...rule.devices.map((id) => keyOf("device", id))
      ]

const holds = (keys: BigUint64Array, key: bigint): boolean => {
  let [from, to] = [0, keys.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    const held = keys[middle]!
    if (held === key) return true
    if (held < key) from = middle + 1
    else to = middle
  }
  return false
}

const read = Effect.fn("readCohortMembers")(function* (workspace: WorkspaceId, id: string, state: string | undefined) {
  const store = yield* EventStore
  const { cohorts, revisions } = yield* questionScope(workspace, { cohort: id })
  const cohort = cohorts?.get(id)
  if (cohort === undefined) return undefined
  const now = `${cohort.digest} ${yield* store.watermark(workspace, revisions)}`
  if (now === state) return "unchanged"
  const plan = { kind: "membership", workspace, revisions, cohort, keysMax: cohortKeysMax } as const
  const { keys, restricted } = yield* store.answer(plan)
  if (keys === undefined) return "too_many"
  const keyOf = (kind: "user" | "device", named: string) => subjectKey(workspace, kind, named)
  const listed = new Set(listedKeys(cohort, keyOf).filter((key) => !holds(restricted, key)))
  const stored = yield* storedIds(workspace)
  const members: HeldMembers = {
    kind: "held",
    state: now,
    ids: keys.length + listed.size,
    has: (sent) => {
      if (isReservedId(sent)) return false
      const named = stored(sent)
      const [user, device] = [keyOf("user", named), keyOf("device", named)]
      return holds(keys, user) || holds(keys, device) || listed.has(user) || listed.has(device)
    }
  }
  return members
})

export const layer: Layer.Layer<CohortMembers, never, Services> = Layer.effect(
  CohortMembers,
  Effect.map(Effect.context<Services>(), (context) =>
    CohortMembers.of({
      read: (workspace, cohort, state) => Effect.provideContext(read(workspace, cohort, state), context)
    })
  )
)
