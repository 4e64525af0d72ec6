import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join, relative, sep } from "node:path"
import process from "node:process"
import { parseArgs } from "node:util"
import { pathCharactersMax, postedFlagsMax, referencesOfFlagMax } from "../ports/experiments/CodeReference.ts"
import type { CodeReference, NewCodeReferences } from "../ports/experiments/CodeReference.ts"

/** Larger files are data, or made by a machine. */
const fileBytesMax = 1024 * 1024
const filesMax = 200_000
const leftOut = new Set(["node_modules", ".git", "dist", "build", "vendor", ".next", "coverage", "target"])

const usage = `usage: npm run --silent code-references -- --dir . [--url http://127.0.0.1:8080] [--token …]
       [--repository owner/name] [--branch main] [--commit <sha> --committed-at <ISO 8601>] [--dry-run]

Finds the keys of all feature flags, in quotes, in the files of a folder and tells the service where they are. The token
(or BROXIVA_TOKEN) needs the scopes experiments:read and experiments:references. What is not given is asked of git.
`

const { values } = (() => {
  try {
    return parseArgs({
      options: {
        dir: { type: "string", default: "." },
        url: { type: "string", default: "http://127.0.0.1:8080" },
        token: { type: "string" },
        repository: { type: "string" },
        branch: { type: "string" },
        commit: { type: "string" },
        "committed-at": { type: "string" },
        "dry-run": { type: "boolean", default: false }
      }
    })
  } catch {
    return { values: undefined }
  }
})()

const fail = (text: string): never => {
  process.stderr.write(`${text}\n`)
  process.exit(1)
}
if (values === undefined) fail(usage)
const { branch, commit, dir, repository, token = process.env["BROXIVA_TOKEN"], url } = values!
const isDry = values!["dry-run"]

const git = (...parameters: ReadonlyArray<string>): string => {
  try {
    return execFileSync("git", ["-C", dir, ...parameters], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"]
    }).trim()
  } catch {
    return fail(`${dir} is no work tree of git: give --repository, --branch, --commit and --committed-at\n\n${usage}`)
  }
}

const headers = { authorization: `Bearer ${token ?? ""}`, "content-type": "application/json" }
const asked = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
  const response = await fetch(url + path, init).catch((cause: unknown) =>
    fail(`${url} does not answer: ${String(cause)}`)
  )
  const answer = (await response.json()) as Record<string, unknown>
  return response.ok ? answer : fail(`${method} ${path}: ${response.status} ${JSON.stringify(answer)}`)
}

/** Keys of all flags. */
const flagKeys = async (): Promise<ReadonlySet<string>> => {
  const keys = new Set<string>()
  let cursor: string | null = null
  do {
    const more: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`
    const page = await asked("GET", `/experiments/feature-flags?limit=100${more}`)
    for (const { key } of page["items"] as ReadonlyArray<{ readonly key: string }>) keys.add(key)
    cursor = page["next"] as string | null
  } while (cursor !== null)
  return keys
}

/** Files below a folder, in order; links are not followed. */
function* filesBelow(folder: string): Generator<string> {
  const entries = readdirSync(folder, { withFileTypes: true })
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !leftOut.has(entry.name)) yield* filesBelow(path)
    else if (entry.isFile() && statSync(path).size <= fileBytesMax) yield path
  }
}

interface Found {
  readonly references: Array<CodeReference>
  total: number
}

/** A key between two quotes of one kind. */
const quoted = /(["'`])([A-Za-z0-9][A-Za-z0-9._-]{0,99})(?=\1)/g

const scan = (keys: ReadonlySet<string>): ReadonlyMap<string, Found> => {
  const found = new Map<string, Found>()
  let files = 0
  for (const file of filesBelow(dir)) {
    files += 1
    if (files > filesMax) fail(`${dir} has more than ${filesMax} files`)
    const path = relative(dir, file).split(sep).join("/")
    const bytes = readFileSync(file)
    if (bytes.includes(0) || path.length > pathCharactersMax) continue
    for (const [at, text] of bytes.toString("utf8").split("\n").entries()) {
      for (const key of new Set([...text.matchAll(quoted)].map(([, , name]) => name!))) {
        if (!keys.has(key)) continue
        const { references } = found.get(key) ?? found.set(key, { references: [], total: 0 }).get(key)!
        found.get(key)!.total += 1
        if (references.length < referencesOfFlagMax) references.push({ path, line: at + 1 })
      }
    }
  }
  return found
}

const main = async () => {
  if (token === undefined) fail(usage)
  const found = scan(await flagKeys())
  const flags = [...found].map(([flag, { references, total }]) => ({ flag, references, total }))
  for (const { flag, references, total } of flags) {
    const places = references.slice(0, 3).map(({ line, path }) => `${path}:${line}`)
    process.stdout.write(`${flag}  ${total}  ${places.join(" ")}${total > places.length ? " …" : ""}\n`)
  }
  if (isDry) return
  const about = {
    repository:
      repository ??
      git("remote", "get-url", "origin")
        .replace(/\.git$/, "")
        .split(/[/:]/)
        .slice(-2)
        .join("/"),
    branch: branch ?? git("rev-parse", "--abbrev-ref", "HEAD"),
    commit: commit ?? git("rev-parse", "HEAD"),
    committed_at: values!["committed-at"] ?? git("show", "-s", "--format=%cI", "HEAD")
  }
  let forgotten = 0
  const parts = Math.max(1, Math.ceil(flags.length / postedFlagsMax))
  for (let part = 0; part < parts; part += 1) {
    const some = flags.slice(part * postedFlagsMax, (part + 1) * postedFlagsMax)
    const body: NewCodeReferences = { ...about, flags: some, complete: part === parts - 1 }
    forgotten += Number((await asked("POST", "/experiments/code-references", body))["forgotten"])
  }
  const { branch: of, commit: at, repository: where } = about
  process.stdout.write(`${where} ${of} ${at.slice(0, 10)}: ${flags.length} flags named, ${forgotten} no longer\n`)
}

await main()
