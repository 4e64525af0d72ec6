import type { Effect } from "effect"
import type { SecureRandom } from "effect/crypto/SecureRandom"
import * as droppedEvents from "./domain/analytics/DroppedEvents.ts"
import { enforceRetention } from "./domain/analytics/retention/enforceRetention.ts"
import { applyAllRestrictions } from "./domain/analytics/privacy/restrictions.ts"
import { runPrivacyRequests } from "./domain/analytics/privacy/runRequest.ts"
import { finishErasures, pendingErasures } from "./domain/analytics/workflows/erasePerson.ts"
import { awaitingRewriting, erasureReceipts } from "./domain/analytics/workflows/erasureReceipts.ts"
import { sendDigests } from "./domain/analytics/workflows/sendDigests.ts"
import { watchAlerts } from "./domain/analytics/workflows/watchAlerts.ts"
import { writeExports } from "./domain/analytics/workflows/writeExports.ts"
import * as mergePeople from "./domain/analytics/workflows/mergePeople.ts"
import { personalDataOfAnalytics } from "./domain/analytics/workflows/personalDataOfAnalytics.ts"
import { rewriteLog } from "./domain/analytics/workflows/rewriteLog.ts"
import * as deadLetters from "./domain/platform/DeadLetters.ts"
import * as identityChanges from "./domain/platform/identityChanges.ts"
import * as keys from "./domain/platform/keys.ts"
import { personalDataOfPlatform } from "./domain/platform/personalDataOfPlatform.ts"
import { sendDueEmails } from "./domain/platform/sendEmails.ts"
import * as settings from "./domain/platform/settings.ts"
import * as workspaces from "./domain/platform/workspaces.ts"
import { AccountsGroup } from "./http/contract/accounts.ts"
import { ActivityGroup } from "./http/contract/activity.ts"
import { AlertsGroup, IncidentsGroup } from "./http/contract/alerts.ts"
import { AnnotationsGroup } from "./http/contract/annotations.ts"
import { AnalyticsGroup, EventsGroup } from "./http/contract/analytics.ts"
import { ChannelRulesGroup } from "./http/contract/channelRules.ts"
import { ApprovalsGroup, ChangeRequestsGroup } from "./http/contract/changeRequests.ts"
import { ClicksGroup } from "./http/contract/clicks.ts"
import { CohortsGroup } from "./http/contract/cohorts.ts"
import { DashboardsGroup } from "./http/contract/dashboards.ts"
import { EmailsGroup } from "./http/contract/emails.ts"
import { DigestsGroup } from "./http/contract/digests.ts"
import { ErasureGroup, ReceiptKeysGroup } from "./http/contract/erasure.ts"
import { ExperimentsGroup } from "./http/contract/experiments.ts"
import { ExperimentPlansGroup } from "./http/contract/experimentPlans.ts"
import {
  CodeReferencesGroup,
  EnvironmentsGroup,
  FlagsGroup,
  HoldoutsGroup,
  SegmentsGroup
} from "./http/contract/flags.ts"
import { ArchetypesGroup, QaLinksGroup, QaOverridesGroup } from "./http/contract/qa.ts"
import { ExportsGroup } from "./http/contract/exports.ts"
import { FlagPayloadGroup, FlagStreamGroup } from "./http/contract/flagPayload.ts"
import { GrowthBookGroup, GrowthBookStreamGroup } from "./http/contract/growthbook.ts"
import { OfrepGroup, OfrepStreamGroup } from "./http/contract/ofrep.ts"
import { FunnelsGroup } from "./http/contract/funnels.ts"
import { GoalsGroup } from "./http/contract/goals.ts"
import { HeatmapsGroup } from "./http/contract/heatmaps.ts"
import { InsightsGroup, SharedGroup, SharesGroup } from "./http/contract/insights.ts"
import { KeysGroup } from "./http/contract/keys.ts"
import { LakeGroup } from "./http/contract/lake.ts"
import { LifetimeGroup } from "./http/contract/lifetime.ts"
import { PathsGroup } from "./http/contract/paths.ts"
import { PeopleGroup } from "./http/contract/people.ts"
import { PlatformGroup } from "./http/contract/platform.ts"
import { PrivacyGroup } from "./http/contract/privacy.ts"
import { LegalHoldsGroup, RetentionPoliciesGroup } from "./http/contract/retentionPolicies.ts"
import { RetentionGroup } from "./http/contract/retention.ts"
import { AttributionGroup } from "./http/contract/attribution.ts"
import { ReleasesGroup } from "./http/contract/releases.ts"
import { SchedulesGroup } from "./http/contract/schedules.ts"
import { SessionsGroup } from "./http/contract/sessions.ts"
import { AuditGroup, DeadLettersGroup } from "./http/contract/records.ts"
import { UnleashGroup } from "./http/contract/unleash.ts"
import { WorkspacesGroup } from "./http/contract/workspaces.ts"
import type { ExperimentEvidence } from "./ports/analytics/ExperimentEvidence.ts"
import type { DroppedEvents } from "./ports/analytics/DroppedEvents.ts"
import type { VisitorIds } from "./ports/analytics/VisitorIds.ts"
import type { GeoLocator } from "./ports/reference/GeoLocator.ts"
import { digests, digestStates } from "./ports/analytics/Digest.ts"
import { annotationCollection } from "./ports/analytics/Annotation.ts"
import { alerts, alertStates, incidents } from "./ports/analytics/Alert.ts"
import { channelRules } from "./ports/analytics/ChannelRules.ts"
import { eventExports, exportQueue } from "./ports/analytics/EventExport.ts"
import type { CohortMembers } from "./ports/analytics/CohortMembers.ts"
import type { EventLake } from "./ports/analytics/EventLake.ts"
import { stepBandits } from "./domain/experiments/workflows/bandits.ts"
import { banditStates } from "./ports/experiments/Bandit.ts"
import { applyDueRequests } from "./domain/experiments/workflows/applyDueRequests.ts"
import { approvalPolicies } from "./ports/experiments/ApprovalPolicy.ts"
import { changeRequests } from "./ports/experiments/ChangeRequest.ts"
import { codeBranches, codeReferences } from "./ports/experiments/CodeReference.ts"
import { experiments } from "./ports/experiments/Experiment.ts"
import { environments, flags, holdouts, segments } from "./ports/experiments/Flag.ts"
import { releaseCollection, releaseLookMillis } from "./ports/experiments/GuardedRelease.ts"
import type { ReleaseWatch } from "./ports/experiments/ReleaseWatch.ts"
import { watchReleases } from "./domain/experiments/workflows/watchReleases.ts"
import { scheduleCollection } from "./ports/experiments/FlagSchedule.ts"
import { countSamples, runSchedules } from "./domain/experiments/workflows/runSchedules.ts"
import { archetypes } from "./ports/experiments/Archetype.ts"
import { qaLinks } from "./ports/experiments/QaLink.ts"
import { qaOverrides } from "./ports/experiments/QaOverride.ts"
import { subjectMarks } from "./domain/platform/completeSubjects.ts"
import { personalDataOfExperiments } from "./domain/experiments/workflows/personalDataOfExperiments.ts"
import type { RecentContexts } from "./ports/experiments/RecentContexts.ts"
import { stickyAssignments } from "./ports/experiments/StickyAssignments.ts"
import { flagUsage } from "./ports/experiments/FlagUsage.ts"
import { definitionHistory, flagRevisions } from "./domain/experiments/workflows/liveDefinitions.ts"
import { cohortMembers, cohorts } from "./ports/analytics/Cohort.ts"
import type { EventLog } from "./ports/analytics/EventLog.ts"
import type { EventStore } from "./ports/analytics/EventStore.ts"
import type { EventSpool } from "./ports/analytics/EventSpool.ts"
import { keptRevisions } from "./ports/documents/Revision.ts"
import { funnels } from "./ports/analytics/Funnel.ts"
import { dashboards } from "./ports/analytics/Dashboard.ts"
import { goals } from "./ports/analytics/Goal.ts"
import { insights } from "./ports/analytics/Insight.ts"
import { legalHolds, retainingWorkspaces, retentionPolicies } from "./ports/analytics/RetentionPolicy.ts"
import { shares, shareSlugs } from "./ports/analytics/Share.ts"
import type { LiveFeed } from "./ports/analytics/LiveFeed.ts"
import type { Collection, DocumentStore } from "./ports/documents/DocumentStore.ts"
import type { EmailSender } from "./ports/email/EmailSender.ts"
import { outgoingEmails } from "./ports/email/OutgoingEmail.ts"
import type { FlagSnapshots } from "./ports/experiments/FlagSnapshots.ts"
import type { Cache } from "./ports/platform/Cache.ts"
import type { Computation } from "./ports/platform/Computation.ts"
import type { ChangeNotices } from "./ports/platform/ChangeNotices.ts"
import type { DeadLetters } from "./ports/platform/DeadLetters.ts"
import type { ExchangeRates } from "./ports/reference/ExchangeRates.ts"
import type { SettingsSource } from "./ports/platform/Settings.ts"
import type { PortFailure } from "./ports/PortFailure.ts"
import type { PersonalData, PersonalDataOf } from "./ports/privacy/PersonalData.ts"
import {
  privacyPreferences,
  privacyRequests,
  restrictingWorkspaces,
  restrictions,
  runningPrivacyRequests
} from "./ports/privacy/PrivacyRequest.ts"
import type { ReceiptKey } from "./ports/privacy/ReceiptKey.ts"
import type { RootKeys } from "./ports/privacy/RootKeys.ts"
import type { SubjectKeys } from "./ports/privacy/SubjectKeys.ts"
import { feedLive } from "./workers/feedLive.ts"
import { fillLake } from "./workers/fillLake.ts"
import { indexEvents } from "./workers/indexEvents.ts"
import type { Job } from "./workers/runJob.ts"

/** What the rounds of jobs may ask for: ports, and what the domain makes of them. */
type JobServices =
  | Cache
  | Computation
  | ConsumerServices
  | DocumentStore
  | DroppedEvents
  | EmailSender
  | ExperimentEvidence
  | FlagSnapshots
  | GeoLocator
  | ExchangeRates
  | PersonalData
  | EventSpool
  | ExchangeRates
  | ReceiptKey
  | CohortMembers
  | ReleaseWatch
  | RootKeys
  | SecureRandom
  | SettingsSource
  | VisitorIds

type PersonalDataServices =
  | RecentContexts
  | EventSpool
  | EventStore
  | EventLake
  | DocumentStore
  | SubjectKeys
  | SecureRandom
  | ChangeNotices
  | FlagSnapshots

type ConsumerServices = ChangeNotices | EventLog | EventStore | EventLake | LiveFeed | DeadLetters | SubjectKeys

/** What a module adds to the process. */
export interface Module {
  readonly name: string
  /** Its endpoints; their annotations name scopes and limits. */
  readonly groups: ReadonlyArray<{ readonly identifier: string }>
  readonly scopes: ReadonlyArray<string>
  readonly collections: ReadonlyArray<Collection>
  /** Consumers of the event log, which run for ever. */
  readonly consumers: Readonly<Record<string, Effect.Effect<never, PortFailure, ConsumerServices>>>
  /** What is done from time to time, by name. */
  readonly jobs: Readonly<Record<string, Job<PortFailure, JobServices>>>
  readonly personalData: {
    /** How what is held of a person is given out and erased. */
    readonly of: Effect.Effect<PersonalDataOf, never, PersonalDataServices>
    /** Collections that it covers; no other one names people. */
    readonly collections: ReadonlyArray<Collection>
  }
}

export const modules: ReadonlyArray<Module> = [
  {
    name: "analytics",
    groups: [
      EventsGroup,
      AnalyticsGroup,
      AccountsGroup,
      ChannelRulesGroup,
      ClicksGroup,
      AlertsGroup,
      IncidentsGroup,
      DigestsGroup,
      AnnotationsGroup,
      CohortsGroup,
      ErasureGroup,
      ReceiptKeysGroup,
      ExportsGroup,
      DashboardsGroup,
      FunnelsGroup,
      GoalsGroup,
      InsightsGroup,
      SharesGroup,
      SharedGroup,
      HeatmapsGroup,
      PathsGroup,
      PeopleGroup,
      PrivacyGroup,
      RetentionGroup,
      RetentionPoliciesGroup,
      LegalHoldsGroup,
      LakeGroup,
      LifetimeGroup,
      AttributionGroup,
      SessionsGroup,
      ActivityGroup
    ],
    scopes: [
      "events:write",
      "events:import",
      "analytics:read",
      "analytics:write",
      "analytics:sql",
      "analytics:export",
      "persons:read",
      "persons:write",
      "pii:read"
    ],
    collections: [
      mergePeople.collection,
      mergePeople.mergingWorkspaces,
      mergePeople.mergeOrder,
      pendingErasures,
      erasureReceipts,
      awaitingRewriting,
      privacyRequests,
      runningPrivacyRequests,
      privacyPreferences,
      restrictions,
      restrictingWorkspaces,
      retentionPolicies.collection,
      legalHolds.collection,
      retainingWorkspaces,
      droppedEvents.collection,
      alerts.collection,
      alertStates,
      incidents,
      digests.collection,
      digestStates,
      annotationCollection,
      dashboards.collection,
      keptRevisions,
      insights.collection,
      shares,
      shareSlugs,
      eventExports.collection,
      exportQueue,
      funnels.collection,
      goals.collection,
      channelRules,
      cohorts.collection,
      cohortMembers
    ],
    consumers: { index: indexEvents, live: feedLive, lake: fillLake },
    jobs: {
      send_digests: { everyMillis: 60_000, round: () => sendDigests },
      watch_alerts: { everyMillis: 10_000, round: () => watchAlerts },
      finish_erasures: { everyMillis: 60_000, round: finishErasures },
      catch_up_merges: { everyMillis: 5000, round: () => mergePeople.catchUpMerges },
      rewrite_log: { everyMillis: 60_000, round: rewriteLog },
      apply_restrictions: { everyMillis: 3_600_000, round: () => applyAllRestrictions },
      enforce_retention: { everyMillis: 3_600_000, round: () => enforceRetention },
      run_privacy_requests: { everyMillis: 60_000, round: runPrivacyRequests },
      write_exports: { everyMillis: 1000, round: () => writeExports }
    },
    personalData: {
      of: personalDataOfAnalytics,
      collections: [
        mergePeople.collection,
        cohortMembers,
        alerts.collection,
        channelRules,
        cohorts.collection,
        digests.collection,
        funnels.collection,
        goals.collection,
        insights.collection,
        keptRevisions,
        pendingErasures,
        privacyRequests,
        privacyPreferences,
        restrictions,
        legalHolds.collection
      ]
    }
  },
  {
    name: "experiments",
    groups: [
      ExperimentsGroup,
      FlagsGroup,
      SegmentsGroup,
      HoldoutsGroup,
      EnvironmentsGroup,
      QaOverridesGroup,
      QaLinksGroup,
      ArchetypesGroup,
      ApprovalsGroup,
      ChangeRequestsGroup,
      CodeReferencesGroup,
      SchedulesGroup,
      FlagPayloadGroup,
      UnleashGroup,
      FlagStreamGroup,
      ReleasesGroup,
      OfrepGroup,
      OfrepStreamGroup,
      GrowthBookGroup,
      GrowthBookStreamGroup,
      ExperimentPlansGroup
    ],
    scopes: [
      "experiments:read",
      "experiments:write",
      "experiments:review",
      "experiments:bypass",
      "experiments:references",
      "flags:evaluate"
    ],
    collections: [
      experiments.collection,
      flags.collection,
      segments.collection,
      holdouts.collection,
      environments.collection,
      scheduleCollection,
      qaOverrides.collection,
      qaLinks,
      archetypes.collection,
      releaseCollection,
      flagRevisions,
      definitionHistory,
      stickyAssignments,
      flagUsage,
      banditStates,
      approvalPolicies,
      changeRequests,
      codeBranches,
      codeReferences
    ],
    consumers: {},
    jobs: {
      step_bandits: { everyMillis: 60_000, round: () => stepBandits },
      apply_change_requests: { everyMillis: 1000, round: () => applyDueRequests },
      watch_releases: { everyMillis: releaseLookMillis, round: () => watchReleases },
      run_schedules: { everyMillis: 2000, round: () => runSchedules },
      count_samples: { everyMillis: 15_000, round: () => countSamples }
    },
    personalData: {
      of: personalDataOfExperiments,
      collections: [
        segments.collection,
        flags.collection,
        experiments.collection,
        definitionHistory,
        qaOverrides.collection,
        releaseCollection,
        archetypes.collection,
        qaLinks,
        stickyAssignments,
        changeRequests
      ]
    }
  },
  {
    name: "platform",
    groups: [PlatformGroup, WorkspacesGroup, KeysGroup, EmailsGroup, AuditGroup, DeadLettersGroup],
    scopes: ["platform:read", "platform:write"],
    collections: [
      workspaces.collection,
      settings.collection,
      keptRevisions,
      keys.collection,
      subjectMarks,
      identityChanges.collection,
      deadLetters.collection,
      outgoingEmails
    ],
    consumers: {},
    jobs: { send_emails: { everyMillis: 5000, round: () => sendDueEmails } },
    personalData: { of: personalDataOfPlatform, collections: [deadLetters.collection, outgoingEmails] }
  }
]
