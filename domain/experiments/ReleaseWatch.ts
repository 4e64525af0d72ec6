import { Effect, Layer } from "effect"
import { ReleaseWatch } from "../../ports/experiments/ReleaseWatch.ts"
import type { WatchedRelease } from "../../ports/experiments/ReleaseWatch.ts"
import { PartStates } from "../../ports/platform/PartStates.ts"
import type { PartReason } from "../../ports/platform/PartStates.ts"

/** A part of the process that is as well as its last round. */
export const layer: Layer.Layer<ReleaseWatch> = Layer.effect(
  ReleaseWatch,
  Effect.gen(function* () {
    const parts = yield* PartStates
    let failing: { readonly reason: PartReason; readonly since: number } | undefined
    yield* parts.watch("guarded_releases", () =>
      failing === undefined ? { status: "ok" } : { status: "degraded", ...failing }
    )
    const watched = new Map<string, WatchedRelease>()
    return ReleaseWatch.of({
      of: (release) => {
        const known = watched.get(release)
        if (known !== undefined) return known
        const fresh: WatchedRelease = { lookedAt: 0, closed: new Map() }
        watched.set(release, fresh)
        return fresh
      },
      keep: (releases) => {
        for (const release of watched.keys()) if (!releases.has(release)) watched.delete(release)
      },
      note: (reason, now) => {
        failing = reason === undefined ? undefined : { reason, since: failing?.since ?? now }
      }
    })
  })
)
