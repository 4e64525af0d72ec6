import { Effect, Layer } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import {
  checkArchetypes,
  createArchetype,
  removeArchetype,
  replaceArchetype
} from "../../domain/experiments/workflows/archetypes.ts"
import { createQaLink, qaLinkKind, revokeQaLink } from "../../domain/experiments/workflows/qaLinks.ts"
import { createOverride, removeOverride, replaceOverride } from "../../domain/experiments/workflows/qaOverrides.ts"
import { readItem } from "../../domain/platform/resources.ts"
import { archetypes } from "../../ports/experiments/Archetype.ts"
import type { Archetype } from "../../ports/experiments/Archetype.ts"
import type { QaLink } from "../../ports/experiments/QaLink.ts"
import { qaOverrides } from "../../ports/experiments/QaOverride.ts"
import type { QaOverride } from "../../ports/experiments/QaOverride.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"
import { matchRevision, withLocation, withRevision } from "../middleware/revisions.ts"
import { readingOf } from "./readingOf.ts"

const gone = HttpServerResponse.empty({ status: 204 })

const overridesLayer = HttpApiBuilder.group(ServedApi, "qaOverrides", (handlers) =>
  handlers.handleAll({
    ...readingOf<QaOverride>(qaOverrides),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createOverride(principal, payload), (made) => withLocation("/experiments/qa-overrides", made))
        )
      ),
    replace: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(qaOverrides, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => replaceOverride(principal, params.id, payload, revision)),
            Effect.flatMap(({ item, revision }) => withRevision(revision, item))
          )
        )
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(qaOverrides, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => removeOverride(principal, params.id, revision)),
            Effect.as(gone)
          )
        )
      )
  })
)

const linksLayer = HttpApiBuilder.group(ServedApi, "qaLinks", (handlers) =>
  handlers.handleAll({
    ...readingOf<QaLink>(qaLinkKind),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createQaLink(principal, payload), (made) => withLocation("/experiments/qa-links", made))
        )
      ),
    revoke: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(qaLinkKind, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => revokeQaLink(principal, params.id, revision)),
            Effect.as(gone)
          )
        )
      )
  })
)

const archetypesLayer = HttpApiBuilder.group(ServedApi, "archetypes", (handlers) =>
  handlers.handleAll({
    ...readingOf<Archetype>(archetypes),
    check: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) => answerProblems(checkArchetypes(workspace, payload))),
    create: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          Effect.flatMap(createArchetype(principal, payload), (made) => withLocation("/experiments/archetypes", made))
        )
      ),
    replace: ({ params, payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(archetypes, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => replaceArchetype(principal, params.id, payload, revision)),
            Effect.flatMap(({ item, revision }) => withRevision(revision, item))
          )
        )
      ),
    remove: ({ params }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readItem(archetypes, principal.workspace, params.id)).pipe(
            Effect.flatMap((revision) => removeArchetype(principal, params.id, revision)),
            Effect.as(gone)
          )
        )
      )
  })
)

export const layer = Layer.mergeAll(overridesLayer, linksLayer, archetypesLayer)
