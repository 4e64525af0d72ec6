/** Seed of Unleash's rollouts, and the one of its variants. */
const rolloutSeed = 0
const variantSeed = 86_028_157

const rotated = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))

const mixed = (block: number): number => Math.imul(rotated(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593)

/** MurmurHash3, 32 bits for x86, by Austin Appleby (public domain), over the text's UTF-8. */
export const murmur32 = (text: string, seed: number): number => {
  const bytes = encoder.encode(text)
  const whole = bytes.length & ~3
  let value = seed
  for (let at = 0; at < whole; at += 4) {
    const block = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    value = (Math.imul(rotated(value ^ mixed(block), 13), 5) + 0xe6546b64) | 0
  }
  let tail = 0
  for (let at = bytes.length - 1; at >= whole; at -= 1) tail = (tail << 8) | bytes[at]!
  value ^= mixed(tail) ^ bytes.length
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}
const encoder = new TextEncoder()

/** 1 to 100: a rollout of that percentage, or a greater one, holds the unit. */
export const unleashRollout = (group: string, unit: string): number =>
  (murmur32(`${group}:${unit}`, rolloutSeed) % 100) + 1

/** 1 to the sum of all weights: the variant is the first whose weight, summed up, reaches it. */
export const unleashVariant = (group: string, unit: string, totalWeight: number): number =>
  (murmur32(`${group}:${unit}`, variantSeed) % totalWeight) + 1
