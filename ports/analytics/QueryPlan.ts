import type { AccountPlan, AccountRows } from "./AccountPlan.ts"
import type { AttributionPlan, AttributionRows } from "./AttributionPlan.ts"
import type { ClickPlan, ClickRows } from "./ClickPlan.ts"
import type { ExperimentPlan, ExperimentRows } from "./ExperimentPlan.ts"
import type { FunnelPlan, FunnelRows } from "./FunnelPlan.ts"
import type { HeatmapPlan, HeatmapRows } from "./HeatmapPlan.ts"
import type { LifetimePlan, LifetimeRows } from "./LifetimePlan.ts"
import type { LifecyclePlan, LifecycleRows } from "./LifecyclePlan.ts"
import type { MembershipPlan, MembershipRows } from "./MembershipPlan.ts"
import type { PathPlan, PathRows } from "./PathPlan.ts"
import type { PeoplePlan, PeopleRows } from "./PeoplePlan.ts"
import type { RetentionPlan, RetentionRows } from "./RetentionPlan.ts"
import type { SessionListPlan, SessionListRows, SessionPlan, SessionRows } from "./SessionPlan.ts"
import type { StickinessPlan, StickinessRows } from "./StickinessPlan.ts"
import type { TrendPlan, TrendRows } from "./TrendPlan.ts"
import type { VitalPlan, VitalRows } from "./VitalPlan.ts"

/** Every kind of plan with the rows that answer it. A new question adds a line here and a file to every adapter. */
export interface Plans {
  readonly account: { readonly plan: AccountPlan; readonly rows: AccountRows }
  readonly attribution: { readonly plan: AttributionPlan; readonly rows: AttributionRows }
  readonly click: { readonly plan: ClickPlan; readonly rows: ClickRows }
  readonly experiment: { readonly plan: ExperimentPlan; readonly rows: ExperimentRows }
  readonly funnel: { readonly plan: FunnelPlan; readonly rows: FunnelRows }
  readonly heatmap: { readonly plan: HeatmapPlan; readonly rows: HeatmapRows }
  readonly lifetime: { readonly plan: LifetimePlan; readonly rows: LifetimeRows }
  readonly lifecycle: { readonly plan: LifecyclePlan; readonly rows: LifecycleRows }
  readonly membership: { readonly plan: MembershipPlan; readonly rows: MembershipRows }
  readonly path: { readonly plan: PathPlan; readonly rows: PathRows }
  readonly people: { readonly plan: PeoplePlan; readonly rows: PeopleRows }
  readonly retention: { readonly plan: RetentionPlan; readonly rows: RetentionRows }
  readonly session: { readonly plan: SessionPlan; readonly rows: SessionRows }
  readonly session_list: { readonly plan: SessionListPlan; readonly rows: SessionListRows }
  readonly stickiness: { readonly plan: StickinessPlan; readonly rows: StickinessRows }
  readonly trend: { readonly plan: TrendPlan; readonly rows: TrendRows }
  readonly vital: { readonly plan: VitalPlan; readonly rows: VitalRows }
}
export type PlanKind = keyof Plans

/** What is asked of EventStore: everything resolved (zones to instants, names to fields, rates to factors). */
export type QueryPlan<Kind extends PlanKind = PlanKind> = Plans[Kind]["plan"] & {
  readonly kind: Kind
  readonly workspace: string
  /** Revisions of all that the answer rests on besides the events; part of the watermark. */
  readonly revisions: string
}

/** The rows, and the state of the data that they come from: opaque. */
export type PlanAnswer<Kind extends PlanKind> = Plans[Kind]["rows"] & { readonly watermark: string }
