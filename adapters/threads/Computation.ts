import { Effect, Layer, Semaphore } from "effect"
import { Worker } from "node:worker_threads"
import { Computation } from "../../ports/platform/Computation.ts"
import { PortFailure } from "../../ports/PortFailure.ts"

/** Computations that run at once; each occupies a processor. */
export const computationsAtOnceMax = 1
/** Computations that wait for a place; over it one fails as overloaded. */
export const computationsWaitingMax = 8
/** Longest time of one computation. */
export const computationMillisMax = 60_000
/** Heap of one computation. */
export const computationMegabytesMax = 1024

export interface ThreadOptions {
  /** The module that every thread runs: it is sent `{ name, input }` once and sends the result. */
  readonly entry: URL
  readonly millisMax?: number
}

/** Each computation on a thread of its own, which ends with it. */
export const layer = ({ entry, millisMax = computationMillisMax }: ThreadOptions): Layer.Layer<Computation> =>
  Layer.effect(
    Computation,
    Effect.gen(function* () {
      const places = yield* Semaphore.make(computationsAtOnceMax)
      let held = 0
      return Computation.of({
        run: (name, input) =>
          Effect.suspend(() => {
            if (held >= computationsAtOnceMax + computationsWaitingMax) {
              return Effect.fail(failure(name, "overloaded", `${computationsWaitingMax} computations wait already`))
            }
            held += 1
            return places
              .withPermits(1)(timed(onThread(entry, name, input), name, millisMax))
              .pipe(
                // The entry answers a name with its result.
                Effect.map((result) => result as never),
                Effect.ensuring(Effect.sync(() => void (held -= 1)))
              )
          })
      })
    })
  )

const failure = (operation: string, reason: PortFailure["reason"], detail: string) =>
  new PortFailure({ port: "Computation", operation, reason, detail })

const timed = <A>(computing: Effect.Effect<A, PortFailure>, name: string, millisMax: number) =>
  Effect.timeoutOrElse(computing, {
    duration: millisMax,
    orElse: () =>
      Effect.fail(failure(name, "timeout", `the computation took longer than ${millisMax} ms and was ended`))
  })

const onThread = (entry: URL, name: string, input: object): Effect.Effect<unknown, PortFailure> =>
  Effect.acquireUseRelease(
    Effect.sync(
      () => new Worker(entry, { execArgv: [], resourceLimits: { maxOldGenerationSizeMb: computationMegabytesMax } })
    ),
    (worker) =>
      Effect.callback<unknown, PortFailure>((resume) => {
        worker.once("message", (result: unknown) => resume(Effect.succeed(result)))
        worker.once("error", (cause: NodeJS.ErrnoException) =>
          resume(
            cause.code === "ERR_WORKER_OUT_OF_MEMORY"
              ? Effect.fail(failure(name, "overloaded", `more than ${computationMegabytesMax} MB of memory`))
              : Effect.die(cause)
          )
        )
        worker.once("exit", (code) => resume(Effect.die(new Error(`${name}: the thread ended with code ${code}`))))
        worker.postMessage({ name, input }, buffersOf(input))
      }),
    (worker) => Effect.promise(() => worker.terminate())
  )

/** Memory of the typed arrays, handed over and not copied. */
const buffersOf = (input: object): Array<ArrayBuffer> => {
  const values: ReadonlyArray<unknown> = Object.values(input)
  const within = values.flatMap((value): ReadonlyArray<unknown> =>
    typeof value === "object" && value !== null && !ArrayBuffer.isView(value) ? Object.values(value) : [value]
  )
  return within.flatMap((value) =>
    ArrayBuffer.isView(value) && value.buffer instanceof ArrayBuffer ? [value.buffer] : []
  )
}
