import type { PlanFilter } from "./PlanFilter.ts"
import type { PeopleSource } from "./PeoplePlan.ts"

/** Accounts of a type by page, last seen first; an account is known by every event that belongs to it. */
export interface AccountPlan {
  readonly kind: "account"
  readonly workspace: string
  readonly revisions: string
  readonly accountType: string
  /** Those that a number of an answer counts, of a plan of this type of accounts. */
  readonly of: PeopleSource | undefined
  readonly accountId: string | undefined
  /** Accounts whose id begins so. */
  readonly idPrefix: string | undefined
  /** Accounts with such an event. */
  readonly filter: PlanFilter | undefined
  /** The account that the page follows. */
  readonly before: { readonly lastSeen: number; readonly accountId: string } | undefined
  readonly limit: number
}

export interface ListedAccount {
  readonly account_id: string
  readonly members: number
  readonly first_seen: number
  readonly last_seen: number
  readonly events: number
  /** Encrypted values stay so. */
  readonly traits: Readonly<Record<string, unknown>>
}

/** What answers an {@link AccountPlan}. */
export interface AccountRows {
  /** On all pages together. */
  readonly accounts: number
  readonly page: ReadonlyArray<ListedAccount>
  /** Arrival of the newest event held, ms UTC. */
  readonly asOfMillis: number | undefined
}
