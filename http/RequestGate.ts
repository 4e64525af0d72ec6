import type { IncomingMessage, Server, ServerResponse } from "node:http"

/** Looks at every request before anything else does; `true` where it has answered, and nobody else shall. */
export type Gate = (message: IncomingMessage, response: ServerResponse) => boolean

type Emit = (event: string | symbol, ...values: ReadonlyArray<unknown>) => boolean

/** Requests pass the gates, in their order, before the server's own listeners see them. */
export const gated = <S extends Server>(server: S, gates: ReadonlyArray<Gate>): S => {
  const emit = server.emit.bind(server) as Emit
  const passing: Emit = (event, ...values) => {
    if (event === "request" || event === "checkContinue") {
      const [message, response] = values as unknown as readonly [IncomingMessage, ServerResponse]
      for (const gate of gates) if (gate(message, response)) return true
    }
    return emit(event, ...values)
  }
  server.emit = passing
  return server
}
