import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { NodeCrypto } from "@effect/platform-node"
import * as FileRootKeys from "../../adapters/files/RootKeys.ts"
import * as SqliteSubjectKeys from "../../adapters/sqlite/SubjectKeys.ts"
import { SubjectKeys } from "../../ports/privacy/SubjectKeys.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { erasedValue, openReferences } from "./openReferences.ts"
import { encryptValue } from "./personalData.ts"

const workspace = WorkspaceId.make("w")
const eventId = "00000000-0000-4000-8000-000000000001"
const folder = mkdtempSync(join(tmpdir(), "references-"))
const layer = Layer.provide(SqliteSubjectKeys.layer({ file: join(folder, "subjects.sqlite") }), [
  FileRootKeys.layer({ file: join(folder, "root.key"), isNeeded: () => false }),
  NodeCrypto.layer
])

const referenceTo = Effect.fnUntraced(function* (subject: string, field: string, value: unknown) {
  const { keys } = yield* (yield* SubjectKeys).getOrCreate(workspace, [subject])
  const secrets = { workspace, indexKey: new Uint8Array(32), pseudonymKey: new Uint8Array(32) }
  const at = { field, name: field, rowId: eventId }
  const { $pii } = encryptValue(secrets, keys.get(subject)!, new Uint8Array(12).fill(field.length), at, value)
  return `$pii{${Buffer.from(JSON.stringify([subject, eventId, field, $pii])).toString("base64url")}}`
})

describe("references to sealed values", () => {
  it.effect("become the clear values, quoted as the text around them is", () =>
    Effect.gen(function* () {
      const value = `"Ada"\\ O'Neil\nΩ`
      const name = yield* referenceTo("ada", "traits.name", value)
      const list = yield* referenceTo("ada", "traits.phones", ["1"])
      const json = JSON.stringify([{ name, list }, JSON.stringify({ name }), JSON.stringify(JSON.stringify(name))])
      const opened = JSON.parse(yield* openReferences(workspace, json, "json")) as ReadonlyArray<unknown>
      assert.deepStrictEqual(opened[0], { name: value, list: '["1"]' })
      assert.deepStrictEqual(JSON.parse(String(opened[1])), { name: value })
      assert.strictEqual(JSON.parse(JSON.parse(String(opened[2])) as string), value)
      const field = `"${JSON.stringify({ name }).replaceAll('"', '""')}"`
      const csv = yield* openReferences(workspace, field, "csv")
      assert.deepStrictEqual(JSON.parse(csv.slice(1, -1).replaceAll('""', '"')), { name: value })
    }).pipe(Effect.provide(layer))
  )

  it.effect("stay shut without the key, for another workspace, and where they were made up", () =>
    Effect.gen(function* () {
      const gone = yield* referenceTo("gone", "traits.name", "Ben")
      assert.strictEqual(yield* openReferences(WorkspaceId.make("other"), `"${gone}"`, "json"), `"${erasedValue}"`)
      yield* (yield* SubjectKeys).destroy(workspace, ["gone"])
      assert.strictEqual(yield* openReferences(workspace, `"${gone}"`, "json"), `"${erasedValue}"`)
      const madeUp = `"$pii{e30} $pii{AAAA}"`
      assert.strictEqual(yield* openReferences(workspace, madeUp, "json"), madeUp)
    }).pipe(Effect.provide(layer))
  )
})
