import { createHash } from "node:crypto"
import type { PlanCohort } from "./PlanFilter.ts"

/** All ids by which the members of a cohort are known. */
export interface MembershipPlan {
  readonly kind: "membership"
  readonly workspace: string
  readonly revisions: string
  readonly cohort: PlanCohort
  /** Where there are more ids, none is told. */
  readonly keysMax: number
}

/** What answers a {@link MembershipPlan}. */
export interface MembershipRows {
  /** A merged identity is one. */
  readonly people: number
  /** {@link subjectKey} of each user id and device that counts for a member, in ascending order; `undefined`: too many. */
  readonly keys: BigUint64Array | undefined
  /** Keys of the restricted ids of the workspace, as users and as devices; none of them is in `keys`. */
  readonly restricted: BigUint64Array
}

/**
 * A user or a device as a number: the last 8 bytes, little-endian, of the MD5 of workspace, kind and id with a unit
 * separator between. Two of a million share one with a chance of 3 in a hundred million.
 */
export const subjectKey = (workspace: string, kind: "user" | "device", id: string): bigint =>
  createHash("md5")
    .update(`${workspace}\u001f${kind === "user" ? "u" : "a"}\u001f${id}`)
    .digest()
    .readBigUInt64LE(8)
