import { Effect, Layer } from "effect"
import { randomBytes } from "node:crypto"
import * as fs from "node:fs"
import { dirname } from "node:path"
import { nonceBytes, seal, unseal } from "../../ports/privacy/sealing.ts"
import { PortFailure } from "../../ports/PortFailure.ts"
import { RootKeys } from "../../ports/privacy/RootKeys.ts"

const keyBytes = 32

/** Lines of `version base64`, oldest first; the newest wraps, every one unwraps. */
type KeyFile = ReadonlyMap<number, Buffer>

const failure = (operation: string, reason: "corrupt" | "unavailable", detail: string, cause?: unknown) =>
  new PortFailure({ port: "RootKeys", operation, reason, detail, ...(cause === undefined ? {} : { cause }) })

const parse = (file: string, text: string): KeyFile => {
  const keys = new Map<number, Buffer>()
  for (const line of text.split("\n").filter((each) => each.trim() !== "")) {
    const [version, encoded = ""] = line.split(" ")
    const key = Buffer.from(encoded, "base64")
    if (!/^\d{1,6}$/.test(version ?? "") || key.length !== keyBytes || keys.has(Number(version))) {
      throw failure(
        "open",
        "corrupt",
        `${file} is no master key file: expected lines of version and 32 bytes in base64`
      )
    }
    keys.set(Number(version), key)
  }
  if (keys.size === 0) throw failure("open", "corrupt", `${file} holds no key`)
  return keys
}

/** Reads the file; makes it with one key at the first start. Durable before it is answered. */
const load = (file: string, isNeeded: () => boolean = () => false): KeyFile => {
  fs.mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  if (!fs.existsSync(file)) {
    if (isNeeded()) {
      const folder = dirname(file)
      throw failure(
        "open",
        "corrupt",
        `${file} is missing, and there is data that needs it: copy the keys' backup to ${folder}`
      )
    }
    write(file, new Map([[1, randomBytes(keyBytes)]]))
  }
  const mode = fs.statSync(file).mode & 0o077
  if (mode !== 0) {
    throw failure("open", "corrupt", `${file} can be read by others (mode ${mode.toString(8)}): chmod 600 it`)
  }
  return parse(file, fs.readFileSync(file, "utf8"))
}

const write = (file: string, keys: KeyFile): void => {
  const beside = `${file}.new`
  fs.rmSync(beside, { force: true })
  const descriptor = fs.openSync(beside, "wx", 0o600)
  try {
    fs.writeSync(descriptor, [...keys].map(([version, key]) => `${version} ${key.toString("base64")}\n`).join(""))
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
  fs.renameSync(beside, file)
  const folder = fs.openSync(dirname(file), "r")
  try {
    fs.fsyncSync(folder)
  } finally {
    fs.closeSync(folder)
  }
}

/** Adds a new root key to the file, and answers all of them. What older keys wrapped still opens. */
export const rotate = (file: string): KeyFile => {
  const keys = load(file)
  const more = new Map([...keys, [newestOf(keys) + 1, randomBytes(keyBytes)]])
  write(file, more)
  return more
}

const newestOf = (keys: KeyFile): number => Math.max(...keys.keys())

const contextOf = (workspace: string): string => `workspace-key|${workspace}`

/** Root keys in one file of mode 0600, made by secure chance at the first start. */
export const layer = (options: {
  readonly file: string
  /** Whether there is data from a start before: then a missing file is refused, for a new key could not open it. */
  readonly isNeeded?: () => boolean
}): Layer.Layer<RootKeys, PortFailure> =>
  Layer.effect(
    RootKeys,
    Effect.gen(function* () {
      const attempt = (operation: string, run: () => KeyFile) =>
        Effect.try({
          try: run,
          catch: (cause) =>
            cause instanceof PortFailure
              ? cause
              : failure(operation, "unavailable", `cannot read or write ${options.file}`, cause)
        })
      let keys = yield* attempt("open", () => load(options.file, options.isNeeded))
      return RootKeys.of({
        wrap: (workspace, key) =>
          Effect.sync(() => {
            const newest = newestOf(keys)
            const sealed = seal(keys.get(newest)!, randomBytes(nonceBytes), contextOf(workspace), key)
            return `${newest}.${sealed.toString("base64url")}`
          }),
        rotate: Effect.map(
          attempt("rotate", () => rotate(options.file)),
          (more) => {
            keys = more
            return String(newestOf(more))
          }
        ),
        unwrap: (workspace, wrapped) =>
          Effect.suspend(() => {
            const [version, text = ""] = wrapped.split(".")
            const root = keys.get(Number(version))
            if (root === undefined) {
              return Effect.fail(failure("unwrap", "corrupt", `root key ${version} is not in the master key file`))
            }
            const key = unseal(root, contextOf(workspace), Buffer.from(text, "base64url"))
            return key === undefined
              ? Effect.fail(failure("unwrap", "corrupt", "the master key file does not fit this data folder"))
              : Effect.succeed(new Uint8Array(key))
          })
      })
    })
  )
