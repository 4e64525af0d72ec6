import { randomFillSync } from "node:crypto"

const drawnBytes = 4096

/** Secure random bytes, each given once and not kept: to draw a few costs as much as to draw thousands. */
export const makeDrawRandom = (): ((bytes: number) => Uint8Array) => {
  const drawn = new Uint8Array(drawnBytes)
  let at = drawn.length
  return (bytes) => {
    if (at + bytes > drawn.length) {
      randomFillSync(drawn)
      at = 0
    }
    const given = drawn.slice(at, at + bytes)
    drawn.fill(0, at, at + bytes)
    at += bytes
    return given
  }
}
