import type { Flag } from "../../../ports/experiments/Flag.ts"
import { production } from "../../../ports/experiments/Flag.ts"
import type { FlagStaleness, StalenessReason } from "../../../ports/experiments/FlagStaleness.ts"
import { staleDays } from "../../../ports/experiments/FlagStaleness.ts"
import { evaluatedFlag, fileOf } from "../evaluation/fileOf.ts"
import type { Definitions } from "../evaluation/fileOf.ts"
import { hourMillis } from "../usageCounts.ts"
import { variantsServed } from "./variantsServed.ts"

const dayMillis = 24 * hourMillis

/** Beside the definitions that a flag may be evaluated with. */
export type Surroundings = Pick<Definitions, "experiments" | "holdouts" | "releases">

/**
 * Whether a flag may go: it has not changed for two weeks, and nobody asks for it or everybody gets the same, also from
 * when the experiments that it serves have stood still. `since` is when the first of these began. Times in ms UTC.
 */
export const stalenessOf = (
  flag: Flag,
  surroundings: Surroundings,
  seen: { readonly evaluatedAt: number | null; readonly codeBranches: number },
  now: number
): FlagStaleness => {
  const said = Object.keys(flag.environments ?? {})
  const environments = (said.length === 0 ? [production] : said).map((environment) => {
    const { experiments = [], holdouts = [] } = fileOf(
      { flags: [], segments: [], overrides: [], ...surroundings },
      environment
    )
    const served = [...variantsServed(evaluatedFlag(flag, environment), { experiments, holdouts })]
    return { environment, ...(served.length === 1 ? { everybody: served[0]! } : {}) }
  })
  const [first] = environments
  const isOneSided = environments.every((each) => "everybody" in each && each.everybody === first?.everybody)
  const oneSidedSince = Math.max(flag.changed_at, experimentsSettledAt(flag, surroundings))
  const unusedSince = Math.max(flag.changed_at, seen.evaluatedAt === null ? 0 : seen.evaluatedAt + hourMillis)
  const begun: ReadonlyArray<readonly [StalenessReason, number]> = [
    ["unused", unusedSince],
    ...(isOneSided ? [["one_sided", oneSidedSince] as const] : [])
  ]
  const held = begun.filter(([, since]) => now - since >= staleDays * dayMillis)
  const isStale = held.length > 0
  return {
    flag: flag.key,
    state:
      flag.archived !== undefined ? "archived" : flag.permanent === true ? "permanent" : isStale ? "stale" : "active",
    reasons: held.map(([reason]) => reason),
    since: isStale ? Math.min(...held.map(([, since]) => since)) : null,
    changed_at: flag.changed_at,
    evaluated_at: seen.evaluatedAt,
    environments,
    code_branches: seen.codeBranches
  }
}

/** When the last phase of the experiments that a flag serves ended, or began where it goes on; 0 where there is none. */
const experimentsSettledAt = ({ environments = {} }: Flag, { experiments }: Surroundings): number => {
  const rules = Object.values(environments).flatMap(({ rules: each = [] }) => each)
  const served = new Set(rules.flatMap(({ serve }) => ("experiment" in serve ? [serve.experiment] : [])))
  return experiments
    .filter(({ id }) => served.has(id))
    .reduce((latest, { phases }) => Math.max(latest, phases.at(-1)?.ended_at ?? phases.at(-1)?.started_at ?? 0), 0)
}
