import { remember } from "./remember.ts"

/** Campaign parameters and click ids that page addresses bear. */
export const campaignParameters = {
  utm_source: "source",
  utm_medium: "medium",
  utm_campaign: "campaign",
  utm_term: "term",
  utm_content: "content"
} as const
export const clickIdParameters = ["gclid", "fbclid", "msclkid", "ttclid", "li_fat_id", "twclid"] as const

/** What an address tells, worked out once for each text. */
export interface PageAddress {
  readonly url: URL
  readonly hostname: string
  /** Without `www.` */
  readonly host: string
  readonly path: string
  /** Origin and path alone. */
  readonly bare: string
  readonly campaign: Campaign
}

export type Campaign = Readonly<Record<string, string>>

interface Read {
  readonly address: PageAddress | undefined
}

/** `origin` is `null` for addresses of apps, such as android-app://com.example. */
const originOf = (url: URL): string => (url.origin === "null" ? `${url.protocol}//${url.host}` : url.origin)

const readAddress = remember((text): Read => {
  if (!URL.canParse(text)) return { address: undefined }
  const url = new URL(text)
  const { hostname, pathname: path, searchParams } = url
  const bare = originOf(url) + path
  return { address: { url, hostname, host: bareHost(hostname), path, bare, campaign: campaignOf(searchParams) } }
})

/** The same object for the same text: nobody changes it. */
export const parseAddress = (text: string): PageAddress | undefined => readAddress(text).address

/** Campaign and click id that a query bears. */
export const campaignOf = (query: URLSearchParams): Campaign => {
  const campaign: Record<string, string> = {}
  if (query.size === 0) return campaign
  for (const [parameter, field] of Object.entries(campaignParameters)) {
    const value = query.get(parameter)
    if (value !== null && value !== "") campaign[field] = value
  }
  const click = clickIdParameters.find((name) => query.get(name))
  if (click !== undefined) {
    campaign["click_id_type"] = click
    campaign["click_id"] = query.get(click)!
  }
  return campaign
}

interface Cleaned {
  readonly kept: ReadonlyArray<string>
  readonly text: string
}

const cleanedAddresses = new WeakMap<PageAddress, Cleaned>()

/** The address with campaign parameters and the allowed ones alone; no fragment, user or password. */
export const cleanAddress = (address: PageAddress, kept: ReadonlyArray<string>): string => {
  const known = cleanedAddresses.get(address)
  if (known !== undefined && known.kept === kept) return known.text
  const text = clean(address.url, kept)
  cleanedAddresses.set(address, { kept, text })
  return text
}

const clean = (url: URL, kept: ReadonlyArray<string>): string => {
  if (url.search === "") return url.origin + url.pathname
  const query = new URLSearchParams()
  for (const [name, value] of url.searchParams) {
    if (
      name in campaignParameters ||
      (clickIdParameters as ReadonlyArray<string>).includes(name) ||
      kept.includes(name)
    ) {
      query.append(name, value)
    }
  }
  const text = query.toString()
  return url.origin + url.pathname + (text === "" ? "" : `?${text}`)
}

/** A path or address that is no URL: cut before its query and fragment. */
export const withoutQuery = (text: string): string => {
  const end = text.search(/[?#]/)
  return end === -1 ? text : text.slice(0, end)
}

export const bareHost = (host: string): string => host.toLowerCase().replace(/^www\./, "")

/** Hosts that send visits nobody made, to be seen in reports. Public knowledge of many years. */
const spamHosts = new Set([
  "semalt.com",
  "buttons-for-website.com",
  "buttons-for-your-website.com",
  "darodar.com",
  "ilovevitaly.com",
  "priceg.com",
  "econom.co",
  "makemoneyonline.com",
  "best-seo-offer.com",
  "best-seo-solution.com",
  "o-o-6-o-o.com",
  "trafficmonetize.org",
  "traffic2money.com",
  "free-share-buttons.com",
  "get-free-traffic-now.com",
  "success-seo.com"
])

/** Whether the host, or a domain above it, is a known referrer spammer. */
export const isSpamHost: (host: string) => boolean = remember((host) => {
  const parts = bareHost(host).split(".")
  return parts.some((_, index) => spamHosts.has(parts.slice(index).join(".")))
})
