import { execFileSync } from "node:child_process"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
let token: string
beforeAll(async () => {
  server = await startServer()
  token = tokenFor(server.folder)
})
afterAll(() => server.kill("SIGTERM"))

const own = (workspace: string) => tokenFor(server.folder, { workspace })
const send = (as: string, event: unknown, headers: Record<string, string> = {}) =>
  ask(server, "POST", "/analytics/events/ingest", { token: as, body: event, headers })
const query = async (as: string, question: unknown) =>
  (await ask(server, "POST", "/analytics/query", { token: as, body: question })).body
const allTime = { from: "2020-01-01", to: "2029-12-31" }
const items = (body: Readonly<Record<string, unknown>>) => body["items"] as ReadonlyArray<Record<string, unknown>>

describe("an event", () => {
  it("is in the answer shortly, with its page, campaign, device and country", async () => {
    const as = own("enriched")
    await send(
      as,
      eventOf({
        context: {
          page: {
            url: "https://www.shop.example/pricing?utm_source=news&gclid=abc&secret=1#top",
            referrer: "https://www.google.com/search?q=x"
          },
          user_agent:
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
          ip: "81.169.181.179"
        }
      })
    )
    assert.strictEqual(await countEvents(server, as, 1), 1)
    const [event] = items((await ask(server, "GET", "/analytics/events", { token: as })).body)
    assert.deepInclude(event!["page"] as object, {
      path: "/pricing",
      host: "shop.example",
      url: "https://www.shop.example/pricing?utm_source=news&gclid=abc",
      referrer_host: "google.com"
    })
    assert.deepInclude(event!["campaign"] as object, { source: "news", click_id_type: "gclid" })
    assert.deepInclude(event!["geo"] as object, { country: "DE" })
    assert.deepInclude(event!["device"] as object, { type: "desktop", browser: "Chrome" })
    for (const [dimension, value] of [
      ["channel", "paid"],
      ["country", "DE"],
      ["path", "/pricing"],
      ["device", "desktop"]
    ]) {
      const result = await query(as, { date_range: allTime, metrics: ["people"], dimensions: [dimension] })
      assert.deepInclude((result["rows"] as ReadonlyArray<object>)[0], { values: [value] })
    }
  })

  it("counts once however often it is sent", async () => {
    const as = own("retried")
    const event = eventOf()
    assert.notProperty((await send(as, event)).body, "duplicate")
    assert.strictEqual((await send(as, event)).body["duplicate"], true)
    await countEvents(server, as, 1)
    assert.strictEqual((await send(as, { ...event, event_id: event.event_id.toUpperCase() })).body["duplicate"], true)
    assert.strictEqual(await countEvents(server, as, 1), 1)
    const [alone, together] = [eventOf(), eventOf()]
    const single = await Promise.all([1, 2, 3, 4, 5].map(() => send(as, alone)))
    assert.strictEqual(single.filter(({ body }) => body["duplicate"] === true).length, 4)
    const batches = await Promise.all(
      [1, 2, 3].map(() => ask(server, "POST", "/analytics/events/batch", { token: as, body: { events: [together] } }))
    )
    assert.deepStrictEqual(batches.map(({ body }) => Number(body["stored"])).toSorted(), [0, 0, 1])
    assert.strictEqual(await countEvents(server, as, 3), 3)
  })

  it("of a bot is answered, dropped and counted", async () => {
    const as = own("bots")
    const answer = await send(
      as,
      eventOf({ context: { user_agent: "Googlebot/2.1 (+http://www.google.com/bot.html)" } })
    )
    assert.strictEqual(answer.status, 200)
    assert.strictEqual(answer.headers.get("x-event-dropped"), "bot")
    const curl = await send(as, eventOf(), { "user-agent": "curl/8.0" })
    assert.isNull(curl.headers.get("x-event-dropped"))
    assert.strictEqual(await countEvents(server, as, 1), 1)
    const metrics = await (await fetch(server.metricsUrl)).text()
    assert.match(metrics, /marketing_events_dropped_total\{reason="bot"\} [1-9]/)
    for (const name of ["marketing_events_ingested_total", "marketing_events_ingestion_latency_seconds_bucket"])
      assert.include(metrics, name)
  })

  it("with money that is none is kept, and the answer says so", async () => {
    const as = own("money")
    const order = (total: unknown, currency?: string) =>
      send(
        as,
        eventOf({
          event_type: "order_completed",
          properties: { order_id: "1", total, ...(currency === undefined ? {} : { currency }) }
        })
      )
    assert.deepStrictEqual((await order(-1, "USD")).body["notes"], ["money_dropped_negative"])
    assert.deepStrictEqual((await order(1.234, "USD")).body["notes"], ["money_dropped_precision"])
    assert.deepStrictEqual((await order(1)).body["notes"], ["money_dropped_currency"])
  })

  it("that was sent late by a wrong clock is put right", async () => {
    const as = own("skewed")
    const wrong = new Date(Date.now() - 3_600_000).toISOString()
    const answer = await send(as, eventOf({ timestamp: wrong, sent_at: wrong }))
    assert.deepStrictEqual(answer.body["notes"], ["clock_skew_corrected"])
    await countEvents(server, as, 1)
    const [event] = items((await ask(server, "GET", "/analytics/events", { token: as })).body)
    assert.isBelow(Math.abs(Date.parse(event!["time"] as string) - Date.now()), 30_000)
    assert.strictEqual(event!["timestamp"], wrong)
  })
})

describe("a person", () => {
  it("is one over devices, before and after signing in, whatever the order of arrival", async () => {
    const as = own("identity")
    await send(as, eventOf({ anonymous_id: "phone" }))
    await send(as, eventOf({ anonymous_id: "laptop", user_id: "anna", event_type: "user_logged_in" }))
    await send(as, eventOf({ anonymous_id: "laptop" }))
    await countEvents(server, as, 3)
    const people = async () => (await query(as, { date_range: allTime, metrics: ["people"] }))["totals"] as unknown
    assert.deepStrictEqual(await people(), { people: 2 })
    await send(as, eventOf({ anonymous_id: "phone", user_id: "anna", event_type: "user_logged_in" }))
    await countEvents(server, as, 4)
    assert.deepStrictEqual(await people(), { people: 1 })
    const timeline = await ask(server, "GET", "/analytics/persons/anna/timeline", { token: as })
    assert.strictEqual(items(timeline.body).length, 4)
    const byDevice = await ask(server, "GET", "/analytics/persons/phone", { token: as })
    assert.strictEqual(byDevice.body["person_id"], "anna")
  })

  it("is merged with another on request, and parted again", async () => {
    const as = own("merging")
    for (const user_id of ["old", "new"]) await send(as, eventOf({ anonymous_id: user_id, user_id }))
    await countEvents(server, as, 2)
    const merge = (force?: boolean) =>
      ask(server, "POST", "/analytics/persons/merge", {
        token: as,
        body: { from: "old", into: "new", ...(force === undefined ? {} : { force }) }
      })
    const people = async () =>
      ((await query(as, { date_range: allTime, metrics: ["people"] }))["totals"] as { people: number }).people
    assert.strictEqual((await merge()).status, 409)
    const merged = await merge(true)
    assert.strictEqual(merged.status, 201)
    assert.strictEqual(await people(), 1)
    assert.strictEqual((await merge(true)).status, 409)
    const undone = await ask(server, "DELETE", `/analytics/persons/merges/${String(merged.body["id"])}`, { token: as })
    assert.strictEqual(undone.status, 204)
    assert.strictEqual(await people(), 2)
  })

  it("has personal data that is found, but nowhere readable but for those who may", async () => {
    const as = own("private")
    const secrets = ["anna.secret@example.com", "+49 151 2345678", "Annabella", "Secretstreet 5", "198.51.7.77"]
    const [email, phone, name, street, ip] = secrets
    await send(
      as,
      eventOf({
        user_id: email,
        event_type: "user_signed_up",
        properties: {
          email,
          phone,
          traits: { email, name, address: { street }, plan: "pro" },
          items: [{ gift: { email, phone_number: phone } }]
        },
        context: {
          ip,
          page: { url: `https://a.example/u/${encodeURIComponent(email!)}?utm_term=${email}`, title: `For ${email}` },
          campaign: { content: email }
        }
      })
    )
    await countEvents(server, as, 1)
    const found = await ask(server, "GET", `/analytics/persons?email=${encodeURIComponent(email!.toUpperCase())}`, {
      token: as
    })
    assert.strictEqual(items(found.body).length, 1)
    const byId = (scopes: ReadonlyArray<string>) =>
      ask(server, "GET", `/analytics/persons/${encodeURIComponent(email!)}`, {
        token: tokenFor(server.folder, { workspace: "private", scopes })
      })
    const masked = await byId(["persons:read"])
    assert.deepInclude(masked.body["traits"] as object, {
      plan: "pro",
      email: { encrypted: true },
      name: { encrypted: true }
    })
    const clear = await byId(["persons:read", "pii:read"])
    assert.deepInclude(clear.body["traits"] as object, { plan: "pro", email, name, $user_id: email })
    const audit = await ask(server, "GET", "/platform/audit?action=personal_data.read", { token: as })
    assert.strictEqual(items(audit.body).length, 1)
    for (const secret of secrets) {
      const grep = (options: string) => {
        try {
          return execFileSync("grep", [options, "-aF", secret, server.folder], { encoding: "utf8" })
        } catch {
          return ""
        }
      }
      assert.strictEqual(grep("-rli"), "", secret)
      assert.notInclude(server.output().toLowerCase(), secret.toLowerCase())
    }
  })
})

describe("now", () => {
  it("shows active people, and each event to watchers of its own workspace", async () => {
    const as = own("live")
    const watch = new WebSocket(`${server.url.replace("http", "ws")}/analytics/realtime/stream`, [as])
    const seen: Array<string> = []
    const opened = new Promise((done) => (watch.onopen = done))
    const arrived = new Promise<void>((done) => {
      watch.onmessage = (message) => {
        seen.push((JSON.parse(String(message.data)) as { event_id: string }).event_id)
        done()
      }
    })
    await opened
    await send(own("elsewhere"), eventOf())
    const event = eventOf({ context: { page: { path: "/live" } } })
    await send(as, event)
    await arrived
    assert.deepStrictEqual(seen, [event.event_id])
    watch.close()
    await countEvents(server, as, 1)
    const active = await ask(server, "GET", "/analytics/realtime/users?window=5", { token: as })
    assert.deepInclude(active.body as object, {
      people: 1,
      window_minutes: 5,
      by_page: [{ value: "/live", people: 1 }]
    })
    assert.strictEqual((await ask(server, "GET", "/analytics/realtime/users?window=31", { token: as })).status, 400)
  })
})

describe("who is here now", () => {
  const active = async (as: string, path = "/analytics/realtime/users") =>
    (await ask(server, "GET", path, { token: as })).body

  it("is a person, once over devices; bots, other workspaces, what is over and what is imported do not count", async () => {
    const as = own("here")
    const ago = (minutes: number) => ({ timestamp: new Date(Date.now() - minutes * 60_000).toISOString() })
    const page = (path: string) => ({
      context: { page: { path, referrer: "https://news.example/" }, geo: { country: "DE" } }
    })
    await send(as, eventOf({ anonymous_id: "phone", ...page("/a") }))
    await send(as, eventOf({ anonymous_id: "phone", user_id: "anna", event_type: "user_logged_in", ...page("/b") }))
    await send(as, eventOf({ anonymous_id: "laptop", user_id: "anna", event_type: "user_logged_in", ...ago(10) }))
    await send(as, eventOf({ anonymous_id: "tablet", ...ago(20) }))
    await send(as, eventOf({ context: { user_agent: "Googlebot/2.1" } }))
    const imported = { events: [eventOf({ anonymous_id: "old" })], historical: true }
    assert.strictEqual(
      (await ask(server, "POST", "/analytics/events/batch", { token: as, body: imported })).status,
      200
    )
    await countEvents(server, as, 5)
    assert.deepStrictEqual(await active(as), {
      people: 1,
      window_minutes: 5,
      by_page: [
        { value: "/a", people: 1 },
        { value: "/b", people: 1 }
      ],
      by_source: [{ value: "news.example", people: 1 }],
      by_country: [{ value: "DE", people: 1 }]
    })
    assert.strictEqual((await active(as, "/analytics/realtime/users?window=30"))["people"], 2)
    assert.strictEqual((await active(own("nobody-here")))["people"], 0)
  })
})

describe("an import", () => {
  it("keeps true times, needs its scope, and is not shown to watchers", async () => {
    const as = own("imported")
    const old = { timestamp: "2019-05-01T12:00:00Z", sent_at: new Date(Date.now() - 7_200_000).toISOString() }
    const body = { events: [eventOf(old)], historical: true }
    const refused = await ask(server, "POST", "/analytics/events/batch", {
      token: tokenFor(server.folder, { workspace: "imported", scopes: ["events:write"] }),
      body
    })
    assert.strictEqual(refused.status, 403)
    assert.match(JSON.stringify(refused.body), /events:import/)
    const watch = new WebSocket(`${server.url.replace("http", "ws")}/analytics/realtime/stream`, [as])
    const seen: Array<string> = []
    watch.onmessage = (message) => seen.push((JSON.parse(String(message.data)) as { event_id: string }).event_id)
    await new Promise((done) => (watch.onopen = done))
    assert.strictEqual((await ask(server, "POST", "/analytics/events/batch", { token: as, body })).body["stored"], 1)
    const live = eventOf()
    const arrived = new Promise((done) => watch.addEventListener("message", done))
    await send(as, live)
    await arrived
    assert.deepStrictEqual(seen, [live.event_id])
    watch.close()
    // Watchers may hear of an event before questions do; the imported one stands before it in the log.
    assert.strictEqual(await countEvents(server, as, 1), 1)
    const [event] = items((await ask(server, "GET", "/analytics/events?to=2020-01-01", { token: as })).body)
    assert.deepInclude(event, { time: "2019-05-01T12:00:00.000Z", historical: true })
  })
})

describe("a batch", () => {
  it("marks what it holds twice, keeps good events beside bad ones, and stores nothing twice when it is sent again", async () => {
    const as = own("batched")
    const good = eventOf()
    const body = { events: [good, { ...good, event_type: "other" }, { ...eventOf(), event_type: 5 }, eventOf()] }
    const post = () => ask(server, "POST", "/analytics/events/batch", { token: as, body })
    const first = await post()
    assert.deepInclude(first.body, { stored: 2, duplicates: 1, refused: 1 })
    const results = first.body["results"] as ReadonlyArray<Record<string, unknown>>
    assert.deepStrictEqual(
      results.map(({ status }) => status),
      ["stored", "duplicate", "refused", "stored"]
    )
    assert.strictEqual(results[1]!["duplicate"], true)
    assert.match(JSON.stringify(results[2]), /\/events\/2\/event_type/)
    assert.deepInclude((await post()).body, { stored: 0, duplicates: 3, refused: 1 })
    assert.strictEqual(await countEvents(server, as, 2), 2)
    const events = Array.from({ length: 1001 }, () => eventOf())
    const tooMany = await ask(server, "POST", "/analytics/events/batch", { token: as, body: { events } })
    assert.strictEqual(tooMany.status, 413)
    assert.match(JSON.stringify(tooMany.body), /1000/)
    assert.strictEqual(await countEvents(server, as, 2), 2)
  })
})

describe("settings", () => {
  it("change by revision, and count at once", async () => {
    const as = own("zoned")
    const read = () => ask(server, "GET", "/platform/settings", { token: as })
    const first = await read()
    assert.strictEqual(first.headers.get("etag"), '"0"')
    const change = (body: unknown, revision?: string) =>
      ask(server, "PUT", "/platform/settings", {
        token: as,
        body,
        headers: revision === undefined ? {} : { "if-match": revision }
      })
    const berlin = {
      ...first.body,
      time_zone: "Europe/Berlin",
      ingest: { ...(first.body["ingest"] as object), sessions: "server" }
    }
    assert.strictEqual((await change(berlin)).status, 428)
    assert.strictEqual((await change({ ...berlin, time_zone: "Mars/Olympus" }, '"0"')).status, 400)
    assert.strictEqual((await change({ ...berlin, more: 1 }, '"0"')).status, 400)
    assert.strictEqual((await change(berlin, '"0"')).status, 200)
    assert.strictEqual((await change(berlin, '"0"')).status, 412)
    const second = await read()
    assert.strictEqual(second.headers.get("etag"), '"1"')
    const unchanged = await fetch(`${server.url}/platform/settings`, {
      headers: { authorization: `Bearer ${as}`, "if-none-match": '"1"' }
    })
    assert.strictEqual(unchanged.status, 304)
    await new Promise((done) => setTimeout(done, 1100))
    const { session_id: _, ...withoutSession } = eventOf()
    assert.strictEqual((await send(as, withoutSession)).status, 200)
    const result = await query(as, {
      date_range: { from: "2026-03-29", to: "2026-03-29" },
      interval: "hour",
      metrics: ["events"]
    })
    assert.strictEqual(result["time_zone"], "Europe/Berlin")
    assert.strictEqual((result["buckets"] as ReadonlyArray<string>).length, 23)
    const audit = await ask(server, "GET", "/platform/audit", { token: as })
    assert.strictEqual(items(audit.body)[0]!["action"], "settings.changed")
  })
})

describe("a question", () => {
  it("that is wrong names every field", async () => {
    const answer = await ask(server, "POST", "/analytics/query", {
      token,
      body: {
        date_range: allTime,
        metrics: ["evnts"],
        dimensions: ["contry"],
        filters: { dimension: "path", operator: "has", value: "/" }
      }
    })
    assert.strictEqual(answer.status, 400)
    const errors = answer.body["errors"] as ReadonlyArray<{ pointer: string; detail: string }>
    assert.deepStrictEqual(
      errors.map((each) => each.pointer),
      ["/metrics/0", "/dimensions/0", "/filters/operator"]
    )
    assert.include(errors[0]!.detail, "events")
  })

  it("over an event type that has not come is zero, with a warning", async () => {
    const as = own("warned")
    await send(as, eventOf({ event_type: "video_played" }))
    await countEvents(server, as, 1)
    const result = await query(as, { date_range: allTime, metrics: ["events"], event_types: ["video_playd"] })
    assert.deepStrictEqual(result["totals"], { events: 0 })
    assert.include(JSON.stringify(result["warnings"]), "video_played")
  })

  it("gives the same bytes when asked again", async () => {
    const ask2 = async () =>
      JSON.stringify(
        await query(token, {
          date_range: allTime,
          interval: "month",
          metrics: ["events", "people", "revenue"],
          dimensions: ["country"]
        })
      )
    assert.strictEqual(await ask2(), await ask2())
  })
})
