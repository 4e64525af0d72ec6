import { existsSync } from "node:fs"
import { createServer } from "node:http"
import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import { chromium } from "playwright-core"
import type { Browser } from "playwright-core"

export const chromiumPath = process.env["CHROMIUM"] ?? "/usr/bin/chromium"
export const hasChromium = existsSync(chromiumPath)

/**
 * A service counts no bots, and a headless browser says that it is one. The flag changes what it says of itself; an
 * override of the page would be gone when the page is left, just when the last beacon goes out.
 */
const desktopAgent =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      `--user-agent=${desktopAgent}`
    ]
  })

export interface Site {
  readonly origin: string
  readonly close: () => Promise<void>
}

/** A site on a port of its own; `answer` says each path's page. */
export const openSite = async (
  answer: (path: string) => { readonly html: string; readonly headers: Readonly<Record<string, string>> } | undefined
): Promise<Site> => {
  const server: Server = createServer((request, response) => {
    const page = answer(request.url!.split("?")[0]!)
    response.writeHead(page === undefined ? 404 : 200, { "content-type": "text/html; charset=utf-8", ...page?.headers })
    response.end(page?.html)
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      })
  }
}
