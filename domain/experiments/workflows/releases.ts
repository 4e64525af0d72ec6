import { Clock, Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { ExperimentEvidence } from "../../../ports/analytics/ExperimentEvidence.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import { DocumentStore } from "../../../ports/documents/DocumentStore.ts"
import type { DocumentWrite, DuplicateKey } from "../../../ports/documents/DocumentStore.ts"
import { flags, production } from "../../../ports/experiments/Flag.ts"
import type { Flag, NewFlag } from "../../../ports/experiments/Flag.ts"
import type { FlagRule } from "../../../ports/experiments/FlagFile.ts"
import { releases, releasesRunningMax } from "../../../ports/experiments/GuardedRelease.ts"
import type { GuardedRelease, NewGuardedRelease } from "../../../ports/experiments/GuardedRelease.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { SubjectKeys } from "../../../ports/privacy/SubjectKeys.ts"
import { noteOfChange } from "../../platform/noteOfChange.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { once } from "../../platform/idempotency.ts"
import { named, putItem, readItem, refuseFull, removeItem } from "../../platform/resources.ts"
import { withDefinition } from "../changes/Catalogue.ts"
import { ofRule } from "../release/changeFlag.ts"
import { beginRelease, releasedRule, releaseMistakes, releasingRule } from "../release/rampRelease.ts"
import { refuseUnapproved, refuseWhereAsked } from "./approvals.ts"
import {
  flagRevisions,
  historyOf,
  naming,
  raisedRevision,
  readDefinitions,
  replaceTogether,
  revisionId,
  runningReleases,
  told,
  untilSettled
} from "./liveDefinitions.ts"

const refused = (kind: Refused["kind"], pointer: string, code: string, detail: string) =>
  new Refused({ kind, detail, errors: [{ pointer, code, detail }] })

/** Guardrails with their places in the release. */
export const watchedMetrics = ({ guardrails }: Pick<NewGuardedRelease, "guardrails">) =>
  guardrails.map((metric, index) => ({ metric, pointer: `/guardrails/${index}` }))

/** The rule that a release is of, as it stands. */
export const ruleOf = (
  { environments = {} }: Pick<NewFlag, "environments">,
  { environment = production, rule }: Pick<NewGuardedRelease, "environment" | "rule">
): FlagRule | undefined =>
  Object.hasOwn(environments, environment) ? environments[environment]!.rules?.find(({ id }) => id === rule) : undefined

/** The flag with the rule of a release replaced. */
const withRule = <Of extends NewFlag>(
  flag: Of,
  { environment = production, rule }: Pick<NewGuardedRelease, "environment" | "rule">,
  replace: (rule: FlagRule) => FlagRule
): Of => {
  const here = flag.environments?.[environment]
  return here === undefined
    ? flag
    : { ...flag, environments: { ...flag.environments, [environment]: ofRule(here, rule, replace) } }
}

/** What is released: the variant that the rule serves, where the flag is fit for it. */
const treatmentOf = (flag: NewFlag, asked: NewGuardedRelease): string | Refused => {
  const { control, environment = production, rule: id } = asked
  const rule = ruleOf(flag, asked)
  const wrong = (pointer: string, code: string, detail: string) => refused("bad-request", pointer, code, detail)
  if (rule === undefined) return wrong("/rule", "unknown_rule", `${flag.key} has no rule ${id} in ${environment}`)
  if (!("variant" in rule.serve)) return wrong("/rule", "not_one_variant", `${id} serves no one variant to release`)
  if (flag.environments?.[environment]?.enabled !== true) {
    return wrong("/flag", "off", `${flag.key} is off in ${environment}: nobody would be exposed`)
  }
  if (!(flag.variants ?? []).some(({ name }) => name === control)) {
    return wrong("/control", "unknown_variant", `there is no variant ${control}`)
  }
  if (rule.serve.variant === control) return wrong("/control", "same", `${id} serves ${control} itself`)
  return rule.serve.variant
}

/** Where a release may begin: the flag as it stands, and as it would be. */
const checked = Effect.fnUntraced(function* (actor: Actor, asked: NewGuardedRelease, id: string) {
  const { workspace } = actor
  const documents = yield* DocumentStore
  const evidence = yield* ExperimentEvidence
  yield* evidence.check(workspace, watchedMetrics(asked))
  const errors: ReadonlyArray<FieldError> = releaseMistakes(asked)
  if (errors.length > 0) return yield* new Refused({ kind: "bad-request", detail: "the release is not valid", errors })
  const catalogue = yield* readDefinitions(workspace)
  const { environment = production, flag: key } = asked
  if (!catalogue.environments.includes(environment)) {
    const detail = `there is no environment ${environment}`
    return yield* refused("bad-request", "/environment", "unknown_environment", detail)
  }
  const found = yield* documents.get(workspace, flags.name, key)
  if (found === undefined) return yield* refused("bad-request", "/flag", "unknown_flag", `there is no flag ${key}`)
  const flag = found.data as Flag
  const running = yield* runningReleases(workspace)
  const other = running.find((each) => serves(flag, each) && each.rule === asked.rule)
  if (other !== undefined) return yield* refused("conflict", "/rule", "taken", `release ${other.id} has ${asked.rule}`)
  if (running.length >= releasesRunningMax) {
    return yield* refused("conflict", "", "too_many", `at most ${releasesRunningMax} releases run at a time`)
  }
  const treatment = treatmentOf(flag, asked)
  if (typeof treatment !== "string") return yield* treatment
  const releasing = withRule(flag, asked, (rule) => releasingRule(rule, id))
  const name = { kind: "flag", id: key } as const
  yield* refuseUnapproved(actor, catalogue, withDefinition(catalogue, name, releasing), name)
  return { flag, revision: found.revision, releasing, treatment, standing: catalogue.revision }
})

/** Begins at the first step, at once. */
export const createRelease = Effect.fn("createRelease")(function* (actor: Actor, asked: NewGuardedRelease) {
  const documents = yield* DocumentStore
  const { workspace } = actor
  return yield* once<GuardedRelease, InvalidQuestion | DuplicateKey, CreateServices>(
    actor,
    Effect.fnUntraced(function* (remember) {
      yield* refuseFull(documents, workspace, releases)
      const id = yield* Effect.flatMap(SecureRandom.SecureRandom, (random) => random.uuidV7())
      const { flag, releasing, revision, standing, treatment } = yield* checked(actor, asked, id)
      const at = yield* Clock.currentTimeMillis
      const by = { at, keyId: actor.keyId }
      const life = beginRelease(asked, treatment, ruleOf(flag, asked)?.unit, { at, by: actor.keyId })
      const stamps = { id, created_at: at, created_by: actor.keyId, changed_at: at, changed_by: actor.keyId }
      const made: GuardedRelease = { ...asked, ...life, ...stamps }
      const after: Flag = { ...releasing, changed_at: at, changed_by: actor.keyId }
      const note = `Release of ${asked.rule} of flag ${flag.key} begins at ${asked.steps[0]!.percent} %`
      const flagKind = yield* naming(workspace, flags)
      const kind = yield* naming(workspace, releases)
      const target = `${flags.name}/${flag.key}`
      yield* documents.commit(workspace, {
        writes: [
          raisedRevision(at, standing),
          putItem(kind, made, 0),
          ...historyOf(kind, id, { verb: "made", ...by }, made, standing),
          putItem(flagKind, after, revision),
          ...historyOf(flagKind, flag.key, { verb: "changed", ...by, note }, after, standing)
        ],
        audit: [
          yield* auditOf(actor, at, "release.created", `${releases.name}/${id}`, undefined, made, named(kind, made)),
          yield* auditOf(actor, at, "flag.changed", target, flag, after, named(flagKind, flag, after))
        ],
        ...remember(made)
      })
      yield* told(workspace)
      return made
    })
  ).pipe(
    Effect.catchTag("DuplicateKey", () => refused("conflict", "/rule", "taken", `another release has ${asked.rule}`))
  )
}, untilSettled)

type CreateServices =
  | Effect.Services<ReturnType<typeof checked>>
  | Effect.Services<ReturnType<typeof told>>
  | SecureRandom.SecureRandom
  | SubjectKeys

/** One that is over; its exposures and what the flag has become stay. */
export const removeRelease = Effect.fn("removeRelease")(function* (actor: Actor, id: string, revision: number) {
  const { item } = yield* readItem<GuardedRelease>(releases, actor.workspace, id)
  if (item.status === "running") {
    return yield* new Refused({ kind: "conflict", detail: "the release runs: abort or complete it first", errors: [] })
  }
  yield* removeItem(yield* naming(actor.workspace, releases), actor, id, revision)
})

/**
 * Takes a release from the step that was looked at to what `take` makes of it, and the flag with it, in one transaction;
 * nothing where it has moved on meanwhile. Where the environment has begun to ask for approvals nobody gets the new
 * variant by it any more; the control may still be given to all.
 */
export const moveRelease = Effect.fn("moveRelease")(function* (
  actor: Actor,
  id: string,
  step: number | undefined,
  take: (release: GuardedRelease, at: number) => GuardedRelease,
  more: {
    readonly note: string
    readonly writes?: (at: number) => ReadonlyArray<DocumentWrite>
  }
) {
  const documents = yield* DocumentStore
  const { workspace } = actor
  const standing = yield* documents.get(workspace, flagRevisions.name, revisionId)
  const { item: before, revision } = yield* readItem<GuardedRelease>(releases, workspace, id)
  if (before.status !== "running" || (step !== undefined && before.steps_taken.length !== step)) return undefined
  const at = yield* Clock.currentTimeMillis
  const after = take(before, at)
  if (after.status === "running" || after.status === "completed") {
    const detail = "abort the release, or let a change request change its rule"
    yield* refuseWhereAsked(workspace, before.environment ?? production, { pointer: "", detail })
  }
  const found = yield* documents.get(workspace, flags.name, before.flag)
  const flag = found?.data as Flag | undefined
  const isOver = after.status !== "running"
  // What somebody has made of the flag since stays, also where it no longer serves the release.
  const released =
    flag !== undefined && isOver && serves(flag, before)
      ? withRule(flag, before, (rule) => releasedRule(rule, before, after.status))
      : undefined
  const { note, writes = () => [] } = more
  const ofRelease = { kind: releases, before, after, revision, action: isOver ? after.status : "stepped" }
  const ofFlag =
    released === undefined ? [] : [{ kind: flags, before: flag!, after: released, revision: found!.revision, note }]
  const noted = noteOfChange({ about: `${flags.name}/${before.flag}`, text: note, at, keyId: actor.keyId })
  yield* replaceTogether(actor, at, [ofRelease, ...ofFlag], standing?.revision ?? 0, {
    writes: [...(released === undefined ? [noted] : []), ...writes(at)],
    audit: []
  })
  return after
}, untilSettled)

/** Whether the flag's rule serves the release. */
export const serves = (flag: Pick<Flag, "environments">, release: GuardedRelease): boolean => {
  const serve = ruleOf(flag, release)?.serve
  return serve !== undefined && "experiment" in serve && serve.experiment === release.id
}
