import type { DropReason } from "../../../ports/analytics/IngestReceipt.ts"
import type { EventNote } from "../../../ports/analytics/StoredEvent.ts"
import { isOfKind, typedPropertiesOf } from "../../../ports/analytics/StandardProperties.ts"
import { toMinorUnits } from "../../money/minorUnits.ts"
import { isPersonalId, pseudonym, storedId } from "../../privacy/personalData.ts"
import { cutAddress, isListed, networkList } from "./addresses.ts"
import type { NetworkList } from "./addresses.ts"
import { readClientHints } from "./clientHints.ts"
import { datacenters } from "./datacenters.ts"
import type { Draft } from "./Draft.ts"
import { cleanAddresses } from "./cleanAddresses.ts"
import { withoutEmails } from "./emailRemoval.ts"
import { namedAccounts } from "./namedAccounts.ts"
import { bareHost, campaignOf, cleanAddress, isSpamHost, parseAddress, withoutQuery } from "./pageAddress.ts"
import type { Campaign, PageAddress } from "./pageAddress.ts"
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

/** Lists of settings that are in force: made once for each time that they change. */
const excludedLists = new WeakMap<ReadonlyArray<string>, NetworkList>()

const excludedList = (networks: ReadonlyArray<string>): NetworkList => {
  const known = excludedLists.get(networks)
  if (known !== undefined) return known
  const fresh = networkList(networks)
  excludedLists.set(networks, fresh)
  return fresh
}

const dropNetworks = (draft: Draft): DropReason | undefined => {
  const { drop_datacenters, excluded_networks } = draft.context.settings
  const ip = addressOf(draft)
  if (ip === undefined) return undefined
  if (excluded_networks.length > 0 && isListed(excludedList(excluded_networks), ip)) return "excluded_network"
  return drop_datacenters !== false && isListed(datacenters, ip) ? "datacenter" : undefined
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

/** What the client says wins, field by field; a region or city of another country than it says is no help. */
const locate = (draft: Draft): undefined => {
  const { context, event, stored } = draft
  const ip = addressOf(draft)
  const said = event.context?.geo
  const found = ip === undefined ? undefined : context.locate(ip)
  if (found !== undefined || said !== undefined) {
    const same = found !== undefined && (said?.country === undefined || said.country === found.country)
    const geo = { ...(same ? found : {}), ...said }
    if (hasFields(geo)) stored.geo = geo
  }
  if (ip === undefined) return
  const kept = context.settings.store_full_ip ? ip : cutAddress(ip)
  if (kept !== undefined) stored.ip = kept
}

/** What the client says goes before its browser's hints, and these before the user agent, field by field. */
const readDevice = (draft: Draft): undefined => {
  const { event, facts } = draft
  const userAgent = userAgentOf(draft)
  const read = userAgent === undefined ? undefined : readUserAgent(userAgent).device
  const hints = facts.keyKind === "browser" && event.context?.user_agent === undefined ? facts.clientHints : undefined
  const said = event.context?.device
  const device =
    read !== undefined && hints === undefined && said === undefined
      ? read
      : { ...read, ...(hints === undefined ? {} : readClientHints(hints)), ...said }
  if (hasFields(device)) draft.stored.device = device
}

type Page = NonNullable<NonNullable<Draft["event"]["context"]>["page"]>
type StoredPage = { -readonly [Name in keyof Page]: string } & {
  url: string
  path: string
  host?: string
  referrer_host?: string
}

const readPage = (draft: Draft): undefined => {
  const { campaign: said, page } = draft.event.context ?? {}
  const address = page?.url === undefined ? undefined : parseAddress(page.url)
  if (page !== undefined) draft.stored.page = storedPage(page, address, draft.context.settings)
  // A path may bear the query where the address is not given, or not whole.
  const ofPath = campaignOfText(page?.path)
  const ofUrl = address?.campaign ?? campaignOfText(page?.url)
  const campaign = ofPath === noCampaign && said === undefined ? ofUrl : { ...ofPath, ...ofUrl, ...said }
  if (hasFields(campaign)) draft.stored.campaign = campaign
}

const storedPage = (
  page: Page,
  address: PageAddress | undefined,
  { kept_query_parameters, own_domains }: Draft["context"]["settings"]
): StoredPage => {
  const url = address === undefined ? withoutQuery(page.url ?? "") : cleanAddress(address, kept_query_parameters)
  const path =
    page.path === undefined && address !== undefined ? address.path : withoutQuery(page.path ?? page.url ?? "")
  const stored: StoredPage = address === undefined ? { url, path } : { url, host: address.host, path }
  if (page.title !== undefined) stored.title = page.title
  const referrer = page.referrer === undefined ? undefined : parseAddress(page.referrer)
  if (referrer === undefined) return stored
  stored.referrer = referrer.bare
  const isOwn =
    (address !== undefined && isWithin(referrer.host, address.host)) ||
    own_domains.some((domain) => isWithin(referrer.host, bareHost(domain)))
  if (!isOwn) stored.referrer_host = referrer.host
  return stored
}

const noCampaign: Campaign = {}

const campaignOfText = (address: string | undefined): Campaign => {
  const at = address?.indexOf("?") ?? -1
  return at === -1 ? noCampaign : campaignOf(new URLSearchParams(address!.slice(at + 1).split("#", 1)[0]))
}

const hasFields = (record: object): boolean => {
  for (const _ in record) return true
  return false
}

/** Texts that are shown as they are bear nobody's address, and addresses in properties lose their queries like pages do. */
const cleanTexts = (draft: Draft): undefined => {
  const { notes, stored } = draft
  let removed = false
  const clean = <T extends object>(part: T): T => {
    let copy: Record<string, unknown> | undefined
    for (const name in part) {
      const value = part[name]
      const cleaned = typeof value === "string" ? withoutEmails(value) : value
      if (cleaned !== value) copy = { ...(copy ?? part), [name]: cleaned }
    }
    removed ||= copy !== undefined
    return (copy as T | undefined) ?? part
  }
  if (stored.page !== undefined) stored.page = clean(stored.page)
  if (stored.device !== undefined) stored.device = clean(stored.device)
  if (stored.geo !== undefined) stored.geo = clean(stored.geo)
  if (stored.campaign !== undefined) stored.campaign = clean(stored.campaign)
  const properties = cleanAddresses(stored.properties, draft.context.settings.kept_query_parameters)
  removed ||= properties.emailRemoved
  stored.properties = properties.cleaned
  if (removed) notes.push("email_removed")
}

/** Typed properties of standard events: the value is kept whatever it is, the answer says that it is not as expected. */
const checkProperties = ({ notes, stored }: Draft): undefined => {
  const typed = typedPropertiesOf(stored.event_type)
  if (typed === undefined) return
  for (const name in typed) {
    const value = stored.properties[name]
    if (value === undefined || value === null || isOfKind(typed[name]!, value)) continue
    notes.push("property_type_unexpected")
    return
  }
}

const isWithin = (host: string, domain: string): boolean => host === domain || host.endsWith(`.${domain}`)

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

/** The accounts that the event names; an id that is personal is replaced where it stands, too. */
const readAccounts = ({ context, notes, stored }: Draft): undefined => {
  const named = namedAccounts(stored.properties)
  if (named === undefined) return
  if (named.dropped) notes.push("account_dropped")
  const ids = Object.entries(named.accounts)
  if (ids.length === 0) return
  const safe = (id: string) => storedId(context.secrets, id)
  stored.accounts = Object.fromEntries(ids.map(([type, id]) => [type, safe(id)]))
  if (!ids.some(([, id]) => safe(id) !== id)) return
  const { account_id, accounts } = stored.properties
  stored.properties = {
    ...stored.properties,
    ...(typeof account_id === "string" ? { account_id: safe(account_id) } : {}),
    ...(isRecord(accounts)
      ? {
          accounts: Object.fromEntries(
            Object.entries(accounts).map(([type, id]) => [type, typeof id === "string" ? safe(id) : id])
          )
        }
      : {})
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
  { name: "drop_networks", run: dropNetworks },
  { name: "drop_referrer_spam", run: dropReferrerSpam },
  { name: "set_time", run: setTime },
  { name: "locate", run: locate },
  { name: "read_device", run: readDevice },
  { name: "read_page", run: readPage },
  { name: "clean_texts", run: cleanTexts },
  { name: "check_properties", run: checkProperties },
  { name: "read_money", run: readMoney },
  { name: "split_traits", run: splitTraits },
  { name: "read_accounts", run: readAccounts },
  { name: "replace_personal_ids", run: replacePersonalIds }
]
