import { fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"

export interface Baseline {
  readonly port: number
  readonly pid: number
  readonly stop: () => void
}

/** fastify and ajv in a process of their own, that validate the event and answer. */
export const startBaseline = async (): Promise<Baseline> => {
  const child = fork(join(import.meta.dirname, "validateOnly.ts"), { stdio: "inherit" })
  const [port] = (await once(child, "message")) as [number]
  return { port, pid: child.pid!, stop: () => void child.kill() }
}
