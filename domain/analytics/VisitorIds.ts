import { Clock, Effect, Layer } from "effect"
import { createHmac } from "node:crypto"
import { VisitorIds } from "../../ports/analytics/VisitorIds.ts"
import type { Visitor } from "../../ports/analytics/VisitorIds.ts"
import { VisitorSalts } from "../../ports/privacy/VisitorSalts.ts"

const dayMillis = 86_400_000
/** A visit goes on over midnight while its events come no further apart than this. */
export const visitPauseMillis = 30 * 60_000
/** Yesterday's salt goes at this hour of UTC, whoever is still there. */
export const carryMillisMax = dayMillis / 2
/** Visits near midnight that are remembered. */
const visitsMax = 200_000
/** The next day's salt is made this long before the day. */
const aheadMillis = 10 * 60_000
const idCharacters = 32

interface Salts {
  readonly day: number
  readonly today: Uint8Array
  /** Until no visit needs it. */
  readonly yesterday: Uint8Array | undefined
  readonly tomorrow: Uint8Array | undefined
}

/** `c_` and 128 bits of HMAC-SHA-256. */
const hash = (salt: Uint8Array, { ip, userAgent, workspace }: Visitor): string =>
  `c_${createHmac("sha256", salt).update(`${workspace}\n${ip}\n${userAgent}`).digest("hex").slice(0, idCharacters)}`

const dayOf = (millis: number): number => Math.floor(millis / dayMillis)

/** Turns visitors into ids while salts come and go. */
const makeIds = () => {
  let salts: Salts | undefined
  /** When visits of the end of the day, and those that go on after it, were last there, by their id. */
  const seen = new Map<string, number>()

  const turn = (day: number): Salts | undefined => {
    if (salts?.day === day - 1 && salts.tomorrow !== undefined) {
      salts = { day, today: salts.tomorrow, yesterday: salts.today, tomorrow: undefined }
    }
    return salts?.day === day ? salts : undefined
  }

  return {
    idOf: (visitor: Visitor, now: number): string | undefined => {
      const day = dayOf(now)
      const current = turn(day)
      if (current === undefined) return undefined
      const { today, yesterday } = current
      if (yesterday !== undefined) {
        const id = hash(yesterday, visitor)
        const last = seen.get(id)
        if (last !== undefined && now - last <= visitPauseMillis) {
          seen.set(id, now)
          return id
        }
      }
      const id = hash(today, visitor)
      if (now >= (day + 1) * dayMillis - visitPauseMillis && seen.size < visitsMax) seen.set(id, now)
      return id
    },
    turn,
    current: () => salts,
    set: (next: Salts) => void (salts = next),
    /** Whether a visit may still need yesterday's salt. */
    isCarrying: (now: number): boolean => {
      const since = now - dayOf(now) * dayMillis
      if (since <= visitPauseMillis) return true
      return since < carryMillisMax && [...seen.values()].some((last) => now - last <= visitPauseMillis)
    },
    forgetYesterday: () => {
      seen.clear()
      if (salts !== undefined) salts = { ...salts, yesterday: undefined }
    }
  }
}

/** Makes salts before they are needed and destroys them when they are not any more: looked at each minute. */
export const layer: Layer.Layer<VisitorIds, never, VisitorSalts> = Layer.effect(
  VisitorIds,
  Effect.gen(function* () {
    const store = yield* VisitorSalts
    const ids = makeIds()

    let destroyedBefore = 0

    const destroyBefore = (day: number) =>
      day <= destroyedBefore
        ? Effect.void
        : Effect.tap(store.destroyBefore(day), () => Effect.sync(() => void (destroyedBefore = day)))

    const load = Effect.fnUntraced(function* (now: number) {
      const day = dayOf(now)
      if (ids.turn(day) !== undefined) return
      const today = yield* store.getOrCreate(day)
      const yesterday = yield* store.get(day - 1)
      ids.set({ day, today, yesterday, tomorrow: undefined })
    })

    const tend = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      yield* load(now)
      const day = dayOf(now)
      const salts = ids.current()
      if (salts !== undefined && salts.tomorrow === undefined && now >= (day + 1) * dayMillis - aheadMillis) {
        ids.set({ ...salts, tomorrow: yield* store.getOrCreate(day + 1) })
      }
      if (ids.isCarrying(now)) return yield* destroyBefore(day - 1)
      if (salts?.yesterday !== undefined) ids.forgetYesterday()
      yield* destroyBefore(day)
    })

    yield* tend.pipe(
      Effect.catchTag("PortFailure", (failure) => Effect.logWarning(failure.message)),
      Effect.andThen(Effect.sleep("1 minute")),
      Effect.forever,
      Effect.forkScoped
    )
    return VisitorIds.of({ idOf: ids.idOf, load })
  })
)
