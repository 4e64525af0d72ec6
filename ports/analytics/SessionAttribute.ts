/** By what sessions are told apart; the names of their dimensions. */
export const sessionAttributes = [
  "entry_path",
  "entry_host",
  "exit_path",
  "source",
  "medium",
  "campaign",
  "term",
  "content",
  "click_id_type",
  "referrer",
  "channel",
  "device",
  "os",
  "browser",
  "country",
  "region",
  "city"
] as const
export type SessionAttribute = (typeof sessionAttributes)[number]

/** What can be compared besides. */
export const sessionNumbers = ["events", "pages", "duration_ms", "engaged_ms", "scroll_percent"] as const
export type SessionNumber = (typeof sessionNumbers)[number]
