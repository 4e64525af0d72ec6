import { Effect } from "effect"
import { fork } from "node:child_process"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { SqlRefused } from "../../../ports/analytics/EventLake.ts"
import { PortFailure } from "../../../ports/PortFailure.ts"
import { lakeFailure } from "./failures.ts"
import type { LakeJob, LakeJobs, Outcome } from "./jobs.ts"

const entry = fileURLToPath(new URL("./lakeProcess.ts", import.meta.url))

/** Nothing of the service's environment is a question's business. */
const environment = (): Record<string, string> => {
  const cache = process.env["NODE_COMPILE_CACHE"]
  return cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }
}

/** Runs one job in a process of its own, which is killed with its fiber or at its deadline. */
export const runJob = <Job extends LakeJob>(
  job: Job,
  input: LakeJobs[Job]["input"],
  deadlineMillis: number
): Effect.Effect<LakeJobs[Job]["result"], PortFailure | SqlRefused> =>
  Effect.callback<LakeJobs[Job]["result"], PortFailure | SqlRefused>((resume) => {
    const child = fork(entry, [], { execArgv: [], env: environment(), stdio: ["ignore", "ignore", "ignore", "ipc"] })
    child.once("message", (outcome: Outcome) => resume(resultOf(job, outcome)))
    child.once("error", (cause) => resume(Effect.fail(lakeFailure(job, cause))))
    child.once("exit", () => resume(Effect.fail(ended(job))))
    child.send({ job, input })
    return Effect.sync(() => void child.kill("SIGKILL"))
  }).pipe(
    Effect.timeoutOrElse({
      duration: deadlineMillis,
      orElse: () => Effect.fail(tooLong(job, deadlineMillis))
    })
  )

const resultOf = <Job extends LakeJob>(
  job: Job,
  outcome: Outcome
): Effect.Effect<LakeJobs[Job]["result"], PortFailure | SqlRefused> => {
  if ("done" in outcome) return Effect.succeed(outcome.done)
  if ("refused" in outcome) return Effect.fail(new SqlRefused({ detail: outcome.refused }))
  return Effect.fail(lakeFailure(job, new Error(outcome.failed)))
}

/** A job without a statement of somebody else. */
export const runWriting = <Job extends Exclude<LakeJob, "select">>(
  job: Job,
  input: LakeJobs[Job]["input"],
  deadlineMillis: number
): Effect.Effect<LakeJobs[Job]["result"], PortFailure> =>
  Effect.catchTag(runJob(job, input, deadlineMillis), "SqlRefused", (refused) => Effect.die(refused))

/** Killed from outside: the machine had no memory left, or an operator ended it. */
const ended = (operation: string) =>
  new PortFailure({ port: "EventLake", operation, reason: "overloaded", detail: "the process of the lake was ended" })

const tooLong = (operation: string, millis: number) =>
  new PortFailure({
    port: "EventLake",
    operation,
    reason: "timeout",
    detail: `it took longer than ${millis} ms and was ended`
  })
