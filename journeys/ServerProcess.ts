import { execFileSync, spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { createHmac } from "node:crypto"
import { mkdtempSync, readFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { readOrMake } from "../adapters/files/TokenKey.ts"
import { filesOf } from "../adapters/dataFiles.ts"
import { payloadOf } from "../domain/platform/tokens.ts"
import type { TokenClaims } from "../domain/platform/tokens.ts"
import { eventIn } from "./EventStreamReader.ts"
import type { ReadEvent } from "./EventStreamReader.ts"

const root = resolve(import.meta.dirname, "..")
const startMillisMax = 30_000

/** What `npm start` gives to Node. */
const nodeOptions = (): ReadonlyArray<string> => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly scripts: { readonly start: string }
  }
  return scripts.start.match(/ --\S+/g)?.map((option) => option.trim()) ?? []
}

export const freshFolder = (): string => mkdtempSync(join(tmpdir(), "broxiva-"))

export const freePort = (): Promise<number> =>
  new Promise((done, failed) => {
    const server = createServer()
    server.once("error", failed)
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number }
      server.close(() => done(port))
    })
  })

export interface Ended {
  readonly code: number | null
  readonly signal: string | null
}

/** The service as its users run it: a process of its own on a data folder. */
export interface ServerProcess {
  readonly url: string
  readonly metricsUrl: string
  readonly folder: string
  readonly pid: number
  /** All that it has printed. */
  readonly output: () => string
  readonly ended: Promise<Ended>
  readonly kill: (signal: "SIGKILL" | "SIGTERM") => Promise<Ended>
}

export const spawnServer = async (
  folder: string,
  environment: Readonly<Record<string, string>> = {},
  runtime = process.execPath
): Promise<ServerProcess & { readonly child: ChildProcess }> => {
  const [port, metricsPort] = [await freePort(), await freePort()]
  const options = runtime === process.execPath ? nodeOptions() : []
  const child = spawn(runtime, [...options, "start.mjs"], {
    cwd: root,
    env: {
      ...process.env,
      PORT: String(port),
      METRICS_PORT: String(metricsPort),
      DATA_DIR: folder,
      UV_THREADPOOL_SIZE: "16",
      RATE_LIMITS: "ingest=100000000,batch=100000000,default=100000000,anonymous=100000000",
      ...environment
    },
    stdio: ["ignore", "pipe", "pipe"]
  })
  let output = ""
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()))
  const ended = new Promise<Ended>((done) => child.once("exit", (code, signal) => done({ code, signal })))
  return {
    child,
    url: `http://127.0.0.1:${port}`,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    folder,
    pid: child.pid!,
    output: () => output,
    ended,
    kill: (signal) => {
      child.kill(signal)
      return ended
    }
  }
}

/** Spawns the service and waits until it is ready. */
export const startServer = async (
  folder: string = freshFolder(),
  environment: Readonly<Record<string, string>> = {},
  runtime = process.execPath
): Promise<ServerProcess> => {
  const server = await spawnServer(folder, environment, runtime)
  const deadline = Date.now() + startMillisMax
  for (;;) {
    const ready = await fetch(`${server.url}/health/ready`).then(
      (response) => response.ok,
      () => false
    )
    if (ready) return server
    if (server.child.exitCode !== null) throw new Error(`the server ended:\n${server.output()}`)
    if (Date.now() > deadline)
      throw new Error(`the server is not ready after ${startMillisMax} ms:\n${server.output()}`)
    await new Promise((done) => setTimeout(done, 50))
  }
}

/**
 * Files of the process may not grow beyond so many bytes: the kernel then refuses a write as it does on a full disk
 * (EFBIG instead of ENOSPC), for any user, and until the limit is taken back.
 */
export const limitFiles = (server: ServerProcess, bytes: number | "unlimited"): void =>
  void execFileSync("prlimit", ["--pid", String(server.pid), `--fsize=${bytes}:`])

/** A token for a server on this folder; claims can be overridden to make a wrong one. */
export const tokenFor = (folder: string, claims: Partial<TokenClaims> = {}): string => {
  const payload = payloadOf({
    workspace: "default",
    subject: "test",
    keyId: crypto.randomUUID(),
    kind: "secret",
    scopes: ["*"],
    issuedAtMillis: Date.now(),
    expiresAtMillis: Date.now() + 3_600_000,
    ...claims
  })
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")
  const text = `${part({ alg: "HS256", typ: "JWT" })}.${part(payload)}`
  const secret = readOrMake(filesOf(folder).tokenKey)
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // Tests look into answers of every shape.
  readonly body: Readonly<Record<string, unknown>>
}

/** What a stream of events says until its first event; it is left then. */
const firstEvents = async (response: Response): Promise<ReadonlyArray<Omit<ReadEvent, "at">>> => {
  const decoder = new TextDecoder()
  let text = ""
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    const events = text
      .split("\n\n")
      .slice(0, -1)
      .flatMap((block) => eventIn(block) ?? [])
    if (events.length > 0) return events.map(({ data, event, id }) => ({ id, event, data }))
  }
  return []
}

/**
 * One request, its answer's body read as JSON; lines of JSON as `{ lines }`, what comes first of a stream as
 * `{ events }`, what is no JSON as `{ text }`.
 */
export const ask = async (
  server: ServerProcess,
  method: string,
  path: string,
  options: {
    readonly token?: string
    readonly body?: unknown
    readonly headers?: Readonly<Record<string, string>>
  } = {}
): Promise<Answer> => {
  const { body, headers = {}, token } = options
  const text = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body)
  const response = await fetch(server.url + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers
    },
    ...(body === undefined ? {} : { body: text as string })
  })
  const type = response.headers.get("content-type") ?? ""
  if (type.startsWith("text/event-stream")) {
    return { status: response.status, headers: response.headers, body: { events: await firstEvents(response) } }
  }
  const read = await response.text()
  const isLines = type.startsWith("application/x-ndjson")
  const isJson = /^application\/(.+\+)?json/.test(type)
  const lines = read.split("\n").filter((line) => line !== "")
  return {
    status: response.status,
    headers: response.headers,
    body: isLines
      ? { lines: lines.map((line) => JSON.parse(line) as unknown) }
      : read === ""
        ? {}
        : isJson
          ? JSON.parse(read)
          : { text: read }
  }
}

export const eventOf = (more: Readonly<Record<string, unknown>> = {}) => ({
  event_id: crypto.randomUUID(),
  event_type: "page_view",
  anonymous_id: "device",
  session_id: "session",
  timestamp: new Date().toISOString(),
  ...more
})

/** How many events of today the service counts, asked until it is `expected` or the time is over. */
export const countEvents = async (
  server: ServerProcess,
  token: string,
  expected: number,
  millisMax = 20_000
): Promise<number> => {
  const deadline = Date.now() + millisMax
  for (;;) {
    const answer = await ask(server, "POST", "/analytics/query", {
      token,
      body: { date_range: { from: "2020-01-01", to: "2029-12-31" }, metrics: ["events"] }
    })
    const events = Number((answer.body["totals"] as { events?: number } | undefined)?.events ?? -1)
    if (events >= expected || Date.now() > deadline) return events
    await new Promise((done) => setTimeout(done, 50))
  }
}
