import { Context } from "effect"
import type { WorkspaceId } from "../WorkspaceId.ts"

/** Contexts of one environment: those that were evaluated last, one a unit. */
export const recentContextsMax = 2000
/** Of all environments of the process together; the environment with most gives up its oldest for one more. */
export const recentContextsHeldMax = 10_000
/** Characters of a context as JSON; a larger one is not kept. */
export const recentContextCharactersMax = 4096
/** Taken in a second of one environment, so that the last ones span minutes and evaluation bears no cost. */
export const recentContextsPerSecond = 20
/** After it a context is of no use and forgotten, hours. */
export const recentContextHoursMax = 24
/** Flags of which is remembered that they were evaluated singly for a unit. */
export const recentFlagsMax = 100

export interface RecentContext {
  readonly attributes: Readonly<Record<string, unknown>>
  /** Last evaluated, in ms UTC. */
  readonly at: number
  /** Flags that were evaluated for it singly. */
  readonly flags: ReadonlySet<string>
  /** Whether many flags were evaluated for it at once. */
  readonly inBulk: boolean
}

/**
 * Contexts for which flags were evaluated of late, so that a draft can be tried on them. They are in the memory of this
 * process alone, never on a disk, and gone with it.
 */
export class RecentContexts extends Context.Service<
  RecentContexts,
  {
    /** Keeps the context, if its second has room; `flag`: the one that was evaluated, `undefined`: many. */
    readonly note: (
      workspace: WorkspaceId,
      environment: string,
      flag: string | undefined,
      attributes: RecentContext["attributes"]
    ) => void
    /** The newest last. */
    readonly list: (workspace: WorkspaceId, environment: string) => ReadonlyArray<RecentContext>
    /** Those of all environments that name one of the ids as their user or device. */
    readonly naming: (workspace: WorkspaceId, isOne: (id: string) => boolean) => ReadonlyArray<RecentContext>
    /** Forgets these, and answers how many. */
    readonly forget: (workspace: WorkspaceId, isOne: (id: string) => boolean) => number
  }
>()("ports/experiments/RecentContexts") {}
