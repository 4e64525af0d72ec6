import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { assignUnit } from "../../domain/experiments/workflows/assignUnit.ts"
import { lookAtBandit } from "../../domain/experiments/workflows/bandits.ts"
import {
  addVariant,
  archiveExperiment,
  createExperiment,
  decideExperiment,
  openPhase,
  removeExperiment,
  replaceExperiment,
  startExperiment,
  stopExperiment
} from "../../domain/experiments/workflows/experiments.ts"
import { experimentOverview } from "../../domain/experiments/workflows/experimentOverview.ts"
import { experimentResults } from "../../domain/experiments/workflows/experimentResults.ts"
import { listItems, readItem } from "../../domain/platform/resources.ts"
import type { Revised } from "../../domain/platform/resources.ts"
import { experiments } from "../../ports/experiments/Experiment.ts"
import type { Experiment } from "../../ports/experiments/Experiment.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"
import { inAcceptedForm } from "./resultForms.ts"
import { readerOf } from "./readerOf.ts"

const told = ({ item, revision }: Revised<Experiment>) => withRevision(revision, item)

export const layer = HttpApiBuilder.group(ServedApi, "experiments", (handlers) =>
  handlers.handleAll({
    assign: ({ params, payload, ...linked }) =>
      Effect.flatMap(readerOf(linked), (reader) => answerProblems(assignUnit(reader, params.id, payload))),
    results: ({ params, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(inAcceptedForm(experimentResults(workspace, params.id, query), query))
      ),
    overview: ({ query: { limit = limitUsual, metric } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(experimentOverview(workspace, { limit, metric }))
      ),
    addVariant: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(addVariant(principal, params.id, payload), told))
      ),
    start: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(startExperiment(principal, params.id), told))
      ),
    openPhase: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(openPhase(principal, params.id, payload), told))
      ),
    step: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(lookAtBandit(principal, params.id))),
    stop: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(stopExperiment(principal, params.id), told))
      ),
    archive: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(archiveExperiment(principal, params.id), told))
      ),
    decide: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(Effect.flatMap(decideExperiment(principal, params.id, payload), told))
      ),
    list: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listItems<Experiment>(experiments, workspace, limit, cursor), paged))
      ),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createExperiment(principal, payload), (made) => withLocation("/experiments/experiments", made))
        )
      ),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(readItem<Experiment>(experiments, workspace, params.id), told))
      ),
    replace: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(experiments, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => replaceExperiment(principal, params.id, payload, revision)),
            Effect.flatMap(told)
          )
        )
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(experiments, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => removeExperiment(principal, params.id, revision)),
            Effect.as(HttpServerResponse.empty({ status: 204 }))
          )
        )
      )
  })
)
