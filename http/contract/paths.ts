import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import {
  pathEdgesMax,
  pathMinutesMax,
  PathQuestion,
  PathResult,
  pathStepsMax
} from "../../ports/analytics/PathQuestion.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules, reads } from "./EndpointRules.ts"
import { Filters, answerParameters, Text, Watermark } from "./parameters.ts"

const { as_of, nodes } = PathQuestion.fields
const upTo = (maximum: number) =>
  Schema.optionalKey(Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum })))

/** Which ways people take. */
export class PathsGroup extends HttpApiGroup.make("paths")
  .add(
    HttpApiEndpoint.get("ways", "/analytics/paths", {
      query: {
        ...answerParameters,
        from: Schema.String,
        to: Schema.String,
        time_zone: Text,
        as_of,
        start_event_types: Text,
        start_filters: Filters,
        end_event_types: Text,
        end_filters: Filters,
        through_event_types: Text,
        through_filters: Filters,
        filters: Filters,
        steps: upTo(pathStepsMax),
        gap_minutes: upTo(pathMinutesMax),
        window_minutes: upTo(pathMinutesMax),
        nodes,
        groups: Text,
        collapse_loops: Schema.optionalKey(Schema.Literals(["true", "false"])),
        top: upTo(pathEdgesMax)
      },
      success: PathResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(
        OpenApi.Summary,
        "Pages and events after a start or before an end, and where people leave; everybody by their first path."
      ),
    HttpApiEndpoint.post("ask", "/analytics/paths/query", {
      query: { watermark: Watermark },
      payload: PathQuestion,
      success: PathResult
    })
      .annotate(EndpointRules, reads("analytics:read"))
      .annotate(OpenApi.Summary, "The same as GET /analytics/paths, the question as JSON.")
  )
  .middleware(Admission) {}
