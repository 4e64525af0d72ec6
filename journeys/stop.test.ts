import { connect } from "node:net"
import type { Socket } from "node:net"
import { assert, describe, it } from "vitest"
import { ask, countEvents, eventOf, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

const stopMillisMax = 30_000
const senders = 8
const questions = 40
const question = JSON.stringify({ date_range: { from: "2020-01-01", to: "2029-12-31" }, metrics: ["events", "people"] })

/** A connection by hand: what was read from it, and when it ended. */
const connection = async (server: ServerProcess) => {
  let read = ""
  const socket: Socket = await new Promise((done) => {
    const made = connect(Number(new URL(server.url).port), "127.0.0.1", () => done(made))
  })
  socket.on("data", (chunk: Buffer) => (read += chunk.toString("latin1")))
  socket.on("error", () => undefined)
  const ended = new Promise<void>((done) => socket.once("close", () => done()))
  return { socket, ended, read: () => read }
}

const headOf = (path: string, token: string, body: string): string =>
  [
    `POST ${path} HTTP/1.1`,
    "host: localhost",
    `authorization: Bearer ${token}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "\r\n"
  ].join("\r\n")

/** Sends one event after the other on connections that stay open, until there is nobody any more. */
const load = (server: ServerProcess, token: string) => {
  const acknowledged: Array<string> = []
  let stopped = false
  const send = async () => {
    while (!stopped) {
      const event = eventOf()
      try {
        const answer = await ask(server, "POST", "/analytics/events/ingest", { token, body: event })
        if (answer.status === 200) acknowledged.push(event.event_id)
      } catch {
        // A connection that is refused or closed has accepted nothing.
        stopped = true
      }
    }
  }
  return { acknowledged, ended: Promise.all(Array.from({ length: senders }, send)) }
}

const pause = (millis: number) => new Promise((done) => setTimeout(done, millis))

describe("a stop", () => {
  it(
    "under load, with everything open that can be, answers what it has accepted and ends well in time",
    { timeout: 90_000 },
    async () => {
      const folder = freshFolder()
      const token = tokenFor(folder)
      const server = await startServer(folder)
      const sending = load(server, token)
      const idle = await connection(server)
      idle.socket.write(`GET /health/live HTTP/1.1\r\nhost: localhost\r\n\r\n`)
      const stream = new WebSocket(`${server.url.replace("http", "ws")}/analytics/realtime/stream`, token)
      await new Promise((done) => (stream.onopen = done))
      const streamEnded = new Promise<number>((done) => (stream.onclose = ({ code }) => done(code)))
      const deaf = await connection(server)
      deaf.socket.write(
        [
          "GET /analytics/realtime/stream HTTP/1.1",
          "host: localhost",
          "connection: Upgrade",
          "upgrade: websocket",
          "sec-websocket-version: 13",
          "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
          `sec-websocket-protocol: ${token}`,
          "\r\n"
        ].join("\r\n")
      )
      const [slow, never] = [eventOf(), eventOf()].map((event) => JSON.stringify(event)) as [string, string]
      const slowly = await connection(server)
      slowly.socket.write(headOf("/analytics/events/ingest", token, slow) + slow.slice(0, 20))
      const endlessly = await connection(server)
      endlessly.socket.write(headOf("/analytics/events/ingest", token, never) + never.slice(0, 20))
      await pause(500)
      deaf.socket.pause()
      // More than run at once: some are answered, two run, the others wait when the signal comes.
      const asking = await connection(server)
      asking.socket.write(headOf("/analytics/query", token, question).concat(question).repeat(questions))
      while (!asking.read().includes("HTTP/1.1 200")) await pause(1)

      const begun = Date.now()
      const ended = server.kill("SIGTERM")
      await pause(300)
      process.kill(server.pid, "SIGTERM")
      slowly.socket.write(slow.slice(20))
      while (asking.read().split("HTTP/1.1 200").length <= questions) await pause(5)
      await slowly.ended
      assert.match(slowly.read(), /^HTTP\/1\.1 200 /)
      assert.strictEqual(await streamEnded, 1001)
      await Promise.all([idle.ended, endlessly.ended])
      assert.match(idle.read(), /^HTTP\/1\.1 200 /)
      assert.strictEqual(endlessly.read(), "")
      assert.deepStrictEqual(await ended, { code: 0, signal: null })
      assert.isBelow(Date.now() - begun, stopMillisMax)
      await sending.ended
      deaf.socket.destroy()

      const again = await startServer(folder)
      try {
        assert.isAbove(sending.acknowledged.length, senders)
        const count = sending.acknowledged.length + 1
        assert.isAtLeast(await countEvents(again, token, count), count)
      } finally {
        await again.kill("SIGTERM")
      }
    }
  )
})
