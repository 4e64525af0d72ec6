import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Annotation, AnnotationRevision, annotations } from "../../ports/analytics/Annotation.ts"
import { Admission } from "./Admission.ts"
import { changes, creates, EndpointRules, reads } from "./EndpointRules.ts"
import { page } from "./pages.ts"
import { Cursor, Id, Limit, Text } from "./parameters.ts"
import { revisionEndpoints } from "./revisions.ts"

/** `?annotations=true`: the answer has the notes of its range, and a picture draws them. */
export const AskedAnnotations = Schema.optionalKey(Schema.Literals(["true", "false"]))

const path = "/analytics/annotations"

/** Notes beside the numbers. */
export class AnnotationsGroup extends HttpApiGroup.make("annotations")
  .add(
    HttpApiEndpoint.get("list", path, {
      query: { from: Text, to: Text, insight: Text, dashboard: Text, limit: Limit, cursor: Cursor },
      success: page(Annotation)
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "Annotations that touch a range, newest first; others' personal ones are not among them."
      ),
    HttpApiEndpoint.post("create", path, {
      payload: annotations.definition,
      success: Annotation.pipe(HttpApiSchema.status(201))
    })
      .annotate(EndpointRules, creates("analytics:write"))
      .annotate(OpenApi.Summary, "Note what happened at a time or over a range."),
    HttpApiEndpoint.get("read", `${path}/:id`, { params: { id: Id }, success: Annotation })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "One annotation; its revision is the ETag."),
    HttpApiEndpoint.put("replace", `${path}/:id`, {
      params: { id: Id },
      payload: annotations.definition,
      success: Annotation
    })
      .annotate(EndpointRules, changes("analytics:write"))
      .annotate(OpenApi.Summary, "Replace an annotation; If-Match names the revision."),
    HttpApiEndpoint.delete("remove", `${path}/:id`, { params: { id: Id } })
      .annotate(EndpointRules, changes("analytics:write"))
      .annotate(OpenApi.Summary, "Delete an annotation."),
    ...revisionEndpoints({
      path,
      singular: annotations.singular,
      item: Annotation,
      revision: AnnotationRevision,
      scopes: { read: "analytics:read", write: "analytics:write" }
    })
  )
  .middleware(Admission) {}
