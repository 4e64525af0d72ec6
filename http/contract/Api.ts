import { HttpApi, OpenApi } from "effect/http-api"
import { AccountsGroup } from "./accounts.ts"
import { ActivityGroup } from "./activity.ts"
import { DigestsGroup } from "./digests.ts"
import { AlertsGroup, IncidentsGroup } from "./alerts.ts"
import { AnnotationsGroup } from "./annotations.ts"
import { AnalyticsGroup, EventsGroup, StreamGroup } from "./analytics.ts"
import { ChannelRulesGroup } from "./channelRules.ts"
import { ApprovalsGroup, ChangeRequestsGroup } from "./changeRequests.ts"
import { ClicksGroup } from "./clicks.ts"
import { CohortsGroup } from "./cohorts.ts"
import { LiveEvent } from "../../ports/analytics/LiveFeed.ts"
import { describeDocument } from "./describeDocument.ts"
import { DashboardsGroup } from "./dashboards.ts"
import { EmailsGroup } from "./emails.ts"
import { ErasureGroup, ReceiptKeysGroup } from "./erasure.ts"
import { ExperimentsGroup } from "./experiments.ts"
import { ExperimentPlansGroup } from "./experimentPlans.ts"
import { CodeReferencesGroup, EnvironmentsGroup, FlagsGroup, HoldoutsGroup, SegmentsGroup } from "./flags.ts"
import { ExportsGroup } from "./exports.ts"
import { FlagPayloadGroup, FlagStreamGroup } from "./flagPayload.ts"
import { FunnelsGroup } from "./funnels.ts"
import { GrowthBookGroup, GrowthBookStreamGroup } from "./growthbook.ts"
import { GoalsGroup } from "./goals.ts"
import { HeatmapsGroup } from "./heatmaps.ts"
import { HealthGroup } from "./health.ts"
import { InsightsGroup, SharedGroup, SharesGroup } from "./insights.ts"
import { KeysGroup } from "./keys.ts"
import { LakeGroup } from "./lake.ts"
import { LifetimeGroup } from "./lifetime.ts"
import { operationsOf } from "./Operation.ts"
import type { Operation } from "./Operation.ts"
import { OfrepGroup, OfrepStreamGroup } from "./ofrep.ts"
import { PathsGroup } from "./paths.ts"
import { PeopleGroup } from "./people.ts"
import { PlatformGroup } from "./platform.ts"
import { Problem } from "./Problem.ts"
import { ArchetypesGroup, QaLinksGroup, QaOverridesGroup } from "./qa.ts"
import { PrivacyGroup } from "./privacy.ts"
import { LegalHoldsGroup, RetentionPoliciesGroup } from "./retentionPolicies.ts"
import { RetentionGroup } from "./retention.ts"
import { AttributionGroup } from "./attribution.ts"
import { ReleasesGroup } from "./releases.ts"
import { SchedulesGroup } from "./schedules.ts"
import { SessionsGroup } from "./sessions.ts"
import { AuditGroup, DeadLettersGroup } from "./records.ts"
import { UnleashGroup } from "./unleash.ts"
import { WorkspacesGroup } from "./workspaces.ts"

/** A new group is named here once. */
const served = [
  AccountsGroup,
  AnalyticsGroup,
  ActivityGroup,
  AlertsGroup,
  IncidentsGroup,
  DigestsGroup,
  AnnotationsGroup,
  AttributionGroup,
  ChannelRulesGroup,
  ClicksGroup,
  CohortsGroup,
  ErasureGroup,
  ExportsGroup,
  DashboardsGroup,
  FunnelsGroup,
  GoalsGroup,
  InsightsGroup,
  SharesGroup,
  SharedGroup,
  ReceiptKeysGroup,
  HeatmapsGroup,
  LakeGroup,
  LifetimeGroup,
  PathsGroup,
  PeopleGroup,
  PrivacyGroup,
  RetentionGroup,
  RetentionPoliciesGroup,
  LegalHoldsGroup,
  SessionsGroup,
  ExperimentsGroup,
  FlagsGroup,
  SegmentsGroup,
  HoldoutsGroup,
  EnvironmentsGroup,
  ApprovalsGroup,
  ChangeRequestsGroup,
  CodeReferencesGroup,
  SchedulesGroup,
  QaOverridesGroup,
  QaLinksGroup,
  ArchetypesGroup,
  FlagPayloadGroup,
  ReleasesGroup,
  UnleashGroup,
  OfrepGroup,
  GrowthBookGroup,
  ExperimentPlansGroup,
  PlatformGroup,
  WorkspacesGroup,
  KeysGroup,
  EmailsGroup,
  AuditGroup,
  DeadLettersGroup,
  HealthGroup
] as const

/** Answers that go on for as long as the client listens; the typed client does not read them. */
const streamed = [FlagStreamGroup, OfrepStreamGroup, GrowthBookStreamGroup] as const

/** What the builder serves; the rest of the contract stands on plain routes. */
export class ServedApi extends HttpApi.make("broxiva")
  .add(...served, ...streamed)
  .annotate(HttpApi.ParseOptions, { errors: "all" })
  .annotate(HttpApi.PayloadParseOptions, { errors: "all", onExcessProperty: "error" }) {}

/** The whole contract that the typed client speaks. */
export class Api extends HttpApi.make("broxiva").add(EventsGroup, ...served) {}

/** What the document and the tests speak of: the client's endpoints and the WebSocket. */
export class DocumentedApi extends HttpApi.make("broxiva")
  .add(EventsGroup, StreamGroup, ...streamed, ...served)
  .annotate(HttpApi.AdditionalSchemas, [Problem, LiveEvent])
  .annotate(OpenApi.Transform, (document) => describeDocument(document, operations))
  .annotateMerge(OpenApi.annotations({ title: "Broxiva Marketing Platform", version: "0.1.0" })) {}

/** Every endpoint that the service has. */
export const operations: ReadonlyArray<Operation> = operationsOf(DocumentedApi)
