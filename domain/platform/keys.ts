import { Clock, Effect, Layer, Schedule, Stream } from "effect"
import { randomUUID } from "node:crypto"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { Collection, DuplicateKey } from "../../ports/documents/DocumentStore.ts"
import type { ApiKey, NewApiKey } from "../../ports/platform/ApiKey.ts"
import { ChangeNotices } from "../../ports/platform/ChangeNotices.ts"
import { Refused } from "../../ports/platform/Refused.ts"
import { RevokedKeys } from "../../ports/platform/RevokedKeys.ts"
import { TokenKey } from "../../ports/platform/TokenKey.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { auditOf } from "./audit.ts"
import type { Actor } from "./audit.ts"
import { once } from "./idempotency.ts"
import { browserScopes, holdsScope, makeToken } from "./tokens.ts"

export const collection: Collection = {
  name: "keys",
  unique: [],
  indexes: [{ name: "by_time", equals: [], sort: "created_at", direction: "descending" }]
}
/** Revocations of all workspaces in one place, so that a starting process finds them without knowing the workspaces. */
export const revocations: Collection = {
  name: "revoked_keys",
  unique: [],
  indexes: [{ name: "by_time", equals: [], sort: "revoked_at", direction: "ascending" }]
}
const everywhere = WorkspaceId.make("all-workspaces")
const topic = "revoked_keys"
const refreshEvery = "1 second"
const expiresInDaysUsual = 365
const dayMillis = 86_400_000

const refuse = (pointer: string, code: string, detail: string) =>
  new Refused({ kind: "bad-request", detail: "the key is not valid", errors: [{ pointer, code, detail }] })

/** Makes a key; its token is in the answer and nowhere else. Nobody gives away more than they hold. */
export const createKey = Effect.fn("createKey")(function* (
  actor: Actor & { readonly scopes: ReadonlySet<string> },
  asked: NewApiKey
) {
  const { expires_in_days = expiresInDaysUsual, kind = "secret", name, origins = [], scopes } = asked
  const foreign = kind === "browser" ? scopes.find((scope) => !browserScopes.has(scope)) : undefined
  if (foreign !== undefined) return yield* refuse("/scopes", "not_for_browsers", `a browser key cannot hold ${foreign}`)
  if (kind === "browser" && origins.length === 0)
    return yield* refuse("/origins", "missing", "a browser key names its origins")
  const lacking = scopes.find((scope) => !holdsScope({ kind: "secret", scopes: actor.scopes }, scope))
  if (lacking !== undefined) return yield* refuse("/scopes", "not_held", `your own token does not hold ${lacking}`)
  const documents = yield* DocumentStore
  const { secret } = yield* TokenKey
  const now = yield* Clock.currentTimeMillis
  const made = yield* once<ApiKey, DuplicateKey, never>(actor, (remember) => {
    const key: ApiKey = {
      id: randomUUID(),
      name,
      scopes,
      kind,
      origins,
      created_at: now,
      created_by: actor.keyId,
      expires_at: now + expires_in_days * dayMillis,
      revoked_at: null
    }
    const commit = documents.commit(actor.workspace, {
      writes: [
        {
          kind: "put",
          collection: collection.name,
          id: key.id,
          expected: 0,
          schema_version: 1,
          subjects: [],
          data: key
        }
      ],
      audit: [auditOf(actor, now, "key.created", `keys/${key.id}`, undefined, key)],
      ...remember(key)
    })
    return Effect.as(commit, key)
  })
  return { ...made, token: tokenOf(secret, actor.workspace, made) }
})

/** The key's token, the same each time: it is never stored, and a replayed answer shows it again. */
const tokenOf = (secret: Uint8Array, workspace: WorkspaceId, key: ApiKey): string =>
  makeToken(secret, {
    workspace,
    subject: key.id,
    keyId: key.id,
    kind: key.kind,
    scopes: key.scopes,
    origins: key.origins,
    issuedAtMillis: key.created_at,
    expiresAtMillis: key.expires_at
  })

export const listKeys = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  limit: number,
  cursor: string | undefined
) {
  const documents = yield* DocumentStore
  const { items, next } = yield* documents.list({
    workspace,
    collection: collection.name,
    index: "by_time",
    equals: [],
    limit,
    cursor
  })
  return { items: items.map((item) => item.data as ApiKey), next: next ?? null }
})

/** From now on the key counts nowhere, within a second in every process. Also keys that were made by hand, by their `jti`. */
export const revokeKey = Effect.fn("revokeKey")(function* (actor: Actor, keyId: string) {
  const documents = yield* DocumentStore
  const notices = yield* ChangeNotices
  const now = yield* Clock.currentTimeMillis
  const found = yield* documents.get(actor.workspace, collection.name, keyId)
  if (found === undefined)
    return yield* new Refused({ kind: "not-found", detail: `there is no key ${keyId}`, errors: [] })
  const key = found.data as ApiKey
  if (key.revoked_at !== null) return key
  const revoked: ApiKey = { ...key, revoked_at: now }
  yield* documents.commit(everywhere, {
    writes: [
      {
        kind: "put",
        collection: revocations.name,
        id: `${actor.workspace}.${keyId}`,
        expected: "any",
        schema_version: 1,
        subjects: [],
        expires_at: key.expires_at,
        data: { workspace: actor.workspace, key_id: keyId, revoked_at: now }
      }
    ]
  })
  yield* documents.commit(actor.workspace, {
    writes: [
      {
        kind: "put",
        collection: collection.name,
        id: keyId,
        expected: found.revision,
        schema_version: 1,
        subjects: [],
        data: revoked
      }
    ],
    audit: [auditOf(actor, now, "key.revoked", `keys/${keyId}`, key, revoked)]
  })
  yield* notices.publish({ workspace: actor.workspace, topic, revision: now })
  return revoked
})

/** Every revocation, held in memory, read at the start, at each notice and each second. */
export const layer: Layer.Layer<RevokedKeys, PortFailure, DocumentStore | ChangeNotices> = Layer.effect(
  RevokedKeys,
  Effect.gen(function* () {
    const documents = yield* DocumentStore
    const notices = yield* ChangeNotices
    let revoked: ReadonlySet<string> = new Set()
    const read = Effect.gen(function* () {
      const all = new Set<string>()
      let cursor: string | undefined
      do {
        const page = yield* documents
          .list({
            workspace: everywhere,
            collection: revocations.name,
            index: "by_time",
            equals: [],
            limit: 100,
            cursor
          })
          .pipe(Effect.catchTag("InvalidCursor", (invalid) => Effect.die(invalid)))
        for (const { id } of page.items) all.add(id)
        cursor = page.next
      } while (cursor !== undefined)
      revoked = all
    })
    yield* read
    const heard = yield* notices.listen
    yield* Effect.forkScoped(
      Effect.ignore(Stream.runForEach(heard, (notice) => (notice.topic === topic ? read : Effect.void)))
    )
    yield* Effect.forkScoped(Effect.repeat(Effect.ignore(read), Schedule.spaced(refreshEvery)))
    return RevokedKeys.of({ isRevoked: (workspace, keyId) => revoked.has(`${workspace}.${keyId}`) })
  })
)
