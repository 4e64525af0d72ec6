import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import {
  AssignedVariant,
  AssignRequest,
  Experiment,
  experiments,
  ExperimentVariant,
  NewDecision,
  NewPhase,
  phasesMax
} from "../../ports/experiments/Experiment.ts"
import { AllocationLook } from "../../ports/experiments/Bandit.ts"
import { Admission } from "./Admission.ts"
import { ExperimentOverview } from "../../ports/experiments/ExperimentProgramme.ts"
import { ExperimentResults } from "../../ports/experiments/ExperimentResults.ts"
import { changes, EndpointRules, reads } from "./EndpointRules.ts"
import { evaluateRules, linked } from "./flags.ts"
import { Id, Limit, pictureParameters, ResultTable, Text } from "./parameters.ts"
import { resourceEndpoints } from "./resource.ts"

const PhaseNumber = Schema.optionalKey(
  Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: phasesMax }))
)
const path = "/experiments/experiments"
const one = `${path}/:id` as const
const write = changes("experiments:write")

/** Experiments: what they try, their life, and who gets which variant. */
export class ExperimentsGroup extends HttpApiGroup.make("experiments")
  .add(
    HttpApiEndpoint.post("assign", `${one}/assign`, {
      params: { id: Id },
      ...linked,
      payload: AssignRequest,
      success: AssignedVariant
    })
      .annotate(EndpointRules, evaluateRules)
      .annotate(OpenApi.Summary, "The variant of a unit, the same at every call; whoever gets one is exposed to it."),
    HttpApiEndpoint.get("results", `${one}/results`, {
      params: { id: Id },
      query: { phase: PhaseNumber, dimension: Text, metric: Text, table: ResultTable, ...pictureParameters },
      success: ExperimentResults
    })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(
        OpenApi.Summary,
        "Results of a phase, the last by default: by the method that was frozen at the start, with all that they rest on. With `dimension` also by its 20 values of most people, as it stood at or before each one's first exposure. `metric` is the one of the picture, the first goal by default; `table` the rows, `comparisons` by default, `series` of days, `breakdown` by the dimension or `decision`, what the decision rule says of each variant."
      ),
    HttpApiEndpoint.get("overview", "/experiments/overview", {
      query: { metric: Text, limit: Limit },
      success: ExperimentOverview
    })
      .annotate(EndpointRules, reads("experiments:read"))
      .annotate(
        OpenApi.Summary,
        "What the experiments that ended last, `limit` of them, say together: how many won, and what shipped changes brought to `metric`, drawn back because winners were picked for looking large. By default it is the first goal that most of them have. `overlaps` tests pairs that ran at the same time and shared people: whether both changes together do more or less than the sum of each."
      ),
    HttpApiEndpoint.post("addVariant", `${one}/variants`, {
      params: { id: Id },
      payload: ExperimentVariant,
      success: Experiment
    })
      .annotate(EndpointRules, write)
      .annotate(OpenApi.Summary, "One more variant of a draft; a running experiment gets others in a new phase."),
    HttpApiEndpoint.post("start", `${one}/start`, { params: { id: Id }, success: Experiment })
      .annotate(EndpointRules, write)
      .annotate(OpenApi.Summary, "Start a draft: weights sum to 100, a goal decides, its layer has room."),
    HttpApiEndpoint.post("openPhase", `${one}/phases`, {
      params: { id: Id },
      payload: NewPhase,
      success: Experiment
    })
      .annotate(EndpointRules, write)
      .annotate(OpenApi.Summary, "Other weights, variants, targeting or traffic, as a phase that is analysed alone."),
    HttpApiEndpoint.post("step", `${one}/step`, { params: { id: Id }, success: AllocationLook })
      .annotate(EndpointRules, write)
      .annotate(
        OpenApi.Summary,
        "Look at the results of a running bandit now, and change its shares where they say so; the next look is a whole step later."
      ),
    HttpApiEndpoint.post("stop", `${one}/stop`, { params: { id: Id }, success: Experiment })
      .annotate(EndpointRules, write)
      .annotate(OpenApi.Summary, "Stop a running experiment: it takes nobody more, and its layer's slots are free."),
    HttpApiEndpoint.post("archive", `${one}/archive`, { params: { id: Id }, success: Experiment })
      .annotate(EndpointRules, write)
      .annotate(OpenApi.Summary, "Put a draft or a stopped experiment away; its results stay."),
    HttpApiEndpoint.post("decide", `${one}/decision`, {
      params: { id: Id },
      payload: NewDecision,
      success: Experiment
    })
      .annotate(EndpointRules, write)
      .annotate(OpenApi.Summary, "What was made of the results, by whom and why."),
    ...resourceEndpoints({
      ...experiments,
      item: Experiment,
      path,
      scopes: { read: "experiments:read", write: "experiments:write" }
    })
  )
  .middleware(Admission) {}
