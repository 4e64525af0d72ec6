import { Schema } from "effect"

/** Characters of a watermark: those of one that carries all the definitions that it may. */
export const watermarkCharactersMax = 4000

/**
 * A state of the data that cannot be had any more, or never was: `not_issued` by this store for this workspace; the data
 * of before was `erased`, by erasure or retention; the store was `built_anew` from the log since.
 */
export class StaleWatermark extends Schema.TaggedError<StaleWatermark>()("StaleWatermark", {
  reason: Schema.Literals(["not_issued", "erased", "built_anew"])
}) {}
