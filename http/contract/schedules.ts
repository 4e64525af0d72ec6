import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { FlagSchedule, schedules, StepApproval } from "../../ports/experiments/FlagSchedule.ts"
import { Admission } from "./Admission.ts"
import { changes, EndpointRules } from "./EndpointRules.ts"
import { Id } from "./parameters.ts"
import { resourceEndpoints } from "./resource.ts"

const path = "/experiments/schedules"
const one = `${path}/:id` as const
const write = changes("experiments:write")

/** Changes of flags that are made later: by time, by approval, or once enough people were exposed. */
export class SchedulesGroup extends HttpApiGroup.make("schedules")
  .add(
    HttpApiEndpoint.post("approve", `${one}/approve`, {
      params: { id: Id },
      payload: StepApproval,
      success: FlagSchedule
    })
      .annotate(EndpointRules, changes("experiments:review"))
      .annotate(
        OpenApi.Summary,
        "Open the gate of a step that waits for an approval, also ahead of its turn; one of its approvers where it names them."
      ),
    HttpApiEndpoint.post("pause", `${one}/pause`, { params: { id: Id }, success: FlagSchedule })
      .annotate(EndpointRules, write)
      .annotate(OpenApi.Summary, "Take no step until it is resumed."),
    HttpApiEndpoint.post("resume", `${one}/resume`, { params: { id: Id }, success: FlagSchedule })
      .annotate(EndpointRules, write)
      .annotate(
        OpenApi.Summary,
        "Go on: the wait of the next step is longer by the pause; steps whose instant passed meanwhile are taken at once, together."
      ),
    HttpApiEndpoint.post("cancel", `${one}/cancel`, { params: { id: Id }, success: FlagSchedule })
      .annotate(EndpointRules, write)
      .annotate(OpenApi.Summary, "Never take the steps that are left; what was done stays."),
    ...resourceEndpoints({
      ...schedules,
      item: FlagSchedule,
      path,
      scopes: { read: "experiments:read", write: "experiments:write" }
    })
  )
  .middleware(Admission) {}
