import type { Effect } from "effect"
import { Context } from "effect"
import type { BootstrapRequest, BootstrapResult } from "../analytics/Bootstrap.ts"
import type { LifetimeModel, LifetimeModelRequest } from "../analytics/LifetimeModel.ts"
import type { PeekingOutcome, PeekingRequest } from "../experiments/PeekingProof.ts"
import type { ShadowRunsOutcome, ShadowRunsRequest } from "../experiments/ShadowProof.ts"
import type { PortFailure } from "../PortFailure.ts"

/** Every long computation with what it takes and gives. Both are plain data: they cross from thread to thread. */
export interface Computations {
  readonly bootstrap: { readonly input: BootstrapRequest; readonly result: BootstrapResult }
  readonly lifetime: { readonly input: LifetimeModelRequest; readonly result: LifetimeModel }
  readonly shadowRuns: { readonly input: ShadowRunsRequest; readonly result: ShadowRunsOutcome }
  readonly peekedRuns: { readonly input: PeekingRequest; readonly result: PeekingOutcome }
}
export type ComputationName = keyof Computations

/**
 * Computes what takes seconds beside the event loop. Equal inputs give equal results. An interrupted caller ends its
 * computation at once. Fails as `overloaded` where too many wait already or one needs too much memory, as `timeout` where
 * one takes too long; both may be tried again. Typed arrays of the input (its fields', and theirs) are handed over: the
 * caller must not use them again.
 */
export class Computation extends Context.Service<
  Computation,
  {
    readonly run: <Name extends ComputationName>(
      name: Name,
      input: Computations[Name]["input"]
    ) => Effect.Effect<Computations[Name]["result"], PortFailure>
  }
>()("ports/platform/Computation") {}
