import { spawn } from "node:child_process"
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import process from "node:process"
import type { Figure, Section } from "../Figure.ts"

const root = join(import.meta.dirname, "..", "..")
/** Histories of each kind. */
const histories = Number(process.env["BENCH_HISTORIES"] ?? 500)
/** Of each kind in one round: a test has four minutes. */
const roundMax = 50
const firstSeed = 1
const told = "generated histories"

/** What the runner of the tests says of them, as far as it is read. */
interface Report {
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly assertionResults: ReadonlyArray<{
      readonly title: string
      readonly status: string
      readonly failureMessages: ReadonlyArray<string>
    }>
  }>
}

/** Tests that compare answers with a reference, by the kind of question. */
const comparing = (): ReadonlyMap<string, string> =>
  new Map(
    globSync("domain/analytics/**/*.test.ts", { cwd: root })
      .filter((file) => readFileSync(join(root, file), "utf8").includes(told))
      .map((file): [string, string] => [basename(file, ".test.ts").replace(/^ask/, ""), file])
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
  )

/** Runs the comparisons once, each on so many histories that the seed makes. */
const runRound = async (files: ReadonlyArray<string>, seed: number, count: number): Promise<Report> => {
  const folder = mkdtempSync(join(tmpdir(), "references-"))
  const report = join(folder, "report.json")
  const runner = join(root, "node_modules", "vitest", "vitest.mjs")
  const ended = new Promise<void>((done, failed) => {
    const child = spawn(
      process.execPath,
      [runner, "run", ...files, "-t", told, "--reporter=json", `--outputFile=${report}`],
      {
        cwd: root,
        env: { ...process.env, SEED: String(seed), HISTORIES: String(count) },
        stdio: "ignore"
      }
    )
    child.once("error", failed)
    child.once("exit", () => done())
  })
  try {
    await ended
    return JSON.parse(readFileSync(report, "utf8")) as Report
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Compared {
  histories: number
  mismatches: number
}

/**
 * Answers of every kind of question beside the slow references of the tests, on many more histories than these take: the
 * same tests, round after round, each from another seed. One that fails stops at its first mismatch.
 */
export const references: Section = {
  name: "references",
  run: async () => {
    const kinds = comparing()
    const fileOf = [...kinds.values()]
    const compared = new Map<string, Compared>([...kinds].map(([kind]) => [kind, { histories: 0, mismatches: 0 }]))
    for (let seed = firstSeed, done = 0; done < histories; seed += 1) {
      const count = Math.min(roundMax, histories - done)
      done += count
      const { testResults } = await runRound(fileOf, seed, count)
      for (const { assertionResults, name } of testResults) {
        const kind = [...kinds].find(([, file]) => name.endsWith(file))?.[0]
        const own = kind === undefined ? undefined : compared.get(kind)
        if (own === undefined) continue
        for (const { failureMessages, status, title } of assertionResults) {
          const counted = Number(/(\d+) generated histories/.exec(title)?.[1] ?? 0)
          if (status === "passed") own.histories += counted
          if (status !== "failed") continue
          own.mismatches += 1
          console.error(`SEED=${seed} HISTORIES=${count} npx vitest run ${kinds.get(kind!)}\n${failureMessages[0]}`)
        }
      }
      process.stderr.write(`${done} of ${histories} histories of each kind\n`)
    }
    const silent = [...compared].filter(([, own]) => own.histories + own.mismatches === 0)
    if (silent.length > 0) throw new Error(`nothing was compared for ${silent.map(([kind]) => kind).join(", ")}`)
    return [...compared].map(([kind, own]): Figure => ({
      section: "references",
      name: kind,
      value: own.mismatches,
      unit: "mismatches",
      goal: { is: "below", bound: 1 },
      seen: `${own.histories} histories compared`
    }))
  }
}
