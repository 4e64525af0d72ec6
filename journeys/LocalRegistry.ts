import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, realpathSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { basename, dirname, join } from "node:path"

export interface LocalRegistry {
  readonly url: string
  /** Names that were asked for, in order. */
  readonly asked: ReadonlyArray<string>
  readonly close: () => Promise<unknown>
}

/** A registry of npm packages that offers what is installed in a folder, and nothing else: installs need no network. */
export const serveInstalled = async (modules: string): Promise<LocalRegistry> => {
  const asked: Array<string> = []
  const folderOf = (name: string) => join(modules, name)
  const describe = (name: string): string => {
    const manifest = JSON.parse(readFileSync(join(folderOf(name), "package.json"), "utf8")) as { version: string }
    const version = { ...manifest, dist: { tarball: `${url}/-/${encodeURIComponent(name)}.tgz` } }
    return JSON.stringify({
      name,
      "dist-tags": { latest: manifest.version },
      versions: { [manifest.version]: version }
    })
  }
  const pack = (name: string): Buffer => {
    const folder = realpathSync(folderOf(name))
    const words = ["-C", dirname(folder), "--exclude", "*.map", "-czf", "-", basename(folder)]
    return execFileSync("tar", words, { maxBuffer: 1 << 28 })
  }
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "").slice(1)
    const isTarball = path.startsWith("-/")
    const name = isTarball ? path.slice(2).replace(/\.tgz$/, "") : path
    if (!isTarball) asked.push(name)
    if (!existsSync(join(folderOf(name), "package.json"))) return void response.writeHead(404).end("{}")
    response.end(isTarball ? pack(name) : describe(name))
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    asked,
    close: () => {
      server.closeAllConnections()
      return new Promise((done) => server.close(done))
    }
  }
}
