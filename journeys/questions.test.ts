import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { Answer, ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.kill("SIGTERM"))

type Fields = Readonly<Record<string, unknown>>
const own = (workspace: string, more: object = {}) => tokenFor(server.folder, { workspace, ...more })
const get = (as: string, path: string) => ask(server, "GET", path, { token: as })
const items = ({ body }: Answer) => body["items"] as ReadonlyArray<Fields>
const today = () => new Date().toISOString().slice(0, 10)

/** Sends the events and waits until they are in the answers. */
const bring = async (as: string, events: ReadonlyArray<object>) => {
  const answer = await ask(server, "POST", "/analytics/events/batch", { token: as, body: { events } })
  assert.strictEqual(answer.status, 200, JSON.stringify(answer.body))
  assert.strictEqual(answer.body["stored"], events.length, JSON.stringify(answer.body))
  await countEvents(server, as, events.length)
}
const query = async (as: string, more: object) => {
  const body = { date_range: { from: "2020-01-01", to: "2029-12-31" }, metrics: ["events"], ...more }
  const answer = await ask(server, "POST", "/analytics/query", { token: as, body })
  assert.strictEqual(answer.status, 200, JSON.stringify(answer.body))
  return answer.body
}
const rowsOf = (body: Fields) =>
  (body["rows"] as ReadonlyArray<{ values: ReadonlyArray<unknown>; metrics: Fields }>).map(({ metrics, values }) => [
    ...values,
    ...Object.values(metrics)
  ])
const change = async (as: string, settings: (before: Fields) => object) => {
  const before = await get(as, "/platform/settings")
  const answer = await ask(server, "PUT", "/platform/settings", {
    token: as,
    body: settings(before.body),
    headers: { "if-match": before.headers.get("etag") ?? "" }
  })
  if (answer.status === 200) await new Promise((done) => setTimeout(done, 1100))
  return answer
}

describe("POST /analytics/query", () => {
  const last = { last: 2, unit: "day" }
  const asking = (as: string, body: object, headers = {}) =>
    ask(server, "POST", "/analytics/query", { token: as, body, headers })

  it("takes a question of any kind, and answers what the kind's own endpoint answers", async () => {
    const as = own("kinds")
    await bring(as, [eventOf(), eventOf({ anonymous_id: "b" })])
    const steps = [{ event_types: ["page_view"] }, { event_types: ["order_completed"] }]
    const questions: Readonly<Record<string, object>> = {
      funnels: { kind: "funnel", steps },
      retention: { kind: "retention", periods: 1 },
      sessions: { kind: "sessions" },
      attribution: { kind: "attribution" },
      ltv: { kind: "ltv", predict: false },
      paths: { kind: "paths" },
      stickiness: { kind: "stickiness" },
      lifecycle: { kind: "lifecycle" }
    }
    for (const [path, question] of Object.entries(questions)) {
      const { body, status } = await asking(as, { ...question, date_range: { from: today(), to: today() } })
      assert.strictEqual(status, 200, JSON.stringify(body))
      const { kind, ...fields } = question as { readonly kind: string }
      assert.strictEqual(body["kind"], kind)
      const direct = await ask(server, "POST", `/analytics/${path}/query`, {
        token: as,
        body: { ...fields, date_range: { from: today(), to: today() } }
      })
      assert.deepStrictEqual(body["result"], direct.body, kind)
    }
    const trend = await asking(as, { kind: "trend", date_range: last, metrics: ["events"] })
    assert.deepInclude((trend.body["result"] as Fields)["totals"], { events: 2 })
    const picture = await asking(as, { kind: "funnel", steps, date_range: last }, { accept: "image/svg+xml" })
    assert.match(picture.headers.get("content-type")!, /^image\/svg\+xml/)
  })

  it("says where a question of a kind is wrong", async () => {
    const as = own("kinds")
    const wrong: ReadonlyArray<readonly [object, string]> = [
      [{ kind: "funnels", date_range: last, steps: [] }, "/kind"],
      [{ kind: "funnel", date_range: last }, "/steps"],
      [{ kind: "stickiness", date_range: { last: 0, unit: "day" } }, "/date_range/last"],
      [{ kind: "trend", date_range: last, metrics: ["evnts"] }, "/metrics/0"],
      [{ date_range: last, metrics: ["events"] }, "/date_range/from"]
    ]
    for (const [body, pointer] of wrong) {
      const refused = await asking(as, body)
      assert.strictEqual(refused.status, 400, JSON.stringify(refused.body))
      const pointers = (refused.body["errors"] as ReadonlyArray<Fields>).map((each) => each["pointer"])
      assert.include(pointers, pointer, JSON.stringify(refused.body))
    }
  })
})

describe("GET /analytics/events/dropped", () => {
  it("refuses a range that ends before it begins, and one that is too long", async () => {
    const as = own("dropping")
    const errorOf = async (query: string) => {
      const refused = await get(as, `/analytics/events/dropped?${query}`)
      assert.strictEqual(refused.status, 400, JSON.stringify(refused.body))
      return (refused.body["errors"] as ReadonlyArray<Fields>)[0]!
    }
    const reversed = { pointer: "/to", code: "reversed_range" }
    assert.deepInclude(await errorOf("from=2026-11-02&to=2026-11-01"), reversed)
    assert.deepInclude(await errorOf("from=2999-01-01"), reversed)
    const long = { pointer: "/from", code: "range_too_long" }
    assert.deepInclude(await errorOf("from=2020-01-01&to=2026-11-01"), long)
    assert.strictEqual((await get(as, "/analytics/events/dropped?from=2026-11-01&to=2026-11-01")).status, 200)
  })
})

describe("GET /analytics/trends", () => {
  it("answers what POST /analytics/query answers", async () => {
    const as = own("flat")
    await bring(as, [eventOf({ context: { geo: { country: "DE" } } }), eventOf({ anonymous_id: "b" })])
    const filters = {
      or: [
        { dimension: "country", operator: "is_set" },
        { dimension: "path", operator: "is_not_set" }
      ]
    }
    const flat = new URLSearchParams({
      from: today(),
      to: today(),
      interval: "day",
      dimensions: "country",
      metrics: "people,events",
      order_by: "events",
      direction: "ascending",
      limit: "5",
      filters: JSON.stringify(filters),
      time_zone: "Asia/Tokyo"
    })
    const byGet = await get(as, `/analytics/trends?${flat.toString()}`)
    const byPost = await query(as, {
      date_range: { from: today(), to: today() },
      interval: "day",
      dimensions: ["country"],
      metrics: ["people", "events"],
      order_by: { metric: "events", direction: "ascending" },
      pagination: { limit: 5 },
      filters,
      time_zone: "Asia/Tokyo"
    })
    assert.strictEqual(byGet.status, 200)
    assert.deepStrictEqual(byGet.body, byPost)
    assert.strictEqual(byGet.body["time_zone"], "Asia/Tokyo")
    const usual = await get(as, `/analytics/trends?from=${today()}&to=${today()}`)
    assert.hasAllKeys(usual.body["totals"] as object, ["events", "people"])
  })

  it("names what is wrong, the limit where one is passed", async () => {
    const as = own("flat-wrong")
    const codes = async (parameters: Readonly<Record<string, string>>) => {
      const flat = new URLSearchParams({ from: "2026-01-01", to: "2026-01-31", ...parameters })
      const answer = await get(as, `/analytics/trends?${flat.toString()}`)
      assert.strictEqual(answer.status, 400)
      return (answer.body["errors"] as ReadonlyArray<Fields>)
        .map(({ detail, pointer }) => `${pointer} ${detail}`)
        .join("; ")
    }
    assert.match(await codes({ from: "2016-01-01" }), /^\/date_range 3660 days/)
    assert.match(await codes({ interval: "hour", from: "2025-01-01" }), /^\/interval 1000 buckets/)
    assert.match(await codes({ filters: "{" }), /^\/filters must be JSON/)
    assert.match(await codes({ filters: '{"and":3}' }), /^\/filters\/and must be a list/)
    assert.match(await codes({ filters: "[]" }), /^\/filters a filter is/)
    const deep = Array.from({ length: 10 }).reduce<string>((inner) => `{"not":${inner}}`, '{"and":[]}')
    assert.match(await codes({ filters: deep }), /10 levels/)
    const many = `{"or":[${Array.from({ length: 100 }, () => '{"and":[]}').join()}]}`
    assert.match(await codes({ filters: many }), /^\/filters 100 filters/)
    assert.match(await codes({ metrics: "peple" }), /^\/metrics\/0 .*people/)
    assert.match(await codes({ order_by: "people", metrics: "events" }), /^\/order_by\/metric/)
  })
})

describe("filters", () => {
  it("see a trait of today, or as it was at the event, encrypted ones by equality alone", async () => {
    const as = own("traits")
    const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()
    const anna = { anonymous_id: "a", user_id: "anna" }
    const set = (minutes: number, traits: object) =>
      eventOf({ ...anna, event_type: "profile_updated", timestamp: at(minutes), properties: { traits } })
    await bring(as, [
      set(30, { plan: "free", email: "Anna@example.com", seats: 3 }),
      eventOf({ ...anna, timestamp: at(20) }),
      set(10, { plan: "pro" }),
      eventOf({ anonymous_id: "b" })
    ])
    const count = async (filters: object, as_of?: string) =>
      ((await query(as, { filters, ...(as_of === undefined ? {} : { as_of }) }))["totals"] as Fields)["events"]
    const plan = (value: string) => ({ dimension: "trait:plan", operator: "is", value })
    assert.strictEqual(await count(plan("pro")), 3)
    assert.strictEqual(await count(plan("free")), 0)
    assert.strictEqual(await count(plan("free"), "event"), 2)
    assert.strictEqual(await count({ dimension: "trait:seats", operator: "gte", value: 3 }), 3)
    assert.strictEqual(await count({ dimension: "trait:email", operator: "is", value: "anna@EXAMPLE.com" }), 3)
    assert.strictEqual(await count({ dimension: "trait:email", operator: "is_not", value: "anna@example.com" }), 1)
    assert.strictEqual(await count({ dimension: "trait:email", operator: "is_set" }), 3)
    assert.deepStrictEqual(rowsOf(await query(as, { dimensions: ["trait:plan"] })), [
      ["pro", 3],
      [null, 1]
    ])
    const body = {
      date_range: { from: today(), to: today() },
      metrics: ["events"],
      dimensions: ["trait:email"],
      filters: { dimension: "trait:email", operator: "contains", value: "@" }
    }
    const refused = await ask(server, "POST", "/analytics/query", { token: as, body })
    assert.strictEqual(refused.status, 400)
    assert.deepStrictEqual(
      (refused.body["errors"] as ReadonlyArray<Fields>).map(({ code, pointer }) => [pointer, code]),
      [
        ["/dimensions/0", "encrypted_field"],
        ["/filters/operator", "encrypted_field"]
      ]
    )
    const warned = await query(as, { filters: { dimension: "trait:plann", operator: "is_set" } })
    assert.match(JSON.stringify(warned["warnings"]), /\/filters\/dimension.*did you mean plan\?/)
    const people = await get(as, `/analytics/persons?filters=${encodeURIComponent(JSON.stringify(plan("pro")))}`)
    assert.deepStrictEqual(
      items(people).map((each) => each["person_id"]),
      ["anna"]
    )
  })

  it("find an id that is an e-mail address or a phone number, however it is written", async () => {
    const as = own("personal-ids")
    await bring(as, [
      eventOf({ anonymous_id: "a", user_id: "anna@example.com" }),
      eventOf({ anonymous_id: "b", user_id: "+49 151 2345678" }),
      eventOf({ anonymous_id: "c", user_id: "客户-7" })
    ])
    const count = async (operator: string, value: unknown) =>
      ((await query(as, { filters: { dimension: "user_id", operator, value } }))["totals"] as Fields)["events"]
    assert.strictEqual(await count("is", "Anna@Example.com"), 1)
    assert.strictEqual(await count("one_of", ["+491512345678", "客户-7"]), 2)
    assert.strictEqual(await count("is_not", "anna@example.com"), 2)
    for (const [id, found] of [
      ["ANNA@example.com", 1],
      ["客户-7", 1],
      ["nobody", 0]
    ] as const) {
      const person = await get(as, `/analytics/persons/${encodeURIComponent(id)}`)
      assert.strictEqual(person.status, found === 1 ? 200 : 404, id)
      assert.strictEqual((await get(as, `/analytics/persons/${encodeURIComponent(id)}/timeline`)).status, person.status)
      assert.strictEqual(items(await get(as, `/analytics/persons?search=${encodeURIComponent(id)}`)).length, found)
      assert.strictEqual(items(await get(as, `/analytics/events?person_id=${encodeURIComponent(id)}`)).length, found)
    }
    assert.strictEqual(items(await get(as, "/analytics/persons?search=%E5%AE%A2")).length, 1)
  })
})

describe("channels", () => {
  it("go by whole host names, campaigns and click ids, the workspace's own rules first, own domains never", async () => {
    const as = own("channels")
    const visit = (referrer: string, url = "https://shop.example/") => eventOf({ context: { page: { url, referrer } } })
    const expected: ReadonlyArray<readonly [channel: string, referrer: string, url?: string]> = [
      ["direct", "https://www.shop.example/cart"],
      ["organic_search", "https://www.google.co.uk/"],
      ["organic_search", "https://duckduckgo.com/"],
      ["email", "https://mail.google.com/"],
      ["ai_assistant", "https://gemini.google.com/app"],
      ["ai_assistant", "https://chatgpt.com/"],
      ["organic_social", "https://t.co/abc"],
      ["organic_social", "https://m.facebook.com/"],
      ["referral", "https://www.microsoft.com/"],
      ["referral", "https://www.netflix.com/"],
      ["referral", "https://iyou.com/"],
      ["referral", "https://google.com.evil.net/"],
      ["referral", "https://notgoogle.com/"],
      ["paid", "https://www.google.com/", "https://shop.example/?utm_source=google&utm_medium=CPC"],
      ["paid", "https://www.google.com/", "https://shop.example/?gclid=1"],
      ["organic_social", "https://unknown.example/", "https://shop.example/?fbclid=1"],
      ["email", "https://unknown.example/", "https://shop.example/?utm_medium=Email"],
      ["affiliate", "https://unknown.example/", "https://shop.example/?utm_medium=affiliate"],
      ["campaign", "https://www.shop.example/", "https://shop.example/?utm_campaign=spring"],
      ["partners", "https://blog.partner.example/"]
    ]
    const own_rule = {
      channel: "partners",
      when: { dimension: "referrer", operator: "is_host", value: ["partner.example"] }
    }
    const rules = "/analytics/channel-rules"
    const replace = (own: ReadonlyArray<object>, revision: string) =>
      ask(server, "PUT", rules, { token: as, body: { rules: own }, headers: { "if-match": revision } })
    const none = await get(as, rules)
    assert.deepStrictEqual([none.headers.get("etag"), none.body["rules"]], ['"0"', []])
    assert.include(none.body["default_channels"], "organic_search")
    await bring(
      as,
      expected.map(([, referrer, url]) => visit(referrer, url))
    )
    const counts = new Map<string, number>()
    for (const [channel] of expected) counts.set(channel, (counts.get(channel) ?? 0) + 1)
    const range = { from: "2020-01-01", to: "2029-12-31" }
    const before = await query(as, { dimensions: ["channel"], date_range: range })
    const preview = await ask(server, "POST", `${rules}/preview`, {
      token: as,
      body: { rules: [own_rule], date_range: range }
    })
    assert.strictEqual(preview.status, 200, JSON.stringify(preview.body))
    assert.isNumber(preview.body["sessions"])
    const changed = await replace([own_rule], '"0"')
    assert.strictEqual(changed.status, 200, JSON.stringify(changed.body))
    assert.strictEqual(changed.headers.get("etag"), '"1"')
    assert.strictEqual((await replace([], '"0"')).status, 412)
    assert.strictEqual((await replace([], '"1"')).status, 200)
    assert.strictEqual(items(await get(as, `${rules}/revisions`)).length, 2)
    const restored = await ask(server, "POST", `${rules}/restore`, { token: as, body: { revision: 1 } })
    assert.strictEqual(restored.headers.get("etag"), '"3"', JSON.stringify(restored.body))
    const after = await query(as, { dimensions: ["channel"], date_range: range })
    assert.notStrictEqual(after["watermark"], before["watermark"])
    const rows = rowsOf(after)
    assert.deepStrictEqual(new Map(rows as Array<[string, number]>), counts)
    const wrong = { ...own_rule, when: { dimension: "channel", operator: "is", value: "direct" } }
    const refused = await replace([own_rule, wrong], '"3"')
    assert.strictEqual(refused.status, 400)
    assert.match(JSON.stringify(refused.body), /\/rules\/1\/when\/dimension/)
    const sources = rowsOf(await query(as, { dimensions: ["source"], pagination: { limit: 1 } }))
    assert.deepStrictEqual(sources[0], ["unknown.example", 3])
    assert.strictEqual((await ask(server, "DELETE", rules, { token: as })).status, 204)
    assert.strictEqual((await ask(server, "DELETE", rules, { token: as })).status, 404)
    const without = rowsOf(await query(as, { dimensions: ["channel"] }))
    assert.notInclude(
      without.map(([channel]) => channel),
      "partners"
    )
  })
})

describe("revenue", () => {
  const order = (order_id: string, total: string, currency: string, timestamp: string) =>
    eventOf({ event_type: "order_completed", timestamp, properties: { order_id, total, currency } })
  it("says whose rates it is converted at, what no rate converts, and that rates are old", async () => {
    const as = own("currencies")
    await bring(as, [
      order("1", "10.00", "EUR", "2026-03-02T12:00:00Z"),
      order("2", "1000", "JPY", "2026-03-07T12:00:00Z"),
      order("3", "7.50", "KPW", "2026-03-02T12:00:00Z"),
      order("1", "99.00", "EUR", "2026-03-03T12:00:00Z"),
      order("4", "100.00", "RUB", "2026-03-02T12:00:00Z"),
      eventOf({
        event_type: "order_refunded",
        timestamp: "2026-03-04T12:00:00Z",
        properties: { order_id: "1", refund_id: "r", amount: 4, currency: "EUR" }
      })
    ])
    const result = await query(as, {
      date_range: { from: "2026-03-01", to: "2026-03-31" },
      interval: "day",
      metrics: ["revenue", "orders"],
      event_types: ["order_completed", "order_refunded"],
      filters: { dimension: "currency", operator: "is_not", value: "RUB" },
      currency: "EUR"
    })
    const series = result["series"] as ReadonlyArray<Fields>
    assert.strictEqual(series[1]!["revenue"], "10.00")
    assert.strictEqual(series[2]!["revenue"], "0.00")
    assert.strictEqual(series[3]!["revenue"], "-4.00")
    assert.strictEqual((result["totals"] as Fields)["orders"], 3)
    const rates = result["exchange_rates"] as Fields
    assert.match(String(rates["source"]), /European Central Bank/)
    assert.match(String(rates["as_of"]), /^2026-/)
    const warnings = (result["warnings"] as ReadonlyArray<Fields>).map(({ detail }) => String(detail))
    assert.isTrue(
      warnings.some((each) => each.includes("leaves out 7.50 KPW of 1 orders")),
      warnings.join()
    )
    assert.isTrue(
      warnings.some((each) => each.includes("RUB is of 2022-03-01")),
      warnings.join()
    )
  })

  it("compares with the calendar month before, over the same rows", async () => {
    const as = own("compared")
    await bring(as, [
      order("1", "10", "USD", "2026-01-02T12:00:00Z"),
      order("2", "20", "USD", "2026-01-31T23:59:59Z"),
      order("3", "40", "USD", "2026-02-01T00:00:00Z"),
      order("4", "80", "USD", "2025-12-31T23:59:59Z")
    ])
    const result = await query(as, {
      date_range: { from: "2026-02-01", to: "2026-02-28" },
      interval: "month",
      metrics: ["revenue"],
      dimensions: ["event_type"],
      compare: "previous_period"
    })
    const previous = result["previous"] as Fields
    assert.strictEqual(previous["from"], "2026-01-01T00:00:00+00:00")
    assert.strictEqual(previous["to"], "2026-02-01T00:00:00+00:00")
    assert.deepStrictEqual(previous["totals"], { revenue: "30.00" })
    assert.deepStrictEqual(previous["series"], [{ revenue: "30.00" }])
    assert.deepStrictEqual(rowsOf(previous), [["order_completed", "30.00"]])
    assert.isNotEmpty(previous["watermark"])
  })
})

describe("numbers", () => {
  it("are summed exactly, texts that are numbers too; what is none counts for nothing", async () => {
    const as = own("sums")
    const sizes = [0.1, 0.2, "1234567890123.5", "large", null, true, 0]
    await bring(
      as,
      sizes.map((size) => eventOf({ properties: { size } }))
    )
    const metrics = ["sum:size", "average:size", "minimum:size", "events"]
    assert.deepStrictEqual((await query(as, { metrics }))["totals"], {
      "sum:size": 1234567890123.8,
      "average:size": 308641972531,
      "minimum:size": 0,
      events: 7
    })
    const none = await query(as, { metrics: ["sum:nothing", "average:nothing", "maximum:nothing"] })
    assert.deepStrictEqual(none["totals"], { "sum:nothing": 0, "average:nothing": null, "maximum:nothing": null })
    assert.strictEqual((none["warnings"] as ReadonlyArray<unknown>).length, 3)
  })
})

describe("dropped events", () => {
  it("are counted by day and reason, and kept where the workspace says so", async () => {
    const as = own("dropped")
    const bot = () => eventOf({ context: { user_agent: "Googlebot/2.1" } })
    const send = (event: object) => ask(server, "POST", "/analytics/events/ingest", { token: as, body: event })
    assert.strictEqual((await send(bot())).headers.get("x-event-dropped"), "bot")
    await send(bot())
    assert.strictEqual((await send(eventOf({ context: { ip: "3.5.140.2" } }))).body["dropped"], "datacenter")
    const counted = await get(as, "/analytics/events/dropped")
    assert.deepStrictEqual(items(counted), [
      { day: today(), reason: "bot", events: 2 },
      { day: today(), reason: "datacenter", events: 1 }
    ])
    assert.deepStrictEqual(items(await get(as, "/analytics/events/dropped?to=2020-01-01")), [])
    assert.strictEqual((await get(as, "/analytics/events/dropped?from=soon")).status, 400)
    assert.deepStrictEqual(items(await get(own("dropped-elsewhere"), "/analytics/events/dropped")), [])
    const off = await change(as, (before) => ({
      ...before,
      ingest: { ...(before["ingest"] as object), drop_bots: false }
    }))
    assert.strictEqual(off.status, 200)
    assert.isNull((await send(bot())).headers.get("x-event-dropped"))
  })
})

describe("a browser", () => {
  it("is known by its own hints and address, which a server's request never gives", async () => {
    const origin = "https://shop.example"
    const browser = own("hints", { kind: "browser", scopes: ["events:write"], origins: [origin] })
    const headers = {
      origin,
      "user-agent":
        "Mozilla/5.0 (X11; Linux x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
      "sec-ch-ua": '"Brave";v="130", "Chromium";v="130", "Not?A_Brand";v="99"',
      "sec-ch-ua-mobile": "?1",
      "sec-ch-ua-platform": '"Android"'
    }
    for (const token of [browser, own("hints")])
      await ask(server, "POST", "/analytics/events/ingest", { token, body: eventOf(), headers })
    await countEvents(server, own("hints"), 2)
    const devices = items(await get(own("hints"), "/analytics/events")).map((each) => each["device"])
    assert.sameDeepMembers(devices, [
      { type: "mobile", os: "Android", browser: "Brave" },
      { type: null, os: null, browser: null }
    ])
  })
})

describe("the event explorer", () => {
  it("refuses days, times and cursors that are none, and shows what came with the event", async () => {
    const as = own("explorer")
    const sent_at = new Date().toISOString()
    await bring(as, [eventOf({ sent_at }), eventOf(), eventOf()])
    for (const wrong of ["from=yesterday", "to=2026-11-23T10:00", "cursor=x", "filters=%5B1%5D", "filters=null"])
      assert.strictEqual((await get(as, `/analytics/events?${wrong}`)).status, 400, wrong)
    const forged = Buffer.from(JSON.stringify([1, 2, 3, "'; drop"])).toString("base64url")
    assert.strictEqual((await get(as, `/analytics/events?cursor=${forged}`)).status, 400)
    const first = await get(as, `/analytics/events?limit=2&from=${today()}&to=${today()}`)
    const days = `from=${today()}&to=${today()}`
    const second = await get(as, `/analytics/events?limit=2&${days}&cursor=${String(first.body["next"])}`)
    assert.strictEqual(new Set([...items(first), ...items(second)].map((each) => each["event_id"])).size, 3)
    assert.isNull(second.body["next"])
    assert.sameMembers(
      [...items(first), ...items(second)].map((each) => each["sent_at"]),
      [sent_at, null, null]
    )
    assert.deepStrictEqual(items(await get(own("nothing-yet"), "/analytics/events")), [])
    assert.deepStrictEqual(items(await get(own("nothing-yet"), "/analytics/persons")), [])
  })
})
