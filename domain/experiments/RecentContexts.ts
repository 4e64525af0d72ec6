import { Clock, Effect, Layer, Schedule } from "effect"
import {
  recentContextCharactersMax,
  recentContextHoursMax,
  RecentContexts,
  recentContextsHeldMax,
  recentContextsMax,
  recentContextsPerSecond,
  recentFlagsMax
} from "../../ports/experiments/RecentContexts.ts"
import type { RecentContext } from "../../ports/experiments/RecentContexts.ts"
import type { WorkspaceId } from "../../ports/WorkspaceId.ts"
import { idOf } from "./evaluation/Subject.ts"

const ageMillisMax = recentContextHoursMax * 3_600_000
const sweepEvery = "10 minutes"
const unitAttributes = ["user_id", "anonymous_id"] as const

interface Kept extends RecentContext {
  readonly flags: Set<string>
}

/** Contexts of one environment by unit, the oldest first. */
class Environment {
  readonly workspace: WorkspaceId
  readonly units = new Map<string, Kept>()
  #second = 0
  #taken = 0
  #unnamed = 0

  constructor(workspace: WorkspaceId) {
    this.workspace = workspace
  }

  /** Whether this second has room for one more. */
  hasRoom(now: number): boolean {
    const second = Math.floor(now / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#taken = 0
    }
    this.#taken += 1
    return this.#taken <= recentContextsPerSecond
  }

  /** Answers by how many there are more. */
  put(flag: string | undefined, attributes: RecentContext["attributes"], at: number): number {
    const before = this.units.size
    const unit = this.#unitOf(attributes)
    const known = this.units.get(unit)
    const flags = known?.flags ?? new Set<string>()
    if (flag !== undefined && flags.size < recentFlagsMax) flags.add(flag)
    this.units.delete(unit)
    this.units.set(unit, { attributes, at, flags, inBulk: flag === undefined || known?.inBulk === true })
    if (this.units.size > recentContextsMax) this.dropOldest()
    return this.units.size - before
  }

  dropOldest(): void {
    for (const unit of this.units.keys()) {
      this.units.delete(unit)
      return
    }
  }

  #unitOf(attributes: RecentContext["attributes"]): string {
    for (const attribute of unitAttributes) {
      const id = idOf(attributes, attribute)
      if (id !== undefined) return `${attribute}:${id}`
    }
    this.#unnamed += 1
    return `:${this.#unnamed}`
  }
}

const isSmall = (attributes: RecentContext["attributes"]): boolean =>
  JSON.stringify(attributes).length <= recentContextCharactersMax

const names = ({ attributes }: RecentContext, isOne: (id: string) => boolean): boolean =>
  unitAttributes.some((attribute) => {
    const id = idOf(attributes, attribute)
    return id !== undefined && isOne(id)
  })

export const layer: Layer.Layer<RecentContexts> = Layer.effect(
  RecentContexts,
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const environments = new Map<string, Environment>()
    let held = 0

    const dropOne = () => {
      let largest: Environment | undefined
      for (const each of environments.values()) {
        if (largest === undefined || each.units.size > largest.units.size) largest = each
      }
      largest?.dropOldest()
      held -= 1
    }
    const young = ({ at }: RecentContext): boolean => at > clock.currentTimeMillisUnsafe() - ageMillisMax
    const sweep = Effect.sync(() => {
      for (const [id, { units }] of environments) {
        for (const [unit, kept] of units) {
          if (young(kept)) break
          units.delete(unit)
          held -= 1
        }
        if (units.size === 0) environments.delete(id)
      }
    })
    yield* Effect.forkScoped(Effect.repeat(sweep, Schedule.spaced(sweepEvery)))
    const of = (workspace: WorkspaceId) => [...environments.values()].filter((each) => each.workspace === workspace)

    return RecentContexts.of({
      note: (workspace, environment, flag, attributes) => {
        const id = `${workspace}/${environment}`
        const known = environments.get(id)
        const here = known ?? new Environment(workspace)
        const now = clock.currentTimeMillisUnsafe()
        if (!here.hasRoom(now) || !isSmall(attributes)) return
        if (known === undefined) environments.set(id, here)
        held += here.put(flag, attributes, now)
        if (held > recentContextsHeldMax) dropOne()
      },
      list: (workspace, environment) =>
        [...(environments.get(`${workspace}/${environment}`)?.units.values() ?? [])].filter(young),
      naming: (workspace, isOne) =>
        of(workspace).flatMap(({ units }) => [...units.values()].filter((each) => young(each) && names(each, isOne))),
      forget: (workspace, isOne) => {
        let forgotten = 0
        for (const { units } of of(workspace)) {
          for (const [unit, kept] of units) {
            if (!names(kept, isOne)) continue
            units.delete(unit)
            forgotten += 1
          }
        }
        held -= forgotten
        return forgotten
      }
    })
  })
)
