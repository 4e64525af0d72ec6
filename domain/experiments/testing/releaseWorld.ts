import { Effect } from "effect"
import type { Layer } from "effect"
import { TestClock } from "effect/testing"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import type { StoredEvent } from "../../../ports/analytics/StoredEvent.ts"
import { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { createDefaultWorkspace } from "../../platform/workspaces.ts"
import { createFlag } from "../workflows/flags.ts"
import { createRelease } from "../workflows/releases.ts"
import { definitionsWorld } from "./definitionsWorld.ts"

export const workspace = WorkspaceId.make("default")
export const actor: Actor = { workspace, keyId: "test", from: undefined, requestId: "test" }
export const start = Date.parse("2026-12-01T12:00:00Z")

/** Runs a test in a world of its own, at {@link start}. */
export const at = <A, E, R>(test: Effect.Effect<A, E, R | Layer.Success<typeof definitionsWorld>>) =>
  Effect.andThen(TestClock.setTime(start), Effect.provide(test, definitionsWorld))

/** A flag with a release that begins at half of the people. */
export const beginOf = Effect.fnUntraced(function* (flag: string) {
  yield* createDefaultWorkspace
  yield* createFlag(actor, {
    key: flag,
    type: "boolean",
    environments: { production: { enabled: true, rules: [{ id: "all", serve: { variant: "on" } }] } }
  })
  const { id } = yield* createRelease(actor, {
    flag,
    rule: "all",
    control: "off",
    steps: [
      { percent: 50, hold_seconds: 60, units: 50 },
      { percent: 90, hold_seconds: 60 }
    ],
    guardrails: [
      {
        id: "errors",
        measure: { kind: "rate", of: { event_types: ["checkout_failed"] } },
        direction: "decrease",
        margin: 0.1
      }
    ],
    recipients: ["anna@example.org"]
  })
  return id
})
export const begin = beginOf("checkout")

/** Stores lines as the next that came. */
export const store = Effect.fnUntraced(function* (lines: ReadonlyArray<string>) {
  const events = yield* EventStore
  yield* events.insert({ partition: "test", through: String(number), lines })
})

let number = 0
/** An event as it is stored; `time` in ms UTC. */
export const lineOf = (
  user_id: string,
  event_type: string,
  time: number,
  properties: StoredEvent["properties"]
): string => {
  number += 1
  const event: StoredEvent = {
    v: 1,
    event_id: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
    workspace,
    event_type,
    anonymous_id: "server",
    user_id,
    time,
    received_at: 1_800_000_000_000_000 + number,
    index: 0,
    timestamp: time,
    properties
  }
  return JSON.stringify(event)
}
/** So many people on each side, of whom so many fail. */
export const come = Effect.fnUntraced(function* (
  release: string,
  each: number | { readonly control: number; readonly treatment: number },
  failing: { control: number; treatment: number }
) {
  const lines = (["control", "treatment"] as const).flatMap((side) =>
    Array.from({ length: typeof each === "number" ? each : each[side] }, (_, person) => {
      const user = `${side}-${person}`
      const exposed = { experiment_id: release, variant: side === "control" ? "off" : "on", phase: 1 }
      const failed = person < failing[side] ? [lineOf(user, "checkout_failed", start + 2000, {})] : []
      return [lineOf(user, "experiment_exposed", start + 1000, exposed), ...failed]
    }).flat()
  )
  yield* store(lines)
})
