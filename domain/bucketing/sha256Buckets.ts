import { hash } from "node:crypto"

/** Slots of a rollout, a layer and a holdout: a hundredth of a percent each. */
export const slotCount = 10_000

const digest = (text: string): Buffer => hash("sha256", text, "buffer")

const remainder = (bytes: Uint8Array, length: number, divisor: number): number => {
  let rest = 0
  for (let at = 0; at < length; at += 1) rest = (rest * 256 + bytes[at]!) % divisor
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
