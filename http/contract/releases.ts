import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { GuardedRelease, ReleaseEnd, ReleaseReport, releases } from "../../ports/experiments/GuardedRelease.ts"
import { Admission } from "./Admission.ts"
import { changes, EndpointRules, reads } from "./EndpointRules.ts"
import { Id, pictureParameters } from "./parameters.ts"
import { resourceEndpoints } from "./resource.ts"

const path = "/experiments/releases"
const one = `${path}/:id` as const
const write = changes("experiments:write")
const [list, create, read, , remove] = resourceEndpoints({
  ...releases,
  item: GuardedRelease,
  path,
  scopes: { read: "experiments:read", write: "experiments:write" }
})

/** New variants that more and more people get, step by step, and that are taken back once a guardrail is harmed. */
export class ReleasesGroup extends HttpApiGroup.make("releases")
  .add(
    list,
    create,
    read,
    remove,
    HttpApiEndpoint.get("evidence", `${one}/evidence`, {
      params: { id: Id },
      query: pictureParameters,
      success: ReleaseReport
    })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(
        OpenApi.Summary,
        "How a release stands by the events of now: people and sums of each step, the verdict on each guardrail, and what the next step waits for. With `Accept: image/svg+xml` the change of the first four guardrails step by step."
      ),
    HttpApiEndpoint.post("complete", `${one}/complete`, {
      params: { id: Id },
      payload: ReleaseEnd,
      success: GuardedRelease
    })
      .annotate(EndpointRules, write)
      .annotate(OpenApi.Summary, "Give the new variant to everybody whom the rule targets, whatever its gates say."),
    HttpApiEndpoint.post("abort", `${one}/abort`, { params: { id: Id }, payload: ReleaseEnd, success: GuardedRelease })
      .annotate(EndpointRules, write)
      .annotate(
        OpenApi.Summary,
        "Give the control to everybody whom the rule targets; also while evidence cannot be had."
      )
  )
  .middleware(Admission) {}
