import type { ChannelRule, PlanColumn, PlanField, PlanFilter } from "../../ports/analytics/QueryPlan.ts"

const column = (name: PlanColumn): PlanField => ({ kind: "column", column: name })
const oneOf = (name: PlanColumn, values: ReadonlyArray<string>): PlanFilter => ({
  kind: "one_of",
  field: column(name),
  values
})
const isSet = (name: PlanColumn): PlanFilter => ({ kind: "is_set", field: column(name) })
const any = (...filters: ReadonlyArray<PlanFilter>): PlanFilter => ({ kind: "or", filters })
const all = (...filters: ReadonlyArray<PlanFilter>): PlanFilter => ({ kind: "and", filters })
const contains = (name: PlanColumn, value: string): PlanFilter => ({ kind: "contains", field: column(name), value })

const searchHosts = [
  "google",
  "bing.",
  "duckduckgo.",
  "ecosia.",
  "yahoo.",
  "baidu.",
  "yandex.",
  "qwant.",
  "search.brave.",
  "startpage.",
  "naver."
]
const socialHosts = [
  "facebook.",
  "instagram.",
  "linkedin.",
  "lnkd.in",
  "twitter.",
  "t.co",
  "x.com",
  "reddit.",
  "youtube.",
  "tiktok.",
  "pinterest.",
  "threads.",
  "bsky.",
  "mastodon.",
  "news.ycombinator."
]
const assistantHosts = [
  "chatgpt.",
  "chat.openai.",
  "perplexity.",
  "claude.ai",
  "gemini.google.",
  "copilot.microsoft.",
  "you.com"
]
const from = (hosts: ReadonlyArray<string>): PlanFilter => any(...hosts.map((host) => contains("referrer_host", host)))

/** How visits are grouped by where they came from; the first that holds wins. What holds none is direct. */
export const channelRules: ReadonlyArray<ChannelRule> = [
  { channel: "affiliate", when: oneOf("medium", ["affiliate", "affiliates", "referral-program"]) },
  {
    channel: "email",
    when: any(oneOf("medium", ["email", "e-mail", "newsletter"]), oneOf("source", ["email", "newsletter"]))
  },
  {
    channel: "paid",
    when: any(
      oneOf("medium", ["cpc", "ppc", "cpm", "cpv", "paid", "paidsearch", "paid_social", "display", "retargeting"]),
      oneOf("click_id_type", ["gclid", "msclkid", "ttclid", "twclid"])
    )
  },
  { channel: "ai_assistant", when: any(from(assistantHosts), oneOf("source", ["chatgpt.com", "perplexity"])) },
  { channel: "organic_search", when: any(oneOf("medium", ["organic"]), from(searchHosts)) },
  {
    channel: "organic_social",
    when: any(
      oneOf("medium", ["social", "social-media"]),
      oneOf("click_id_type", ["fbclid", "li_fat_id"]),
      from(socialHosts)
    )
  },
  { channel: "referral", when: any(isSet("referrer_host"), oneOf("medium", ["referral"])) },
  { channel: "campaign", when: all(any(isSet("source"), isSet("medium"), isSet("campaign"))) }
]
export const channelOtherwise = "direct"
