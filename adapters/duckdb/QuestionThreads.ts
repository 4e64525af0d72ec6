import { Effect, Schedule, Semaphore } from "effect"
import type { Scope } from "effect"
import type { PortFailure } from "../../ports/PortFailure.ts"

/** Without a question for so long, up to twice, there is one thread again. */
const quietFor = "1 second"

export interface QuestionThreads {
  /** Runs a question with all threads. */
  readonly around: <A, E>(question: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** The engine was opened again, with all threads. */
  readonly opened: () => void
}

/**
 * The engine has several threads while questions run and one at all other times. Who calls a statement of which only one
 * thread can work on a part, as with every insert, asks without a pause whether that part is done (`ExecuteInternal` in
 * DuckDB's pending_query_result.cpp), so that with a second thread an insert takes nearly twice the processor's time.
 */
export const make = Effect.fnUntraced(function* (options: {
  readonly threads: number
  readonly set: (threads: number) => Effect.Effect<void, PortFailure>
  /** Waits until nothing is written: a thread ends with what it works on, and others wait for it. */
  readonly apart: <A, E>(body: Effect.Effect<A, E>) => Effect.Effect<A, E>
}): Effect.fn.Return<QuestionThreads, never, Scope.Scope> {
  const changing = Semaphore.makeUnsafe(1)
  let count = options.threads
  let running = 0
  let wasAsked = true

  const change = (to: number, isWanted: () => boolean) =>
    changing.withPermits(1)(
      Effect.suspend(() => {
        if (count === to || !isWanted()) return Effect.void
        return Effect.ignore(Effect.uninterruptible(Effect.map(options.set(to), () => void (count = to))))
      })
    )
  const isQuiet = () => running === 0 && !wasAsked
  const rest = Effect.suspend(() => {
    const wasQuiet = isQuiet()
    wasAsked = false
    return wasQuiet && count > 1 ? options.apart(change(1, isQuiet)) : Effect.void
  })
  yield* Effect.forkScoped(Effect.repeat(rest, Schedule.spaced(quietFor)))

  return {
    around: (question) =>
      Effect.suspend(() => {
        running += 1
        wasAsked = true
        return Effect.ensuring(
          Effect.andThen(
            change(options.threads, () => true),
            question
          ),
          Effect.sync(() => void (running -= 1))
        )
      }),
    opened: () => {
      count = options.threads
    }
  }
})
