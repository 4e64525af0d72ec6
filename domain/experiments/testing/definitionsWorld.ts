import { NodeCrypto } from "@effect/platform-node"
import { Layer } from "effect"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as DiskEventLog from "../../../adapters/disk/EventLog.ts"
import * as MemoryChangeNotices from "../../../adapters/memory/ChangeNotices.ts"
import { annotationCollection } from "../../../ports/analytics/Annotation.ts"
import { outgoingEmails } from "../../../ports/email/OutgoingEmail.ts"
import { approvalPolicies } from "../../../ports/experiments/ApprovalPolicy.ts"
import { changeRequests } from "../../../ports/experiments/ChangeRequest.ts"
import { codeBranches, codeReferences } from "../../../ports/experiments/CodeReference.ts"
import { environments, flags, holdouts, segments } from "../../../ports/experiments/Flag.ts"
import { scheduleCollection } from "../../../ports/experiments/FlagSchedule.ts"
import { flagUsage } from "../../../ports/experiments/FlagUsage.ts"
import { releaseCollection } from "../../../ports/experiments/GuardedRelease.ts"
import { qaOverrides } from "../../../ports/experiments/QaOverride.ts"
import { makePartStates, PartStates } from "../../../ports/platform/PartStates.ts"
import { settingsInitial } from "../../../ports/platform/Settings.ts"
import * as cohortMembers from "../../analytics/CohortMembers.ts"
import * as experimentEvidence from "../../analytics/ExperimentEvidence.ts"
import { questionWorld } from "../../analytics/testing/questionWorld.ts"
import { subjectMarks } from "../../platform/completeSubjects.ts"
import { collection as workspaces } from "../../platform/workspaces.ts"
import * as flagSnapshots from "../FlagSnapshots.ts"
import * as recentContexts from "../RecentContexts.ts"
import * as releaseWatch from "../ReleaseWatch.ts"
import { definitionHistory, flagRevisions } from "../workflows/liveDefinitions.ts"

/** What definitions live in and rest on, on the embedded engines. */
export const definitionsWorld = Layer.suspend(() => {
  const stores = Layer.mergeAll(
    questionWorld(settingsInitial, [
      annotationCollection,
      approvalPolicies,
      changeRequests,
      codeBranches,
      codeReferences,
      definitionHistory,
      environments.collection,
      flagRevisions,
      flagUsage,
      flags.collection,
      holdouts.collection,
      outgoingEmails,
      qaOverrides.collection,
      releaseCollection,
      scheduleCollection,
      segments.collection,
      subjectMarks,
      workspaces
    ]),
    DiskEventLog.layer({ folder: mkdtempSync(join(tmpdir(), "definitions-")) }),
    MemoryChangeNotices.layer,
    NodeCrypto.layer
  )
  return Layer.mergeAll(flagSnapshots.layer, experimentEvidence.layer, recentContexts.layer, releaseWatch.layer).pipe(
    Layer.provideMerge(cohortMembers.layer),
    Layer.provideMerge(stores),
    Layer.provideMerge(Layer.sync(PartStates, makePartStates))
  )
})
