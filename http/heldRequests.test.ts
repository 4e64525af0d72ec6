import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "vitest"
import { holdUntilServed } from "./heldRequests.ts"

describe("a request that comes before the routes stand", () => {
  it("is answered by them, once, and those behind it as ever", async () => {
    const server = holdUntilServed(createServer())
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const early = fetch(url, { method: "POST", body: "early" }).then((answer) => answer.text())
    await new Promise((done) => server.once("connection", () => setTimeout(done, 20)))
    let requests = 0
    server.on("request", (request, response) => {
      requests += 1
      request.pipe(response)
    })
    assert.strictEqual(await early, "early")
    assert.strictEqual(await fetch(url, { method: "POST", body: "late" }).then((answer) => answer.text()), "late")
    assert.strictEqual(requests, 2)
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  })
})
