import { Clock, Effect } from "effect"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import { flags, production } from "../../../ports/experiments/Flag.ts"
import type { Flag } from "../../../ports/experiments/Flag.ts"
import { closedStepMillis, releaseEvidenceMillisMax, releases } from "../../../ports/experiments/GuardedRelease.ts"
import type { GuardedRelease, ReleaseVerdict, TakenStep } from "../../../ports/experiments/GuardedRelease.ts"
import { ReleaseWatch } from "../../../ports/experiments/ReleaseWatch.ts"
import type { PartReason } from "../../../ports/platform/PartStates.ts"
import { PortFailure } from "../../../ports/PortFailure.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { forEachApart, forEveryWorkspace } from "../../platform/everyWorkspace.ts"
import { isCaughtUp } from "../../platform/isCaughtUp.ts"
import { putEmail, queuedEmail } from "../../platform/outgoingEmail.ts"
import { withoutConflict } from "../../platform/withoutConflict.ts"
import {
  decideRamp,
  endRelease,
  isHeldLongEnough,
  nextStep,
  renewed,
  standingStep,
  toldVerdict,
  verdictsOf
} from "../release/rampRelease.ts"
import type { StepEvidence } from "../release/rampRelease.ts"
import { approvalsAsked } from "./approvals.ts"
import { runningReleases } from "./liveDefinitions.ts"
import { isOn, stepEvidence } from "./releaseReport.ts"
import { moveRelease, serves } from "./releases.ts"

/** Who changes the flag, as its history and the audit log say. */
const actorOf = (workspace: WorkspaceId, id: string): Actor => {
  const keyId = `${releases.name}/${id}`
  return { workspace, keyId, from: undefined, requestId: keyId }
}

const titleOf = ({ flag, name, rule }: GuardedRelease): string => name ?? `${rule} of flag ${flag}`

const messageOf = (release: GuardedRelease, harmed: ReadonlyArray<ReleaseVerdict>, at: number) => {
  const { control, environment = production, flag, id, rule } = release
  return {
    subject: `Rolled back: ${titleOf(release)}`,
    text: `The release of rule ${rule} of flag ${flag} in ${environment} was rolled back at ${new Date(at).toISOString()}, while ${standingStep(release).percent} % had it. Everybody gets ${control} now.

Harmed:
${harmed.map((verdict) => `  ${toldVerdict(verdict)}`).join("\n")}

All that this rests on: GET /experiments/releases/${id}

You get this because your address is a recipient of the release; whoever manages it can leave it out of the next one.
`
  }
}

/** What an end or a step rests on. */
interface Judged {
  /** With what people of its earlier steps have done since. */
  readonly release: GuardedRelease
  /** Of the standing step. */
  readonly seen: StepEvidence
  readonly verdicts: ReadonlyArray<ReleaseVerdict>
}

const stepsOf = ({ release }: Judged) => new Map(release.steps_taken.map((step) => [step.number, step]))

const rollBack = Effect.fnUntraced(function* (workspace: WorkspaceId, judged: Judged) {
  const { release, seen: evidence, verdicts } = judged
  const { control, flag, id, recipients = [], rule } = release
  const actor = actorOf(workspace, id)
  const harmed = verdicts.filter(({ state }) => state === "harmed")
  const detail = harmed.map(toldVerdict).join("; ")
  const note = `Release of ${rule} of flag ${flag} is rolled back, everybody gets ${control}. ${detail}`.slice(0, 2000)
  const end = { evidence, verdicts, detail }
  yield* moveRelease(
    actor,
    id,
    release.steps_taken.length,
    (stands, at) => endRelease(renewed(stands, stepsOf(judged)), "rolled_back", { at, by: actor.keyId }, end),
    {
      note,
      writes: (at) =>
        recipients.map((to, index) => {
          const source = `${releases.name}/${id}`
          const email = { id: `${id}.rolled_back.${index}`, purpose: "alert", source, to } as const
          return putEmail(queuedEmail({ ...email, ...messageOf(release, harmed, at) }, at), 0)
        })
    }
  )
})

const advance = Effect.fnUntraced(function* (workspace: WorkspaceId, judged: Judged, percent: number) {
  const { release, seen: evidence, verdicts } = judged
  const { flag, id, rule, steps_taken, treatment } = release
  const actor = actorOf(workspace, id)
  const by = actor.keyId
  const take = (stands: GuardedRelease, at: number) =>
    percent === 100
      ? endRelease(renewed(stands, stepsOf(judged)), "completed", { at, by }, { evidence, verdicts })
      : nextStep(renewed(stands, stepsOf(judged)), percent, evidence, { at, by })
  const note = `Release of ${rule} of flag ${flag}: ${percent === 100 ? "everybody gets" : `${percent} % get`} ${treatment}`
  yield* moveRelease(actor, id, steps_taken.length, take, { note })
})

/** The flag no longer serves the release: it ends, and the flag is left as it is. */
const supersede = (workspace: WorkspaceId, { flag, id, rule, steps_taken }: GuardedRelease) => {
  const { keyId: by, ...actor } = actorOf(workspace, id)
  const detail = `rule ${rule} of flag ${flag} was changed by hand`
  const end = (stands: GuardedRelease, at: number) => endRelease(stands, "superseded", { at, by }, { detail })
  return moveRelease({ ...actor, keyId: by }, id, steps_taken.length, end, { note: `Release ended: ${detail}` })
}

/** Evidence of a step, which one release must not wait for for ever: others are to be looked at, too. */
const timely = Effect.fnUntraced(function* (workspace: WorkspaceId, release: GuardedRelease, step?: TakenStep) {
  return yield* Effect.timeoutOrElse(stepEvidence(workspace, release, step), {
    duration: releaseEvidenceMillisMax,
    orElse: () => {
      const detail = `release ${release.id}: nothing was counted within ${releaseEvidenceMillisMax} ms`
      return Effect.fail(new PortFailure({ port: "EventStore", operation: "answer", reason: "timeout", detail }))
    }
  })
})

/**
 * The release with what people of its earlier steps have done since, as it is remembered. At each look that of one step
 * is counted anew, the one that was counted longest ago; with `all`, that of every step.
 */
const withLaterEvents = Effect.fnUntraced(function* (workspace: WorkspaceId, release: GuardedRelease, all: boolean) {
  const { closed } = (yield* ReleaseWatch).of(release.id)
  const now = yield* Clock.currentTimeMillis
  const countedAt = ({ number }: TakenStep): number => closed.get(number)?.at ?? 0
  const oldest = release.steps_taken.slice(0, -1).toSorted((one, other) => countedAt(one) - countedAt(other))
  const due = all ? oldest : oldest.slice(0, 1).filter((step) => now - countedAt(step) >= closedStepMillis)
  for (const step of due) {
    const { seen } = yield* timely(workspace, release, step)
    closed.set(step.number, { ...seen, at: now })
  }
  return renewed(release, closed)
})

const judge = Effect.fnUntraced(function* (workspace: WorkspaceId, stands: GuardedRelease, all: boolean) {
  const { seen } = yield* timely(workspace, stands)
  const release = yield* withLaterEvents(workspace, stands, all)
  const judged: Judged = { release, seen, verdicts: verdictsOf(release, seen) }
  return { judged, decision: decideRamp(release, yield* Clock.currentTimeMillis, seen, judged.verdicts) }
})

/**
 * Looks at one release; `behind` where it waits for events that are there and not counted yet. Harm is acted upon at
 * once, a step is taken only upon all that was there.
 */
const look = Effect.fn("lookAtRelease")(function* (workspace: WorkspaceId, release: GuardedRelease) {
  const documents = yield* DocumentStore
  let outcome: "behind" | undefined
  const flag = (yield* documents.get(workspace, flags.name, release.flag))?.data as Flag | undefined
  if (flag === undefined || !serves(flag, release)) {
    yield* supersede(workspace, release)
    return outcome
  }
  const mayAdvance =
    isHeldLongEnough(release, yield* Clock.currentTimeMillis) &&
    isOn(flag, release) &&
    (yield* approvalsAsked(workspace, release.environment ?? production)) === 0
  const isCurrent = mayAdvance && (yield* isCaughtUp)
  const first = yield* judge(workspace, release, false)
  const isToAdvance = first.decision.kind === "advance" && mayAdvance
  if (isToAdvance && !isCurrent) outcome = "behind"
  const hasEarlier = release.steps_taken.length > 1
  const { decision, judged } = isToAdvance && isCurrent && hasEarlier ? yield* judge(workspace, release, true) : first
  if (decision.kind === "roll_back") yield* rollBack(workspace, judged)
  else if (decision.kind === "advance" && mayAdvance && isCurrent) yield* advance(workspace, judged, decision.percent)
  return outcome
})

/**
 * Looks at running releases of one workspace, first at those that have waited longest, until the time of one workspace is
 * over: a slow one keeps others waiting no longer.
 */
const lookAtWorkspace = Effect.fnUntraced(function* <E extends Error, R>(
  workspace: WorkspaceId,
  running: ReadonlyArray<GuardedRelease>,
  lookAtOne: (release: GuardedRelease) => Effect.Effect<void, E, R>
) {
  const watch = yield* ReleaseWatch
  const until = (yield* Clock.currentTimeMillis) + releaseEvidenceMillisMax
  const waiting = running.toSorted((one, other) => watch.of(one.id).lookedAt - watch.of(other.id).lookedAt)
  const { failure } = yield* forEachApart(
    waiting,
    () => workspace,
    Effect.fnUntraced(function* (release) {
      const now = yield* Clock.currentTimeMillis
      if (now > until) return
      watch.of(release.id).lookedAt = now
      yield* lookAtOne(release)
    })
  )
  if (failure !== undefined) return yield* Effect.fail(failure)
})

/** Looks at every running release, of all workspaces. While one cannot be looked at, it stays at its step. */
export const watchReleases = Effect.suspend(() => {
  let failing: PartReason | undefined
  const lookAtOne = (workspace: WorkspaceId) => (release: GuardedRelease) =>
    look(workspace, release).pipe(
      Effect.tap((outcome) => Effect.sync(() => void (failing ??= outcome))),
      Effect.tapError((failure) =>
        Effect.sync(() => void (failing ??= failure._tag === "PortFailure" ? failure.reason : undefined))
      ),
      Effect.catchTags({
        // Somebody changed it meanwhile: the next round sees what stands.
        StaleRevision: () => Effect.void,
        Refused: () => Effect.void,
        // What a guardrail names is gone: nobody can tell whether it is harmed, so nothing is advanced.
        InvalidQuestion: ({ errors }) =>
          Effect.logWarning(
            `release ${release.id} cannot be watched: ${errors[0]?.detail ?? "a guardrail is not valid"}`
          )
      }),
      withoutConflict
    )
  const seen = new Set<string>()
  const round = forEveryWorkspace(
    Effect.fnUntraced(function* (workspace) {
      const running = yield* runningReleases(workspace)
      for (const { id } of running) seen.add(id)
      if (running.length > 0) yield* lookAtWorkspace(workspace, running, lookAtOne(workspace))
    })
  )
  return Effect.ensuring(
    Effect.tap(round, () => Effect.map(ReleaseWatch, (watch) => watch.keep(seen))),
    Effect.gen(function* () {
      const watch = yield* ReleaseWatch
      watch.note(failing, yield* Clock.currentTimeMillis)
    })
  )
})
