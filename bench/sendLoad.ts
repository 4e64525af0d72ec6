import { connect } from "node:net"
import type { Socket } from "node:net"
import { performance } from "node:perf_hooks"
import process from "node:process"
import { makeEvents } from "./eventBodies.ts"
import { numberMark } from "./LoadGenerator.ts"
import type { Load, LoadResult, NumberedBody } from "./LoadGenerator.ts"

/** The process that sends: HTTP/1.1 on plain sockets, one request at a time on each connection. */

const headEnd = Buffer.from("\r\n\r\n")

/** Length of the first whole answer in the bytes, 0 where it is not whole yet. */
const answerLength = (bytes: Buffer): number => {
  const end = bytes.indexOf(headEnd)
  if (end === -1) return 0
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString("latin1", 0, end))
  const whole = end + headEnd.length + Number(length?.[1] ?? 0)
  return bytes.length >= whole ? whole : 0
}

const isOk = (bytes: Buffer): boolean => bytes.toString("latin1", 9, 12) === "200"

const percentile = (sorted: Float64Array, part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN

/** The bodies of numbers 0, 1, …, each a copy with other digits. */
const numbered = ({ count, text }: NumberedBody) => {
  const template = Buffer.from(text)
  const at = template.indexOf(numberMark)
  let number = 0
  return () => {
    const body = Buffer.from(template)
    body.write(String(number).padStart(numberMark.length, "0"), at, "latin1")
    number = (number + 1) % count
    return body
  }
}

const drive = (load: Load): Promise<LoadResult> =>
  new Promise((done, failed) => {
    const events = makeEvents(load.run, load.personal)
    const bodyOf =
      load.body === undefined
        ? () => (load.eventsPerRequest === 1 ? events.one() : events.batch(load.eventsPerRequest))
        : numbered(load.body)
    const paths = typeof load.path === "string" ? [load.path] : load.path
    const headOf = (length: number, path = paths[0]) =>
      Buffer.from(
        `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${load.token}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`
      )
    const usualBytes = bodyOf().length
    const usualHeads = paths.map((path) => headOf(usualBytes, path))
    let sent = 0
    const times: Array<number> = []
    /** How late the sender itself was with requests for which a connection was free. */
    const lateness: Array<number> = []
    let refused = 0
    let open = 0
    const startedAt = performance.now()
    const endsAt = startedAt + load.seconds * 1000
    const busyAtStart = performance.eventLoopUtilization()
    let nextSlot = startedAt

    const finish = () => {
      const seconds = (performance.now() - startedAt) / 1000
      const sorted = Float64Array.from(times).sort()
      const late = Float64Array.from(lateness).sort()
      done({
        requests: times.length,
        refused,
        perSecond: times.length / seconds,
        p50: percentile(sorted, 0.5),
        p99: percentile(sorted, 0.99),
        worst: sorted.at(-1) ?? Number.NaN,
        senderLate: late.length === 0 ? 0 : percentile(late, 0.99),
        senderBusy: performance.eventLoopUtilization(busyAtStart).utilization
      })
    }

    const send = (socket: Socket): number => {
      const body = bodyOf()
      const head = load.eventsPerRequest === 1 ? usualHeads[sent++ % usualHeads.length]! : headOf(body.length)
      socket.write(Buffer.concat([head, body]))
      return performance.now()
    }

    const start = () => {
      open += 1
      let sentAt = 0
      let held: Buffer | undefined
      const socket = connect(load.port, "127.0.0.1", () => next())
      socket.setNoDelay(true)
      const next = () => {
        const now = performance.now()
        if (now >= endsAt) {
          socket.end()
          return
        }
        if (load.perSecond === undefined) {
          sentAt = send(socket)
          return
        }
        // Timed from the moment that it was due, so that a stall of the server counts for all that it delays.
        const due = Math.max(nextSlot, startedAt)
        nextSlot = due + 1000 / load.perSecond
        if (due <= now) {
          send(socket)
          sentAt = due
          return
        }
        setTimeout(() => {
          const wentAt = send(socket)
          // Timers have whole milliseconds: what goes early is timed from when it went.
          sentAt = Math.min(due, wentAt)
          lateness.push(wentAt - sentAt)
        }, due - now)
      }
      socket.on("data", (chunk: Buffer) => {
        const bytes = held === undefined ? chunk : Buffer.concat([held, chunk])
        const length = answerLength(bytes)
        if (length === 0) {
          held = bytes
          return
        }
        held = undefined
        times.push(performance.now() - sentAt)
        if (!isOk(bytes)) refused += 1
        next()
      })
      socket.on("error", failed)
      socket.on("close", () => {
        open -= 1
        if (open === 0) finish()
      })
    }
    for (let index = 0; index < load.connections; index += 1) start()
  })

process.on("message", (load: Load) => {
  drive(load).then(
    (result) => process.send!(result),
    (cause: unknown) => {
      process.stderr.write(`the load failed: ${String(cause)}\n`)
      process.exit(1)
    }
  )
})
process.on("disconnect", () => process.exit(0))
