import { assert, describe, it } from "@effect/vitest"
import fc from "fast-check"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { signQaToken, verifyQaToken } from "./qaToken.ts"

const secret = new Uint8Array(32).fill(7)
const acme = WorkspaceId.make("acme")
const claims = { id: "0199-link", expires_at: 1_900_000_000_000 }
const token = signQaToken(secret, acme, claims)

describe("the token of a link", () => {
  it("says what it was signed with", () => {
    assert.deepStrictEqual(verifyQaToken(secret, acme, token), claims)
  })

  it("counts in no other workspace, under no other secret, and not with any other letter", () => {
    assert.isUndefined(verifyQaToken(secret, WorkspaceId.make("other"), token))
    assert.isUndefined(verifyQaToken(new Uint8Array(32).fill(8), acme, token))
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, letter) => {
        const changed = token.slice(0, at) + letter + token.slice(at + 1)
        assert.deepStrictEqual(verifyQaToken(secret, acme, changed), changed === token ? claims : undefined)
      })
    )
    for (const wrong of ["", "..", `${token}.x`, token.slice(0, -1), "a".repeat(10_000)]) {
      assert.isUndefined(verifyQaToken(secret, acme, wrong))
    }
  })
})
