import { Schema } from "effect"
import { WorkspaceId } from "../WorkspaceId.ts"

const Name = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(100))

/** A workspace as it is kept. Times in ms UTC. */
export const Workspace = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  created_at: Schema.Int,
  /** Key that made it, or that named it first; `start` for the one that is there from the start. */
  created_by: Schema.String,
  /** Since when its tokens are refused. */
  archived_at: Schema.NullOr(Schema.Int)
}).annotate({ identifier: "Workspace" })
export type Workspace = typeof Workspace.Type

export const NewWorkspace = Schema.Struct({
  id: WorkspaceId,
  /** As people call it; the id where none is given. */
  name: Schema.optionalKey(Name)
}).annotate({ identifier: "NewWorkspace", examples: [{ id: WorkspaceId.make("acme"), name: "Acme Ltd" }] })
export type NewWorkspace = typeof NewWorkspace.Type

export const WorkspaceChange = Schema.Struct({ name: Name }).annotate({
  identifier: "WorkspaceChange",
  examples: [{ name: "Acme Group" }]
})
export type WorkspaceChange = typeof WorkspaceChange.Type
