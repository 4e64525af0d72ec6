import { assert, describe, it } from "@effect/vitest"
import { ingestSettingsInitial } from "../../../ports/analytics/IngestSettings.ts"
import type { IngestSettings } from "../../../ports/analytics/IngestSettings.ts"
import type { AnalyticsEvent } from "../../../ports/analytics/AnalyticsEvent.ts"
import type { RequestFacts } from "./Draft.ts"
import { draftEvent } from "./draftEvent.ts"
import { encryptFields, personalFieldsOf, subjectOf } from "./personalFields.ts"

const now = Date.UTC(2026, 10, 23, 12)
const hour = 3_600_000
const chrome =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"

interface Circumstances {
  readonly settings?: Partial<IngestSettings>
  readonly facts?: Partial<RequestFacts>
  readonly sentAt?: number
  readonly historical?: boolean
}

const ingest = (event: Partial<AnalyticsEvent>, { facts, historical, sentAt, settings }: Circumstances = {}) =>
  draftEvent(
    {
      event_id: "0b7c6c62-8f7e-4c8e-9d3b-0d6a5f1c2e34",
      event_type: "page_view",
      anonymous_id: "device",
      timestamp: new Date(now).toISOString(),
      ...event
    },
    { workspace: "w", keyKind: "secret", ...facts },
    {
      settings: { ...ingestSettingsInitial, ...settings },
      secrets: { workspace: "w", indexKey: new Uint8Array(32), pseudonymKey: new Uint8Array(32) },
      locate: (ip) => (ip === "81.169.181.179" ? { country: "DE", region: "Berlin", city: "Berlin" } : undefined)
    },
    { receivedAt: now * 1000, index: 0, historical: historical ?? false, sentAt }
  )
const stored = (...given: Parameters<typeof ingest>) => ingest(...given).draft.stored

describe("bots, networks and spam", () => {
  const bot = { user_agent: "Googlebot/2.1 (+http://www.google.com/bot.html)" }
  it("are dropped with a reason, and kept where the workspace switched it off", () => {
    const off = { settings: { drop_bots: false, drop_referrer_spam: false, drop_datacenters: false } }
    for (const [context, reason] of [
      [bot, "bot"],
      [{ ip: "3.5.140.2" }, "datacenter"],
      [{ ip: "2a01:4f8:1::7" }, "datacenter"],
      [{ page: { referrer: "http://best.semalt.com/x" } }, "referrer_spam"]
    ] as const) {
      assert.strictEqual(ingest({ context }).dropped, reason)
      assert.isUndefined(ingest({ context }, off).dropped)
    }
    assert.isUndefined(ingest({ context: { ip: "81.169.181.179" } }).dropped)
  })

  it("are judged by the request itself for browser keys alone", () => {
    const facts = { userAgent: bot.user_agent, ip: "3.5.140.2" }
    assert.isUndefined(ingest({}, { facts }).dropped)
    assert.strictEqual(ingest({}, { facts: { ...facts, keyKind: "browser" } }).dropped, "bot")
    const own = { context: { user_agent: chrome, ip: "81.169.181.179" } }
    assert.isUndefined(ingest(own, { facts: { ...facts, keyKind: "browser" } }).dropped)
  })

  it("count excluded networks of the workspace, IPv4 and IPv6, single addresses too", () => {
    const settings = { excluded_networks: ["203.0.113.0/25", "2001:db8::/32", "198.51.100.7"] }
    const dropped = (ip: string) => ingest({ context: { ip } }, { settings }).dropped
    for (const ip of ["203.0.113.127", "2001:db8:ffff::1", "198.51.100.7"])
      assert.strictEqual(dropped(ip), "excluded_network", ip)
    for (const ip of ["203.0.113.128", "2001:db9::1", "198.51.100.8", "no address"]) assert.isUndefined(dropped(ip), ip)
  })
})

describe("the time", () => {
  const at = (millis: number) => ({ timestamp: new Date(millis).toISOString() })
  it("is corrected by the sender's clock; both originals stay", () => {
    const { draft } = ingest(at(now - 5 * hour), { sentAt: now - 4 * hour })
    assert.deepInclude(draft.stored, { time: now - hour, timestamp: now - 5 * hour })
    assert.strictEqual(draft.sentAt, now - 4 * hour)
    assert.deepStrictEqual(draft.notes, ["clock_skew_corrected"])
  })

  it("is clamped and flagged from more than 24 hours ahead, not from 24", () => {
    assert.strictEqual(stored(at(now + 24 * hour)).time, now + 24 * hour)
    const { draft } = ingest(at(now + 24 * hour + 1))
    assert.deepInclude(draft.stored, { time: now, timestamp: now + 24 * hour + 1 })
    assert.deepStrictEqual(draft.notes, ["time_clamped"])
  })

  it("of an imported event stands, whatever the sender's clock says", () => {
    const { draft } = ingest(at(now - 9000 * hour), { historical: true, sentAt: now - 5 * hour })
    assert.strictEqual(draft.stored.time, now - 9000 * hour)
    assert.deepStrictEqual(draft.notes, [])
  })
})

describe("the page", () => {
  const page = (given: NonNullable<AnalyticsEvent["context"]>["page"], circumstances?: Circumstances) =>
    stored({ context: { page: given! } }, circumstances)

  it("loses its query but for campaign parameters and the allow-list; click ids never reach the path", () => {
    const url = "https://user:pass@www.shop.example/a/b?utm_source=News&gclid=g1&token=t&ref=r#part"
    const { campaign, page: kept } = page({ url }, { settings: { kept_query_parameters: ["ref"] } })
    assert.deepStrictEqual(kept, {
      url: "https://www.shop.example/a/b?utm_source=News&gclid=g1&ref=r",
      host: "shop.example",
      path: "/a/b"
    })
    assert.deepStrictEqual(campaign, { source: "News", click_id_type: "gclid", click_id: "g1" })
    assert.strictEqual(page({ url: "https://a.example/x", path: "/x?fbclid=f#y" }).page?.path, "/x")
  })

  it("tells its campaign in an address that is not whole, too; what the client says wins, part by part", () => {
    assert.deepStrictEqual(page({ path: "/x?utm_source=a&twclid=t" }).campaign, {
      source: "a",
      click_id_type: "twclid",
      click_id: "t"
    })
    assert.deepStrictEqual(page({ url: "/x?utm_source=a" }).page?.path, "/x")
    const context = {
      page: { url: "https://a.example/?utm_source=a&utm_medium=m&utm_campaign=c" },
      campaign: { source: "b", term: "t" }
    }
    assert.deepStrictEqual(stored({ context }).campaign, { source: "b", medium: "m", campaign: "c", term: "t" })
  })

  it("has a referrer, which is a source only from outside", () => {
    const settings = { own_domains: ["Example.org"] }
    const from = (referrer: string) => page({ url: "https://www.shop.example/", referrer }, { settings }).page
    assert.strictEqual(from("https://www.google.com/search?q=secret")?.referrer, "https://www.google.com/search")
    assert.strictEqual(from("https://www.google.com/")?.referrer_host, "google.com")
    for (const own of [
      "https://shop.example/a",
      "https://blog.shop.example/",
      "https://example.org",
      "http://a.example.org/"
    ])
      assert.isUndefined(from(own)?.referrer_host, own)
    assert.strictEqual(from("https://notexample.org/")?.referrer_host, "notexample.org")
    assert.strictEqual(from("android-app://com.google.android.gm/x")?.referrer, "android-app://com.google.android.gm/x")
  })

  it("bears no e-mail address, and the answer says that one was removed", () => {
    const { draft } = ingest({
      context: {
        page: {
          url: "https://a.example/bye/anna.b%2Bc%40example.com?utm_content=Anna%40example.co.uk",
          title: "Bye anna@example.com!",
          referrer: "https://b.example/u/anna@example.com"
        },
        campaign: { term: "anna@example.com" }
      }
    })
    assert.notMatch(JSON.stringify(draft.stored).toLowerCase(), /anna.{0,8}(@|%40)/)
    assert.strictEqual(draft.stored.page?.title, "Bye [email]!")
    assert.deepStrictEqual(draft.notes, ["email_removed"])
    assert.deepStrictEqual(ingest({ context: { page: { title: "Follow us @example" } } }).draft.notes, [])
  })
})

describe("addresses in properties", () => {
  it("lose what addresses of pages lose, at any depth; other texts stay as they are", () => {
    const properties = {
      url: "https://u:p@a.example/x?email=anna@example.com&utm_source=news&id=7#top",
      links: [{ href: "HTTPS://a.example/?token=1" }, "https://a.example/u/anna%40example.com"],
      query: "what is https://a.example/?x=1",
      plain: "https://a.example/x",
      total: 3
    }
    const { draft } = ingest(
      { event_type: "email_clicked", properties },
      { settings: { kept_query_parameters: ["id"] } }
    )
    assert.deepStrictEqual(draft.stored.properties, {
      ...properties,
      url: "https://a.example/x?utm_source=news&id=7",
      links: [{ href: "https://a.example/" }, "https://a.example/u/[email]"]
    })
    assert.deepStrictEqual(draft.notes, ["email_removed"])
    assert.strictEqual(stored({ properties: { plain: properties.plain } }).properties["plain"], properties.plain)
  })
})

describe("place and device", () => {
  it("bear no e-mail address", () => {
    const context = { device: { browser: "anna@example.com" }, geo: { city: "c/o anna@example.com" } }
    assert.deepInclude(stored({ context }), { device: { browser: "[email]" }, geo: { city: "c/o [email]" } })
  })

  const ip = "81.169.181.179"
  it("come from the address before it is cut, what the client says goes first, field by field", () => {
    assert.deepStrictEqual(stored({ context: { ip } }).geo, { country: "DE", region: "Berlin", city: "Berlin" })
    assert.strictEqual(stored({ context: { ip } }).ip, "81.169.181.0")
    assert.deepStrictEqual(stored({ context: { ip, geo: { city: "Potsdam" } } }).geo, {
      country: "DE",
      region: "Berlin",
      city: "Potsdam"
    })
    assert.deepStrictEqual(stored({ context: { ip, geo: { country: "FR" } } }).geo, { country: "FR" })
    assert.isUndefined(stored({ context: { ip: "10.0.0.1" } }).geo)
    assert.isUndefined(stored({}, { facts: { ip } }).geo)
    assert.strictEqual(stored({}, { facts: { ip, keyKind: "browser" } }).geo?.country, "DE")
    assert.strictEqual(stored({ context: { ip } }, { settings: { store_full_ip: true } }).ip, ip)
  })

  it("take a browser's own hints before its user agent", () => {
    const clientHints = {
      brands: '"Not?A_Brand";v="99", "Chromium";v="130", "Microsoft Edge";v="130"',
      mobile: "?1",
      platform: '"Android"'
    }
    const facts = { keyKind: "browser" as const, userAgent: chrome, clientHints }
    assert.deepStrictEqual(stored({}, { facts }).device, { type: "mobile", os: "Android", browser: "Microsoft Edge" })
    assert.deepStrictEqual(stored({}, { facts: { ...facts, clientHints: { mobile: "?0" } } }).device, {
      type: "desktop",
      os: "Windows",
      browser: "Chrome"
    })
    const said = { context: { device: { browser: "Own" } } }
    assert.strictEqual(stored(said, { facts }).device?.browser, "Own")
    assert.isUndefined(stored({}, { facts: { ...facts, keyKind: "secret" } }).device)
    const google = { brands: '"Google Chrome";v="130", " Not A;Brand";v="8", "Chromium";v="130"' }
    assert.strictEqual(stored({}, { facts: { ...facts, clientHints: google } }).device?.browser, "Chrome")
  })
})

describe("properties", () => {
  it("of standard events that are of another kind are kept and noted; custom types are open", () => {
    const notes = (event_type: string, properties: Record<string, unknown>) =>
      ingest({ event_type, properties }).draft.notes
    assert.deepStrictEqual(notes("product_viewed", { product_id: 7, price: "9.99", more: [] }), [])
    assert.deepStrictEqual(notes("search_performed", { query: 5 }), ["property_type_unexpected"])
    assert.deepStrictEqual(notes("scroll_depth", { percent: "50" }), ["property_type_unexpected"])
    assert.deepStrictEqual(notes("my_type", { query: 5 }), [])
    assert.deepStrictEqual(stored({ event_type: "scroll_depth", properties: { percent: "50" } }).properties, {
      percent: "50"
    })
  })

  it("of an order are money in minor units; revenue is read as total", () => {
    const money = (event_type: string, properties: Record<string, unknown>) => stored({ event_type, properties }).money
    assert.deepStrictEqual(money("order_completed", { order_id: 1, revenue: "12.30", currency: "EUR" }), {
      kind: "order",
      order_id: "1",
      minor: 1230,
      currency: "EUR"
    })
    assert.strictEqual(money("order_completed", { order_id: "1", total: 5, revenue: 9, currency: "JPY" })?.minor, 5)
    assert.strictEqual(
      money("order_refunded", { order_id: "1", refund_id: "r", amount: "1.234", currency: "KWD" })?.minor,
      1234
    )
  })

  it("that are personal are found at any depth, and encrypted where they stand", () => {
    const properties = {
      email: "a@example.com",
      items: [{ sku: "1", gift: { email: "b@example.com", name: "Card" } }, { phone: null }],
      traits: { name: "Anna", company: { name: "Acme", address: { street: "S" } }, badge: 7 }
    }
    const { draft } = ingest({ event_type: "user_signed_up", properties }, { settings: { personal_fields: ["badge"] } })
    const fields = personalFieldsOf(draft)
    assert.sameMembers(
      fields.map(({ part, path }) => `${part}.${path.join(".")}`),
      ["properties.email", "properties.items.0.gift.email", "traits.name", "traits.company.address", "traits.badge"]
    )
    encryptFields(draft, fields, new Uint8Array(32), new Uint8Array(12 * fields.length))
    const text = JSON.stringify(draft.stored)
    for (const clear of ["a@example.com", "b@example.com", "Anna", '"S"', ":7"]) assert.notInclude(text, clear)
    for (const kept of ["Card", "Acme", '"sku":"1"', '"phone":null']) assert.include(text, kept)
    assert.strictEqual(properties.email, "a@example.com")
  })

  it("that are personal are known however their names are spelt", () => {
    const properties = {
      "E-Mail": "a@example.com",
      firstName: "Anna",
      Date_Of_Birth: "2000-01-01",
      emails: 3,
      badgeId: 7
    }
    const { draft } = ingest({ properties }, { settings: { personal_fields: ["badge_id"] } })
    assert.sameMembers(
      personalFieldsOf(draft).map(({ path }) => path.join(".")),
      ["E-Mail", "firstName", "Date_Of_Birth", "badgeId"]
    )
  })
})

describe("ids", () => {
  it("that stand for nobody own no personal data: it is the device's", () => {
    for (const user_id of ["null", " Undefined ", "0"])
      assert.strictEqual(subjectOf(ingest({ user_id }).draft), "device")
    assert.strictEqual(subjectOf(ingest({ user_id: "anna" }).draft), "anna")
    assert.strictEqual(subjectOf(ingest({}).draft), "device")
  })

  it("that are addresses or numbers of people are replaced, their clear form kept for encryption", () => {
    const { draft } = ingest({ user_id: "Anna@example.com", anonymous_id: "+49 151 2345678", session_id: "a@b.cd" })
    assert.match(draft.stored.user_id!, /^h_/)
    assert.match(draft.stored.anonymous_id, /^h_/)
    assert.match(draft.stored.session_id!, /^h_/)
    assert.deepStrictEqual(draft.replacedIds, { user_id: "Anna@example.com", anonymous_id: "+49 151 2345678" })
  })
})

describe("accounts", () => {
  const named = (properties: Record<string, unknown>) => {
    const { draft } = ingest({ event_type: "account_joined", properties })
    return { accounts: draft.stored.accounts, notes: draft.notes }
  }

  it("are named by id and type, or ids by type; the type is account unless it is said", () => {
    assert.deepStrictEqual(named({ account_id: "acme" }), { accounts: { account: "acme" }, notes: [] })
    assert.deepStrictEqual(named({ account_id: 7, account_type: "company", accounts: { company: "x", team: "t" } }), {
      accounts: { company: "7", team: "t" },
      notes: []
    })
    assert.isFalse(Object.hasOwn(stored({ properties: { plan: "pro" } }), "accounts"))
  })

  it("that stand for nobody are none, and what cannot name one is noted", () => {
    for (const id of ["", " Null ", "0", null])
      assert.deepStrictEqual(named({ account_id: id }), { accounts: undefined, notes: [] })
    for (const properties of [
      { account_id: "a", account_type: "Company!" },
      { account_id: "a".repeat(201) },
      { accounts: { company: { id: 1 } } },
      { accounts: { __proto: "a" } }
    ])
      assert.deepStrictEqual(named(properties), { accounts: undefined, notes: ["account_dropped"] })
    const many = Object.fromEntries(Array.from({ length: 6 }, (_, at) => [`type_${at}`, "a"]))
    const { accounts, notes } = named({ accounts: many })
    assert.deepStrictEqual([Object.keys(accounts!).length, notes], [5, ["account_dropped"]])
  })

  it("whose id is a person's address lose it everywhere", () => {
    const properties = { account_id: "Ada@example.com", accounts: { team: "ada@example.com" } }
    const event = stored({ event_type: "account_joined", properties })
    assert.match(event.accounts!["account"]!, /^h_/)
    assert.strictEqual(event.accounts!["team"], event.accounts!["account"])
    assert.notInclude(JSON.stringify(event).toLowerCase(), "example.com")
  })
})
