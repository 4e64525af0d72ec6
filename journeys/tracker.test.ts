import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { startServer } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

const script = readFileSync(resolve(import.meta.dirname, "../tracker/t.js"), "utf8")

let server: ServerProcess
beforeAll(async () => {
  server = await startServer(undefined, { RATE_LIMITS: "anonymous=1" })
})
afterAll(() => server.kill("SIGTERM"))

describe("the script of the tracker", () => {
  it("comes to any page, packed, cached for an hour, and is not sent again to who holds it", async () => {
    for (let time = 0; time < 3; time += 1) {
      const answer = await fetch(`${server.url}/t.js`)
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(await answer.text(), script)
      assert.deepInclude(Object.fromEntries(answer.headers), {
        "content-type": "text/javascript; charset=utf-8",
        "content-encoding": "gzip",
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
        "cache-control": "public, max-age=3600, stale-while-revalidate=86400",
        vary: "accept-encoding"
      })
      const again = await fetch(`${server.url}/t.js`, { headers: { "if-none-match": answer.headers.get("etag")! } })
      assert.strictEqual(again.status, 304)
      assert.strictEqual(again.headers.get("etag"), answer.headers.get("etag"))
    }
    const plain = await fetch(`${server.url}/t.js`, { headers: { "accept-encoding": "identity" } })
    assert.isNull(plain.headers.get("content-encoding"))
    assert.strictEqual(await plain.text(), script)
  })

  it("has an address of its version, whose answer never changes", async () => {
    const { headers } = await fetch(`${server.url}/t.js`)
    const version = /[0-9a-f]{16}/.exec(headers.get("etag")!)![0]
    const answer = await fetch(`${server.url}/t.${version}.js`)
    assert.strictEqual(answer.headers.get("cache-control"), "public, max-age=31536000, immutable")
    assert.strictEqual(await answer.text(), script)
  })
})
