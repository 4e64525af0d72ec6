import { spawn } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { resolve } from "node:path"

const file = resolve(import.meta.dirname, "../README.md")
const end = "\u001e"

export interface Step {
  readonly command: string
  /** What README says that it prints; `undefined`: nothing worth showing. */
  readonly printed: string | undefined
  /** The answer may lag a moment behind what was sent: the step may be asked again. */
  readonly soon: boolean
}

export const readmeText = (): string => readFileSync(file, "utf8")

const stepPattern = /```bash\n([^]*?)```\n(?:\n<!-- prints(, soon)? -->\n```\w+\n([^]*?)```\n)?/g

export const tour = (text: string): ReadonlyArray<Step> =>
  [...text.matchAll(stepPattern)].map(([, command, soon, printed]) => ({
    command: command!,
    printed,
    soon: soon !== undefined
  }))

/** Puts what was really printed into README. */
export const accept = (outputs: ReadonlyArray<string>, banner: string): void => {
  let at = 0
  const text = readmeText()
    .replaceAll(stepPattern, (whole, command: string, soon: string | undefined, printed: string | undefined) => {
      const output = outputs[at++]!
      if (printed === undefined) return whole
      return whole.slice(0, whole.length - printed.length - "```\n".length) + `${output}\`\`\`\n`
    })
    .replace(/(<!-- banner -->\n```text\n)[^]*?```/, (_, head: string) => `${head}${banner}\`\`\``)
  writeFileSync(file, text)
}

/** A shell that keeps its variables from step to step, as a reader's does. */
export const openShell = (folder: string, environment: Record<string, string>) => {
  const shell = spawn("sh", [], { cwd: folder, env: environment })
  let text = ""
  let wake = () => {}
  const take = (chunk: Buffer) => {
    text += chunk.toString()
    wake()
  }
  shell.stdout.on("data", take)
  shell.stderr.on("data", take)
  return {
    run: async (command: string): Promise<string> => {
      text = ""
      shell.stdin.write(`{ ${command}\n} </dev/null 2>&1\nprintf '\\036'\n`)
      while (!text.includes(end)) await new Promise<void>((done) => (wake = done))
      return text.slice(0, text.indexOf(end))
    },
    close: () => void shell.stdin.end()
  }
}
