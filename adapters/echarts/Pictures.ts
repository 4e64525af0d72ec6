import { Effect, Layer } from "effect"
import { Worker } from "node:worker_threads"
import type { Picture, PictureSize } from "../../ports/analytics/Picture.ts"
import { Pictures } from "../../ports/analytics/Pictures.ts"
import { PortFailure } from "../../ports/PortFailure.ts"

/** Pictures that wait or are drawn; over it one fails as overloaded. */
export const picturesWaitingMax = 32
/** Longest time of one picture, its waiting included. */
export const pictureMillisMax = 10_000
/** A thread that has nothing to draw for so long ends, and gives its memory back. */
export const idleMillisMax = 120_000
/** Heap of the thread. */
export const pictureMegabytesMax = 256

const failure = (reason: PortFailure["reason"], detail: string) =>
  new PortFailure({ port: "Pictures", operation: "draw", reason, detail })

type Answer = (result: Effect.Effect<string, PortFailure>) => void

/** One thread that draws, begun by the first picture. */
class DrawingThread {
  #worker: Worker | undefined
  #idle: NodeJS.Timeout | undefined
  #number = 0
  readonly #waiting = new Map<number, Answer>()

  get isFull(): boolean {
    return this.#waiting.size >= picturesWaitingMax
  }

  send(picture: Picture, size: PictureSize, answer: Answer): number {
    const worker = (this.#worker ??= this.#begin())
    clearTimeout(this.#idle)
    this.#number += 1
    this.#waiting.set(this.#number, answer)
    worker.ref()
    worker.postMessage({ number: this.#number, picture, size })
    return this.#number
  }

  forget(number: number): void {
    this.#waiting.delete(number)
    this.#rest()
  }

  /** Ends the thread; who waits is answered `overloaded`. */
  end(worker: Worker | undefined = this.#worker): void {
    if (worker === undefined || worker !== this.#worker) return
    this.#worker = undefined
    clearTimeout(this.#idle)
    void worker.terminate()
    const waiting = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const answer of waiting) answer(Effect.fail(failure("overloaded", "the drawing thread ended; try again")))
  }

  #begin(): Worker {
    const worker = new Worker(new URL("drawing.ts", import.meta.url), {
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: pictureMegabytesMax }
    })
    worker.on("message", ({ number, svg }: { readonly number: number; readonly svg: string }) => {
      const answer = this.#waiting.get(number)
      this.#waiting.delete(number)
      this.#rest()
      answer?.(Effect.succeed(svg))
    })
    worker.on("error", (cause: NodeJS.ErrnoException) => {
      if (cause.code !== "ERR_WORKER_OUT_OF_MEMORY") {
        for (const answer of this.#waiting.values()) answer(Effect.die(cause))
        this.#waiting.clear()
      }
      this.end(worker)
    })
    worker.on("exit", () => this.end(worker))
    return worker
  }

  #rest(): void {
    if (this.#waiting.size > 0) return
    this.#worker?.unref()
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => this.end(), idleMillisMax).unref()
  }
}

/** Pictures by echarts on a thread of its own, which a process that draws none never begins. */
export const layer: Layer.Layer<Pictures> = Layer.effect(
  Pictures,
  Effect.gen(function* () {
    const thread = new DrawingThread()
    yield* Effect.addFinalizer(() => Effect.sync(() => thread.end()))
    const draw = (picture: Picture, size: PictureSize) =>
      Effect.callback<string, PortFailure>((resume) => {
        if (thread.isFull) {
          resume(Effect.fail(failure("overloaded", `${picturesWaitingMax} pictures wait already`)))
          return
        }
        const number = thread.send(picture, size, resume)
        return Effect.sync(() => thread.forget(number))
      })
    return Pictures.of({
      draw: (picture, size) =>
        Effect.timeoutOrElse(draw(picture, size), {
          duration: pictureMillisMax,
          orElse: () =>
            Effect.suspend(() => {
              thread.end()
              return Effect.fail(failure("timeout", `the picture took longer than ${pictureMillisMax} ms`))
            })
        })
    })
  })
)
