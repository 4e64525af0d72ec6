import { NodeWS } from "@effect/platform-node"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "vitest"
import { streamSocket } from "./StreamSocket.ts"

const everyMillis = 40

const serving = async (body: (url: string, seen: Array<NodeWS.WebSocket>) => Promise<void>) => {
  const http = createServer().listen(0, "127.0.0.1")
  await once(http, "listening")
  const server = new NodeWS.WebSocketServer({ server: http, WebSocket: streamSocket(everyMillis) })
  const seen: Array<NodeWS.WebSocket> = []
  server.on("connection", (socket) => seen.push(socket))
  try {
    await body(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`, seen)
  } finally {
    for (const socket of seen) socket.terminate()
    server.close()
    http.close()
  }
}

describe("a socket of the stream", () => {
  it("cuts a peer that does not answer, with no word from it", async () => {
    await serving(async (url) => {
      const client = new NodeWS.WebSocket(url, { autoPong: false })
      const [code] = (await once(client, "close")) as [number]
      assert.strictEqual(code, 1006)
    })
  })

  it("keeps one that answers", async () => {
    await serving(async (url, seen) => {
      const client = new NodeWS.WebSocket(url)
      for (let pings = 0; pings < 4; pings += 1) await once(client, "ping")
      assert.strictEqual(client.readyState, NodeWS.WebSocket.OPEN)
      assert.strictEqual(seen[0]?.readyState, NodeWS.WebSocket.OPEN)
      client.terminate()
    })
  })
})
