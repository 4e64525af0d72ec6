import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { suite } from "../../ports/platform/TokenKeys.suite.ts"
import { issuer, layer, readOrMake } from "./TokenKey.ts"

const freshFile = (): string => join(mkdtempSync(join(tmpdir(), "keys-")), "jwt.key")

suite("our own secret", () => Effect.provide(issuer, layer({ file: freshFile() })))

describe("files TokenKey", () => {
  it("makes a secret for its owner's eyes only, once", () => {
    const file = freshFile()
    const secret = readOrMake(file)
    assert.strictEqual(secret.length, 32)
    assert.strictEqual(statSync(file).mode & 0o777, 0o600)
    assert.deepStrictEqual(readOrMake(file), secret)
    assert.strictEqual(Buffer.from(readFileSync(file, "utf8").trim(), "base64url").length, 32)
  })

  it.effect("refuses a secret that is too short", () =>
    Effect.gen(function* () {
      const file = freshFile()
      writeFileSync(file, "c2hvcnQ\n", { mode: 0o600 })
      assert.strictEqual((yield* Effect.flip(Effect.provide(issuer, layer({ file })))).reason, "corrupt")
    })
  )
})
