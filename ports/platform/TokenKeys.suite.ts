import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { Scope } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import type { TrustedIssuer } from "./TokenKeys.ts"
import { keysMax, publicKeyAlgorithms } from "./TokenKeys.ts"

/** The promises of a trusted issuer, for every adapter. `make` gives one whose source is there and does not change. */
export const suite = (name: string, make: () => Effect.Effect<TrustedIssuer, PortFailure, Scope.Scope>): void => {
  describe(`TokenKeys: ${name}`, () => {
    it.effect("holds keys in memory from the start, for the algorithms that are allowed", () =>
      Effect.gen(function* () {
        const issuer = yield* make()
        const set = issuer.current()
        assert.isDefined(set)
        if (set!.kind === "shared") assert.isAtLeast(set!.secret.length, 32)
        else {
          assert.isAtMost(set!.keys.length, keysMax)
          assert.isAbove(set!.keys.length, 0)
          for (const key of set!.keys) {
            assert.include(publicKeyAlgorithms, key.alg)
            assert.notProperty(key, "d")
          }
        }
      })
    )

    it.effect("gives the same set while its source says the same", () =>
      Effect.gen(function* () {
        const issuer = yield* make()
        const before = issuer.current()
        assert.strictEqual(yield* issuer.refresh, before)
        assert.strictEqual(issuer.current(), before)
      })
    )

    it.effect("names its issuer and its audience", () =>
      Effect.gen(function* () {
        const { audience, issuer } = yield* make()
        assert.isAbove(issuer.length, 0)
        assert.isAbove(audience.length, 0)
      })
    )
  })
}
