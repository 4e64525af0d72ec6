import { Clock, Effect, Layer, Metric } from "effect"
import { commitWritesMax, DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { Collection, DocumentWrite } from "../../ports/documents/DocumentStore.ts"
import { DeadLetters, redrivenKeptMillis } from "../../ports/platform/DeadLetters.ts"
import type { DeadLetter } from "../../ports/platform/DeadLetters.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { lineSubjects } from "../privacy/lineSubjects.ts"
import { withoutConflict } from "./withoutConflict.ts"

const byFailure = { sort: "failed_at", direction: "descending" } as const
export const collection: Collection = {
  name: "dead_letters",
  unique: [],
  indexes: [
    { name: "by_time", equals: ["state"], ...byFailure },
    { name: "by_consumer", equals: ["state", "consumer"], ...byFailure },
    { name: "by_reason", equals: ["state", "reason"], ...byFailure },
    { name: "by_consumer_and_reason", equals: ["state", "consumer", "reason"], ...byFailure }
  ]
}

export const deadLettersAdded = Metric.counter("marketing_dead_letters_total", {
  description: "Lines that a consumer could not take, by consumer and reason",
  incremental: true
})

interface StoredLetter extends DeadLetter {
  readonly state: "waiting" | "redriven"
  readonly claimed_until?: number
}

const put = (letter: DeadLetter, expected: number | "any", claimedUntil?: number): DocumentWrite => {
  const { redriven_at } = letter
  const state = redriven_at === undefined ? "waiting" : "redriven"
  const data: StoredLetter = {
    ...letter,
    state,
    ...(claimedUntil === undefined ? {} : { claimed_until: claimedUntil })
  }
  return {
    kind: "put",
    collection: collection.name,
    id: letter.id,
    expected,
    schema_version: 1,
    subjects: lineSubjects(letter.line),
    ...(redriven_at === undefined ? {} : { expires_at: redriven_at + redrivenKeptMillis }),
    data
  }
}

const letterOf = (data: unknown): DeadLetter => {
  const { claimed_until: _, state: __, ...letter } = data as StoredLetter
  return letter
}

const indexFor = (state: string, consumer: string | undefined, reason: string | undefined) => {
  if (consumer !== undefined && reason !== undefined) {
    return { index: "by_consumer_and_reason", equals: [state, consumer, reason] }
  }
  if (consumer !== undefined) return { index: "by_consumer", equals: [state, consumer] }
  return reason === undefined ? { index: "by_time", equals: [state] } : { index: "by_reason", equals: [state, reason] }
}

/** Dead letters as documents, which replay, redrive and erasure find by id. */
export const layer: Layer.Layer<DeadLetters, never, DocumentStore> = Layer.effect(
  DeadLetters,
  Effect.map(DocumentStore, (documents) => {
    const get = (workspace: WorkspaceId, id: string) => documents.get(workspace, collection.name, id)

    const commitAll = (workspace: WorkspaceId, writes: ReadonlyArray<DocumentWrite>) =>
      Effect.forEach(
        Array.from({ length: Math.ceil(writes.length / commitWritesMax) }, (_, page) =>
          writes.slice(page * commitWritesMax, (page + 1) * commitWritesMax)
        ),
        (page) => withoutConflict(documents.commit(workspace, { writes: page })),
        { discard: true }
      )

    /** One attempt more than the letter had that was redriven, or is being so. */
    const attempted = Effect.fnUntraced(function* (workspace: WorkspaceId, letter: DeadLetter) {
      const before = (yield* get(workspace, letter.id))?.data as StoredLetter | undefined
      const redriven = before !== undefined && (before.state === "redriven" || before.claimed_until !== undefined)
      return redriven ? { ...letter, attempts: Math.max(letter.attempts, before.attempts + 1) } : letter
    })

    return DeadLetters.of({
      add: Effect.fnUntraced(function* (workspace, letters) {
        const counted = yield* Effect.forEach(letters, (letter) => attempted(workspace, letter))
        yield* commitAll(
          workspace,
          counted.map((letter) => put(letter, "any"))
        )
        for (const { consumer, reason } of letters) {
          yield* Metric.update(Metric.withAttributes(deadLettersAdded, { consumer, reason }), 1)
        }
      }),
      list: ({ consumer, cursor, limit, reason, state, workspace }) =>
        documents
          .list({ workspace, collection: collection.name, ...indexFor(state, consumer, reason), limit, cursor })
          .pipe(Effect.map(({ items, next }) => ({ items: items.map((item) => letterOf(item.data)), next }))),
      get: (workspace, id) =>
        Effect.map(get(workspace, id), (found) =>
          found === undefined ? undefined : { letter: letterOf(found.data), revision: found.revision }
        ),
      claim: (workspace, id, untilMillis) =>
        Effect.gen(function* () {
          const found = yield* get(workspace, id)
          if (found === undefined) return "missing"
          const { claimed_until = 0, state } = found.data as StoredLetter
          if (state === "redriven") return "redriven"
          if (claimed_until > (yield* Clock.currentTimeMillis)) return "claimed"
          const letter = letterOf(found.data)
          const [revision = 0] = yield* documents.commit(workspace, {
            writes: [put(letter, found.revision, untilMillis)]
          })
          return { letter, revision }
        }).pipe(
          Effect.catchTags({
            StaleRevision: () => Effect.succeed("claimed" as const),
            DuplicateKey: (conflict) => Effect.die(conflict)
          })
        ),
      settle: (workspace, { letter, revision }, redrivenAt) =>
        documents
          .commit(workspace, {
            writes: [put(redrivenAt === undefined ? letter : { ...letter, redriven_at: redrivenAt }, revision)]
          })
          .pipe(
            // It failed anew, or was removed, while it was redriven: that stands.
            Effect.catchTag("StaleRevision", () => Effect.void),
            withoutConflict,
            Effect.asVoid
          ),
      remove: (workspace, ids, audit) => {
        const writes = ids.map((id) => ({ kind: "delete", collection: collection.name, id, expected: "any" }) as const)
        return audit === undefined
          ? commitAll(workspace, writes)
          : Effect.asVoid(withoutConflict(documents.commit(workspace, { writes, audit })))
      }
    })
  })
)
