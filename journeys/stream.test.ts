import { randomBytes } from "node:crypto"
import { connect } from "node:net"
import type { Socket } from "node:net"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, countEvents, eventOf, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

let server: ServerProcess
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.kill("SIGTERM"))

interface Watching {
  readonly socket: WebSocket
  readonly seen: Array<{ event_id: string }>
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>
}

const watch = (token: string): Promise<Watching> =>
  new Promise((done, failed) => {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/analytics/realtime/stream`, token)
    const seen: Array<{ event_id: string }> = []
    socket.onmessage = ({ data }) => seen.push(JSON.parse(String(data)) as { event_id: string })
    const closed = new Promise<{ code: number; reason: string }>((end) => {
      socket.onclose = ({ code, reason }) => end({ code, reason })
    })
    socket.onopen = () => done({ socket, seen, closed })
    socket.onerror = () => failed(new Error("the stream was refused"))
  })

/** A client by hand, which can stop to read. */
const watchRaw = (token: string): Promise<{ readonly socket: Socket; readonly read: () => Buffer }> =>
  new Promise((done, failed) => {
    const { host, port } = new URL(server.url)
    const chunks: Array<Buffer> = []
    const socket = connect(Number(port), "127.0.0.1", () =>
      socket.write(
        [
          "GET /analytics/realtime/stream HTTP/1.1",
          `host: ${host}`,
          "connection: Upgrade",
          "upgrade: websocket",
          "sec-websocket-version: 13",
          `sec-websocket-key: ${randomBytes(16).toString("base64")}`,
          `sec-websocket-protocol: ${token}`,
          "\r\n"
        ].join("\r\n")
      )
    )
    socket.once("data", (head) => {
      if (!head.toString("latin1").startsWith("HTTP/1.1 101")) return failed(new Error(head.toString("latin1")))
      done({ socket, read: () => Buffer.concat(chunks) })
    })
    socket.on("data", (chunk: Buffer) => chunks.push(chunk))
    socket.on("error", () => undefined)
  })

/** A frame of text as clients send it, RFC 6455, 5.2, masked with zeros. */
const frameOf = (text: string): Buffer => {
  const bytes = Buffer.from(text)
  const length = bytes.length < 126 ? [0x80 | bytes.length] : [0x80 | 126, bytes.length >> 8, bytes.length & 255]
  return Buffer.concat([Buffer.from([0x81, ...length, 0, 0, 0, 0]), bytes])
}

const send = async (token: string, count: number): Promise<ReadonlyArray<string>> => {
  const events = Array.from({ length: count }, () => eventOf())
  const answer = await ask(server, "POST", "/analytics/events/batch", { token, body: { events } })
  assert.strictEqual(answer.body["stored"], count)
  return events.map(({ event_id }) => event_id)
}

const eventually = async (holds: () => boolean | Promise<boolean>, what: string, millisMax = 15_000) => {
  const deadline = Date.now() + millisMax
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`never: ${what}`)
    await new Promise((done) => setTimeout(done, 20))
  }
}

const watchersOpen = async (): Promise<number> => {
  const text = await (await fetch(server.metricsUrl)).text()
  return Number(/^marketing_stream_watchers(?:\{[^}]*\})? (\d+)/m.exec(text)![1])
}

describe("the stream", () => {
  it("shows the events of the own workspace and of no other", async () => {
    const own = tokenFor(server.folder, { workspace: "stream-own" })
    const other = tokenFor(server.folder, { workspace: "stream-other" })
    const [mine, theirs] = [await watch(own), await watch(other)]
    const sent = await send(own, 3)
    await eventually(() => mine.seen.length >= 3, "three events")
    assert.deepStrictEqual(
      mine.seen.map(({ event_id }) => event_id),
      [...sent]
    )
    const foreign = await send(other, 1)
    await eventually(() => theirs.seen.length >= 1, "the event of the other workspace")
    assert.deepStrictEqual(
      theirs.seen.map(({ event_id }) => event_id),
      [...foreign]
    )
    assert.strictEqual(mine.seen.length, 3)
    for (const { socket } of [mine, theirs]) socket.close()
  })

  it("ends within seconds once its token is revoked, and once it expires", async () => {
    const token = tokenFor(server.folder, { workspace: "stream-ends" })
    const made = await ask(server, "POST", "/platform/keys", { token, body: { name: "soon gone", scopes: ["*"] } })
    const revoked = await watch(String(made.body["token"]))
    const expiring = await watch(
      tokenFor(server.folder, { workspace: "stream-ends", expiresAtMillis: Math.ceil(Date.now() / 1000 + 2) * 1000 })
    )
    const staying = await watch(token)
    await ask(server, "DELETE", `/platform/keys/${String(made.body["id"])}`, { token })
    assert.deepStrictEqual(await revoked.closed, { code: 1008, reason: "the token is no longer accepted: revoked" })
    assert.deepStrictEqual(await expiring.closed, { code: 1008, reason: "the token is no longer accepted: expired" })
    await send(token, 1)
    await eventually(() => staying.seen.length === 1, "the stream of the good token goes on")
    staying.socket.close()
  })

  it(
    "drops a reader that takes nothing, with a reason, while ingestion and quick readers miss nothing",
    { timeout: 120_000 },
    async () => {
      const token = tokenFor(server.folder, { workspace: "stream-slow" })
      const quick = await watch(token)
      const slow = await watchRaw(token)
      const open = await watchersOpen()
      await send(token, 1000)
      slow.socket.pause()
      let sent = 1000
      await eventually(
        async () => {
          await Promise.all(Array.from({ length: 4 }, () => send(token, 1000)))
          sent += 4000
          await eventually(() => quick.seen.length === sent, "the quick reader sees every event", 40_000)
          return (await watchersOpen()) < open
        },
        "the slow reader is dropped",
        80_000
      )
      slow.socket.resume()
      await eventually(
        () => slow.read().includes("the reader is too slow") || slow.socket.destroyed,
        "the end of the slow one"
      )
      quick.socket.close()
      assert.strictEqual(await countEvents(server, token, sent, 40_000), sent)
    }
  )

  it("ends for a client that floods it with messages, or sends a large one", async () => {
    const token = tokenFor(server.folder, { workspace: "stream-flood" })
    const chatty = await watch(token)
    for (let sent = 0; sent < 10; sent += 1) chatty.socket.send("anyone there?")
    await send(token, 1)
    await eventually(() => chatty.seen.length === 1, "a few messages do no harm")
    for (let sent = 0; sent < 200; sent += 1) chatty.socket.send("x")
    assert.deepStrictEqual(await chatty.closed, { code: 1008, reason: "60 messages a minute at the most" })
    const large = await watch(token)
    large.socket.send("x".repeat(100_000))
    assert.strictEqual((await large.closed).code, 1009)
  })

  it("cuts a flooding client that never hears the end", async () => {
    const token = tokenFor(server.folder, { workspace: "stream-deaf" })
    const deaf = await watchRaw(token)
    const ended = new Promise<void>((done) => deaf.socket.once("close", () => done()))
    const flood = setInterval(() => deaf.socket.write(frameOf("y".repeat(200))), 5)
    await ended
    clearInterval(flood)
  })
})
