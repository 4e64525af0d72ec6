import { NodeWS } from "@effect/platform-node"

/** A peer that has not answered for this time is gone; it also keeps proxies from closing a silent stream. */
export const heartbeatMillis = 30_000
/** After a closing frame the peer has this long to answer it before the connection is cut. */
export const closeTimeoutMillis = 5_000
/** Bytes of one message from a client: the stream takes none that says anything. */
export const clientMessageBytesMax = 4 * 1024

/** A WebSocket that asks its peer whether it lives, and ends when it does not answer until the next time. */
export const streamSocket = (everyMillis: number): typeof NodeWS.WebSocket =>
  class StreamSocket extends NodeWS.WebSocket {
    constructor(...given: ReadonlyArray<unknown>) {
      super(...(given as [string]))
      let heard = true
      const hear = () => void (heard = true)
      this.on("open", () => {
        const beat = setInterval(() => {
          if (!heard) return this.terminate()
          heard = false
          this.ping()
        }, everyMillis)
        beat.unref()
        this.on("close", () => clearInterval(beat))
      })
      this.on("pong", hear).on("ping", hear).on("message", hear)
    }
  }

/** How the server upgrades a connection to a WebSocket. */
export const streamSocketOptions = {
  WebSocket: streamSocket(heartbeatMillis),
  maxPayload: clientMessageBytesMax,
  closeTimeout: closeTimeoutMillis
}
