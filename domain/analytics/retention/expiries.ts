import { Effect } from "effect"
import type { Expiry, HeldEvents } from "../../../ports/analytics/Expiry.ts"
import { legalHolds, retentionPolicies } from "../../../ports/analytics/RetentionPolicy.ts"
import type { LegalHold, NewRetentionPolicy, RetentionPolicy } from "../../../ports/analytics/RetentionPolicy.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { gatherItems } from "../../platform/resources.ts"
import { subjectIds } from "../workflows/subjectsOfPerson.ts"

const dayMillis = 86_400_000
/** Events go twice a day, all that are over by then: each within 13 hours of the end of its time. */
const expiryEveryMillis = dayMillis / 2

export const policiesOf = (workspace: WorkspaceId) =>
  gatherItems(retentionPolicies, workspace, (policy: RetentionPolicy) => [policy])

export const holdsOf = (workspace: WorkspaceId) => gatherItems(legalHolds, workspace, (hold: LegalHold) => [hold])

/** What the holds hold, the persons by all their ids. */
export const heldEvents = Effect.fnUntraced(function* (workspace: WorkspaceId, holds: ReadonlyArray<LegalHold>) {
  const held: Array<HeldEvents> = []
  for (const { event_types: eventTypes, from: fromMillis, person, to: toMillis } of holds) {
    const ids = person === undefined ? undefined : [...(yield* subjectIds(workspace, person))].toSorted()
    held.push({ ids, eventTypes, fromMillis, toMillis })
  }
  return held
})

/** What is over now by each of the policies. */
export const expiriesBy = <Policy extends NewRetentionPolicy>(
  policies: ReadonlyArray<Policy>,
  holds: ReadonlyArray<HeldEvents>,
  now: number
): ReadonlyArray<{ readonly policy: Policy; readonly expiry: Expiry }> => {
  const named = policies.flatMap(({ event_types = [] }) => event_types)
  return policies.map((policy) => ({
    policy,
    expiry: {
      kind: "older",
      beforeMillis: Math.floor(now / expiryEveryMillis) * expiryEveryMillis - policy.days * dayMillis,
      ...(policy.event_types === undefined ? { exceptEventTypes: named } : { eventTypes: policy.event_types }),
      holds
    }
  }))
}
