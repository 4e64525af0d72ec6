import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { MadeApiKey } from "../../ports/platform/ApiKey.ts"
import { NewWorkspace, Workspace, WorkspaceChange } from "../../ports/platform/Workspace.ts"
import { Admission } from "./Admission.ts"
import { changes, creates, EndpointRules, reads } from "./EndpointRules.ts"
import { page } from "./pages.ts"
import { Cursor, Id, Limit } from "./parameters.ts"

const MadeWorkspace = Schema.Struct({ ...Workspace.fields, key: MadeApiKey }).annotate({ identifier: "MadeWorkspace" })

/** Tenants of the installation, managed by tokens of the workspace `default`; others see their own one. */
export class WorkspacesGroup extends HttpApiGroup.make("workspaces")
  .add(
    HttpApiEndpoint.get("list", "/platform/workspaces", {
      query: { limit: Limit, cursor: Cursor },
      success: page(Workspace)
    })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(OpenApi.Summary, "Workspaces by id; for tokens of a tenant its own one."),
    HttpApiEndpoint.post("create", "/platform/workspaces", {
      payload: NewWorkspace,
      success: MadeWorkspace.pipe(HttpApiSchema.status(201))
    })
      .annotate(EndpointRules, creates("platform:write"))
      .annotate(OpenApi.Summary, "Make a workspace with a first key of scope *; its token is shown this once."),
    HttpApiEndpoint.get("read", "/platform/workspaces/:id", { params: { id: Id }, success: Workspace })
      .annotate(EndpointRules, reads("platform:read"))
      .annotate(OpenApi.Summary, "A workspace; its revision is the ETag."),
    HttpApiEndpoint.patch("rename", "/platform/workspaces/:id", {
      params: { id: Id },
      payload: WorkspaceChange,
      success: Workspace
    })
      .annotate(EndpointRules, changes("platform:write"))
      .annotate(OpenApi.Summary, "Rename the workspace that If-Match names the revision of."),
    HttpApiEndpoint.delete("archive", "/platform/workspaces/:id", { params: { id: Id }, success: Workspace })
      .annotate(EndpointRules, changes("platform:write"))
      .annotate(OpenApi.Summary, "Archive a workspace: within a second its tokens are refused; its data stays."),
    HttpApiEndpoint.post("restore", "/platform/workspaces/:id/restore", { params: { id: Id }, success: Workspace })
      .annotate(EndpointRules, changes("platform:write"))
      .annotate(OpenApi.Summary, "Take a workspace out of the archive: its tokens count again.")
  )
  .middleware(Admission) {}
