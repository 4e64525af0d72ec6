import { spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { setTimeout as pause } from "node:timers/promises"
import pg from "pg"
import { freePort } from "../../journeys/ServerProcess.ts"

const userMarks = ["-u", "-g"] as const

/** Postgres refuses to run as root: there it runs as its own user. */
const owner = (): { readonly uid?: number; readonly gid?: number } => {
  if (process.getuid?.() !== 0) return {}
  const [uid, gid] = userMarks.map((mark) => Number(spawnSync("id", [mark, "postgres"], { encoding: "utf8" }).stdout))
  return { uid: uid!, gid: gid! }
}

/** Four gigabytes for pages, sorts and hashes in memory; durability is not what is measured. */
const settings = {
  shared_buffers: "4GB",
  work_mem: "512MB",
  hash_mem_multiplier: "2",
  maintenance_work_mem: "1GB",
  effective_cache_size: "12GB",
  max_parallel_workers_per_gather: "2",
  max_parallel_workers: "2",
  random_page_cost: "1.1",
  jit: "off",
  fsync: "off",
  max_wal_size: "8GB"
}

export interface PostgresServer {
  readonly folder: string
  readonly version: string
  readonly client: pg.Client
  readonly stop: () => Promise<void>
}

export const hasPostgres = (): boolean =>
  ["initdb", "postgres"].every((name) => spawnSync(name, ["--version"]).status === 0)

/** A server of its own on loopback in a temporary folder, which goes with it. */
export const startPostgres = async (): Promise<PostgresServer> => {
  const folder = fs.mkdtempSync(join(tmpdir(), "broxiva-postgres-"))
  const run = owner()
  if (run.uid !== undefined) fs.chownSync(folder, run.uid, run.gid!)
  const data = join(folder, "data")
  const made = spawnSync("initdb", ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"], run)
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr.toString()}`)
  const port = await freePort()
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
  const child = spawn("postgres", ["-D", data, "-h", "127.0.0.1", "-p", String(port), "-k", folder, ...options], {
    ...run,
    stdio: "ignore"
  })
  const client = await connect(port)
  const { rows } = await client.query<{ readonly server_version: string }>("show server_version")
  return {
    folder,
    version: rows[0]!.server_version.split(" ")[0]!,
    client,
    stop: async () => {
      await client.end()
      const ended = new Promise((done) => child.once("exit", done))
      child.kill("SIGINT")
      await ended
      fs.rmSync(folder, { recursive: true, force: true })
    }
  }
}

const connect = async (port: number): Promise<pg.Client> => {
  for (let tries = 0; ; tries += 1) {
    const client = new pg.Client({ host: "127.0.0.1", port, user: "postgres", database: "postgres" })
    try {
      await client.connect()
      return client
    } catch (cause) {
      if (tries === 100) throw cause
      await pause(100)
    }
  }
}
