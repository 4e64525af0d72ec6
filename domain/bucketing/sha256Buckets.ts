import { hash } from "node:crypto"

/** Slots of a rollout, a layer and a holdout: a hundredth of a percent each. */
export const slotCount = 10_000

/** A character for each byte: cheaper to get than a buffer, several times. */
const digest = (text: string): string => hash("sha256", text, "binary")

/** Of the first bytes, whose number is even, as one big-endian integer; the divisor is at most 2^15. */
const remainder = (bytes: string, length: number, divisor: number): number => {
  let rest = 0
  for (let at = 0; at < length; at += 2) {
    rest = (rest * 65_536 + bytes.charCodeAt(at) * 256 + bytes.charCodeAt(at + 1)) % divisor
  }
  return rest
}

/**
 * Bucket from 0 to 99 of a unit in an experiment: SHA-256 of `experiment:unit` in UTF-8, the whole digest as one
 * big-endian integer, modulo 100.
 */
export const variantBucket = (experiment: string, unit: string): number =>
  remainder(digest(`${experiment}:${unit}`), 32, 100)

/** What a slot decides; each is independent of the others and of the variant. */
export type SlotUse = "rollout" | "layer" | "holdout"

/** Slot from 0 to 9,999: the first 8 bytes of SHA-256 of `use:id:unit`, big-endian, modulo 10,000. */
export const slotOf = (use: SlotUse, id: string, unit: string): number =>
  remainder(digest(`${use}:${id}:${unit}`), 8, slotCount)

/** Percent, to hundredths, as a number of slots: a share that grows keeps the slots that it had. */
export const slotsOf = (percent: number): number => Math.round(percent * 100)
