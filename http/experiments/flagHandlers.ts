import { Effect, Layer } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { archiveFlag, unarchiveFlag } from "../../domain/experiments/workflows/archiveFlag.ts"
import {
  listBranches,
  postReferences,
  readBranch,
  referencesOfFlag,
  removeBranch
} from "../../domain/experiments/workflows/codeReferences.ts"
import { listStaleFlags, stalenessOfFlag } from "../../domain/experiments/workflows/staleFlags.ts"
import {
  createEnvironment,
  readEnvironment,
  removeEnvironment,
  replaceEnvironment
} from "../../domain/experiments/workflows/environments.ts"
import {
  evaluateFlag,
  evaluateFlags,
  makeEvaluateFromMemory
} from "../../domain/experiments/workflows/evaluateFlags.ts"
import { explainFlag } from "../../domain/experiments/workflows/explainFlag.ts"
import { listFlagRevisions } from "../../domain/experiments/workflows/flagRevisions.ts"
import {
  createFlag,
  createSegment,
  removeFlag,
  removeSegment,
  replaceFlag,
  replaceSegment
} from "../../domain/experiments/workflows/flags.ts"
import { promoteFlags } from "../../domain/experiments/workflows/promoteFlags.ts"
import { previewFlag } from "../../domain/experiments/workflows/previewFlag.ts"
import { usageOfFlag } from "../../domain/experiments/workflows/usageOfFlag.ts"
import { createHoldout, removeHoldout, replaceHoldout } from "../../domain/experiments/workflows/holdouts.ts"
import { holdoutResults } from "../../domain/experiments/workflows/holdoutResults.ts"
import { readItem } from "../../domain/platform/resources.ts"
import { holdsScope } from "../../domain/platform/tokens.ts"
import { environments, flags, holdouts, segments } from "../../ports/experiments/Flag.ts"
import type { BulkEvaluateRequest, EvaluateRequest } from "../../ports/experiments/EvaluateRequest.ts"
import type { Environment, Flag, Holdout, Segment } from "../../ports/experiments/Flag.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { FlagsGroup } from "../contract/flags.ts"
import { limitUsual } from "../contract/parameters.ts"
import { makeServeDirectly } from "../directEndpoint.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { RequestLimits } from "../middleware/RequestLimits.ts"
import { matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"
import { readingOf } from "./readingOf.ts"
import { readerAs, readerOf } from "./readerOf.ts"
import type { Linked } from "./readerOf.ts"
import { inAcceptedForm } from "./resultForms.ts"

const gone = HttpServerResponse.empty({ status: 204 })

interface Evaluate extends Linked {
  readonly params: { readonly id: string }
  readonly payload: EvaluateRequest
}
const evaluateOne = ({ params, payload, ...linked }: Evaluate) =>
  Effect.flatMap(readerOf(linked), (reader) => answerProblems(evaluateFlag(reader, params.id, payload)))
const evaluateMany = ({ payload, ...linked }: Linked & { readonly payload: BulkEvaluateRequest }) =>
  Effect.flatMap(readerOf(linked), (reader) => answerProblems(evaluateFlags(reader, payload)))

/** The hot endpoints off the connection. */
const directLayer = Layer.effectDiscard(
  Effect.gen(function* () {
    const serveDirectly = yield* makeServeDirectly
    const fromMemory = yield* makeEvaluateFromMemory
    const { trustedHops } = yield* RequestLimits
    yield* serveDirectly(
      FlagsGroup.endpoints.evaluate,
      evaluateOne,
      ({ params, payload, ...linked }, principal, request) =>
        fromMemory.flag(readerAs(linked, principal, request, trustedHops), params.id, payload)
    )
    yield* serveDirectly(
      FlagsGroup.endpoints.bulkEvaluate,
      evaluateMany,
      ({ payload, ...linked }, principal, request) =>
        fromMemory.flags(readerAs(linked, principal, request, trustedHops), payload)
    )
  })
)

const flagsLayer = HttpApiBuilder.group(ServedApi, "flags", (handlers) =>
  handlers.handleAll({
    ...readingOf<Flag>(flags),
    staleness: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(stalenessOfFlag(workspace, params.id))),
    stale: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listStaleFlags(workspace, limit, cursor), paged))
      ),
    archive: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(archiveFlag(principal, params.id, payload), ({ item, revision }) =>
            withRevision(revision, item)
          )
        )
      ),
    unarchive: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(unarchiveFlag(principal, params.id), ({ item, revision }) => withRevision(revision, item))
        )
      ),
    codeReferences: ({ params, query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(referencesOfFlag(workspace, params.id, limit, cursor), paged))
      ),
    evaluate: evaluateOne,
    explain: ({ params, payload, query: { at } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(explainFlag(workspace, params.id, payload, at))
      ),
    preview: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          previewFlag({ ...principal, mayReadPersons: holdsScope(principal, "persons:read") }, params.id, payload)
        )
      ),
    revisions: ({ params, query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listFlagRevisions(workspace, params.id, limit, cursor), paged))
      ),
    usage: ({ params, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(usageOfFlag(workspace, params.id, query))),
    bulkEvaluate: evaluateMany,
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createFlag(principal, payload), (made) => withLocation("/experiments/feature-flags", made))
        )
      ),
    replace: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(flags, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => replaceFlag(principal, params.id, payload, revision)),
            Effect.flatMap(({ item, revision }) => withRevision(revision, item))
          )
        )
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(flags, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => removeFlag(principal, params.id, revision)),
            Effect.as(gone)
          )
        )
      )
  })
)

const segmentsLayer = HttpApiBuilder.group(ServedApi, "segments", (handlers) =>
  handlers.handleAll({
    ...readingOf<Segment>(segments),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createSegment(principal, payload), (made) => withLocation("/experiments/segments", made))
        )
      ),
    replace: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(segments, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => replaceSegment(principal, params.id, payload, revision)),
            Effect.flatMap(({ item, revision }) => withRevision(revision, item))
          )
        )
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(segments, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => removeSegment(principal, params.id, revision)),
            Effect.as(gone)
          )
        )
      )
  })
)

const holdoutsLayer = HttpApiBuilder.group(ServedApi, "holdouts", (handlers) =>
  handlers.handleAll({
    ...readingOf<Holdout>(holdouts),
    results: ({ params, query }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          inAcceptedForm(holdoutResults(workspace, params.id, { ...query, metrics: query.metrics?.split(",") }), query)
        )
      ),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createHoldout(principal, payload), (made) => withLocation("/experiments/holdouts", made))
        )
      ),
    replace: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(holdouts, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => replaceHoldout(principal, params.id, payload, revision)),
            Effect.flatMap(({ item, revision }) => withRevision(revision, item))
          )
        )
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(holdouts, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => removeHoldout(principal, params.id, revision)),
            Effect.as(gone)
          )
        )
      )
  })
)

const environmentsLayer = HttpApiBuilder.group(ServedApi, "environments", (handlers) =>
  handlers.handleAll({
    ...readingOf<Environment>(environments),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(readEnvironment(workspace, params.id), ({ item, revision }) => withRevision(revision, item))
        )
      ),
    promote: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(promoteFlags(principal, params.id, payload))),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createEnvironment(principal, payload), (made) =>
            withLocation("/experiments/environments", made)
          )
        )
      ),
    replace: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readEnvironment(principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => replaceEnvironment(principal, params.id, payload, revision)),
            Effect.flatMap(({ item, revision }) => withRevision(revision, item))
          )
        )
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readEnvironment(principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => removeEnvironment(principal, params.id, revision)),
            Effect.as(gone)
          )
        )
      )
  })
)

const codeReferencesLayer = HttpApiBuilder.group(ServedApi, "codeReferences", (handlers) =>
  handlers.handleAll({
    list: ({ query: { cursor, limit = limitUsual } }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(listBranches(workspace, limit, cursor), paged))
      ),
    read: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(
          Effect.flatMap(readBranch(workspace, params.id), ({ item, revision }) => withRevision(revision, item))
        )
      ),
    post: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(postReferences(principal, payload))),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readBranch(principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => removeBranch(principal, params.id, revision)),
            Effect.as(gone)
          )
        )
      )
  })
)

export const layer = Layer.mergeAll(
  directLayer,
  flagsLayer,
  segmentsLayer,
  holdoutsLayer,
  environmentsLayer,
  codeReferencesLayer
)
