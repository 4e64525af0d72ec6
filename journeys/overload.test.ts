import { readFileSync } from "node:fs"
import { connect } from "node:net"
import type { Socket } from "node:net"
import { assert, describe, it } from "vitest"
import { ask, countEvents, startServer, tokenFor } from "./ServerProcess.ts"
import type { ServerProcess } from "./ServerProcess.ts"

const connections = 100
const batchEvents = 50
/** Together 100,000 events a second: twice what the service is made for, on any machine that runs this. */
const offeredPerSecond = 2000
const overloadMillis = 2_000
/** A sender that shares its processor with others offers less: it goes on until it is too much, so long at the most. */
const overloadMillisMax = 20_000
/** Beside what an idle process holds: the bodies and lines that may wait, the engine's limit, and room for garbage. */
const residentBytesMax = 1536 * 1024 * 1024

const residentBytes = (server: ServerProcess): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))![1]) * 1024

const pause = (millis: number) => new Promise((done) => setTimeout(done, millis))

/** A batch as bytes; ids are numbers, so that the sender costs little beside the server. */
const batchOf = (token: string, number: number): string => {
  const id = (index: number) => (number * batchEvents + index).toString(16).padStart(12, "0")
  const events = Array.from(
    { length: batchEvents },
    (_, index) =>
      `{"event_id":"00000000-0000-4000-8000-${id(index)}","event_type":"page_view","anonymous_id":"a${index}","session_id":"s","timestamp":"2026-01-01T00:00:00Z","properties":{"text":"${"x".repeat(100)}"}}`
  )
  const body = `{"events":[${events.join(",")}]}`
  return `POST /analytics/events/batch HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

interface Answered {
  readonly status: number
  readonly head: string
}

/** One connection that sends without waiting for answers; they come in the order of the requests. */
class Sender {
  readonly sent: Array<number> = []
  readonly answers: Array<Answered> = []
  readonly socket: Socket
  #text = ""

  constructor(server: ServerProcess) {
    this.socket = connect(Number(new URL(server.url).port), "127.0.0.1")
    this.socket.on("data", (chunk: Buffer) => this.#read(chunk.toString("latin1")))
    this.socket.on("error", () => undefined)
  }

  send(token: string, number: number): void {
    this.sent.push(number)
    this.socket.write(batchOf(token, number))
  }

  #read(text: string): void {
    this.#text += text
    for (;;) {
      const end = this.#text.indexOf("\r\n\r\n")
      if (end === -1) return
      const head = this.#text.slice(0, end)
      const length = Number(/content-length: (\d+)/i.exec(head)![1])
      if (this.#text.length < end + 4 + length) return
      this.answers.push({ status: Number(head.slice(9, 12)), head })
      this.#text = this.#text.slice(end + 4 + length)
    }
  }
}

describe("more than the service can take", () => {
  it(
    "is refused with 503 and Retry-After, in bounded memory, while health answers; nothing acknowledged is lost",
    { timeout: 120_000 },
    async () => {
      const server = await startServer()
      try {
        const token = tokenFor(server.folder)
        const senders = Array.from({ length: connections }, () => new Sender(server))
        let number = 0
        let resident = 0
        const healthMillis: Array<number> = []
        const start = Date.now()
        const isRefused = () => senders.some(({ answers }) => answers.some(({ status }) => status !== 200))
        const goesOn = () => {
          const millis = Date.now() - start
          return millis < overloadMillis || (millis < overloadMillisMax && !isRefused())
        }
        const watching = (async () => {
          while (goesOn()) {
            const asked = Date.now()
            assert.strictEqual((await fetch(`${server.url}/health/live`)).status, 200)
            healthMillis.push(Date.now() - asked)
            resident = Math.max(resident, residentBytes(server))
            await pause(100)
          }
        })()
        while (goesOn()) {
          const due = ((Date.now() - start) / 1000) * offeredPerSecond
          while (number < due) senders[(number += 1) % connections]!.send(token, number)
          await pause(5)
        }
        await watching
        for (const sender of senders) {
          const deadline = Date.now() + 60_000
          while (sender.answers.length < sender.sent.length && Date.now() < deadline) {
            resident = Math.max(resident, residentBytes(server))
            await pause(50)
          }
          sender.socket.destroy()
        }

        const answers = senders.flatMap((sender) => sender.answers)
        assert.strictEqual(answers.length, number)
        const statuses = Map.groupBy(answers, ({ status }) => status)
        assert.includeMembers([200, 429, 503], [...statuses.keys()])
        const refused = [...(statuses.get(503) ?? []), ...(statuses.get(429) ?? [])]
        assert.isAbove(refused.length, 0)
        for (const { head } of refused) assert.match(head, /retry-after: \d+/i)
        assert.isBelow(resident, residentBytesMax)
        assert.isAbove(healthMillis.length, 0)

        // It recovers: the next request is served, and all that was acknowledged is counted, once.
        const after = new Sender(server)
        after.send(token, (number += 1))
        while (after.answers.length === 0) await pause(5)
        after.socket.destroy()
        assert.strictEqual(after.answers[0]!.status, 200)
        const stored = (1 + (statuses.get(200)?.length ?? 0)) * batchEvents
        assert.strictEqual(await countEvents(server, token, stored, 60_000), stored)
        const health = await ask(server, "GET", "/health/ready")
        assert.strictEqual(health.status, 200)
      } finally {
        await server.kill("SIGTERM")
      }
    }
  )
})
