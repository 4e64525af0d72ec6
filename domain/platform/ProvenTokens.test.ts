import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { TokenKeySet } from "../../ports/platform/TokenKeys.ts"
import type { Principal } from "../../ports/platform/TokenProofs.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { makeProvenTokens, provenTokensMax } from "./ProvenTokens.ts"

const keys: TokenKeySet = { kind: "shared", secret: new Uint8Array(32) }
const issuer = { issuer: "i", audience: "a", current: () => keys, refresh: Effect.succeed(keys) }
const proofOf = (workspace: string, keyId: string) => {
  const principal: Principal = {
    workspace: WorkspaceId.make(workspace),
    subject: keyId,
    person: keyId,
    keyId,
    kind: "secret",
    scopes: new Set(),
    origins: [],
    environment: undefined,
    expiresAt: 1000,
    rateLimits: {}
  }
  return { principal, issuer, keys }
}

describe("proven tokens", () => {
  it("are no more than the limit, and those in use are kept", () => {
    const proven = makeProvenTokens()
    proven.hold("busy", proofOf("one", "busy"), 0)
    for (let each = 0; each < 2 * provenTokensMax; each += 1) {
      proven.hold(`token-${each}`, proofOf("one", `key-${each}`), 0)
      if (each % 1000 === 0) assert.isDefined(proven.known("busy", 0))
    }
    const held = Array.from({ length: 2 * provenTokensMax }, (_, each) => proven.known(`token-${each}`, 0))
    assert.isAtMost(held.filter((each) => each !== undefined).length, provenTokensMax)
    assert.isUndefined(held[0])
    assert.isDefined(held.at(-1))
  })

  it("are forgotten by key or by workspace, in both generations", () => {
    const proven = makeProvenTokens()
    proven.hold("a", proofOf("one", "a"), 0)
    for (let each = 0; each < provenTokensMax / 2; each += 1) proven.hold(`x-${each}`, proofOf("two", `x-${each}`), 0)
    proven.hold("b", proofOf("one", "b"), 0)
    const before = proven.changes()
    proven.forget("one", "a", 0)
    assert.deepStrictEqual([proven.known("a", 0), proven.known("b", 0)?.keyId], [undefined, "b"])
    proven.forget("one", null, 0)
    assert.isUndefined(proven.known("b", 0))
    assert.isDefined(proven.known("x-1", 0))
    assert.strictEqual(proven.changes(), before + 2)
  })
})
