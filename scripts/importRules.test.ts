import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "..")
const oxlint = join(root, "node_modules/.bin/oxlint")

/** File, what it imports, and a word of the message that says where the code should go (`undefined`: allowed). */
const imports: ReadonlyArray<readonly [file: string, specifier: string, message: string | undefined]> = [
  ["ports/analytics/A.ts", "../documents/B.ts", undefined],
  ["ports/analytics/A1.ts", "../../domain/analytics/B.ts", "ports/<module>/"],
  ["ports/analytics/A2.ts", "../../adapters/disk/B.ts", "the adapter imports the port"],
  ["ports/analytics/A3.ts", "node:fs", "adapters/<technology>/"],
  ["domain/analytics/B.ts", "../money/C.ts", undefined],
  ["domain/analytics/B1.ts", "../experiments/C.ts", "offer a port"],
  ["domain/analytics/workflows/B2.ts", "../../experiments/C.ts", "offer a port"],
  ["domain/experiments/B3.ts", "../analytics/C.ts", "offer a port"],
  ["domain/analytics/B4.ts", "../../adapters/disk/C.ts", "wiring.ts"],
  ["domain/analytics/B5.ts", "../../http/contract/C.ts", "into ports/"],
  ["domain/analytics/B6.ts", "node:sqlite", "declare a port"],
  ["domain/lifetime/B7.ts", "../statistics/C.ts", undefined],
  ["domain/analytics/B8.ts", "../lifetime/C.ts", undefined],
  ["domain/lifetime/B9.ts", "../analytics/C.ts", "knows none"],
  ["domain/statistics/B10.ts", "../../http/contract/C.ts", "into ports/"],
  ["domain/money/B12.ts", "../platform/C.ts", "knows none"],
  ["domain/zones/B13.ts", "node:fs", "declare a port"],
  ["domain/analytics/B14.ts", "node:worker_threads", "declare a port"],
  ["adapters/disk/D.ts", "../../ports/analytics/A.ts", undefined],
  ["adapters/disk/D1.ts", "../../domain/analytics/A.ts", "the rule stays in domain/"],
  ["adapters/disk/D2.ts", "../sqlite/A.ts", "is a port"],
  ["adapters/sqlite/D3.ts", "../../http/A.ts", "ports and their driver only"],
  ["http/analytics/E.ts", "../../domain/analytics/A.ts", undefined],
  ["http/analytics/E1.ts", "../../workers/A.ts", "domain workflows"],
  ["http/analytics/E2.ts", "../../adapters/disk/A.ts", "wiring.ts"],
  ["http/contract/E3.ts", "../../domain/analytics/A.ts", "schemas of ports/"],
  ["http/contract/analytics/E4.ts", "../../middleware/A.ts", "ports only"],
  ["workers/F.ts", "../domain/analytics/A.ts", undefined],
  ["workers/F1.ts", "../http/A.ts", "domain workflows"],
  ["workers/F3.ts", "../domain/lifetime/A.ts", undefined],
  ["adapters/threads/D4.ts", "../../domain/lifetime/A.ts", "the rule stays in domain/"],
  ["adapters/threads/D5.ts", "../../workers/computing.ts", "ports and their driver only"],
  ["workers/F2.ts", "../adapters/disk/A.ts", "wiring.ts"]
]

interface Finding {
  readonly filename: string
  readonly message: string
  readonly help?: string
  readonly code?: string
}

const lint = (folder: string): ReadonlyArray<Finding> => {
  const run = (): string => {
    try {
      return execFileSync(oxlint, ["--format=json", "."], { cwd: folder, encoding: "utf8" })
    } catch (failure) {
      return String((failure as { stdout: string }).stdout)
    }
  }
  return (JSON.parse(run()) as { diagnostics: ReadonlyArray<Finding> }).diagnostics
}

const inFolder = (files: ReadonlyArray<readonly [string, string]>): ReadonlyArray<Finding> => {
  const folder = mkdtempSync(join(tmpdir(), "import-rules-"))
  try {
    cpSync(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"))
    cpSync(join(root, "scripts/lintRules.js"), join(folder, "scripts/lintRules.js"))
    for (const [file, text] of files) {
      mkdirSync(join(folder, dirname(file)), { recursive: true })
      writeFileSync(join(folder, file), text)
    }
    return lint(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe("import rules", () => {
  const findings = inFolder(
    imports.map(([file, specifier]) => [file, `import { x } from "${specifier}"\nexport const y = x\n`])
  )
  for (const [file, specifier, message] of imports) {
    it(`${file} ${message === undefined ? "may" : "may not"} import ${specifier}`, () => {
      const found = findings.filter((each) => each.filename === file && each.code?.includes("no-restricted-imports"))
      assert.strictEqual(found.length > 0, message !== undefined, JSON.stringify(found))
      if (message !== undefined) assert.include(found[0]?.help ?? "", message)
    })
  }

  it("refuses a cycle", () => {
    const found = inFolder([
      ["domain/money/A.ts", `import { b } from "./B.ts"\nexport const a = (): number => b()\n`],
      ["domain/money/B.ts", `import { a } from "./A.ts"\nexport const b = (): number => a()\n`]
    ])
    assert.isTrue(found.some((each) => each.code?.includes("no-cycle")))
  })

  it("keeps every shared domain folder apart from the modules", () => {
    const rules = readFileSync(join(root, ".oxlintrc.json"), "utf8")
    for (const entry of readdirSync(join(root, "domain"), { withFileTypes: true })) {
      if (entry.isDirectory() && entry.name !== "platform") assert.include(rules, `domain/${entry.name}/**/*.ts`)
    }
  })

  it("keeps every technology under adapters/ apart from the others", () => {
    const rules = readFileSync(join(root, ".oxlintrc.json"), "utf8")
    for (const entry of readdirSync(join(root, "adapters"), { withFileTypes: true })) {
      if (entry.isDirectory()) assert.include(rules, `adapters/${entry.name}/**/*.ts`)
    }
  })
})

/** What a file says, and a word of the message (`undefined`: allowed). */
const inputs: ReadonlyArray<readonly [file: string, text: string, message: string | undefined]> = [
  ["domain/analytics/A.ts", "export const a = () => Date.now()", "Clock"],
  ["domain/analytics/A1.ts", 'export const a = () => Date["now"]()', "Clock"],
  ["domain/analytics/A2.ts", "export const a = () => new Date()", "Clock"],
  ["domain/analytics/A3.ts", "export const a = () => performance.now()", "Clock"],
  ["domain/analytics/A4.ts", "export const a = () => Math.random()", "SecureRandom"],
  ["domain/analytics/A5.ts", "export const a = () => crypto.randomUUID()", "SecureRandom"],
  ["domain/analytics/A6.ts", 'import { randomBytes } from "node:crypto"\nexport const a = randomBytes', "SecureRandom"],
  ["domain/analytics/A7.ts", 'import * as c from "node:crypto"\nexport const a = c.randomUUID', "SecureRandom"],
  ["ports/analytics/A8.ts", "export const a = () => Date.now()", "Clock"],
  [
    "domain/analytics/B.ts",
    "export const a = (at: number) => [new Date(at), Date.UTC(2026, 0), Math.max(at, 0)]",
    undefined
  ],
  ["domain/analytics/B1.ts", 'import { createHash } from "node:crypto"\nexport const a = createHash', undefined],
  ["domain/analytics/B2.ts", "export const a = (Date: { now: () => number }) => Date.now()", undefined],
  ["domain/analytics/B3.test.ts", "export const a = () => Date.now()", undefined],
  ["adapters/disk/B4.ts", "export const a = () => Date.now()", undefined]
]

describe("ambient inputs", () => {
  const findings = inFolder(inputs.map(([file, text]) => [file, `${text}\n`]))
  for (const [file, text, message] of inputs) {
    it(`${file} ${message === undefined ? "may" : "may not"} say ${text.split("\n")[0]}`, () => {
      const found = findings.filter((each) => each.filename === file && each.code?.includes("no-ambient-input"))
      assert.strictEqual(found.length > 0, message !== undefined, JSON.stringify(found))
      if (message !== undefined) assert.include(found[0]!.message, message)
    })
  }
})
