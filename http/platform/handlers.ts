import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import { rotateRootKey } from "../../domain/platform/rotateRootKey.ts"
import { changeSettings, readSettings } from "../../domain/platform/settings.ts"
import type { RevisedSettings } from "../../domain/platform/settings.ts"
import { ExchangeRates } from "../../ports/reference/ExchangeRates.ts"
import { GeoLocator } from "../../ports/reference/GeoLocator.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { ServedApi } from "../contract/Api.ts"
import { answerProblems } from "../middleware/failures.ts"
import { matchRevision, withRevision } from "../middleware/revisions.ts"

const revised = ({ revision, settings }: RevisedSettings) => withRevision(revision, settings)

export const layer = HttpApiBuilder.group(ServedApi, "platform", (handlers) =>
  handlers.handleAll({
    settings: () =>
      Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
        answerProblems(Effect.flatMap(readSettings(workspace), revised))
      ),
    changeSettings: ({ payload }) =>
      Effect.flatMap(CurrentPrincipal, (principal) =>
        answerProblems(
          matchRevision(readSettings(principal.workspace)).pipe(
            Effect.flatMap((revision) => changeSettings(principal, payload, revision)),
            Effect.flatMap(revised)
          )
        )
      ),
    rotateRootKey: () => Effect.flatMap(CurrentPrincipal, (principal) => answerProblems(rotateRootKey(principal))),
    attributions: () =>
      Effect.gen(function* () {
        const rates = yield* ExchangeRates
        const geo = yield* GeoLocator
        return {
          items: [
            { data: "exchange_rates", ...rates.attribution },
            { data: "geo", ...geo.attribution }
          ],
          next: null
        }
      })
  })
)
