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

interface Address {
  readonly url: URL | undefined
}

const readAddress = remember((text): Address => ({ url: URL.canParse(text) ? new URL(text) : undefined }))

/** The same object for the same text: nobody changes it. */
export const parseAddress = (text: string): URL | undefined => readAddress(text).url

interface Cleaned {
  readonly kept: ReadonlyArray<string>
  readonly text: string
}

const cleanedAddresses = new WeakMap<URL, Cleaned>()

/** The address with campaign parameters and the allowed ones alone; no fragment, user or password. */
export const cleanAddress = (url: URL, kept: ReadonlyArray<string>): string => {
  const known = cleanedAddresses.get(url)
  if (known !== undefined && known.kept === kept) return known.text
  const text = clean(url, kept)
  cleanedAddresses.set(url, { kept, text })
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
