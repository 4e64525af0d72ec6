import { WorkspaceId } from "../../ports/WorkspaceId.ts"

/** The workspace of whoever runs the service: there from the first start, its tokens manage the others. */
export const defaultWorkspace = WorkspaceId.make("default")

/** Where records of the whole installation lie. Nobody's token can name it. */
export const everywhere = WorkspaceId.make("all-workspaces")
export const reservedWorkspaces: ReadonlySet<string> = new Set([everywhere])
