import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http"

/**
 * The port opens a moment before the routes stand. A server without a listener drops what comes then, and its client
 * waits for ever; this one keeps such requests for the listener.
 */
export const holdUntilServed = (server: Server): Server => {
  const held: Array<readonly [IncomingMessage, ServerResponse<IncomingMessage> & { req: IncomingMessage }]> = []
  const hold: RequestListener = (request, response) => void held.push([request, response])
  const release = (event: string, listener: RequestListener) => {
    if (event !== "request" || listener === hold) return
    server.off("newListener", release)
    server.off("request", hold)
    for (const [request, response] of held) setImmediate(() => listener(request, response))
  }
  return server.on("request", hold).on("newListener", release)
}
