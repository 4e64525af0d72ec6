import type { DropReason } from "../../../ports/analytics/IngestReceipt.ts"
import type { EventNote } from "../../../ports/analytics/StoredEvent.ts"
import { toMinorUnits } from "../../money/minorUnits.ts"
import { isPersonalId, pseudonym } from "../../privacy/personalData.ts"
import { cutAddress, isInNetwork } from "./addresses.ts"
import type { Draft } from "./Draft.ts"
import {
  bareHost,
  campaignParameters,
  cleanAddress,
  clickIdParameters,
  isSpamHost,
  parseAddress,
  withoutQuery
} from "./pageAddress.ts"
import { readUserAgent } from "./userAgent.ts"

/** Events from further ahead than this are clamped to their arrival. */
export const futureMillisMax = 24 * 60 * 60 * 1000
/** A difference of clocks that is worth a note; smaller ones are the way of the request. */
const skewNotedMillis = 1000

/** One step: fills the draft, or answers why the event is not kept. */
export interface Step {
  readonly name: string
  readonly run: (draft: Draft) => DropReason | undefined
}

const userAgentOf = ({ event, facts }: Draft): string | undefined =>
  event.context?.user_agent ?? (facts.keyKind === "browser" ? facts.userAgent : undefined)

const addressOf = ({ event, facts }: Draft): string | undefined =>
  event.context?.ip ?? (facts.keyKind === "browser" ? facts.ip : undefined)

const dropBots = (draft: Draft): DropReason | undefined => {
  const userAgent = userAgentOf(draft)
  return draft.context.settings.drop_bots && userAgent !== undefined && readUserAgent(userAgent).bot ? "bot" : undefined
}

const dropExcludedNetworks = (draft: Draft): DropReason | undefined => {
  const networks = draft.context.settings.excluded_networks
  const ip = networks.length === 0 ? undefined : addressOf(draft)
  return ip !== undefined && networks.some((network) => isInNetwork(ip, network)) ? "excluded_network" : undefined
}

const dropReferrerSpam = (draft: Draft): DropReason | undefined => {
  const referrer = draft.event.context?.page?.referrer
  if (referrer === undefined || !draft.context.settings.drop_referrer_spam) return undefined
  const host = parseAddress(referrer)?.hostname
  return host !== undefined && isSpamHost(host) ? "referrer_spam" : undefined
}

const setTime = (draft: Draft): undefined => {
  const { historical, notes, sentAt, stored } = draft
  const arrival = Math.floor(stored.received_at / 1000)
  const skew = historical || sentAt === undefined ? 0 : arrival - sentAt
  stored.time = stored.timestamp + skew
  if (Math.abs(skew) >= skewNotedMillis) notes.push("clock_skew_corrected")
  if (stored.time > arrival + futureMillisMax) {
    stored.time = arrival
    notes.push("time_clamped")
  }
}

const locate = (draft: Draft): undefined => {
  const { context, event, stored } = draft
  const ip = addressOf(draft)
  const geo = event.context?.geo ?? (ip === undefined ? undefined : context.locate(ip))
  if (geo !== undefined && Object.keys(geo).length > 0) stored.geo = geo
  if (ip === undefined) return
  const kept = context.settings.store_full_ip ? ip : cutAddress(ip)
  if (kept !== undefined) stored.ip = kept
}

const readDevice = (draft: Draft): undefined => {
  const userAgent = userAgentOf(draft)
  const read = userAgent === undefined ? undefined : readUserAgent(userAgent).device
  const said = draft.event.context?.device
  if (read === undefined && said === undefined) return
  const device = { ...read, ...said }
  if (Object.keys(device).length > 0) draft.stored.device = device
}

const readPage = (draft: Draft): undefined => {
  const page = draft.event.context?.page
  const { settings } = draft.context
  const said = draft.event.context?.campaign
  const url = page?.url === undefined ? undefined : parseAddress(page.url)
  if (page !== undefined) {
    const path = withoutQuery(page.path ?? url?.pathname ?? "")
    const referrer = page.referrer === undefined ? undefined : parseAddress(page.referrer)
    const own = [...settings.own_domains.map(bareHost), ...(url === undefined ? [] : [bareHost(url.hostname)])]
    const referrerHost = referrer === undefined ? undefined : bareHost(referrer.hostname)
    const external = referrerHost !== undefined && !own.some((host) => isWithin(referrerHost, host))
    draft.stored.page = {
      url: url === undefined ? withoutQuery(page.url ?? "") : cleanAddress(url, settings.kept_query_parameters),
      ...(url === undefined ? {} : { host: bareHost(url.hostname) }),
      path,
      ...(page.title === undefined ? {} : { title: page.title }),
      ...(referrer === undefined ? {} : { referrer: referrer.origin + referrer.pathname }),
      ...(external ? { referrer_host: referrerHost } : {})
    }
  }
  const campaign = { ...campaignOf(url), ...said }
  if (Object.keys(campaign).length > 0) draft.stored.campaign = campaign
}

const isWithin = (host: string, domain: string): boolean => host === domain || host.endsWith(`.${domain}`)

const campaignOf = (url: URL | undefined): Record<string, string> => {
  const campaign: Record<string, string> = {}
  if (url === undefined || url.search === "") return campaign
  for (const [parameter, field] of Object.entries(campaignParameters)) {
    const value = url.searchParams.get(parameter)
    if (value !== null && value !== "") campaign[field] = value
  }
  const click = clickIdParameters.find((name) => url.searchParams.get(name))
  if (click !== undefined) {
    campaign["click_id_type"] = click
    campaign["click_id"] = url.searchParams.get(click)!
  }
  return campaign
}

const moneyNotes: Readonly<Record<string, EventNote>> = {
  amount: "money_dropped_amount",
  negative: "money_dropped_negative",
  precision: "money_dropped_precision",
  currency: "money_dropped_currency"
}

const readMoney = (draft: Draft): undefined => {
  const { event, notes, stored } = draft
  const kind =
    event.event_type === "order_completed" ? "order" : event.event_type === "order_refunded" ? "refund" : undefined
  if (kind === undefined) return
  const { amount, currency, order_id, refund_id, revenue, total } = stored.properties
  const minor = toMinorUnits(kind === "refund" ? amount : (total ?? revenue), currency)
  if (typeof minor !== "number") return void notes.push(moneyNotes[minor]!)
  const orderId = typeof order_id === "string" || typeof order_id === "number" ? String(order_id) : ""
  if (orderId === "") return void notes.push("money_dropped_order_id")
  stored.money = {
    kind,
    order_id: orderId,
    ...(kind === "refund" && (typeof refund_id === "string" || typeof refund_id === "number")
      ? { refund_id: String(refund_id) }
      : {}),
    minor,
    currency: currency as string
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const splitTraits = (draft: Draft): undefined => {
  const { event, stored } = draft
  if (!event.event_type.startsWith("user_") && event.event_type !== "profile_updated") return
  const { traits, traits_once, ...properties } = stored.properties
  if (isRecord(traits)) stored.traits = traits
  if (isRecord(traits_once)) stored.traits_once = traits_once
  if (isRecord(traits) || isRecord(traits_once)) {
    stored.properties = {
      ...properties,
      ...(isRecord(traits) ? {} : { traits }),
      ...(isRecord(traits_once) ? {} : { traits_once })
    }
  }
}

const replacePersonalIds = (draft: Draft): undefined => {
  const { context, replacedIds, stored } = draft
  for (const field of ["user_id", "anonymous_id", "session_id"] as const) {
    const id = stored[field]
    if (id === undefined || !isPersonalId(id)) continue
    if (field !== "session_id") replacedIds[field] = id
    stored[field] = pseudonym(context.secrets, id)
  }
}

/** Every event goes through these, in this order. */
export const steps: ReadonlyArray<Step> = [
  { name: "drop_bots", run: dropBots },
  { name: "drop_excluded_networks", run: dropExcludedNetworks },
  { name: "drop_referrer_spam", run: dropReferrerSpam },
  { name: "set_time", run: setTime },
  { name: "locate", run: locate },
  { name: "read_device", run: readDevice },
  { name: "read_page", run: readPage },
  { name: "read_money", run: readMoney },
  { name: "split_traits", run: splitTraits },
  { name: "replace_personal_ids", run: replacePersonalIds }
]
