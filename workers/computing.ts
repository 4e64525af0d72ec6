import { parentPort } from "node:worker_threads"
import { shadowRuns } from "../domain/experiments/shadow/shadowRuns.ts"
import { predictLifetime } from "../domain/lifetime/predictLifetime.ts"
import { bootstrap } from "../domain/statistics/bootstrap.ts"
import { peekedRuns } from "../domain/statistics/peekedRuns.ts"
import { runToEnd } from "../domain/statistics/steps.ts"
import type { ComputationName, Computations } from "../ports/platform/Computation.ts"

/**
 * The module that threads run: one computation of the domain, whose name and input come as a message, and whose result
 * goes back as one. An adapter may not know the domain; so this entry stands here, and `main.ts` names it to the adapter.
 */
const computations: {
  readonly [Name in ComputationName]: (input: Computations[Name]["input"]) => Computations[Name]["result"]
} = {
  bootstrap: (input) => runToEnd(bootstrap(input)),
  lifetime: (input) => runToEnd(predictLifetime(input)),
  peekedRuns: (input) => runToEnd(peekedRuns(input)),
  shadowRuns: (input) => runToEnd(shadowRuns(input))
}

interface Request<Name extends ComputationName> {
  readonly name: Name
  readonly input: Computations[Name]["input"]
}

const compute = <Name extends ComputationName>({ input, name }: Request<Name>): Computations[Name]["result"] =>
  computations[name](input)

parentPort?.once("message", (request: Request<ComputationName>) => parentPort?.postMessage(compute(request)))
