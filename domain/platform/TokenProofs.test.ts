import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, layer as layerOf } from "@effect/vitest"
import { Clock, Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as RootKeyFile from "../../adapters/files/RootKeys.ts"
import * as MemoryChangeNotices from "../../adapters/memory/ChangeNotices.ts"
import * as SqliteDocuments from "../../adapters/sqlite/DocumentStore.ts"
import * as SqliteSubjectKeys from "../../adapters/sqlite/SubjectKeys.ts"
import { annotationCollection } from "../../ports/analytics/Annotation.ts"
import { Collections, DocumentStore } from "../../ports/documents/DocumentStore.ts"
import { keptRevisions } from "../../ports/documents/Revision.ts"
import type { NewApiKey } from "../../ports/platform/ApiKey.ts"
import { SettingsSource } from "../../ports/platform/Settings.ts"
import { ownAudience, ownIssuer, TokenKey } from "../../ports/platform/TokenKey.ts"
import { TokenKeys } from "../../ports/platform/TokenKeys.ts"
import type { TokenKeySet } from "../../ports/platform/TokenKeys.ts"
import { changeMillisMax, TokenProofs } from "../../ports/platform/TokenProofs.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { SignJWT, exportJWK, generateKeyPair } from "jose"
import * as identityChanges from "./identityChanges.ts"
import { defaultWorkspace } from "./installation.ts"
import * as keys from "./keys.ts"
import { settlingMillis, unsettledProofMillis } from "./ProvenTokens.ts"
import * as settings from "./settings.ts"
import { signToken } from "./tokens.ts"
import { layer } from "./TokenProofs.ts"
import * as workspaces from "./workspaces.ts"

const secret = new Uint8Array(32).fill(1)
const shared: TokenKeySet = { kind: "shared", secret }
const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true })
const jwk = { ...(await exportJWK(publicKey)), kty: "EC", alg: "ES256", kid: "one" } as const
let foreignKeys: TokenKeySet = { kind: "public", keys: [jwk] }

const world = () => {
  const folder = mkdtempSync(join(tmpdir(), "proofs-"))
  const collections = [
    annotationCollection,
    keptRevisions,
    keys.collection,
    workspaces.collection,
    settings.collection,
    identityChanges.collection
  ]
  const documents = Layer.provide(
    SqliteDocuments.layer({ file: join(folder, "documents.sqlite") }),
    Layer.succeed(Collections, collections)
  )
  const subjects = Layer.provide(
    SqliteSubjectKeys.layer({ file: join(folder, "subjects.sqlite") }),
    RootKeyFile.layer({ file: join(folder, "root.key") })
  )
  const issuers = [
    { issuer: ownIssuer, audience: ownAudience, current: () => shared, refresh: Effect.succeed(shared) },
    {
      issuer: "https://login.example",
      audience: "broxiva",
      current: () => foreignKeys,
      refresh: Effect.sync(() => foreignKeys)
    }
  ]
  return Layer.provideMerge(layer, settings.layer).pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        documents,
        subjects,
        MemoryChangeNotices.layer,
        NodeCrypto.layer,
        Layer.succeed(TokenKeys, { issuers }),
        Layer.succeed(TokenKey, { secret })
      )
    ),
    Layer.provide(Logger.layer([]))
  )
}

const asked = { from: "203.0.113.0", requestId: "request" }
const prove = (token: string) => Effect.flatMap(TokenProofs, (proofs) => proofs.prove(token, asked))
const known = (token: string) =>
  Effect.gen(function* () {
    const proofs = yield* TokenProofs
    return proofs.known(token, yield* Clock.currentTimeMillis)
  })
const refusalOf = (token: string) =>
  Effect.map(prove(token), (found) => (typeof found === "string" ? found : undefined))
/** Notices travel through fibers of their own. */
const heard = Effect.repeat(Effect.yieldNow, { times: 100 })

const actorOf = (workspace: string) => ({
  workspace: WorkspaceId.make(workspace),
  keyId: "maker",
  person: "maker",
  scopes: new Set(["*"]),
  ...asked
})
const make = (workspace: string, more: Partial<NewApiKey> = {}) =>
  keys.createKey(actorOf(workspace), { name: "key", scopes: ["events:write"], ...more })
const byHand = (workspace: string, keyId: string, lifeMillis = 86_400_000) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.promise(() =>
      signToken(secret, {
        workspace,
        subject: "command line",
        keyId,
        kind: "secret",
        scopes: ["*"],
        issuedAtMillis: now,
        expiresAtMillis: now + lifeMillis
      })
    )
  )

describe("TokenProofs", () => {
  layerOf(world())("on documents", (it) => {
    it.effect("remembers what it proved until the token expires", () =>
      Effect.gen(function* () {
        const token = yield* byHand("remembers", "hand-0", 2000)
        assert.isUndefined(yield* known(token))
        const principal = yield* prove(token)
        assert.strictEqual(yield* known(token), principal)
        yield* TestClock.adjust("2 seconds")
        assert.isUndefined(yield* known(token))
        assert.strictEqual(yield* refusalOf(token), "expired")
      })
    )

    it.effect("forgets a key when it is revoked", () =>
      Effect.gen(function* () {
        const { id, token } = yield* make("revokes")
        const other = yield* make("revokes")
        yield* prove(token)
        yield* prove(other.token)
        const { revision } = yield* keys.readKey(WorkspaceId.make("revokes"), id)
        yield* keys.revokeKey(actorOf("revokes"), id, revision)
        yield* heard
        assert.isUndefined(yield* known(token))
        assert.isDefined(yield* known(other.token))
        assert.strictEqual(yield* refusalOf(token), "revoked")
      })
    )

    it.effect("hears within a second of a revocation that another process made, though its notice was lost", () =>
      Effect.gen(function* () {
        const { id, token } = yield* make("elsewhere")
        yield* prove(token)
        const documents = yield* DocumentStore
        const now = yield* Clock.currentTimeMillis
        const { key, revision } = yield* keys.readKey(WorkspaceId.make("elsewhere"), id)
        yield* documents.commit(WorkspaceId.make("elsewhere"), {
          writes: [keys.putKey({ ...key, revoked_at: now }, revision)]
        })
        yield* documents.commit(WorkspaceId.make("all-workspaces"), {
          writes: [
            {
              kind: "put",
              collection: identityChanges.collection.name,
              id: `elsewhere.${id}`,
              expected: "any",
              schema_version: 1,
              subjects: [],
              data: { workspace: "elsewhere", key_id: id, changed_at: now }
            }
          ]
        })
        assert.isDefined(yield* known(token))
        yield* TestClock.adjust(changeMillisMax)
        yield* heard
        assert.isUndefined(yield* known(token))
      })
    )

    it.effect("keeps a proof only for a moment while its key is changing, so that no change is missed", () =>
      Effect.gen(function* () {
        const { id, token } = yield* make("changing")
        const announcedOnly = identityChanges.announced(WorkspaceId.make("changing"), id, Effect.void)
        yield* announcedOnly
        yield* heard
        yield* prove(token)
        assert.isDefined(yield* known(token))
        yield* TestClock.adjust(unsettledProofMillis)
        assert.isUndefined(yield* known(token))
        yield* TestClock.adjust(settlingMillis)
        yield* prove(token)
        yield* TestClock.adjust(settlingMillis)
        assert.isDefined(yield* known(token))
      })
    )

    it.effect("takes up new limits of a key", () =>
      Effect.gen(function* () {
        const { id, token } = yield* make("limits", { rate_limits: { ingest: 10 } })
        assert.deepInclude(yield* prove(token), { rateLimits: { ingest: 10 } })
        yield* keys.changeKey(actorOf("limits"), id, { rate_limits: { ingest: 20 } }, 1)
        yield* heard
        assert.isUndefined(yield* known(token))
        assert.deepInclude(yield* prove(token), { rateLimits: { ingest: 20 } })
      })
    )

    it.effect("lets a rotated key go on until the overlap is over", () =>
      Effect.gen(function* () {
        const old = yield* make("rotates", { rate_limits: { ingest: 10 } })
        yield* prove(old.token)
        const next = yield* keys.rotateKey(actorOf("rotates"), old.id, { overlap_hours: 2 })
        assert.deepInclude(next, { name: "key", scopes: old.scopes, rate_limits: { ingest: 10 }, replaces: old.id })
        assert.strictEqual(next.expires_at - next.created_at, old.expires_at - old.created_at)
        yield* heard
        const proofs = yield* TokenProofs
        const now = yield* Clock.currentTimeMillis
        yield* TestClock.adjust(settlingMillis)
        assert.deepInclude(yield* prove(old.token), { expiresAt: now + 7_200_000 })
        assert.isDefined(proofs.known(old.token, now + 7_199_999))
        assert.isUndefined(proofs.known(old.token, now + 7_200_000))
        assert.isUndefined(yield* refusalOf(next.token))
        const again = yield* Effect.flip(keys.rotateKey(actorOf("rotates"), old.id, {}))
        assert.deepInclude(again, { _tag: "Refused", kind: "conflict" })
      })
    )

    it.effect("ends a rotated key at once where no overlap is asked for", () =>
      Effect.gen(function* () {
        const old = yield* make("ends")
        yield* prove(old.token)
        yield* keys.rotateKey(actorOf("ends"), old.id, { overlap_hours: 0 })
        yield* heard
        assert.strictEqual(yield* refusalOf(old.token), "expired")
      })
    )

    it.effect("revokes a token by its id that was never a key here", () =>
      Effect.gen(function* () {
        const token = yield* byHand("by-hand", "hand-1")
        assert.isUndefined(yield* refusalOf(token))
        yield* keys.revokeToken(actorOf("by-hand"), "hand-1")
        yield* heard
        assert.strictEqual(yield* refusalOf(token), "revoked")
      })
    )

    it.effect(
      "makes a workspace when the first valid token names it, and refuses its tokens while it is archived",
      () =>
        Effect.gen(function* () {
          const token = yield* byHand("newcomer", "hand-2")
          const manager = actorOf(defaultWorkspace)
          const missing = yield* Effect.flip(workspaces.readWorkspace(manager, "newcomer"))
          assert.deepInclude(missing, { _tag: "Refused", kind: "not-found" })
          yield* Effect.all([prove(token), prove(token), prove(token)], { concurrency: "unbounded" })
          const { revision, workspace } = yield* workspaces.readWorkspace(manager, "newcomer")
          assert.deepInclude(workspace, { id: "newcomer", created_by: "hand-2", archived_at: null })
          yield* workspaces.archiveWorkspace(manager, "newcomer", revision)
          yield* heard
          assert.isUndefined(yield* known(token))
          assert.strictEqual(yield* refusalOf(token), "workspace_archived")
          yield* workspaces.restoreWorkspace(manager, "newcomer")
          assert.isUndefined(yield* refusalOf(token))
        })
    )

    it.effect("loads the settings of a workspace with its first token", () =>
      Effect.gen(function* () {
        const token = yield* byHand("settled", "hand-3")
        const { settings: initial } = yield* settings.readSettings(WorkspaceId.make("settled"))
        yield* settings.changeSettings(actorOf("settled"), { ...initial, time_zone: "Europe/Berlin" }, 0)
        const source = yield* SettingsSource
        yield* prove(token)
        assert.strictEqual(source.current(WorkspaceId.make("settled")).time_zone, "Europe/Berlin")
      })
    )

    it.effect(
      "revokes a person's token by their address, which is written nowhere; and tokens whose key has left its issuer's set",
      () =>
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          const token = yield* Effect.promise(() =>
            new SignJWT({ workspace: "foreign", scope: "events:write" })
              .setProtectedHeader({ alg: "ES256", kid: "one" })
              .setIssuer("https://login.example")
              .setAudience("broxiva")
              .setSubject("anna@example.com")
              .setIssuedAt(now / 1000)
              .setExpirationTime(now / 1000 + 3600)
              .sign(privateKey)
          )
          const principal = yield* prove(token)
          if (typeof principal === "string") return assert.fail(principal)
          assert.match(principal.keyId, /^h_[0-9a-f]{64}$/)
          assert.strictEqual(principal.subject, principal.keyId)
          assert.isDefined(yield* known(token))
          const { key } = yield* keys.revokeToken(actorOf("foreign"), "Anna@Example.com")
          assert.strictEqual(key.id, principal.keyId)
          yield* heard
          assert.strictEqual(yield* refusalOf(token), "revoked")
          foreignKeys = { kind: "public", keys: [] }
          assert.isUndefined(yield* known(token))
          assert.strictEqual(yield* refusalOf(token), "unknown_key")
        })
    )
  })
})
