import type { ChannelRule, PlanColumn, PlanField, PlanFilter } from "../../ports/analytics/PlanFilter.ts"

const column = (name: PlanColumn): PlanField => ({ kind: "column", column: name })
const oneOf = (name: PlanColumn, ...values: ReadonlyArray<string>): PlanFilter => ({
  kind: "one_of",
  field: column(name),
  values,
  caseless: true
})
const isSet = (name: PlanColumn): PlanFilter => ({ kind: "is_set", field: column(name) })
const any = (...filters: ReadonlyArray<PlanFilter>): PlanFilter => ({ kind: "or", filters })
const all = (...filters: ReadonlyArray<PlanFilter>): PlanFilter => ({ kind: "and", filters })
const from = (...hosts: ReadonlyArray<string>): PlanFilter => ({
  kind: "host_is",
  field: column("referrer_host"),
  hosts
})

const affiliate = oneOf("medium", "affiliate", "affiliates", "partner")

const email = any(
  oneOf("medium", "email", "e-mail", "e_mail", "newsletter"),
  oneOf("source", "email", "e-mail", "newsletter"),
  from(
    "mail.google.com",
    "com.google.android.gm",
    "=outlook.*",
    "outlook.live.com",
    "mail.yahoo.*",
    "mail.ru",
    "mail.yandex.*"
  )
)

const paid = any(
  oneOf("medium", "cpc", "ppc", "cpm", "cpv", "cpa", "paid", "paidsearch", "paid_search", "paid-search"),
  oneOf("medium", "paidsocial", "paid_social", "paid-social", "display", "banner", "retargeting", "remarketing", "sem"),
  oneOf("click_id_type", "gclid", "msclkid", "ttclid", "twclid")
)

const assistant = any(
  oneOf("medium", "ai", "ai_assistant"),
  oneOf("source", "chatgpt", "chatgpt.com", "perplexity", "perplexity.ai", "claude", "claude.ai", "gemini", "copilot"),
  from(
    "chatgpt.com",
    "openai.com",
    "perplexity.ai",
    "claude.ai",
    "gemini.google.com",
    "bard.google.com",
    "copilot.microsoft.com",
    "copilot.cloud.microsoft",
    "you.com",
    "poe.com",
    "phind.com",
    "grok.com",
    "chat.deepseek.com",
    "chat.mistral.ai",
    "meta.ai"
  )
)

const search = any(
  oneOf("medium", "organic", "organic_search"),
  from(
    "=google.*",
    "news.google.com",
    "images.google.com",
    "com.google.android.googlequicksearchbox",
    "bing.com",
    "duckduckgo.com",
    "ecosia.org",
    "=yahoo.*",
    "search.yahoo.com",
    "search.yahoo.co.jp",
    "baidu.com",
    "=yandex.*",
    "ya.ru",
    "qwant.com",
    "search.brave.com",
    "startpage.com",
    "naver.com",
    "seznam.cz",
    "kagi.com",
    "sogou.com"
  )
)

const social = any(
  oneOf("medium", "social", "social-media", "social_media", "organic_social"),
  oneOf("click_id_type", "fbclid", "li_fat_id"),
  oneOf("source", "facebook", "instagram", "linkedin", "twitter", "x", "reddit", "tiktok", "pinterest", "youtube"),
  from(
    "facebook.com",
    "fb.com",
    "instagram.com",
    "threads.net",
    "threads.com",
    "linkedin.com",
    "lnkd.in",
    "twitter.com",
    "t.co",
    "x.com",
    "reddit.com",
    "redd.it",
    "youtube.com",
    "youtu.be",
    "tiktok.com",
    "=pinterest.*",
    "bsky.app",
    "mastodon.social",
    "news.ycombinator.com",
    "vk.com",
    "t.me",
    "whatsapp.com",
    "snapchat.com",
    "quora.com"
  )
)

/** As referrers are stored: in lower case, without `www`. */
export const bareHosts = (hosts: ReadonlyArray<string>): ReadonlyArray<string> =>
  hosts.map((host) => host.toLowerCase().replace(/^www\./, ""))

/**
 * How visits are grouped by where they came from; the first that holds wins, the workspace's own rules before all.
 * What holds none is direct. Computed when asked, so that a changed rule or own domain counts for the past too.
 */
export const channelRulesOf = (
  own: ReadonlyArray<ChannelRule>,
  ownDomains: ReadonlyArray<string>
): ReadonlyArray<ChannelRule> => {
  return [...own, ...defaultRules(bareHosts(ownDomains))]
}

const defaultRules = (ownHosts: ReadonlyArray<string>): ReadonlyArray<ChannelRule> => [
  { channel: "affiliate", when: affiliate },
  { channel: "email", when: email },
  { channel: "paid", when: paid },
  { channel: "ai_assistant", when: assistant },
  { channel: "organic_search", when: search },
  { channel: "organic_social", when: social },
  {
    channel: "referral",
    when: any(oneOf("medium", "referral"), all(isSet("referrer_host"), { kind: "not", filter: from(...ownHosts) }))
  },
  { channel: "campaign", when: any(isSet("source"), isSet("medium"), isSet("campaign")) }
]

export const channelOtherwise = "direct"

/** Channels of the default grouping, in its order. */
export const defaultChannels: ReadonlyArray<string> = [
  ...defaultRules([]).map(({ channel }) => channel),
  channelOtherwise
]
