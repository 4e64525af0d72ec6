import { Clock, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { Collection, DocumentWrite, DuplicateKey } from "../../ports/documents/DocumentStore.ts"
import { environments, production } from "../../ports/experiments/Flag.ts"
import { keyDaysMax } from "../../ports/platform/ApiKey.ts"
import type { ApiKey, ApiKeyChange, KeyRotation, MadeApiKey, NewApiKey } from "../../ports/platform/ApiKey.ts"
import type { ChangeNotices } from "../../ports/platform/ChangeNotices.ts"
import { rateClasses, rateLimitsInitial } from "../../ports/platform/RateLimits.ts"
import type { KeyLimits } from "../../ports/platform/RateLimits.ts"
import { Refused } from "../../ports/platform/Refused.ts"
import { TokenKey } from "../../ports/platform/TokenKey.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { auditOf } from "./audit.ts"
import type { Actor } from "./audit.ts"
import { callerId } from "./callerId.ts"
import { once } from "./idempotency.ts"
import { announced } from "./identityChanges.ts"
import { defaultWorkspace } from "./installation.ts"
import { clientScopes, holdsScope, signToken } from "./tokens.ts"

export const collection: Collection = {
  name: "keys",
  unique: [],
  indexes: [
    { name: "by_time", equals: [], sort: "created_at", direction: "descending" },
    { name: "by_environment", equals: ["environment"], sort: "created_at", direction: "descending" }
  ]
}
const expiresInDaysUsual = 365
const dayMillis = 86_400_000
const overlapHoursUsual = 24
const hourMillis = 3_600_000

/** An actor with the person behind the token. */
export type Person = Actor & { readonly person: string }
/** Who makes keys: nobody gives away more than they hold. */
export type KeyMaker = Person & { readonly scopes: ReadonlySet<string> }

export interface RevisedKey {
  readonly key: ApiKey
  readonly revision: number
}

const refuse = (pointer: string, code: string, detail: string) =>
  new Refused({ kind: "bad-request", detail: "the key is not valid", errors: [{ pointer, code, detail }] })
const conflict = (code: string, detail: string) =>
  new Refused({ kind: "conflict", detail, errors: [{ pointer: "", code, detail }] })

export const putKey = (key: ApiKey, expected: number): DocumentWrite => ({
  kind: "put",
  collection: collection.name,
  id: key.id,
  expected,
  schema_version: 1,
  subjects: [],
  data: key
})

/** Makes a key; its token is in the answer and nowhere else. */
export const createKey = Effect.fn("createKey")(function* (actor: KeyMaker, asked: NewApiKey) {
  yield* checkRights(actor, asked)
  yield* checkLimits(actor.workspace, asked.rate_limits)
  yield* checkEnvironment(actor.workspace, asked.environment)
  const documents = yield* DocumentStore
  const made = yield* once<ApiKey, DuplicateKey, SecureRandom.SecureRandom>(
    actor,
    Effect.fnUntraced(function* (remember) {
      const key = yield* newKey(actor, asked)
      yield* documents.commit(actor.workspace, {
        writes: [putKey(key, 0)],
        audit: [yield* auditOf(actor, key.created_at, "key.created", `keys/${key.id}`, undefined, key)],
        ...remember(key)
      })
      return key
    })
  )
  return yield* withToken(actor.workspace, made)
})

/** A key that is not stored yet. */
export const newKey = Effect.fnUntraced(function* (actor: Person, asked: NewApiKey) {
  const random = yield* SecureRandom.SecureRandom
  const now = yield* Clock.currentTimeMillis
  const { environment, expires_in_days = expiresInDaysUsual, kind = "secret", name, rate_limits = {}, scopes } = asked
  const key: ApiKey = {
    id: yield* random.uuidV7(),
    name,
    scopes,
    kind,
    origins: asked.origins ?? [],
    ...(environment === undefined ? {} : { environment }),
    rate_limits,
    created_at: now,
    created_by: actor.keyId,
    person: actor.person,
    expires_at: now + expires_in_days * dayMillis,
    revoked_at: null,
    replaces: null,
    replaced_by: null
  }
  return key
})

const checkRights = (
  actor: KeyMaker,
  { environment, kind, origins = [], scopes }: NewApiKey
): Effect.Effect<void, Refused> => {
  const foreign = scopes.find((scope) => !clientScopes.has(scope))
  if (kind === "browser" && foreign !== undefined)
    return refuse("/scopes", "not_for_browsers", `a browser key cannot hold ${foreign}`)
  if (environment !== undefined && foreign !== undefined)
    return refuse("/scopes", "not_for_environments", `a key of one environment cannot hold ${foreign}`)
  if (kind === "browser" && origins.length === 0)
    return refuse("/origins", "missing", "a browser key names its origins")
  return checkHeld(actor, scopes)
}

const checkHeld = (actor: KeyMaker, scopes: ReadonlyArray<string>): Effect.Effect<void, Refused> => {
  const held = { kind: "secret", environment: undefined, scopes: actor.scopes } as const
  const lacking = scopes.find((scope) => !holdsScope(held, scope))
  return lacking === undefined ? Effect.void : refuse("/scopes", "not_held", `your own token does not hold ${lacking}`)
}

const checkEnvironment = Effect.fnUntraced(function* (workspace: WorkspaceId, environment: string = production) {
  const documents = yield* DocumentStore
  if (environment === production || (yield* documents.get(workspace, environments.name, environment)) !== undefined)
    return
  return yield* refuse("/environment", "unknown_environment", `there is no environment ${environment}`)
})

/** The table protects the service: only those who run it allow more to a key. */
const checkLimits = (workspace: WorkspaceId, limits: KeyLimits = {}): Effect.Effect<void, Refused> => {
  const high = rateClasses.find((each) => (limits[each] ?? 0) > rateLimitsInitial[each])
  return workspace === defaultWorkspace || high === undefined
    ? Effect.void
    : refuse(`/rate_limits/${high}`, "too_high", `${rateLimitsInitial[high]} a minute at the most`)
}

/** The key with its token, the same each time: it is never stored, and a replayed answer shows it again. */
export const withToken = Effect.fnUntraced(function* (workspace: WorkspaceId, key: ApiKey) {
  const { secret } = yield* TokenKey
  const token = yield* Effect.promise(() =>
    signToken(secret, {
      workspace,
      subject: key.id,
      keyId: key.id,
      kind: key.kind,
      scopes: key.scopes,
      origins: key.origins,
      environment: key.environment,
      issuedAtMillis: key.created_at,
      expiresAtMillis: key.expires_at
    })
  )
  const made: MadeApiKey = { ...key, token }
  return made
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

/** Keys of an environment that still count. */
export const keysOfEnvironment = Effect.fnUntraced(function* (workspace: WorkspaceId, environment: string) {
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  const found: Array<ApiKey> = []
  let cursor: string | undefined
  do {
    const page = yield* documents
      .list({
        workspace,
        collection: collection.name,
        index: "by_environment",
        equals: [environment],
        limit: 100,
        cursor
      })
      .pipe(Effect.catchTag("InvalidCursor", Effect.die))
    found.push(...page.items.map((item) => item.data as ApiKey))
    cursor = page.next
  } while (cursor !== undefined)
  return found.filter((key) => key.revoked_at === null && key.expires_at > now)
})

export const readKey = Effect.fnUntraced(function* (workspace: WorkspaceId, keyId: string) {
  const documents = yield* DocumentStore
  const found = yield* documents.get(workspace, collection.name, keyId)
  if (found === undefined)
    return yield* new Refused({ kind: "not-found", detail: `there is no key ${keyId}`, errors: [] })
  const revised: RevisedKey = { key: found.data as ApiKey, revision: found.revision }
  return revised
})

/** When keys were revoked, ms UTC; nothing of those that still count, or that were made by another issuer. */
export const revocationsOf = Effect.fnUntraced(function* (workspace: WorkspaceId, ids: Iterable<string>) {
  const documents = yield* DocumentStore
  const revoked = new Map<string, number>()
  for (const id of new Set(ids)) {
    const found = yield* documents.get(workspace, collection.name, id)
    const at = (found?.data as ApiKey | undefined)?.revoked_at ?? null
    if (at !== null) revoked.set(id, at)
  }
  return revoked
})

/** Keys that made each other before it was kept whose they are. */
const makersMax = 20

/** Who stands behind a key; of one from before that was kept, what made the first of the keys that made each other. */
export const personOfKey = Effect.fnUntraced(function* (workspace: WorkspaceId, key: ApiKey) {
  const documents = yield* DocumentStore
  let last = key
  for (let maker = 0; maker < makersMax && last.person === undefined; maker += 1) {
    const found = yield* documents.get(workspace, collection.name, last.created_by)
    if (found === undefined) break
    last = found.data as ApiKey
  }
  return last.person ?? last.created_by
})

/** Changes the name or the limits of the key that stands at the revision; new limits count within a second. */
export const changeKey = Effect.fn("changeKey")(function* (
  actor: Actor,
  keyId: string,
  change: ApiKeyChange,
  revision: number
) {
  yield* checkLimits(actor.workspace, change.rate_limits)
  const { key } = yield* readKey(actor.workspace, keyId)
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  const changed: ApiKey = { ...key, ...change }
  const commit = documents.commit(actor.workspace, {
    writes: [putKey(changed, revision)],
    audit: [yield* auditOf(actor, now, "key.changed", `keys/${keyId}`, key, changed)]
  })
  const [next = revision + 1] = yield* change.rate_limits === undefined
    ? commit
    : announced(actor.workspace, keyId, commit)
  const revised: RevisedKey = { key: changed, revision: next }
  return revised
})

/** From now on the key counts nowhere, within a second in every process. */
export const revokeKey = Effect.fn("revokeKey")(function* (actor: Actor, keyId: string, revision: number) {
  const found = yield* readKey(actor.workspace, keyId)
  return found.key.revoked_at === null ? yield* storeRevoked(actor, found.key, revision) : found
})

const storeRevoked = Effect.fnUntraced(function* (actor: Actor, key: ApiKey, expected: number) {
  const documents = yield* DocumentStore
  const now = yield* Clock.currentTimeMillis
  const revoked: ApiKey = { ...key, revoked_at: now }
  const before = expected === 0 ? undefined : key
  const commit = documents.commit(actor.workspace, {
    writes: [putKey(revoked, expected)],
    audit: [yield* auditOf(actor, now, "key.revoked", `keys/${key.id}`, before, revoked)]
  })
  const [next = expected + 1] = yield* announced(actor.workspace, key.id, commit)
  const revised: RevisedKey = { key: revoked, revision: next }
  return revised
})

/**
 * Revokes a token that has no key here, made by the command line or by another issuer: its id is kept as a key that was
 * revoked, for as long as a token can live.
 */
export const revokeToken = Effect.fn("revokeToken")(function* (actor: Person, tokenId: string) {
  const keyId = yield* callerId(actor.workspace, tokenId)
  const documents = yield* DocumentStore
  const found = yield* documents.get(actor.workspace, collection.name, keyId)
  if (found !== undefined) return yield* revokeKey(actor, keyId, found.revision)
  const asked: NewApiKey = { name: "revoked by its id", scopes: ["*"], expires_in_days: keyDaysMax }
  return yield* storeRevoked(actor, { ...(yield* newKey(actor, asked)), id: keyId, scopes: [] }, 0)
})

/**
 * A new key with the rights, limits and life of the old one, which ends after the overlap. Who rotates a key gets to
 * see the token of the new one, so they must hold its scopes.
 */
export const rotateKey = Effect.fn("rotateKey")(function* (
  actor: KeyMaker,
  keyId: string,
  { overlap_hours = overlapHoursUsual }: KeyRotation
) {
  const documents = yield* DocumentStore
  const made = yield* once<ApiKey, DuplicateKey, SecureRandom.SecureRandom | DocumentStore | ChangeNotices>(
    actor,
    Effect.fnUntraced(function* (remember) {
      const { key: old, revision } = yield* readKey(actor.workspace, keyId)
      yield* checkHeld(actor, old.scopes)
      const now = yield* Clock.currentTimeMillis
      if (old.revoked_at !== null) return yield* conflict("revoked", "the key was revoked")
      if (old.replaced_by !== null) return yield* conflict("rotated", `the key is followed by ${old.replaced_by}`)
      if (old.expires_at <= now) return yield* conflict("expired", "the key has expired")
      const fresh = yield* newKey(actor, { name: old.name, scopes: [] })
      const lifeMillis = old.expires_at - old.created_at
      const next: ApiKey = { ...old, ...idsOf(fresh), expires_at: now + lifeMillis, replaces: old.id }
      const ending: ApiKey = {
        ...old,
        expires_at: Math.min(old.expires_at, now + overlap_hours * hourMillis),
        replaced_by: next.id
      }
      const commit = documents.commit(actor.workspace, {
        writes: [putKey(next, 0), putKey(ending, revision)],
        audit: [
          yield* auditOf(actor, now, "key.rotated", `keys/${old.id}`, old, ending),
          yield* auditOf(actor, now, "key.created", `keys/${next.id}`, undefined, next)
        ],
        ...remember(next)
      })
      yield* announced(actor.workspace, keyId, commit)
      return next
    })
  )
  return yield* withToken(actor.workspace, made)
})

const idsOf = ({ created_at, created_by, id, person }: ApiKey) => ({
  id,
  created_at,
  created_by,
  ...(person === undefined ? {} : { person })
})
