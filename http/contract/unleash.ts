import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import {
  UnleashContextRequest,
  UnleashFeatures,
  UnleashMetrics,
  UnleashRegistration,
  UnleashToggles
} from "../../ports/experiments/Unleash.ts"
import { Admission } from "./Admission.ts"
import { EndpointRules } from "./EndpointRules.ts"
import type { Rules } from "./EndpointRules.ts"
import { evaluateRules } from "./flags.ts"
import { Text } from "./parameters.ts"

const rules: Rules = { ...evaluateRules, clientKey: "authorization", lenient: true }
const accepted = HttpApiSchema.Empty(202)
const contextParameters = {
  userId: Text,
  sessionId: Text,
  remoteAddress: Text,
  appName: Text,
  environment: Text
}

/**
 * What clients of Unleash ask, with a key in `Authorization` without a scheme. They read the environment that the key is
 * bound to, else `production`.
 */
export class UnleashGroup extends HttpApiGroup.make("unleash")
  .add(
    HttpApiEndpoint.get("features", "/api/client/features", {
      query: { namePrefix: Text },
      success: [UnleashFeatures, HttpApiSchema.Empty(304)]
    })
      .annotate(EndpointRules, rules)
      .annotate(
        OpenApi.Summary,
        "Unleash, for servers: the flags that its clients evaluate with the same values as we do; `left_out` names the others with the reason. Secret keys alone. 304 while it says the same."
      ),
    HttpApiEndpoint.post("register", "/api/client/register", { payload: UnleashRegistration, success: accepted })
      .annotate(EndpointRules, rules)
      .annotate(OpenApi.Summary, "Unleash: a client on a server says that it is there; nothing is kept."),
    HttpApiEndpoint.post("metrics", "/api/client/metrics", { payload: UnleashMetrics, success: accepted })
      .annotate(EndpointRules, rules)
      .annotate(
        OpenApi.Summary,
        "Unleash: how often a client evaluated flags by itself; counted in their usage by variant and hour."
      ),
    HttpApiEndpoint.get("toggles", "/api/frontend", {
      query: contextParameters,
      success: [UnleashToggles, HttpApiSchema.Empty(304)]
    })
      .annotate(EndpointRules, rules)
      .annotate(
        OpenApi.Summary,
        "Unleash, for pages and apps: the flags that are on for a context (`userId`, `sessionId`, `properties[country]`, …), with their variants; exposes nobody."
      ),
    HttpApiEndpoint.post("togglesFor", "/api/frontend", {
      payload: UnleashContextRequest,
      success: [UnleashToggles, HttpApiSchema.Empty(304)]
    })
      .annotate(EndpointRules, rules)
      .annotate(OpenApi.Summary, "Unleash, for pages and apps: the same, with the context as the body."),
    HttpApiEndpoint.post("frontendRegister", "/api/frontend/client/register", {
      payload: UnleashRegistration,
      success: accepted
    })
      .annotate(EndpointRules, rules)
      .annotate(OpenApi.Summary, "Unleash: a client in a page says that it is there; nothing is kept."),
    HttpApiEndpoint.post("frontendMetrics", "/api/frontend/client/metrics", {
      payload: UnleashMetrics,
      success: accepted
    })
      .annotate(EndpointRules, rules)
      .annotate(
        OpenApi.Summary,
        "Unleash: how often a page asked for its flags; taken and left, because their evaluation here was counted."
      )
  )
  .middleware(Admission) {}
