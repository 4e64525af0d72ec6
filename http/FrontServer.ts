import { Server } from "node:http"
import type { ServerOptions } from "node:http"
import type { Socket } from "node:net"
import { DirectConnection } from "./DirectConnection.ts"
import type { Host } from "./DirectConnection.ts"
import type { DirectRoutes } from "./DirectRoutes.ts"

type Emit = (event: string | symbol, ...values: ReadonlyArray<unknown>) => boolean

/** How often connections are looked at that wait: one timer for all costs less than to set one with every request. */
const sweepMillis = 250

/** Node's server, but for connections that ask direct routes alone. */
export class FrontServer extends Server {
  readonly #isOpen: boolean
  readonly #connections = new Set<DirectConnection>()
  readonly #sweep: NodeJS.Timeout
  readonly #host: Host

  constructor(routes: DirectRoutes["Service"], isFull: () => boolean, options: ServerOptions) {
    super(options)
    this.#isOpen = routes.isOpen
    this.#sweep = setInterval(() => {
      const now = Date.now()
      for (const connection of this.#connections) connection.lookAt(now)
    }, sweepMillis).unref()
    this.once("close", () => clearInterval(this.#sweep))
    this.#host = {
      find: routes.find,
      isFull,
      takeOver: (connection, unread) => {
        const { socket } = connection
        this.#connections.delete(connection)
        socket.pause()
        if (unread !== undefined) socket.unshift(unread)
        this.#emitAsNode("connection", socket)
        socket.resume()
      },
      closed: (connection) => void this.#connections.delete(connection)
    }
  }

  #emitAsNode(event: string | symbol, ...values: ReadonlyArray<unknown>): boolean {
    return (super.emit as Emit)(event, ...values)
  }

  override emit(event: string | symbol, ...values: ReadonlyArray<unknown>): boolean {
    if (event !== "connection" || !this.#isOpen) return this.#emitAsNode(event, ...values)
    this.#connections.add(new DirectConnection(values[0] as Socket, this.#host))
    return true
  }

  override closeIdleConnections(): void {
    super.closeIdleConnections()
    for (const connection of this.#connections) if (connection.isIdle) connection.socket.destroy()
  }

  override closeAllConnections(): void {
    super.closeAllConnections()
    for (const { socket } of this.#connections) socket.destroy()
  }
}
