import { Clock, Effect, Fiber, FiberMap, Layer, Option, Schedule, Stream } from "effect"
import { CohortMembers } from "../../ports/analytics/CohortMembers.ts"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import { production } from "../../ports/experiments/Flag.ts"
import { FlagSnapshots, membersReadMillis, snapshotIdleMillis } from "../../ports/experiments/FlagSnapshots.ts"
import type { FlagSnapshot } from "../../ports/experiments/FlagSnapshots.ts"
import type { StickyExperiment } from "../../ports/experiments/StickyAssignments.ts"
import { ChangeNotices } from "../../ports/platform/ChangeNotices.ts"
import { LastWrite, PartStates } from "../../ports/platform/PartStates.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { compileFlags } from "./evaluation/CompiledFlags.ts"
import type { IsMember } from "./evaluation/CompiledFlags.ts"
import { assignVariant, evaluate, evaluateMany, explain } from "./evaluation/evaluate.ts"
import { stickyByFlag, stickyOf } from "./evaluation/stickyExperiments.ts"
import { fileOf } from "./evaluation/fileOf.ts"
import type { Definitions } from "./evaluation/fileOf.ts"
import { makeHeldCohorts } from "./heldCohorts.ts"
import { flagRevisions, readDefinitions, revisionId, topic } from "./workflows/liveDefinitions.ts"

/** In case a notice was lost. */
const pollEvery = "1 second"

const noneSticky: ReadonlyArray<StickyExperiment> = []

export const snapshotOf = (
  definitions: Definitions,
  environment: string,
  revision: number,
  isMember: IsMember,
  changedAt = 0
): FlagSnapshot => {
  const file = fileOf(definitions, environment)
  const compiled = compileFlags(file, isMember)
  const sticky = stickyByFlag(compiled)
  return {
    revision,
    changedAt,
    environment,
    file,
    keys: [...compiled.flags.keys()],
    evaluate: (key, context) => evaluate(compiled, key, context),
    evaluateMany: (context, keys) => evaluateMany(compiled, context, keys),
    explain: (key, context) => explain(compiled, key, context),
    sticky: (keys = sticky.keys()) =>
      sticky.size === 0
        ? noneSticky
        : [...new Map([...keys].flatMap((key) => sticky.get(key) ?? []).map((each) => [each.id, each])).values()],
    stickyExperiment: (id) => stickyOf(compiled.experiments.get(id)),
    assign: (experiment, context) => assignVariant(compiled, experiment, context)
  }
}

/** What is held of one workspace; its environments are compiled when they are first asked for. */
class Held {
  readonly revision: number
  readonly #changedAt: number
  readonly #definitions: Definitions
  readonly #environments: ReadonlySet<string>
  readonly #snapshots = new Map<string, FlagSnapshot>()
  readonly #environmentOf: ReadonlyMap<string, string>
  readonly #isMember: IsMember
  /** When it was asked for last, in ms UTC. */
  askedAt: number

  constructor(read: Effect.Success<ReturnType<typeof readDefinitions>>, isMember: IsMember, askedAt: number) {
    this.#isMember = isMember
    this.askedAt = askedAt
    this.revision = read.revision
    this.#changedAt = read.changedAt
    this.#definitions = read.definitions
    this.#environments = new Set(read.environments)
    this.#environmentOf = new Map(
      read.definitions.experiments.map(({ environment = production, id }) => [id, environment])
    )
  }

  environmentOf(experiment: string): string | undefined {
    return this.#environmentOf.get(experiment)
  }

  of(environment: string): FlagSnapshot | undefined {
    const made = this.#snapshots.get(environment)
    if (made !== undefined || !this.#environments.has(environment)) return made
    const snapshot = snapshotOf(this.#definitions, environment, this.revision, this.#isMember, this.#changedAt)
    this.#snapshots.set(environment, snapshot)
    return snapshot
  }
}

/** Snapshots of the workspaces that were asked for; refreshed by notice, and by poll of the revision. */
export const layer: Layer.Layer<FlagSnapshots, PortFailure, DocumentStore | ChangeNotices | CohortMembers> =
  Layer.effect(
    FlagSnapshots,
    Effect.gen(function* () {
      const context = yield* Effect.context<DocumentStore>()
      const documents = yield* DocumentStore
      const notices = yield* ChangeNotices
      const parts = yield* PartStates
      const clock = yield* Clock.Clock
      const held = new Map<WorkspaceId, Held>()
      const watchers = new Map<WorkspaceId, Set<() => void>>()
      const cohorts = makeHeldCohorts(yield* CohortMembers)
      const lastRead = new LastWrite()
      yield* parts.watch("flags", lastRead.read)

      const noted = <A>(read: Effect.Effect<A, PortFailure>) =>
        read.pipe(
          Effect.tap(() => Effect.sync(() => lastRead.note(undefined, 0))),
          Effect.tapError((failure) => Effect.map(Clock.currentTimeMillis, (now) => lastRead.note(failure, now)))
        )
      const read = (workspace: WorkspaceId) =>
        noted(
          Effect.gen(function* () {
            const found = yield* readDefinitions(workspace)
            yield* cohorts.hold(workspace, found.definitions)
            const before = held.get(workspace)
            // A slow read never puts an older state over a newer one.
            if (before !== undefined && before.revision > found.revision) return
            const askedAt = before?.askedAt ?? clock.currentTimeMillisUnsafe()
            held.set(workspace, new Held(found, cohorts.isMember(workspace), askedAt))
            if (before?.revision !== found.revision) for (const onChange of watchers.get(workspace) ?? []) onChange()
          }).pipe(Effect.provideContext(context))
        )
      const loads = yield* FiberMap.make<WorkspaceId, void, PortFailure>()
      const runLoad = yield* FiberMap.runtime(loads)()
      /** The first of many requests reads, and none of them ends it for the others by leaving. */
      const readOnce = (workspace: WorkspaceId) =>
        Effect.suspend(() => {
          if (held.has(workspace)) return Effect.void
          const running = FiberMap.getUnsafe(loads, workspace)
          return Fiber.join(Option.getOrElse(running, () => runLoad(workspace, read(workspace))))
        })
      const asked = (workspace: WorkspaceId): Held | undefined => {
        const found = held.get(workspace)
        if (found !== undefined) found.askedAt = clock.currentTimeMillisUnsafe()
        return found
      }
      const forgetIdle = Effect.sync(() => {
        const since = clock.currentTimeMillisUnsafe() - snapshotIdleMillis
        for (const [workspace, { askedAt }] of held) {
          if (askedAt >= since || (watchers.get(workspace)?.size ?? 0) > 0) continue
          watchers.delete(workspace)
          held.delete(workspace)
          cohorts.forget(workspace)
        }
      })
      const poll = Effect.fnUntraced(function* (workspace: WorkspaceId) {
        const stands = yield* noted(documents.get(workspace, flagRevisions.name, revisionId))
        if ((stands?.revision ?? 0) > (held.get(workspace)?.revision ?? 0)) yield* read(workspace)
      })
      const heard = yield* notices.listen
      yield* Effect.forkScoped(
        Effect.ignore(
          Stream.runForEach(heard, (notice) =>
            notice.topic === topic && held.has(notice.workspace) ? Effect.ignore(poll(notice.workspace)) : Effect.void
          )
        )
      )
      const pollAll = Effect.suspend(() =>
        Effect.forEach([...held.keys()], (workspace) => Effect.ignore(poll(workspace)), { discard: true })
      )
      yield* Effect.forkScoped(Effect.repeat(Effect.andThen(forgetIdle, pollAll), Schedule.spaced(pollEvery)))
      yield* Effect.forkScoped(Effect.repeat(cohorts.readAll, Schedule.spaced(membersReadMillis)))
      return FlagSnapshots.of({
        known: (workspace, environment) => asked(workspace)?.of(environment),
        load: (workspace, environment) => Effect.map(readOnce(workspace), () => asked(workspace)?.of(environment)),
        isMember: cohorts.isMember,
        environmentOf: (workspace, experiment) => held.get(workspace)?.environmentOf(experiment),
        watch: (workspace, onChange) =>
          Effect.acquireRelease(
            Effect.sync(() => {
              const all = watchers.get(workspace) ?? new Set()
              watchers.set(workspace, all.add(onChange))
            }),
            () => Effect.sync(() => void watchers.get(workspace)?.delete(onChange))
          ),
        refresh: (workspace) =>
          Effect.suspend(() =>
            // A load that runs may have read what stood before the change.
            held.has(workspace) || FiberMap.hasUnsafe(loads, workspace) ? read(workspace) : Effect.void
          )
      })
    })
  )
