import { Effect } from "effect"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import { StaleRevision } from "../../../ports/documents/DocumentStore.ts"
import type { Stamps } from "../../../ports/documents/Resource.ts"
import { changesMax } from "../../../ports/experiments/ChangeRequest.ts"
import type { FlagEnvironment, NewFlag } from "../../../ports/experiments/Flag.ts"
import type { NewPromotion, PromotedPart, Promotion } from "../../../ports/experiments/Promotion.ts"
import { promotedParts } from "../../../ports/experiments/Promotion.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { Catalogue } from "../changes/Catalogue.ts"
import { fieldDifferences } from "../changes/fieldDifferences.ts"
import { approvalsFor } from "./approvals.ts"
import { createRequest } from "./changeRequests.ts"
import type { Person } from "../../platform/keys.ts"
import { commitChanges, definitionOf, stageChanges } from "./changeSet.ts"
import { flagRevisions, readDefinitions, revisionId, untilSettled } from "./liveDefinitions.ts"

const refuse = (kind: Refused["kind"], detail: string, errors: ReadonlyArray<FieldError>) =>
  new Refused({ kind, detail, errors })
const wrong = (pointer: string, code: string, detail: string) =>
  refuse("bad-request", detail, [{ pointer, code, detail }])

const saidOf = ({ environments = {} }: NewFlag, environment: string): FlagEnvironment | undefined =>
  Object.hasOwn(environments, environment) ? environments[environment] : undefined

/** The flag with parts of what it does in one environment done in the other, too. */
const promoted = (flag: NewFlag, from: FlagEnvironment, to: string, parts: ReadonlySet<PromotedPart>): NewFlag => {
  const stands = saidOf(flag, to) ?? { enabled: false }
  const taken = promotedParts.map((part) => [part, parts.has(part) ? from[part] : stands[part]] as const)
  const said = Object.fromEntries(taken.filter(([, value]) => value !== undefined)) as unknown as FlagEnvironment
  return { ...flag, environments: { ...flag.environments, [to]: said } }
}

/** Flags as they would be, where anything differs. */
const planned = Effect.fnUntraced(function* (
  { definitions, environments }: Catalogue,
  from: string,
  { flags: named, parts = promotedParts, to }: NewPromotion
) {
  if (!environments.includes(from)) return yield* refuse("not-found", `there is no environment ${from}`, [])
  if (!environments.includes(to)) return yield* wrong("/to", "unknown_environment", `there is no environment ${to}`)
  if (from === to) return yield* wrong("/to", "same_environment", "must be another environment")
  const known = new Map(definitions.flags.map((flag) => [flag.key, flag]))
  const wanted = new Set(parts)
  const keys = named ?? [...known.keys()].filter((key) => saidOf(known.get(key)!, from) !== undefined)
  const flags: Array<{ readonly flag: NewFlag; readonly differences: Promotion["flags"][number]["differences"] }> = []
  for (const [at, key] of [...new Set(keys)].entries()) {
    const flag = known.get(key)
    const said = flag === undefined ? undefined : saidOf(flag, from)
    if (flag === undefined || said === undefined) {
      return yield* wrong(`/flags/${at}`, "unknown_flag", `there is no flag ${key} that says anything of ${from}`)
    }
    const would = promoted(definitionOf(flag as NewFlag & Stamps) as NewFlag, said, to, wanted)
    const differences = fieldDifferences(flag.environments, would.environments, "/environments")
    if (differences.length > 0) flags.push({ flag: would, differences })
  }
  if (flags.length > changesMax) {
    return yield* wrong("/flags", "too_many", `${flags.length} flags differ: name ${changesMax} at the most`)
  }
  return flags.toSorted((one, other) => (one.flag.key < other.flag.key ? -1 : 1))
})

/**
 * Does in one environment what flags do in another: at once in one transaction, or by a change request where that
 * environment asks for approvals.
 */
export const promoteFlags = Effect.fn("promoteFlags")(function* (person: Person, from: string, asked: NewPromotion) {
  const { to } = asked
  const { revision, ...catalogue } = yield* readDefinitions(person.workspace)
  const flags = yield* planned(catalogue, from, asked)
  const changes = flags.map(({ flag }) => ({ kind: "flag", id: flag.key, definition: flag }) as const)
  const staged = yield* stageChanges(person, changes)
  if (staged.standing !== revision) {
    return yield* new StaleRevision({ collection: flagRevisions.name, id: revisionId, actual: staged.standing })
  }
  const { required } = yield* approvalsFor(person.workspace, staged.before, staged.after, changes)
  const errors = staged.errors.map((error) => inFlag(error, flags))
  const told = {
    from,
    to,
    approvals: required,
    flags: flags.map(({ differences, flag }) => ({ flag: flag.key, differences })),
    errors
  }
  const answer = (outcome: Promotion["outcome"], change_request: string | null = null): Promotion => ({
    ...told,
    outcome,
    change_request
  })
  if (asked.dry_run === true) return answer("dry_run")
  if (flags.length === 0) return answer("unchanged")
  if (errors.length > 0) return yield* refuse("conflict", `what ${from} evaluates is not valid in ${to}`, errors)
  if (required === 0) {
    yield* commitChanges(person, staged)
    return answer("applied")
  }
  const based = changes.map((change, at) => ({ ...change, base_revision: staged.staged[at]!.revision }))
  const title = `Promote ${flags.length} flags from ${from} to ${to}`
  const request = yield* createRequest(person, { title, changes: based }, "in_review")
  return answer("in_review", request.id)
}, untilSettled)

/** A mistake by the flag that it is in. */
const inFlag = (error: FieldError, flags: ReadonlyArray<{ readonly flag: NewFlag }>): FieldError => {
  const [, at = "", rest = ""] = /^\/changes\/(\d+)\/definition(.*)$/u.exec(error.pointer) ?? []
  const key = flags[Number(at)]?.flag.key
  return key === undefined ? error : { ...error, pointer: "/flags", detail: `${key}${rest}: ${error.detail}` }
}
