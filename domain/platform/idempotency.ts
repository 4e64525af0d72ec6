import { Clock, Effect } from "effect"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { Commit, StaleRevision } from "../../ports/documents/DocumentStore.ts"
import type { IdempotencyMark } from "../../ports/platform/IdempotencyMark.ts"
import { Refused } from "../../ports/platform/Refused.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import type { Actor } from "./audit.ts"
import { withoutConflict } from "./withoutConflict.ts"

const collection = "idempotency"
export const idempotencyMillis = 24 * 3_600_000

/** How a request ended: what it made, or why the state did not allow it. A request that is not valid is not remembered. */
type Remembered<A> = { readonly fingerprint: string } & (
  | { readonly made: A }
  | { readonly refused: Pick<Refused, "kind" | "detail" | "errors"> }
)

/** Puts the answer into the commit that makes it true: `commit(workspace, { writes, ...remember(answer) })`. */
export type Remember<A> = (answer: A) => Pick<Commit, "idempotency">

/**
 * Does the work once per `Idempotency-Key`: the first answer, and a refusal by state, is given again for 24 hours,
 * also after a crash, because it lies in the same transaction as the change. The same key with another request is
 * refused. Without a key the work is simply done. Never remember a secret: add it to what this answers.
 */
export const once = <A, E, R>(
  actor: Actor,
  work: (remember: Remember<A>) => Effect.Effect<A, E | Refused | StaleRevision | PortFailure, R>
): Effect.Effect<A, E | Refused | StaleRevision | PortFailure, R | DocumentStore> =>
  Effect.gen(function* () {
    const { idempotency: mark, workspace } = actor
    if (mark === undefined) return yield* work(() => ({}))
    const found = yield* recall<A>(workspace, mark)
    if (found !== undefined) return yield* replay(mark, found)
    const expires_at = (yield* Clock.currentTimeMillis) + idempotencyMillis
    const entry = (rest: { readonly made: A } | { readonly refused: Pick<Refused, "kind" | "detail" | "errors"> }) => ({
      idempotency: { id: mark.id, expires_at, data: { fingerprint: mark.fingerprint, ...rest } }
    })
    const documents = yield* DocumentStore
    return yield* Effect.catch(
      work((answer) => entry({ made: answer })),
      Effect.fnUntraced(function* (failure) {
        if (failure instanceof Refused && isByState(failure)) {
          const { detail, errors, kind } = failure
          const remembered = documents.commit(workspace, {
            writes: [],
            ...entry({ refused: { kind, detail, errors } })
          })
          yield* withoutConflict(Effect.catchTag(remembered, "StaleRevision", () => Effect.void))
        }
        if (!isAnsweredElsewhere(failure)) return yield* Effect.fail(failure)
        const first = yield* recall<A>(workspace, mark)
        return yield* first === undefined ? Effect.fail(failure) : replay(mark, first)
      })
    )
  })

const isByState = ({ kind }: Refused): boolean =>
  kind === "conflict" || kind === "unprocessable" || kind === "not-found"

/** Another process, or a commit whose answer was lost, has remembered its answer in between. */
const isAnsweredElsewhere = (failure: unknown): boolean =>
  typeof failure === "object" &&
  failure !== null &&
  "_tag" in failure &&
  failure._tag === "StaleRevision" &&
  "collection" in failure &&
  failure.collection === collection

const recall = Effect.fnUntraced(function* <A>(workspace: WorkspaceId, mark: IdempotencyMark) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, collection, mark.id)
  return found?.data as Remembered<A> | undefined
})

const replay = <A>(mark: IdempotencyMark, found: Remembered<A>): Effect.Effect<A, Refused> => {
  if (found.fingerprint !== mark.fingerprint) {
    const detail = "the Idempotency-Key was used before with another method, path or body"
    return Effect.fail(new Refused({ kind: "unprocessable", detail, errors: [keyError("key_reused", detail)] }))
  }
  mark.onReplay()
  return "made" in found ? Effect.succeed(found.made) : Effect.fail(new Refused(found.refused))
}

export const keyError = (code: string, detail: string) => ({ pointer: "/idempotency-key", code, detail })
