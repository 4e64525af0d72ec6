import { Option } from "effect"
import type { HttpServerRequest, HttpServerResponse } from "effect/http"
import { STATUS_CODES } from "node:http"
import type { Socket } from "node:net"
import { TextAnswer } from "./DirectRoutes.ts"
import type { Answer, DirectRoute } from "./DirectRoutes.ts"
import { onEveryAnswer } from "./middleware/edge.ts"
import { wholeBody } from "./middleware/body.ts"
import { makeRequestReader } from "./WholeRequest.ts"

/** A kept connection may be silent for so long, as with Node's own server. */
export const idleMillisMax = 5_000
/** The rest of a request that has begun is waited for so long; then Node's parser waits for it, within its own limits. */
const restMillisMax = 1_000
/** Pieces in which a request may come. */
const piecesMax = 8

export interface Host {
  readonly find: (path: string) => DirectRoute | undefined
  /** Whether another request would be too much; the ordinary way refuses it. */
  readonly isFull: () => boolean
  /** Takes the connection, with what was read and not answered, for good. */
  readonly takeOver: (connection: DirectConnection, unread: Buffer | undefined) => void
  readonly closed: (connection: DirectConnection) => void
}

/**
 * A connection that is read and written without Node's HTTP streams, which cost more than all the rest of a small
 * request. It knows requests of the usual form on direct routes; at the first that is not, Node takes it over.
 */
export class DirectConnection {
  readonly socket: Socket
  readonly #host: Host
  readonly #read = makeRequestReader()
  readonly #remoteAddress: Option.Option<string>
  #held: Buffer | undefined
  #pieces = 0
  /** When something came or went last. */
  #since = Date.now()
  #answering = false
  #ended = false

  constructor(socket: Socket, host: Host) {
    this.socket = socket
    this.#host = host
    this.#remoteAddress = Option.fromUndefinedOr(socket.remoteAddress)
    socket.setNoDelay(true)
    socket.on("data", this.#onData).on("error", this.#onError).on("end", this.#onEnd)
    socket.on("close", this.#onClose)
  }

  get isIdle(): boolean {
    return !this.#answering && this.#held === undefined
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#held = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk])
    this.#pieces += 1
    this.#since = Date.now()
    if (!this.#answering) this.#next()
    else this.socket.pause()
  }

  #next(): void {
    const bytes = this.#held
    if (bytes === undefined) return
    const read = this.#read(bytes)
    if (read === "partial" && this.#pieces < piecesMax) return
    const route = typeof read === "string" ? undefined : this.#host.find(read.path)
    if (typeof read === "string" || route === undefined || this.#host.isFull()) return this.#giveUp()
    this.#held = read.rest
    this.#pieces = 0
    this.#answering = true
    const request = {
      method: "POST",
      url: read.path,
      headers: read.headers,
      remoteAddress: this.#remoteAddress,
      [wholeBody]: read.body
    }
    if (route(request as unknown as HttpServerRequest.HttpServerRequest, this.#onAnswer)) return
    this.#answering = false
    this.#held = bytes
    this.#giveUp()
  }

  readonly #onAnswer = (answer: Answer): void => {
    this.#answering = false
    this.#since = Date.now()
    if (this.socket.destroyed) return
    const closes = this.#ended || answer.headers["connection"] === "close"
    writeAnswer(this.socket, answer, closes)
    if (closes) return void this.socket.end()
    // A client that does not wait for its answers is Node's to serve, and to refuse when it asks too much.
    if (this.#held !== undefined) this.#giveUp()
  }

  #giveUp(): void {
    this.socket.off("data", this.#onData).off("error", this.#onError).off("end", this.#onEnd)
    this.socket.off("close", this.#onClose)
    this.#host.takeOver(this, this.#held)
  }

  /** Ends a silent connection, and leaves to Node what does not become whole. */
  lookAt(now: number): void {
    if (this.#answering) return
    const silentMillis = now - this.#since
    if (this.#held === undefined && silentMillis > idleMillisMax) this.socket.destroy()
    else if (this.#held !== undefined && silentMillis > restMillisMax) this.#giveUp()
  }

  readonly #onEnd = (): void => {
    this.#ended = true
    if (this.#answering) return
    if (this.#held === undefined) this.socket.destroy()
    else this.#giveUp()
  }

  readonly #onError = (): void => void this.socket.destroy()

  readonly #onClose = (): void => this.#host.closed(this)
}

let shownSecond = 0
let shownDate = ""

const dateNow = (): string => {
  const second = Math.trunc(Date.now() / 1000)
  if (second !== shownSecond) {
    shownSecond = second
    shownDate = new Date(second * 1000).toUTCString()
  }
  return shownDate
}

const usualFields = Object.entries(onEveryAnswer)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join("")

const bodyOf = ({ body }: HttpServerResponse.HttpServerResponse): string =>
  body._tag === "Uint8Array" ? Buffer.from(body.body).toString("utf8") : ""

/** The answer as it goes over the wire. */
const writeAnswer = (socket: Socket, answer: Answer, closes: boolean): void => {
  const isText = answer instanceof TextAnswer
  const status = isText ? 200 : answer.status
  const body = isText ? answer.text : bodyOf(answer)
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n`
  if (isText) head += `${usualFields}content-type: application/json\r\n`
  for (const name in answer.headers) {
    if (name !== "content-length") head += `${name}: ${answer.headers[name]}\r\n`
  }
  const connection = closes
    ? answer.headers["connection"] === undefined
      ? "connection: close\r\n"
      : ""
    : `connection: keep-alive\r\nkeep-alive: timeout=${idleMillisMax / 1000}\r\n`
  const bodyBytes = Buffer.byteLength(body)
  // Characters of one byte each are written as they are.
  socket.write(
    `${head}content-length: ${bodyBytes}\r\ndate: ${dateNow()}\r\n${connection}\r\n${body}`,
    bodyBytes === body.length ? "latin1" : "utf8"
  )
}
