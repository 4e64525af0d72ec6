import { Schema } from "effect"

/** A workspace: lower-case slug, 1 to 63 characters. Every store call takes one; none ever sees another's data. */
export const WorkspaceId = Schema.String.check(Schema.isPattern(/^[a-z0-9][a-z0-9-]{0,62}$/)).pipe(
  Schema.brand("WorkspaceId")
)
export type WorkspaceId = typeof WorkspaceId.Type
