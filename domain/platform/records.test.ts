import { Layer } from "effect"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as sqlite from "../../adapters/sqlite/DocumentStore.ts"
import { Collections } from "../../ports/documents/DocumentStore.ts"
import * as auditLog from "../../ports/platform/AuditLog.suite.ts"
import * as deadLetters from "../../ports/platform/DeadLetters.suite.ts"
import * as AuditLog from "./AuditLog.ts"
import * as DeadLetters from "./DeadLetters.ts"

const documents = () =>
  sqlite
    .layer({ file: join(mkdtempSync(join(tmpdir(), "documents-")), "documents.sqlite") })
    .pipe(Layer.provide(Layer.succeed(Collections, [DeadLetters.collection])))

auditLog.suite("on documents", () => Layer.provide(AuditLog.layer, documents()))
deadLetters.suite("on documents", () => Layer.provide(DeadLetters.layer, documents()))
