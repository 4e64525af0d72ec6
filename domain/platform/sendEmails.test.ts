import { NodeCrypto } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as MaildropEmailSender from "../../adapters/maildrop/EmailSender.ts"
import * as SqliteDocumentStore from "../../adapters/sqlite/DocumentStore.ts"
import { Collections, DocumentStore } from "../../ports/documents/DocumentStore.ts"
import { outgoingEmails } from "../../ports/email/OutgoingEmail.ts"
import { PortFailure } from "../../ports/PortFailure.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import type { Actor } from "./audit.ts"
import { defaultWorkspace } from "./installation.ts"
import { attemptMillisMax, putEmail, queuedEmail } from "./outgoingEmail.ts"
import { listEmails, queueTestEmail, readEmail, sendDueEmails } from "./sendEmails.ts"
import { createDefaultWorkspace, collection as workspaces, enterWorkspace } from "./workspaces.ts"

const world = () => {
  const folder = mkdtempSync(join(tmpdir(), "emails-"))
  const mail = join(folder, "mail")
  const layer = Layer.mergeAll(
    MaildropEmailSender.layer({ folder: mail, from: "reports@broxiva.example" }),
    Layer.provide(
      SqliteDocumentStore.layer({ file: join(folder, "documents.sqlite") }),
      Layer.succeed(Collections, [outgoingEmails, workspaces])
    ),
    NodeCrypto.layer
  )
  return { mail, layer, delivered: () => readdirSync(mail).filter((name) => name.endsWith(".eml")) }
}

const actor = (workspace: string): Actor => ({
  workspace: WorkspaceId.make(workspace),
  keyId: "test",
  from: undefined,
  requestId: "test"
})
const statusOf = (id: string) => Effect.map(readEmail(defaultWorkspace, id), ({ email }) => email.status)

describe("outgoing mail", () => {
  it.effect("of every workspace is sent, once", () => {
    const { delivered, layer } = world()
    return Effect.gen(function* () {
      yield* createDefaultWorkspace
      yield* enterWorkspace(actor("tenant"))
      const [own, other] = [
        yield* queueTestEmail(actor("default"), "anna@example.org"),
        yield* queueTestEmail(actor("tenant"), "bob@example.org")
      ]
      yield* sendDueEmails
      yield* sendDueEmails
      assert.deepStrictEqual(delivered().toSorted(), [`${own.id}.eml`, `${other.id}.eml`].toSorted())
      const { items } = yield* listEmails(WorkspaceId.make("tenant"), 10, undefined)
      assert.deepStrictEqual(
        items.map(({ attempts, id, status }) => ({ attempts, id, status })),
        [{ attempts: 1, id: other.id, status: "accepted" }]
      )
      yield* TestClock.adjust("31 days")
      assert.lengthOf((yield* listEmails(WorkspaceId.make("tenant"), 10, undefined)).items, 0)
    }).pipe(Effect.provide(layer))
  })

  it.effect("waits while nothing takes it, and goes out when something does", () => {
    const { delivered, layer, mail } = world()
    return Effect.gen(function* () {
      yield* createDefaultWorkspace
      const { id } = yield* queueTestEmail(actor("default"), "anna@example.org")
      // No folder can stand where a file does.
      rmSync(mail, { recursive: true })
      writeFileSync(mail, "")
      yield* sendDueEmails
      assert.strictEqual(yield* statusOf(id), "waiting")
      rmSync(mail)
      yield* sendDueEmails
      assert.strictEqual((yield* readEmail(defaultWorkspace, id)).email.attempts, 1)
      mkdirSync(mail)
      yield* TestClock.adjust("30 seconds")
      yield* sendDueEmails
      assert.strictEqual(yield* statusOf(id), "accepted")
      assert.deepStrictEqual(delivered(), [`${id}.eml`])
    }).pipe(Effect.provide(layer))
  })

  it.effect("resumes after each of its commits fails, and sends an alert's message twice at the most", () =>
    Effect.gen(function* () {
      for (const failing of [1, 2]) {
        const { delivered, layer } = world()
        yield* Effect.gen(function* () {
          yield* createDefaultWorkspace
          const documents = yield* DocumentStore
          const now = yield* Clock.currentTimeMillis
          const alert = { purpose: "alert", source: "alerts/a", subject: "s", text: "t" } as const
          const email = queuedEmail({ id: "one", to: "anna@example.org", ...alert }, now)
          yield* documents.commit(defaultWorkspace, { writes: [putEmail(email, 0)] })
          let commits = 0
          const breaking = DocumentStore.of({
            ...documents,
            commit: (workspace, commit) => {
              commits += 1
              const detail = "the process ends here"
              return commits === failing
                ? Effect.fail(new PortFailure({ port: "DocumentStore", operation: "commit", reason: "full", detail }))
                : documents.commit(workspace, commit)
            }
          })
          yield* Effect.flip(Effect.provideService(sendDueEmails, DocumentStore, breaking))
          yield* sendDueEmails
          // What was begun and not settled is of unknown outcome once its time is over.
          yield* TestClock.adjust(attemptMillisMax + 1)
          yield* sendDueEmails
          yield* TestClock.adjust("1 minute")
          yield* sendDueEmails
          const { attempts, status, unknown_attempts } = (yield* readEmail(defaultWorkspace, "one")).email
          assert.deepStrictEqual(
            { attempts, status, unknown_attempts },
            { attempts: failing, status: "accepted", unknown_attempts: failing - 1 }
          )
          assert.deepStrictEqual(delivered(), ["one.eml"])
        }).pipe(Effect.provide(layer))
      }
    })
  )

  it.effect("of one workspace goes out where that of another fails, and the round says so", () => {
    const { delivered, layer } = world()
    return Effect.gen(function* () {
      yield* createDefaultWorkspace
      yield* enterWorkspace(actor("tenant"))
      yield* queueTestEmail(actor("default"), "anna@example.org")
      const { id } = yield* queueTestEmail(actor("tenant"), "bob@example.org")
      const documents = yield* DocumentStore
      const detail = "this workspace cannot be written"
      const breaking = DocumentStore.of({
        ...documents,
        commit: (workspace, commit) =>
          workspace === defaultWorkspace
            ? Effect.fail(new PortFailure({ port: "DocumentStore", operation: "commit", reason: "full", detail }))
            : documents.commit(workspace, commit)
      })
      const failure = yield* Effect.flip(Effect.provideService(sendDueEmails, DocumentStore, breaking))
      assert.strictEqual(failure.detail, detail)
      assert.deepStrictEqual(delivered(), [`${id}.eml`])
    }).pipe(Effect.provide(layer))
  })

  it.effect("is refused to who asks for one test message too many", () => {
    const { layer } = world()
    return Effect.gen(function* () {
      yield* createDefaultWorkspace
      yield* Effect.forEach(Array.from({ length: 100 }), () => queueTestEmail(actor("default"), "anna@example.org"))
      const refused = yield* Effect.flip(queueTestEmail(actor("default"), "anna@example.org"))
      assert.deepInclude(refused, { _tag: "Refused", kind: "conflict" })
    }).pipe(Effect.provide(layer))
  })
})
