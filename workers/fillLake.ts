import { Context, Effect, Latch, Schedule, Stream } from "effect"
import { EventLake, lakeWanted } from "../ports/analytics/EventLake.ts"
import { ChangeNotices } from "../ports/platform/ChangeNotices.ts"
import { SubjectKeys } from "../ports/privacy/SubjectKeys.ts"
import { consume, fullLines } from "./consume.ts"
import { countErased, erasedSince, withoutErased } from "./withoutErased.ts"

const lakeIntervalMillisUsual = 60_000
const linesMax = 20_000

/** Time from one writing of the lake to the next where events come steadily, ms: few large files cost less than many small ones. */
export const LakeInterval = Context.Reference<number>("workers/LakeInterval", {
  defaultValue: () => lakeIntervalMillisUsual
})

/** Copies every line of the log into the lake, behind everybody else: what came meanwhile in one writing. */
export const fillLake = Effect.scoped(
  Effect.gen(function* () {
    const lake = yield* EventLake
    const { tombstones } = yield* SubjectKeys
    const gatherMillis = yield* LakeInterval
    const latch = yield* makeWanted
    const wanted = Effect.andThen(latch.await, Effect.asVoid(latch.close))
    // A start has more urgent things to do, and what is in the log is safe.
    yield* Effect.timeoutOption(wanted, gatherMillis)
    // A last full batch is not followed by another that would flush it. Its failure shows when lines are written next.
    yield* Effect.forkScoped(Effect.repeat(Effect.ignore(lake.flush), Schedule.spaced(Math.max(gatherMillis, 1000))))
    return yield* consume({
      name: "lake",
      linesMax,
      gatherMillis,
      wanted,
      isBackground: true,
      position: lake.position,
      take: Effect.fnUntraced(function* (batch) {
        const before = countErased(tombstones)
        const lines = yield* withoutErased(tombstones, batch.lines)
        yield* lake.write({ ...batch, lines })
        for (const { subjects, workspace } of erasedSince(tombstones, before, lines)) {
          yield* lake.remove(workspace, { kind: "subjects", userIds: subjects, anonymousIds: subjects })
        }
        if (batch.lines.length < fullLines) yield* lake.flush
      })
    })
  })
)

/** The latch is open from when somebody waits until it is closed. */
const makeWanted = Effect.gen(function* () {
  const notices = yield* (yield* ChangeNotices).listen
  const latch = yield* Latch.make()
  const heard = Stream.runForEach(notices, ({ topic }) => (topic === lakeWanted ? latch.open : Effect.void))
  yield* Effect.forkScoped(heard)
  return latch
})
