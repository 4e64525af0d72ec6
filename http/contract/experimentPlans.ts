import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import {
  PlannedExperiment,
  PlanRequest,
  TrafficPlan,
  TrafficPlanRequest
} from "../../ports/experiments/ExperimentPlan.ts"
import { ProofRequest, ProofResult } from "../../ports/experiments/PeekingProof.ts"
import { ShadowRequest, ShadowResult } from "../../ports/experiments/ShadowProof.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules, reads } from "./EndpointRules.ts"

/** What an experiment takes before it starts, and what its statistics are worth. */
export class ExperimentPlansGroup extends HttpApiGroup.make("experimentPlans")
  .add(
    HttpApiEndpoint.post("plan", "/experiments/plan", { payload: PlanRequest, success: PlannedExperiment })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(
        OpenApi.Summary,
        "Units, smallest effect and days of an experiment from the one of them that is given; and what each week could find."
      ),
    HttpApiEndpoint.post("planFromTraffic", "/experiments/plan/traffic", {
      payload: TrafficPlanRequest,
      success: TrafficPlan
    })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(
        OpenApi.Summary,
        "The same from the traffic of the last days: how many people the trigger would enter, day by day, and what the metric was for them."
      ),
    HttpApiEndpoint.post("proveOnTraffic", "/experiments/proof/traffic", {
      payload: ShadowRequest,
      success: ShadowResult
    })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(
        OpenApi.Summary,
        "How often experiments without a change raise an alarm on the workspace's own people and metrics, looked at every day: shadow A/A, computed once a day."
      ),
    HttpApiEndpoint.post("proof", "/experiments/proof", { payload: ProofRequest, success: ProofResult })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(
        OpenApi.Summary,
        "How often experiments that are looked at every day raise an alarm, with and without an effect: simulated, from a seed."
      )
  )
  .middleware(Admission) {}
