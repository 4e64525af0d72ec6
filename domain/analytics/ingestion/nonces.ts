import { Effect } from "effect"
import type { SecureRandom } from "effect/crypto"
import { nonceBytes } from "../../../ports/privacy/sealing.ts"

/** Nonces that are drawn at once: to draw a few costs as much as to draw hundreds. */
const noncesDrawn = 256

/** Secure random nonces, one behind the other, none of them given twice. */
export const makeNonces = (
  random: SecureRandom.SecureRandom["Service"]
): ((count: number) => Effect.Effect<Uint8Array>) => {
  let drawn: Uint8Array = new Uint8Array(0)
  const take = (count: number): Uint8Array => {
    const taken = drawn.subarray(0, count * nonceBytes)
    drawn = drawn.subarray(taken.length)
    return taken
  }
  return (count) =>
    Effect.suspend(() =>
      drawn.length >= count * nonceBytes
        ? Effect.succeed(take(count))
        : Effect.map(random.randomBytes(Math.max(count, noncesDrawn) * nonceBytes), (bytes) => {
            drawn = bytes
            return take(count)
          })
    )
}
