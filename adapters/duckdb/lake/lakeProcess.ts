import { writeFileSync } from "node:fs"
import { setPriority } from "node:os"
import process from "node:process"
import type { LakeJob, LakeJobs, Outcome } from "./jobs.ts"
import { RefusedStatement } from "./RefusedStatement.ts"

/**
 * The module that a process of the lake runs: it is sent one job and ends with it. It takes the processor only when nobody else
 * wants it, and is the first to go where the machine's memory ends.
 */
const behindOthers = 5

const works: { readonly [Job in LakeJob]: (input: LakeJobs[Job]["input"]) => Promise<LakeJobs[Job]["result"]> } = {
  write: async (input) => (await import("./writing.ts")).writeDays(input),
  merge: async (input) => (await import("./rewriting.ts")).mergeFiles(input),
  remove: async (input) => (await import("./rewriting.ts")).removeEvents(input),
  spool: async (input) => (await import("./spooling.ts")).spoolRows(input),
  select: async (input) => (await import("./closedRoom.ts")).selectRows(input)
}

const stepBack = (): void => {
  try {
    setPriority(behindOthers)
    writeFileSync("/proc/self/oom_score_adj", "1000")
  } catch {
    // Another system: the limits of the engine hold there as well.
  }
}

const answer = (outcome: Outcome): void => {
  process.send!(outcome, () => process.exit(0))
}

if (process.send !== undefined) {
  // The service is gone: nobody waits for the answer.
  process.on("disconnect", () => process.exit(1))
  process.once("message", ({ input, job }: { readonly job: LakeJob; readonly input: never }) => {
    stepBack()
    works[job](input).then(
      (done) => answer({ done }),
      (cause: unknown) =>
        answer(
          cause instanceof RefusedStatement
            ? { refused: cause.message }
            : { failed: cause instanceof Error ? cause.message : String(cause) }
        )
    )
  })
}
