import { Effect } from "effect"
import { Refused } from "../../ports/platform/Refused.ts"
import { WorkspaceId } from "../../ports/WorkspaceId.ts"

/** The workspace of whoever runs the service: there from the first start, its tokens manage the installation. */
export const defaultWorkspace = WorkspaceId.make("default")

/** Where records of the whole installation lie. Nobody's token can name it. */
export const everywhere = WorkspaceId.make("all-workspaces")
export const reservedWorkspaces: ReadonlySet<string> = new Set([everywhere])

/** For what concerns all tenants. */
export const onlyForDefault = (
  actor: { readonly workspace: WorkspaceId },
  what: string
): Effect.Effect<void, Refused> =>
  actor.workspace === defaultWorkspace
    ? Effect.void
    : new Refused({
        kind: "forbidden",
        detail: `${what} by tokens of the workspace ${defaultWorkspace}`,
        errors: []
      })
