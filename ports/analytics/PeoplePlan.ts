import type { AttributionPlan } from "./AttributionPlan.ts"
import type { ClickPlan } from "./ClickPlan.ts"
import type { FunnelPlan } from "./FunnelPlan.ts"
import type { HeatmapPlan } from "./HeatmapPlan.ts"
import type { LifecyclePlan } from "./LifecyclePlan.ts"
import type { LifetimePlan } from "./LifetimePlan.ts"
import type { DeviceClass } from "./PageQuestion.ts"
import type { PathPlan } from "./PathPlan.ts"
import type { PathNode } from "./PathQuestion.ts"
import type { PlanCohort, PlanFilter } from "./PlanFilter.ts"
import type { RetentionPlan } from "./RetentionPlan.ts"
import type { SessionPlan } from "./SessionPlan.ts"
import type { StickinessPlan } from "./StickinessPlan.ts"
import type { TrendPlan } from "./TrendPlan.ts"

/** Whom a list of people shows: the members of a cohort, or those whom a number of an answer counts. */
export type PeopleSource =
  | { readonly kind: "cohort"; readonly cohort: PlanCohort }
  | {
      readonly kind: "funnel"
      readonly plan: FunnelPlan
      /** From 0 on. `dropped`: came to the step before, and no further. */
      readonly step: number
      readonly outcome: "reached" | "dropped"
      /** Of the breakdown, where there is one. */
      readonly value: string | null
    }
  | {
      readonly kind: "retention"
      readonly plan: RetentionPlan
      readonly cohort: number
      /** `undefined`: everybody of the cohort. */
      readonly returned: { readonly period: number; readonly orAfter: boolean; readonly yes: boolean } | undefined
    }
  /** The metric `people`, or `accounts` of a type. */
  | {
      readonly kind: "trend"
      readonly plan: TrendPlan
      readonly accountType?: string
      readonly bucket: number | undefined
      /** Of the breakdown; none: all together. */
      readonly values: ReadonlyArray<string | null>
      /** Those of them with an event that the filter takes, or those without one. */
      readonly converted?: { readonly by: PlanFilter; readonly yes: boolean }
    }
  /** Active on at least and at most so many buckets. */
  | {
      readonly kind: "stickiness"
      readonly plan: StickinessPlan
      readonly atLeast: number
      readonly atMost: number | undefined
    }
  | {
      readonly kind: "lifecycle"
      readonly plan: LifecyclePlan
      readonly bucket: number
      readonly state: LifecycleState
    }
  /** Who belongs to the account now. */
  | { readonly kind: "account_members"; readonly accountType: string; readonly accountId: string }
  | { readonly kind: "path"; readonly plan: PathPlan; readonly place: PathPlaceWanted | undefined }
  /** People of the first events of sessions. */
  | {
      readonly kind: "session"
      readonly plan: SessionPlan
      readonly bucket: number | undefined
      /** Of the breakdown, where there is one. */
      readonly value: string | null
    }
  /** Whose conversions lie in the range. */
  | { readonly kind: "attribution"; readonly plan: AttributionPlan; readonly touched: TouchWanted | undefined }
  /** Customers of a cohort. */
  | { readonly kind: "lifetime"; readonly plan: LifetimePlan; readonly cohort: number }
  | {
      readonly kind: "click"
      readonly plan: ClickPlan
      /** `undefined`: of every element, and of none. */
      readonly element:
        | { readonly selector: string; readonly host: string | null; readonly path: string | null }
        | undefined
      readonly counted: "all" | "rage" | "dead"
    }
  | {
      readonly kind: "heatmap"
      readonly plan: HeatmapPlan
      readonly device: DeviceClass | null
      readonly fixed: boolean
      readonly place: HeatmapPlaceWanted | undefined
    }

/** With a touch of the value, or with a conversion that has none. */
export type TouchWanted = { readonly kind: "value"; readonly value: string | null } | { readonly kind: "unattributed" }

export type HeatmapPlaceWanted =
  | { readonly kind: "cell"; readonly column: number; readonly row: number }
  | { readonly kind: "element"; readonly selector: string }

export type LifecycleState = "active" | "new" | "returning" | "resurrecting" | "dormant"

/** A node, or an edge from one to another, at a step; `undefined`: everybody who has a path. */
export type PathPlaceWanted =
  | { readonly kind: "node"; readonly step: number; readonly node: PathNode; readonly dropped: boolean }
  | { readonly kind: "edge"; readonly step: number; readonly from: PathNode; readonly to: PathNode }

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
