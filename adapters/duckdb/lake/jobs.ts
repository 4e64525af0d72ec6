import type { NewLakeFile } from "./LakeFolder.ts"

/** What a process of the lake is asked to do: one job, then it ends. Both sides are plain data. */
export interface LakeJobs {
  /** Writes lines of a scratch file as files of their days. */
  readonly write: {
    readonly input: {
      readonly root: string
      readonly scratch: string
      readonly sequence: number
    }
    readonly result: { readonly events: number; readonly days: ReadonlyArray<DayOfWorkspace> }
  }
  /** Makes one file of `rows`, a SELECT over several of a day. */
  readonly merge: {
    readonly input: { readonly root: string; readonly rows: string; readonly into: Place }
    readonly result: Record<string, never>
  }
  /** Counts the events of `rows` that are `selected`, a condition, and where asked writes the files anew without them. */
  readonly remove: {
    readonly input: {
      readonly root: string
      readonly files: ReadonlyArray<{ readonly rows: string; readonly into: Place }>
      readonly selected: string
      readonly counts: "only" | "and_removes"
    }
    readonly result: { readonly events: number }
  }
  /** Writes what a SELECT answers as one file: its lines of text, or its rows as Parquet. */
  readonly spool: {
    readonly input: {
      readonly root: string
      readonly rows: string
      /** Of each line; `undefined`: Parquet. */
      readonly lineEnd: string | undefined
      readonly into: string
      readonly eventsMax: number
      readonly bytesMax: number
    }
    readonly result: {
      readonly events: number
      readonly bytes: number
      readonly exceeds: "events" | "bytes" | undefined
    }
  }
  /** Runs one SELECT where nothing exists but the views over the files of `paths`. */
  readonly select: {
    readonly input: {
      readonly paths: ReadonlyArray<string>
      readonly views: ReadonlyArray<string>
      readonly viewNames: ReadonlyArray<string>
      readonly sql: string
      readonly rowsMax: number
      readonly bytesMax: number
    }
    readonly result: {
      readonly columns: ReadonlyArray<{ readonly name: string; readonly type: string }>
      readonly rowsJson: string
      readonly rows: number
      readonly truncatedBy: "rows" | "bytes" | undefined
    }
  }
}

export interface DayOfWorkspace {
  readonly workspace: string
  readonly day: string
}

export type Place = Pick<NewLakeFile, "workspace" | "day" | "first" | "last" | "revision">

export type LakeJob = keyof LakeJobs

/** What a process says at its end. */
export type Outcome =
  | { readonly done: LakeJobs[LakeJob]["result"] }
  /** In words for the statement's author. */
  | { readonly refused: string }
  /** The engine's own words. */
  | { readonly failed: string }
