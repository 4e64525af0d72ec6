import { Schema } from "effect"
import { Filter } from "./Question.ts"

/** As the user agent says; where it says none of them, by the width of the page: below 768 px, below 1024 px, wider. */
export const deviceClasses = ["desktop", "tablet", "mobile"] as const
export const DeviceClass = Schema.Literals(deviceClasses)
export type DeviceClass = typeof DeviceClass.Type
/** Narrower pages are a phone's. */
export const mobileWidthMax = 768
/** Narrower pages are a tablet's. */
export const tabletWidthMax = 1024

export const pageListMax = 100
export const pageListUsual = 50

const PageText = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(1000))

/** What happened on which pages. */
export const pageFields = {
  date_range: Schema.Struct({ from: Schema.String, to: Schema.String }),
  time_zone: Schema.optionalKey(Schema.String),
  as_of: Schema.optionalKey(Schema.Literals(["today", "event"])),
  path: Schema.optionalKey(PageText),
  /** With or without `www.`; all hosts where none is named. */
  host: Schema.optionalKey(PageText),
  device: Schema.optionalKey(DeviceClass),
  /** Holds for every event that is counted. */
  filters: Schema.optionalKey(Filter),
  /** Elements or pages to answer: 1 to 100, 50 by default. */
  top: Schema.optionalKey(Schema.Int)
}

/** What every answer about pages says of itself. */
export const pageAnswerFields = {
  /** Arrival of the newest event that is counted. */
  as_of: Schema.NullOr(Schema.String),
  time_zone: Schema.String,
  watermark: Schema.String,
  query_hash: Schema.String,
  warnings: Schema.Array(Schema.Struct({ pointer: Schema.String, detail: Schema.String }))
}
