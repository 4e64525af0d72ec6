import { Schema } from "effect"
import type { Collection } from "../documents/DocumentStore.ts"
import { Forced } from "./FlagExplanation.ts"
import { DefinitionKey } from "./FlagFile.ts"

/** How long a link may hold, and how long one does that says nothing. */
export const qaLinkMinutesMax = 7 * 24 * 60
export const qaLinkMinutesUsual = 24 * 60
/** Links of one workspace that are neither over nor revoked. */
export const qaLinksMax = 500
/** Testers that one link names. */
export const qaLinkUnitsMax = 100

/** Links by which somebody sees chosen variants for a time. */
export const qaLinks: Collection = {
  name: "qa_links",
  unique: [],
  indexes: [{ name: "by_time", equals: [], sort: "created_at", direction: "descending" }]
}

const fields = {
  description: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(2000))),
  /** `production` by default. */
  environment: Schema.optionalKey(DefinitionKey),
  /** Variants by flag and by experiment. */
  forced: Forced,
  /**
   * Testers for whom alone it holds, by `user_id` or `anonymous_id`; without it for whoever has it, which an environment
   * that asks for approvals refuses.
   */
  units: Schema.optionalKey(
    Schema.Array(Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(300))).check(
      Schema.isMinLength(1),
      Schema.isMaxLength(qaLinkUnitsMax)
    )
  )
}

export const NewQaLink = Schema.Struct({
  ...fields,
  minutes: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: qaLinkMinutesMax })))
}).annotate({ identifier: "NewQaLink", examples: [{ forced: { flags: { "new-checkout": "on" } }, minutes: 60 }] })
export type NewQaLink = typeof NewQaLink.Type

/** Times in ms UTC. */
export const QaLink = Schema.Struct({
  id: Schema.String,
  ...fields,
  created_at: Schema.Int,
  created_by: Schema.String,
  changed_at: Schema.Int,
  changed_by: Schema.String,
  expires_at: Schema.Int
}).annotate({ identifier: "QaLink" })
export type QaLink = typeof QaLink.Type

export const MadeQaLink = Schema.Struct({
  ...QaLink.fields,
  /** What evaluations take as `?qa=` or in the header `X-QA-Link`. It is stored nowhere. */
  token: Schema.String
}).annotate({ identifier: "MadeQaLink" })
export type MadeQaLink = typeof MadeQaLink.Type
