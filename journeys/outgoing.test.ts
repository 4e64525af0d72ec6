import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import { ask, countEvents, eventOf, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"

/**
 * Notes every connection, look-up and datagram that the process begins, with where it goes, before it happens. Worker
 * threads load it too.
 */
const recorder = (file: string): string => `
import { appendFileSync } from "node:fs"
import { syncBuiltinESMExports, createRequire } from "node:module"
const require = createRequire(import.meta.url)
const note = (kind, to) => appendFileSync(${JSON.stringify(file)}, JSON.stringify({ kind, to: String(to) }) + "\\n")
const net = require("node:net")
const connect = net.Socket.prototype.connect
net.Socket.prototype.connect = function (...given) {
  const options = Array.isArray(given[0]) ? given[0][0] : given[0]
  note("connect", typeof options === "object" ? (options.path ?? options.host ?? "localhost") : (given[1] ?? "localhost"))
  return connect.apply(this, given)
}
const dgram = require("node:dgram")
for (const name of ["send", "connect"]) {
  const original = dgram.Socket.prototype[name]
  dgram.Socket.prototype[name] = function (...given) {
    note("datagram", given.filter((each) => typeof each === "string").at(-1) ?? "localhost")
    return original.apply(this, given)
  }
}
for (const dns of [require("node:dns"), require("node:dns/promises")]) {
  for (const name of Object.keys(dns).filter((each) => /^(lookup|resolve|reverse)/.test(each))) {
    const original = dns[name]
    if (typeof original !== "function") continue
    dns[name] = (...given) => {
      note("look-up", given[0])
      return original.apply(dns, given)
    }
  }
}
syncBuiltinESMExports()
note("loaded", process.pid)
`

const linked = (path: string): string => {
  try {
    return readlinkSync(path)
  } catch {
    return ""
  }
}
/** 0.0.0.0, 127.x.x.x, ::, ::1 and their mapped forms, as the kernel writes addresses. */
const ownHex = /^(0{8}|[0-9A-F]{6}7F|0{32}|0{24}01000000|0{16}FFFF0000[0-9A-F]{6}7F|0{16}FFFF00000{8})$/

/** Far ends of the process's sockets beyond this machine, native code's too, as the kernel of Linux lists them. */
const farEnds = (pid: number): ReadonlyArray<string> => {
  if (process.platform !== "linux") return []
  const sockets = new Set(
    readdirSync(`/proc/${pid}/fd`).map((name) => /^socket:\[(\d+)\]$/.exec(linked(`/proc/${pid}/fd/${name}`))?.[1])
  )
  return ["tcp", "tcp6", "udp", "udp6"].flatMap((table) => {
    const rows = readFileSync(`/proc/${pid}/net/${table}`, "utf8").trim().split("\n").slice(1)
    return rows
      .map((row) => row.trim().split(/\s+/))
      .filter((fields) => sockets.has(fields[9]))
      .map((fields) => fields[2]!.split(":")[0]!)
      .filter((address) => !ownHex.test(address))
  })
}

const isOwn = (address: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|::1)$/.test(address)

describe("a service that nothing else was configured for", () => {
  it("calls nobody: no connection, look-up or datagram leaves the machine", { timeout: 90_000 }, async () => {
    const folder = freshFolder()
    const [record, preload] = [
      join(folder, "..", `${crypto.randomUUID()}.ndjson`),
      join(folder, "..", `${crypto.randomUUID()}.mjs`)
    ]
    writeFileSync(record, "")
    writeFileSync(preload, recorder(record))
    const server = await startServer(folder, { NODE_OPTIONS: `--import=${preload}`, LOG_LEVEL: "debug" })
    const far = new Set<string>()
    const looking = setInterval(() => {
      for (const end of farEnds(server.pid)) far.add(end)
    }, 20)
    const token = tokenFor(folder)
    const order = { order_id: "1", total: 10, currency: "USD" }
    const body = {
      events: [
        eventOf({ context: { ip: "81.2.69.142", page: { url: "https://shop.example/?utm_source=x" } } }),
        eventOf({
          event_type: "order_completed",
          user_id: "ada@example.com",
          properties: { ...order, email: "ada@example.com" }
        })
      ]
    }
    assert.strictEqual((await ask(server, "POST", "/analytics/events/batch", { token, body })).status, 200)
    assert.strictEqual(await countEvents(server, token, 2), 2)
    const question = {
      date_range: { from: "2020-01-01", to: "2029-12-31" },
      metrics: ["revenue", "users"],
      breakdown: ["country"],
      currency: "JPY"
    }
    assert.isBelow((await ask(server, "POST", "/analytics/query", { token, body: question })).status, 500)
    for (const path of [
      "/analytics/events",
      "/analytics/persons?email=ada@example.com",
      "/platform/attributions",
      "/docs",
      "/openapi.json"
    ]) {
      assert.isBelow((await fetch(server.url + path, { headers: { authorization: `Bearer ${token}` } })).status, 500)
    }
    await fetch(server.metricsUrl)
    clearInterval(looking)
    assert.deepStrictEqual([...far], [])
    assert.strictEqual((await server.kill("SIGTERM")).code, 0)

    const noted = readFileSync(record, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { kind: string; to: string })
    assert.isTrue(noted.some(({ kind, to }) => kind === "loaded" && to === String(server.pid)))
    // The rehearsal of a start asks the server itself: the recorder sees what there is to see.
    assert.isTrue(noted.some(({ kind, to }) => kind === "connect" && isOwn(to)))
    assert.deepStrictEqual(
      noted.filter(({ kind, to }) => kind !== "loaded" && !isOwn(to)),
      []
    )
  })
})
