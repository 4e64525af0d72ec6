import { Schema } from "effect"
import type { Collection } from "../documents/DocumentStore.ts"
import type { Stamps } from "../documents/Resource.ts"
import { revisionOf } from "../documents/Revision.ts"
import { pageAnswerFields } from "./PageQuestion.ts"
import { Filter } from "./Question.ts"

/** Rules of channels that a workspace may have of its own. */
export const channelRulesMax = 50
const channelCharactersMax = 100

export const ChannelRule = Schema.Struct({
  /** No control characters. */
  channel: Schema.String.check(
    Schema.isMinLength(1),
    Schema.isMaxLength(channelCharactersMax),
    Schema.isPattern(/^\P{Cc}*$/u)
  ),
  /** On the event alone: neither traits nor cohorts, goals or channels. */
  when: Filter
})

const rules = Schema.Array(ChannelRule).check(Schema.isMaxLength(channelRulesMax))
const example = {
  channel: "partners",
  when: { dimension: "referrer", operator: "is_host", value: ["partner.example"] }
}

/** The workspace's own rules in their order: the first that holds names the channel, then the default grouping does. */
export const NewChannelRules = Schema.Struct({ rules }).annotate({
  identifier: "NewChannelRules",
  examples: [{ rules: [example] }]
})
export type NewChannelRules = typeof NewChannelRules.Type

export const ChannelRules = Schema.Struct({
  rules,
  /** Channels of the default grouping in its order; what holds none is the last. */
  default_channels: Schema.Array(Schema.String),
  /** `null` while the workspace has no rules of its own; ms UTC. */
  changed_at: Schema.NullOr(Schema.Int),
  changed_by: Schema.NullOr(Schema.String)
}).annotate({ identifier: "ChannelRules" })
export type ChannelRules = typeof ChannelRules.Type

/** As they are kept: one document of a workspace. */
export interface KeptChannelRules extends NewChannelRules, Stamps {}

export const ChannelRulesRevision = revisionOf("ChannelRules", NewChannelRules)

export const RestoredRevision = Schema.Struct({ revision: Schema.Int }).annotate({
  identifier: "RestoredRevision",
  examples: [{ revision: 1 }]
})

export const channelRules: Collection = { name: "channel_rules", indexes: [], unique: [] }

export const ChannelPreviewQuestion = Schema.Struct({
  rules,
  /** Sessions begin in it. */
  date_range: Schema.Struct({ from: Schema.String, to: Schema.String }),
  time_zone: Schema.optionalKey(Schema.String)
}).annotate({
  identifier: "ChannelPreviewQuestion",
  examples: [{ rules: [example], date_range: { from: "2026-11-01", to: "2026-11-23" } }]
})
export type ChannelPreviewQuestion = typeof ChannelPreviewQuestion.Type

export const ChannelPreview = Schema.Struct({
  from: Schema.String,
  to: Schema.String,
  sessions: Schema.Int,
  /** Most sessions after first. */
  channels: Schema.Array(Schema.Struct({ channel: Schema.String, before: Schema.Int, after: Schema.Int })),
  /** Sessions whose channel changes, most first. */
  moves: Schema.Array(Schema.Struct({ before: Schema.String, after: Schema.String, sessions: Schema.Int })),
  ...pageAnswerFields
}).annotate({ identifier: "ChannelPreview" })
export type ChannelPreview = typeof ChannelPreview.Type
