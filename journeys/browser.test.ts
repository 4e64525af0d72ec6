import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { chromiumPath, hasChromium, openBrowser, openSite } from "./Browser.ts"
import type { Site } from "./Browser.ts"
import { ask, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

type Fields = Readonly<Record<string, unknown>>

const soonMillisMax = 15_000
const today = () => new Date().toISOString().slice(0, 10)

let server: ServerProcess
let site: Site
let browser: Browser
let token: string
let key: string

/** A page of 3000 px with what people do on pages; its policy allows the tracker's host and nothing else. */
const shop = (attributes: string): string => `<!doctype html><html><head><title>Shop</title>
<link rel="stylesheet" href="/style.css">
<script defer src="${server.url}/t.js" data-key="${key}" ${attributes}></script><script defer src="/shop.js"></script></head>
<body><div id="bar">Menu</div><main>
<h1>Everything</h1>
<button id="buy">Buy</button> <button id="broken">Nothing happens</button>
<a id="out" href="http://localhost:${new URL(site.origin).port}/elsewhere" target="_blank">Elsewhere</a>
<a id="file" href="/prices.pdf" download>Prices</a>
<form id="signup" name="newsletter"><input name="email"><button id="send">Send</button></form>
<button id="route">Next route</button><p id="said"></p></main></body></html>`

const style = `body{margin:0;height:3000px}#bar{position:fixed;top:0;left:0;width:100%;height:40px}main{padding-top:60px}`
const script = `
document.getElementById("buy").onclick = () => { document.getElementById("said").textContent += "bought " }
document.getElementById("signup").onsubmit = (event) => event.preventDefault()
document.getElementById("route").onclick = () => history.pushState({}, "", "/checkout?step=1")
document.getElementById("bar").onclick = () => broxiva.track("menu_opened", { items: 3 })`

beforeAll(async () => {
  if (!hasChromium) return
  server = await startServer()
  token = tokenFor(server.folder)
  const pages = (path: string) => {
    const policy = `default-src 'none'; script-src 'self' ${server.url}; style-src 'self'; connect-src ${server.url}`
    const html = (attributes: string) => ({ html: shop(attributes), headers: { "content-security-policy": policy } })
    switch (path) {
      case "/shop":
        return html("")
      case "/opted-out":
        return html('data-opted-out="anonymous"')
      case "/hash":
        return html("data-hash")
      case "/style.css":
        return { html: style, headers: { "content-type": "text/css" } }
      case "/shop.js":
        return { html: script, headers: { "content-type": "text/javascript" } }
      case "/prices.pdf":
        return { html: "%PDF", headers: { "content-type": "application/pdf" } }
      case "/elsewhere":
        return { html: "<title>Elsewhere</title>", headers: {} }
    }
    return undefined
  }
  site = await openSite(pages)
  key = tokenFor(server.folder, { kind: "browser", scopes: ["events:write"], origins: [site.origin] })
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
  await server?.kill("SIGTERM")
})

/** A visitor: a browser of its own; what stands in its way is collected. */
const visit = async (path: string, options: { readonly optsOut?: boolean; readonly width?: number } = {}) => {
  const { optsOut = false, width = 1280 } = options
  const context = await browser.newContext({ viewport: { width, height: 720 } })
  if (optsOut) {
    await context.addInitScript(() => Object.defineProperty(navigator, "globalPrivacyControl", { value: true }))
  }
  const page = await context.newPage()
  const complaints: Array<string> = []
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text())
  })
  page.on("pageerror", (error) => complaints.push(String(error)))
  await page.goto(site.origin + path, { waitUntil: "load" })
  return { context, page, complaints }
}

/** Leaves the page as a reader does who follows a bookmark. */
const leave = async (context: BrowserContext, page: Page) => {
  await page.goto("about:blank")
  // A beacon outlives its page, not its browser.
  await page.waitForTimeout(500)
  await context.close()
}

const eventually = async <A>(read: () => Promise<A>, isThere: (value: A) => boolean): Promise<A> => {
  const deadline = Date.now() + soonMillisMax
  for (;;) {
    const value = await read()
    if (isThere(value) || Date.now() > deadline) return value
    await new Promise((done) => setTimeout(done, 200))
  }
}

const range = () => ({ from: today(), to: today() })

const get = async (path: string): Promise<Fields> => (await ask(server, "GET", path, { token })).body

/** Events by type; of one page, or of all. */
const countsByType = async (path?: string): Promise<Record<string, number>> => {
  const { body } = await ask(server, "POST", "/analytics/query", {
    token,
    body: {
      date_range: range(),
      metrics: ["events"],
      dimensions: ["event_type"],
      pagination: { limit: 100 },
      ...(path === undefined ? {} : { filters: { dimension: "path", operator: "is", value: path } })
    }
  })
  const rows = body["rows"] as ReadonlyArray<{ values: [string]; metrics: { events: number } }>
  return Object.fromEntries(rows.map(({ metrics, values: [type] }) => [type, metrics.events]))
}

const missing = `${chromiumPath} is not there: install Chromium (Debian: apt-get install chromium) or name it in CHROMIUM`
if (!hasChromium) {
  it("the browser's journey needs Chromium", () => {
    if (process.env["CI"] !== undefined) assert.fail(missing)
    process.stderr.write(`\nThe browser's journey is left out: ${missing}\n`)
  })
}

describe.runIf(hasChromium)("a visit in a browser", () => {
  it("is told event by event, without cookie or storage, under a strict policy", { timeout: 60_000 }, async () => {
    const { complaints, context, page } = await visit("/shop?utm_source=news&secret=1")
    await page.click("#buy")
    await page.click("#broken")
    await page.waitForTimeout(2700)
    for (let click = 0; click < 4; click += 1) await page.mouse.click(600, 400, { delay: 10 })
    await page.click("#bar", { position: { x: 640, y: 20 } })
    const [popup] = await Promise.all([context.waitForEvent("page"), page.click("#out")])
    await popup.close()
    await page.bringToFront()
    await page.click("#file")
    await page.fill("input[name=email]", "ada@example.com")
    await page.click("#send")
    await page.evaluate("scrollTo(0, 1500)")
    await page.waitForTimeout(300)
    assert.deepStrictEqual(await context.cookies(), [])
    const kept = () =>
      page.evaluate("indexedDB.databases().then((all) => [localStorage.length, sessionStorage.length, all.length])")
    assert.deepStrictEqual(await kept(), [0, 0, 0])
    await page.evaluate("scrollTo(0, 0)")
    await page.click("#route")
    await page.waitForTimeout(200)
    await leave(context, page)
    assert.deepStrictEqual(complaints, [])
    const counts = await eventually(
      () => countsByType(),
      (found) => (found["page_exit"] ?? 0) >= 2
    )
    assert.deepInclude(counts, {
      page_view: 2,
      element_clicked: 11,
      menu_opened: 1,
      outbound_clicked: 1,
      file_downloaded: 1,
      form_submitted: 1,
      page_exit: 2
    })
    assert.strictEqual(counts["web_vital"], 5)
    assert.deepInclude(await countsByType("/checkout"), { page_view: 1, page_exit: 1 })
  })

  it("is seen in heatmap, sessions, vitals and who is there now", async () => {
    const days = `from=${today()}&to=${today()}`
    const heatmap = await get(`/analytics/heatmaps?path=/shop&device=desktop&${days}`)
    const [map] = heatmap["maps"] as ReadonlyArray<{ page: Fields; fixed: Fields; elements: ReadonlyArray<Fields> }>
    assert.deepInclude(map?.page, { clicks: 10, people: 1, page_width: 1280, document_height: 3000 })
    // 400 px below the top of 3000 in 128 rows, 600 px from the left of 1280 in 64 columns.
    assert.deepInclude(map?.page["cells"], { column: 30, row: 17, clicks: 4, people: 1 })
    assert.deepInclude(map?.fixed, { clicks: 1, cells: [{ column: 32, row: 3, clicks: 1, people: 1 }] })
    const dead = map?.elements.filter((element) => Number(element["dead"]) > 0)
    assert.deepStrictEqual(
      dead?.map(({ selector }) => selector),
      ["#broken"]
    )

    const sessions = await get(`/analytics/sessions?${days}`)
    const totals = sessions["totals"] as Fields
    assert.deepInclude(totals, { sessions: 1, people: 1, bounces: 0, pages: 2, scroll_mean_percent: 74 })
    assert.isAtLeast(totals["engaged_mean_ms"] as number, 3000)
    const { items } = await get(`/analytics/sessions/list?${days}`)
    assert.deepInclude((items as ReadonlyArray<Fields>)[0], {
      entry_path: "/shop",
      exit_path: "/checkout",
      source: "news",
      device: "desktop",
      session_id: null
    })

    const vitals = await get(`/analytics/events?event_type=web_vital&${days}`)
    const names = (vitals["items"] as ReadonlyArray<{ properties: Fields }>).map(({ properties }) => properties["name"])
    assert.deepStrictEqual(names.toSorted(), ["CLS", "FCP", "INP", "LCP", "TTFB"])
    const measured = (await get(`/analytics/web-vitals?path=/shop&${days}`))["totals"] as {
      vitals: ReadonlyArray<Fields>
    }
    assert.sameMembers(
      measured.vitals.map(({ name }) => name),
      ["CLS", "FCP", "INP", "LCP", "TTFB"]
    )
    const { elements } = await get(`/analytics/clicks/elements?path=/shop&order=rage&${days}`)
    assert.deepInclude((elements as ReadonlyArray<Fields>)[0], { rage_clicks: 4, rage_bursts: 1, rage_people: 1 })
    const now = await get("/analytics/realtime/users")
    assert.strictEqual(now["people"], 1)
    const held = JSON.stringify((await get(`/analytics/events?${days}&limit=100`))["items"])
    for (const text of ["ada@example.com", "secret=1", "step=1"]) assert.notInclude(held, text)
  })

  it(
    "of somebody who asks not to be followed leaves no event, or one that names nobody",
    { timeout: 30_000 },
    async () => {
      const before = await countsByType()
      const silent = await visit("/shop", { optsOut: true })
      await silent.page.click("#buy")
      await leave(silent.context, silent.page)
      const anonymous = await visit("/opted-out", { optsOut: true })
      await leave(anonymous.context, anonymous.page)
      const after = await eventually(
        () => countsByType(),
        (found) => found["page_view"] !== before["page_view"]
      )
      assert.strictEqual(after["page_view"], before["page_view"]! + 1)
      assert.strictEqual((await countsByType("/opted-out"))["page_view"], 1)
    }
  )
})
