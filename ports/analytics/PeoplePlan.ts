import type { PlanCohort } from "./PlanFilter.ts"

/** Whom a list of people shows. */
export type PeopleSource = { readonly kind: "cohort"; readonly cohort: PlanCohort }

/** People by page, in an order of the store's own that stays while their identity does. */
export interface PeoplePlan {
  readonly kind: "people"
  readonly workspace: string
  readonly revisions: string
  readonly of: PeopleSource
  /** Of the person that the page follows. */
  readonly after: string | undefined
  /** 0: the number alone. */
  readonly limit: number
}

export interface ListedPerson {
  readonly person_id: string
  readonly first_seen: number
  readonly last_seen: number
  readonly events: number
  /** Place in the list: opaque. */
  readonly key: string
  /** Whether `person_id` is a device's. */
  readonly device: boolean
}

/** What answers a {@link PeoplePlan}. */
export interface PeopleRows {
  /** On all pages together. */
  readonly people: number
  readonly page: ReadonlyArray<ListedPerson>
  /** Arrival of the newest event held, ms UTC. */
  readonly asOfMillis: number | undefined
}
