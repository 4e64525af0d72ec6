import type { Effect, Scope } from "effect"
import { Context } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import type { WorkspaceId } from "../WorkspaceId.ts"
import type { FlagFile } from "./FlagFile.ts"
import type { StickyExperiment } from "./StickyAssignments.ts"
import type { Assigned, Evaluation, EvaluationContext, TraceStep } from "./Evaluation.ts"

/** How long a workspace is held that nobody asks for. */
export const snapshotIdleMillis = 15 * 60_000
/** Time from one look at the members of cohorts to the next. */
export const membersReadMillis = 20_000

/** All flags of one environment at one revision, ready for evaluation without any I/O. */
export interface FlagSnapshot {
  /** Raised by every change of a definition in the workspace. */
  readonly revision: number
  /** When the newest of them came about, in ms UTC; 0 where nobody asks. */
  readonly changedAt: number
  readonly environment: string
  /** What it is made of; of cohorts, whose members are known here alone, their names. */
  readonly file: FlagFile
  readonly keys: ReadonlyArray<string>
  /** Undefined: there is no such flag. */
  readonly evaluate: (key: string, context: EvaluationContext) => Evaluation | undefined
  readonly evaluateMany: (context: EvaluationContext, keys?: Iterable<string>) => ReadonlyArray<Evaluation>
  readonly explain: (
    key: string,
    context: EvaluationContext
  ) => { readonly evaluation: Evaluation; readonly trace: ReadonlyArray<TraceStep> } | undefined
  /** Running sticky experiments that have a say in the flags, or in all. */
  readonly sticky: (keys?: Iterable<string>) => ReadonlyArray<StickyExperiment>
  /** The experiment, where it is sticky and runs. */
  readonly stickyExperiment: (id: string) => StickyExperiment | undefined
  /** What an experiment does with the unit of a context; undefined: there is no such experiment. */
  readonly assign: (experiment: string, context: EvaluationContext) => Assigned | undefined
}

/**
 * Flags of every workspace that was asked for, in memory. A change anywhere is here in less than a second; while the
 * store is away the last snapshot goes on serving, and health says so.
 */
export class FlagSnapshots extends Context.Service<
  FlagSnapshots,
  {
    /** Without a call: nothing where the workspace is not loaded, or has no such environment. */
    readonly known: (workspace: WorkspaceId, environment: string) => FlagSnapshot | undefined
    /** Loads the workspace where it is not; nothing where it has no such environment. */
    readonly load: (workspace: WorkspaceId, environment: string) => Effect.Effect<FlagSnapshot | undefined, PortFailure>
    /** Whether an id belongs to a cohort that segments of a loaded workspace name: as of less than a minute ago. */
    readonly isMember: (workspace: WorkspaceId) => (cohort: string, id: string) => boolean
    /** Where an experiment runs, of a workspace that is loaded; nothing where there is none of that id. */
    readonly environmentOf: (workspace: WorkspaceId, experiment: string) => string | undefined
    /** Takes up a change of this process at once. */
    readonly refresh: (workspace: WorkspaceId) => Effect.Effect<void, PortFailure>
    /** Calls, for as long as the scope lasts, whenever a loaded workspace has got another revision. */
    readonly watch: (workspace: WorkspaceId, onChange: () => void) => Effect.Effect<void, never, Scope.Scope>
  }
>()("ports/experiments/FlagSnapshots") {}
