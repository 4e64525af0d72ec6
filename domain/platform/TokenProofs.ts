import { Clock, Effect, Layer, Schedule, Stream } from "effect"
import { SecureRandom } from "effect/crypto"
import { DocumentStore } from "../../ports/documents/DocumentStore.ts"
import type { ApiKey } from "../../ports/platform/ApiKey.ts"
import { ChangeNotices } from "../../ports/platform/ChangeNotices.ts"
import { SettingsSource } from "../../ports/platform/Settings.ts"
import { TokenKeys } from "../../ports/platform/TokenKeys.ts"
import { changeMillisMax, TokenProofs } from "../../ports/platform/TokenProofs.ts"
import type { Principal } from "../../ports/platform/TokenProofs.ts"
import { SubjectKeys } from "../../ports/privacy/SubjectKeys.ts"
import type { PortFailure } from "../../ports/PortFailure.ts"
import { callerId } from "./callerId.ts"
import { changesSince, topic } from "./identityChanges.ts"
import * as keys from "./keys.ts"
import { makeProvenTokens } from "./ProvenTokens.ts"
import { verifyToken } from "./verifyToken.ts"
import { enterWorkspace } from "./workspaces.ts"

/** Clocks of processes differ: a change is looked for this long behind the newest one seen. */
const overlapMillis = 10_000

type Requirements = TokenKeys | DocumentStore | ChangeNotices | SettingsSource | SubjectKeys | SecureRandom.SecureRandom

/** Proofs in the memory of this process; changes of keys and workspaces are heard of, and looked for each second. */
export const layer: Layer.Layer<TokenProofs, PortFailure, Requirements> = Layer.effect(
  TokenProofs,
  Effect.gen(function* () {
    const { issuers } = yield* TokenKeys
    const documents = yield* DocumentStore
    const settings = yield* SettingsSource
    const random = yield* SecureRandom.SecureRandom
    const subjectKeys = yield* SubjectKeys
    const proven = makeProvenTokens()
    yield* followChanges(proven.forget)

    const withoutPersonalIds = Effect.fnUntraced(function* (principal: Omit<Principal, "rateLimits">) {
      const named = (id: string) => callerId(principal.workspace, id)
      const { keyId, person, subject } = principal
      return { ...principal, keyId: yield* named(keyId), subject: yield* named(subject), person: yield* named(person) }
    })

    const prove: TokenProofs["Service"]["prove"] = (token, { from, requestId }) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const before = proven.changes()
        const verified = yield* verifyToken(issuers, token, now)
        if (typeof verified === "string") return verified
        const named = yield* withoutPersonalIds(verified.principal)
        const { keyId, workspace } = named
        const stored = yield* documents.get(workspace, keys.collection.name, keyId)
        const key = stored?.data as ApiKey | undefined
        if (key !== undefined && key.revoked_at !== null) return "revoked"
        if (key !== undefined && key.expires_at <= now) return "expired"
        const entered = yield* enterWorkspace({ workspace, keyId, from, requestId })
        if (entered.archived_at !== null) return "workspace_archived"
        yield* settings.load(workspace)
        const principal: Principal = {
          ...named,
          person: key === undefined ? named.person : yield* keys.personOfKey(workspace, key),
          expiresAt: Math.min(named.expiresAt, key?.expires_at ?? Number.POSITIVE_INFINITY),
          rateLimits: key?.rate_limits ?? {}
        }
        if (proven.changes() === before) proven.hold(token, { ...verified, principal }, now)
        return principal
      }).pipe(
        Effect.provideService(DocumentStore, documents),
        Effect.provideService(SecureRandom.SecureRandom, random),
        Effect.provideService(SubjectKeys, subjectKeys)
      )

    return TokenProofs.of({ known: proven.known, prove })
  })
)

/** Tells of every change once. */
const followChanges = Effect.fnUntraced(function* (
  forget: (workspace: string, keyId: string | null, now: number) => void
) {
  const notices = yield* ChangeNotices
  const heard = yield* notices.listen
  let seen = new Set<string>()
  let newest = yield* Clock.currentTimeMillis
  const look = Effect.gen(function* () {
    const changes = yield* changesSince(newest - overlapMillis)
    const now = yield* Clock.currentTimeMillis
    const seenNow = new Set<string>()
    for (const { changed_at, key_id, workspace } of changes) {
      const change = `${workspace}.${key_id ?? ""}.${changed_at}`
      seenNow.add(change)
      if (!seen.has(change)) forget(workspace, key_id, now)
      newest = Math.max(newest, changed_at)
    }
    seen = seenNow
  })
  yield* Effect.forkScoped(
    Effect.ignore(Stream.runForEach(heard, (notice) => (notice.topic === topic ? Effect.ignore(look) : Effect.void)))
  )
  yield* Effect.forkScoped(Effect.repeat(Effect.ignore(look), Schedule.spaced(changeMillisMax / 2)))
})
