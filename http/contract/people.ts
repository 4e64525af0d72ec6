import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { cohorts, PeopleList } from "../../ports/analytics/Cohort.ts"
import { CohortOfPeople, PeopleQuestion } from "../../ports/analytics/PeopleQuestion.ts"
import { Admission } from "./Admission.ts"
import { creates, EndpointRules, reads } from "./EndpointRules.ts"
import { Watermark } from "./parameters.ts"

/** Who stands behind a number. */
export class PeopleGroup extends HttpApiGroup.make("people")
  .add(
    HttpApiEndpoint.post("ask", "/analytics/people/query", {
      query: { watermark: Watermark },
      payload: PeopleQuestion,
      success: PeopleList
    })
      .annotate(EndpointRules, reads("persons:read"))
      .annotate(OpenApi.Summary, "The people behind a number of an answer, by pages; as many as the number says."),
    HttpApiEndpoint.post("keep", "/analytics/people/cohorts", {
      payload: CohortOfPeople,
      success: cohorts.item.pipe(HttpApiSchema.status(201))
    })
      .annotate(EndpointRules, creates("analytics:write"))
      .annotate(OpenApi.Summary, "Make a static cohort of the people behind a number as it is now.")
  )
  .middleware(Admission) {}
