import { parentPort } from "node:worker_threads"
import { predictLifetime } from "../domain/lifetime/predictLifetime.ts"
import { runToEnd } from "../domain/statistics/steps.ts"
import type { ComputationName, Computations } from "../ports/platform/Computation.ts"

/**
 * The module that threads run: one computation of the domain, whose name and input come as a message, and whose result
 * goes back as one. An adapter may not know the domain; so this entry stands here, and `main.ts` names it to the adapter.
 */
const computations: {
  readonly [Name in ComputationName]: (input: Computations[Name]["input"]) => Computations[Name]["result"]
} = {
  lifetime: (input) => runToEnd(predictLifetime(input))
}

interface Request {
  readonly name: ComputationName
  readonly input: Computations[ComputationName]["input"]
}

parentPort?.once("message", ({ input, name }: Request) => parentPort?.postMessage(computations[name](input)))
