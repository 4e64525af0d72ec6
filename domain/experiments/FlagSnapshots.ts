import { Clock, Effect, Layer, Schedule, Stream } from "effect"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import { production } from "../../ports/experiments/Flag.ts"
import { FlagSnapshots } from "../../ports/experiments/FlagSnapshots.ts"
import type { FlagSnapshot } from "../../ports/experiments/FlagSnapshots.ts"
import { ChangeNotices } from "../../ports/platform/ChangeNotices.ts"
import { LastWrite, PartStates } from "../../ports/platform/PartStates.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { compileFlags } from "./evaluation/CompiledFlags.ts"
import { assignVariant, evaluate, evaluateMany, explain } from "./evaluation/evaluate.ts"
import { stickyByFlag, stickyOf } from "./evaluation/stickyExperiments.ts"
import { fileOf } from "./evaluation/fileOf.ts"
import type { Definitions } from "./evaluation/fileOf.ts"
import { flagRevisions, readDefinitions, revisionId, topic } from "./workflows/liveDefinitions.ts"

/** In case a notice was lost. */
const pollEvery = "1 second"

export const snapshotOf = (
  definitions: Definitions,
  environment: string,
  revision: number,
  changedAt = 0
): FlagSnapshot => {
  const file = fileOf(definitions, environment)
  const compiled = compileFlags(file)
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
    sticky: (keys = sticky.keys()) => [
      ...new Map([...keys].flatMap((key) => sticky.get(key) ?? []).map((each) => [each.id, each])).values()
    ],
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

  constructor(read: Effect.Success<ReturnType<typeof readDefinitions>>) {
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
    const snapshot = snapshotOf(this.#definitions, environment, this.revision, this.#changedAt)
    this.#snapshots.set(environment, snapshot)
    return snapshot
  }
}

/** Snapshots of the workspaces that were asked for; refreshed by notice, and by poll of the revision. */
export const layer: Layer.Layer<FlagSnapshots, PortFailure, DocumentStore | ChangeNotices> = Layer.effect(
  FlagSnapshots,
  Effect.gen(function* () {
    const context = yield* Effect.context<DocumentStore>()
    const documents = yield* DocumentStore
    const notices = yield* ChangeNotices
    const parts = yield* PartStates
    const held = new Map<WorkspaceId, Held>()
    const watchers = new Map<WorkspaceId, Set<() => void>>()
    const lastRead = new LastWrite()
    yield* parts.watch("flags", lastRead.read)

    const noted = <A>(read: Effect.Effect<A, PortFailure>) =>
      read.pipe(
        Effect.tap(() => Effect.sync(() => lastRead.note(undefined, 0))),
        Effect.tapError((failure) => Effect.map(Clock.currentTimeMillis, (now) => lastRead.note(failure, now)))
      )
    const read = (workspace: WorkspaceId) =>
      noted(
        Effect.map(readDefinitions(workspace), (found) => {
          const before = held.get(workspace)
          // A slow read never puts an older state over a newer one.
          if (before !== undefined && before.revision > found.revision) return
          held.set(workspace, new Held(found))
          if (before?.revision !== found.revision) for (const onChange of watchers.get(workspace) ?? []) onChange()
        }).pipe(Effect.provideContext(context))
      )
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
    yield* Effect.forkScoped(Effect.repeat(pollAll, Schedule.spaced(pollEvery)))
    return FlagSnapshots.of({
      known: (workspace, environment) => held.get(workspace)?.of(environment),
      load: (workspace, environment) =>
        Effect.suspend(() =>
          Effect.map(held.has(workspace) ? Effect.void : read(workspace), () => held.get(workspace)?.of(environment))
        ),
      environmentOf: (workspace, experiment) => held.get(workspace)?.environmentOf(experiment),
      watch: (workspace, onChange) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            const all = watchers.get(workspace) ?? new Set()
            watchers.set(workspace, all.add(onChange))
          }),
          () => Effect.sync(() => void watchers.get(workspace)?.delete(onChange))
        ),
      refresh: (workspace) => Effect.suspend(() => (held.has(workspace) ? read(workspace) : Effect.void))
    })
  })
)
