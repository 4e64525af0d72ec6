import { Clock, Context, Effect, Layer, Metric, Schedule, Semaphore } from "effect"
import type { Cause } from "effect"
import { commitWritesMax, DocumentStore, getManyMax } from "../../ports/documents/DocumentStore.ts"
import type { DocumentWrite } from "../../ports/documents/DocumentStore.ts"
import type { Assignment, EvaluationContext, StoredAssignment } from "../../ports/experiments/Evaluation.ts"
import {
  stickyAssignments,
  StickyAssignments,
  stickyDelayMillis,
  stickyKeptDays,
  stickyWaitingMax
} from "../../ports/experiments/StickyAssignments.ts"
import type { StickyAssignment, StickyExperiment } from "../../ports/experiments/StickyAssignments.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { SubjectKeys } from "../../ports/privacy/SubjectKeys.ts"
import { withoutConflict } from "../platform/withoutConflict.ts"
import { storedIds } from "../privacy/storedIds.ts"
import { idOf } from "./evaluation/Subject.ts"
import { uuidOf } from "./exposureEvents.ts"

const lost = Metric.counter("marketing_sticky_assignments_lost_total", {
  description: "Sticky assignments that found no room to wait in, by experiment",
  incremental: true
})

const personal = new Set(["user_id", "anonymous_id"])

const documentId = (experiment: string, attribute: string, unit: string): string =>
  uuidOf(JSON.stringify(["sticky", experiment, attribute, unit]))

/** Where assignments of the units of a context may stand: that of the unit that is hashed first. */
const idsOf = ({ id, unit }: StickyExperiment, attributes: EvaluationContext["attributes"]): ReadonlyArray<string> =>
  unit.flatMap((attribute) => {
    const named = idOf(attributes, attribute)
    return named === undefined ? [] : [documentId(id, attribute, named)]
  })

interface Found extends StickyAssignment {
  readonly isOwn: boolean
}

/** Of what is stored for the ids of a context the earliest that is not too old; the earliest of all where all are. */
export const earliest = (found: ReadonlyArray<Found>, experiment: StickyExperiment): StoredAssignment | undefined => {
  const standing = found.filter(({ assigned_at }) => assigned_at >= experiment.sinceMillis)
  const current = standing.filter(({ bucket_version }) => bucket_version >= experiment.oldestVersion)
  const [first] = (current.length > 0 ? current : standing).toSorted((a, b) => a.assigned_at - b.assigned_at)
  if (first === undefined) return undefined
  const { assigned_at, bucket_version, isOwn, variant } = first
  return { variant, bucket_version, assigned_at, isOwn }
}

const writeOf = (id: string, data: StickyAssignment, subject: string | null, now: number): DocumentWrite => ({
  kind: "put",
  collection: stickyAssignments.name,
  id,
  expected: "any",
  schema_version: 1,
  subjects: subject === null ? [] : [subject],
  expires_at: now + stickyKeptDays * 86_400_000,
  data
})

/** What is kept of an assignment; nothing where it is kept already, or must not be. */
const keptOf = (
  { bucketVersion, id }: StickyExperiment,
  { from, unit, unit_attribute, variant }: Assignment,
  stored: EvaluationContext["stored"],
  now: number
): StickyAssignment | undefined => {
  const before = stored === undefined || stored === "unavailable" ? undefined : stored[id]
  const isCarried = from === "stored" && before !== undefined && before.isOwn !== true
  if (from !== "hash" && !isCarried) return undefined
  return {
    experiment: id,
    unit_attribute,
    unit: personal.has(unit_attribute) ? unit : null,
    variant,
    bucket_version: isCarried ? before.bucket_version : bucketVersion,
    assigned_at: isCarried ? (before.assigned_at ?? now) : now
  }
}

const logWaiting = (cause: Cause.Cause<unknown>) =>
  Effect.logWarning("sticky assignments are not written yet and are tried again", cause)

/** Documents, with those in memory that wait to be written. */
export const layer: Layer.Layer<StickyAssignments, never, DocumentStore | SubjectKeys> = Layer.effect(
  StickyAssignments,
  Effect.gen(function* () {
    const documents = yield* DocumentStore
    const subjectKeys = yield* SubjectKeys
    const clock = yield* Clock.Clock
    const writing = yield* Semaphore.make(1)
    const waiting = new Map<WorkspaceId, Map<string, StickyAssignment>>()
    let count = 0

    /** What is kept under the ids: what waits to be written, else documents, in as few reads as there can be. */
    const readMany = Effect.fnUntraced(function* (workspace: WorkspaceId, ids: ReadonlyArray<string>) {
      const queue = waiting.get(workspace)
      const found = new Map<string, StickyAssignment>()
      const written: Array<string> = []
      for (const id of ids) {
        const young = queue?.get(id)
        if (young === undefined) written.push(id)
        else found.set(id, young)
      }
      for (let at = 0; at < written.length; at += getManyMax) {
        const some = yield* documents.getMany(workspace, stickyAssignments.name, written.slice(at, at + getManyMax))
        for (const [id, { data }] of some) found.set(id, data as StickyAssignment)
      }
      return found
    })
    const writeSome = Effect.fnUntraced(function* (workspace: WorkspaceId, queue: Map<string, StickyAssignment>) {
      const some = [...queue].slice(0, commitWritesMax)
      const now = clock.currentTimeMillisUnsafe()
      const stored = yield* Effect.provideService(storedIds(workspace), SubjectKeys, subjectKeys)
      const writes = some.flatMap(([id, data]) => {
        const subject = data.unit === null ? null : stored(data.unit)
        // Nothing is kept of who is erased, also where they are seen again.
        const isErased = subject !== null && subjectKeys.tombstones.has(workspace, subject)
        return isErased ? [] : [writeOf(id, data, subject, now)]
      })
      if (writes.length > 0) yield* withoutConflict(documents.commit(workspace, { writes }))
      for (const [id, data] of some) {
        if (queue.get(id) !== data) continue
        queue.delete(id)
        count -= 1
      }
    })
    const writeAll = writing.withPermits(1)(
      Effect.suspend(() =>
        Effect.forEach(
          [...waiting],
          Effect.fnUntraced(function* ([workspace, queue]) {
            while (queue.size > 0) yield* writeSome(workspace, queue)
            waiting.delete(workspace)
          }, Effect.catchCause(logWaiting)),
          { discard: true }
        )
      )
    )
    yield* Effect.addFinalizer(() => writeAll)
    yield* Effect.forkScoped(Effect.repeat(writeAll, Schedule.spaced(stickyDelayMillis)))

    return StickyAssignments.of({
      load: (workspace, experiments, attributes) => {
        const asked = experiments.map((experiment) => ({ experiment, ids: idsOf(experiment, attributes) }))
        return readMany(
          workspace,
          asked.flatMap(({ ids }) => ids)
        ).pipe(
          Effect.map((found): NonNullable<EvaluationContext["stored"]> => {
            const stored: Record<string, StoredAssignment> = {}
            for (const { experiment, ids } of asked) {
              const kept = ids.flatMap((id, at): ReadonlyArray<Found> => {
                const one = found.get(id)
                return one === undefined ? [] : [{ ...one, isOwn: at === 0 }]
              })
              const first = earliest(kept, experiment)
              if (first !== undefined) stored[experiment.id] = first
            }
            return stored
          }),
          Effect.catchTag("PortFailure", () => Effect.succeed("unavailable" as const))
        )
      },
      note: (workspace, experiment, assignment, stored) => {
        const kept = keptOf(experiment, assignment, stored, clock.currentTimeMillisUnsafe())
        if (kept === undefined || assignment.unit === "") return
        if (count >= stickyWaitingMax) {
          Metric.withAttributes(lost, { experiment: experiment.id }).updateUnsafe(1, Context.empty())
          return
        }
        const id = documentId(experiment.id, assignment.unit_attribute, assignment.unit)
        const queue = waiting.get(workspace) ?? new Map<string, StickyAssignment>()
        waiting.set(workspace, queue)
        if (!queue.has(id)) count += 1
        queue.set(id, kept)
      }
    })
  })
)
