import { execFile, execFileSync, spawn } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { assert, describe, it } from "vitest"
import { freePort, freshFolder } from "./ServerProcess.ts"
import { hasCurl, shellEnvironment } from "./shellEnvironment.ts"

const root = resolve(import.meta.dirname, "..")

const startByNpm = async (environment: Record<string, string>) => {
  const ports = { PORT: String(await freePort()), METRICS_PORT: String(await freePort()) }
  const npm = spawn("npm", ["start"], { cwd: root, env: { ...shellEnvironment(), ...ports, ...environment } })
  let output = ""
  npm.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()))
  npm.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()))
  const ended = new Promise<number | null>((done) => npm.once("exit", done))
  while (!output.includes("curl -X POST")) {
    if (npm.exitCode !== null) throw new Error(output)
    await new Promise((done) => setTimeout(done, 50))
  }
  return { npm, ended, output: () => output }
}

const printedCommand = (output: string): string => /^ {2}curl -X POST[^]*?\}"$/m.exec(output)![0]

const paste = (command: string): Promise<string> =>
  new Promise((done, failed) =>
    execFile(
      "sh",
      ["-c", command.replace("curl ", "curl -sS ")],
      { cwd: root, env: shellEnvironment() },
      (failure, stdout, stderr) => (failure === null ? done(stdout + stderr) : failed(failure))
    )
  )

describe("npm start", () => {
  for (const [title, folder, host] of [
    ["as it is", () => join(freshFolder(), "data"), "127.0.0.1"],
    [
      "with a folder whose name the shell would split, on all addresses",
      () => join(freshFolder(), "it's my data"),
      "0.0.0.0"
    ]
  ] as const) {
    it.runIf(hasCurl)(
      `${title} prints a command that stores an event when pasted into another shell`,
      { timeout: 120_000 },
      async () => {
        const { ended, npm, output } = await startByNpm({ DATA_DIR: folder(), HOST: host })
        try {
          assert.match(await paste(printedCommand(output())), /^\{"event_id":"[0-9a-f-]{36}"\}$/)
        } finally {
          npm.kill("SIGTERM")
        }
        assert.strictEqual(await ended, 0)
        assert.notMatch(output(), /warn|error/i)
      }
    )
  }

  it("ends cleanly when it is interrupted", { timeout: 120_000 }, async () => {
    const { ended, npm, output } = await startByNpm({ DATA_DIR: freshFolder() })
    npm.kill("SIGINT")
    assert.strictEqual(await ended, 0, output())
  })
})

describe("on a runtime that is too old", () => {
  const scripts = Object.entries(
    (
      JSON.parse(execFileSync("cat", ["package.json"], { cwd: root, encoding: "utf8" })) as {
        scripts: Record<string, string>
      }
    ).scripts
  ).filter(([, command]) => /\bnode (start|runtime|scripts|bench)/.test(command) || command.includes("vitest"))

  // A Node that says it is version 20: the check reads nothing else.
  const oldNode = (): string => {
    const bin = freshFolder()
    mkdirSync(bin, { recursive: true })
    writeFileSync(join(bin, "old.mjs"), `Object.defineProperty(process.versions, "node", { value: "20.11.0" })\n`)
    writeFileSync(join(bin, "node"), `#!/bin/sh\nexec ${process.execPath} --import ${join(bin, "old.mjs")} "$@"\n`, {
      mode: 0o755
    })
    return bin
  }

  for (const [name, command] of scripts) {
    it(`npm run ${name} says so in one line`, async () => {
      const env = { ...shellEnvironment(), PATH: `${oldNode()}:${process.env["PATH"]}` }
      const failure = await new Promise<{ code: number; text: string }>((done) =>
        execFile("sh", ["-c", command], { cwd: root, env }, (cause, stdout, stderr) =>
          done({ code: Number(cause?.code ?? 0), text: stdout + stderr })
        )
      )
      assert.strictEqual(failure.code, 1)
      assert.match(failure.text, /^Broxiva needs Node 24 or later \(this is 20\.11\.0\)\..*\n$/)
    })
  }
})
