import { Schema } from "effect"
import type { Collection } from "../documents/DocumentStore.ts"
import { AnyAnswer } from "./AnyQuestion.ts"

/** Bytes of chance in a slug: 192 bits. */
export const slugBytes = 24

export const NewShare = Schema.Struct({
  insight: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(300)),
  /** ms UTC after which the link is gone; never by default. */
  expires_at: Schema.optionalKey(Schema.Int)
}).annotate({ identifier: "NewShare", examples: [{ insight: "01a210a8-da32-71b6-a750-bd6562ee00a4" }] })
export type NewShare = typeof NewShare.Type

/** A link by which everybody who has it reads the answer to one insight, and nothing else, until it is deleted. */
export const Share = Schema.Struct({
  id: Schema.String,
  ...NewShare.fields,
  slug: Schema.String,
  /** Path of the answer; with `.svg` behind it, of its picture. */
  path: Schema.String,
  created_at: Schema.Int,
  created_by: Schema.String
}).annotate({ identifier: "Share" })
export type Share = typeof Share.Type

export const shares: Collection = {
  name: "shares",
  unique: [],
  indexes: [
    { name: "by_time", equals: [], sort: "created_at", direction: "descending" },
    { name: "by_insight", equals: ["insight"], sort: "created_at", direction: "descending" }
  ]
}

/** Which workspace a slug belongs to, by the slug's hash. */
export const shareSlugs: Collection = { name: "share_slugs", unique: [], indexes: [] }

export const SharedAnswer = Schema.Struct({ name: Schema.String, answer: AnyAnswer }).annotate({
  identifier: "SharedAnswer"
})
export type SharedAnswer = typeof SharedAnswer.Type
