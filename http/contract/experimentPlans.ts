import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { PlannedExperiment, PlanRequest } from "../../ports/experiments/ExperimentPlan.ts"
import { ProofRequest, ProofResult } from "../../ports/experiments/PeekingProof.ts"
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
    HttpApiEndpoint.post("proof", "/experiments/proof", { payload: ProofRequest, success: ProofResult })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(
        OpenApi.Summary,
        "How often experiments that are looked at every day raise an alarm, with and without an effect: simulated, from a seed."
      )
  )
  .middleware(Admission) {}
