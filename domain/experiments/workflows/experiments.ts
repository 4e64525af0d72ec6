import { Clock, Effect } from "effect"
import type { DocumentWrite } from "../../../ports/documents/DocumentStore.ts"
import { ExperimentEvidence } from "../../../ports/analytics/ExperimentEvidence.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import { experiments } from "../../../ports/experiments/Experiment.ts"
import type { ExperimentStep } from "../../../ports/experiments/ChangeRequest.ts"
import type {
  Experiment,
  ExperimentVariant,
  NewDecision,
  NewExperiment,
  NewPhase
} from "../../../ports/experiments/Experiment.ts"
import { production } from "../../../ports/experiments/Flag.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import type { Actor } from "../../platform/audit.ts"
import { readItem } from "../../platform/resources.ts"
import type { User } from "../../platform/resources.ts"
import { withDefinition } from "../changes/Catalogue.ts"
import type { Catalogue } from "../changes/Catalogue.ts"
import { checkFlagFile } from "../evaluation/checkFlagFile.ts"
import { fileOf } from "../evaluation/fileOf.ts"
import type { Definitions } from "../evaluation/fileOf.ts"
import { metricsOf } from "../metricsOf.ts"
import * as lifecycle from "../lifecycle.ts"
import type { Act, LifeChange } from "../lifecycle.ts"
import { nextLook } from "./bandits.ts"
import { refuseUnapproved } from "./approvals.ts"
import { overridesOf } from "./qaOverrides.ts"
import { createLive, readDefinitions, removeLive, replaceLive, untilSettled, wasDefined } from "./liveDefinitions.ts"

const refused = (detail: string, errors: ReadonlyArray<FieldError>, kind: Refused["kind"] = "bad-request") =>
  new Refused({ kind, detail, errors })

/** What a flag must not become by a change of the experiment that it serves. */
const breaks: ReadonlySet<string> = new Set(["unknown_variant", "cycle", "too_deep"])

/** Why an experiment may not become what it would, by itself or for the flags that serve it. */
export const refusalOfExperiment = (
  experiment: Experiment,
  { definitions, environments }: Catalogue
): Refused | undefined => {
  const environment = experiment.environment ?? production
  if (!environments.includes(environment)) {
    const detail = `there is no environment ${environment}`
    return refused(detail, [{ pointer: "/environment", code: "unknown_environment", detail }])
  }
  const others = definitions.experiments.filter(({ id }) => id !== experiment.id)
  const own = others.filter((each) => (each.environment ?? production) === environment)
  const file = fileOf({ ...definitions, experiments: [experiment, ...own] }, environment)
  const mistakes = checkFlagFile(file)
  const errors = mistakes.flatMap(({ code, detail, pointer }) =>
    pointer.startsWith("/experiments/0/") ? [{ pointer: pointer.replace("/experiments/0", ""), code, detail }] : []
  )
  if (errors.length > 0) return refused("the experiment is not valid", errors)
  const serving = flagsOf(definitions, experiment.id)
  const broken = mistakes.filter(({ code, pointer }) => {
    const at = Number(/^\/flags\/(\d+)\//u.exec(pointer)?.[1] ?? "-1")
    return breaks.has(code) && serving.includes(file.flags[at]?.key ?? "")
  })
  if (broken.length === 0) return undefined
  const told = broken.map(({ code, detail }) =>
    code === "unknown_variant"
      ? { pointer: "/variants", code: "flag_lacks_variant", detail }
      : { pointer: "/prerequisites", code, detail }
  )
  return refused("a flag that serves the experiment would be wrong", told, "conflict")
}

/** What stands, where the experiment may become what it would. */
const check = Effect.fnUntraced(function* (workspace: WorkspaceId, experiment: Experiment) {
  const evidence = yield* ExperimentEvidence
  yield* evidence.check(workspace, metricsOf(experiment))
  const catalogue = yield* readDefinitions(workspace)
  const refusal = refusalOfExperiment(experiment, catalogue)
  if (refusal !== undefined) return yield* refusal
  return catalogue
})

/** Keys of the flags that serve an experiment. */
const flagsOf = ({ flags }: Definitions, experiment: string): ReadonlyArray<string> =>
  flags.flatMap(({ environments = {}, key }) => {
    const rules = Object.values(environments).flatMap(({ rules: each = [] }) => each)
    return rules.some(({ serve }) => "experiment" in serve && serve.experiment === experiment) ? [key] : []
  })

export const createExperiment = Effect.fn("createExperiment")(function* (actor: Actor, definition: NewExperiment) {
  const errors = lifecycle.definitionErrors(definition)
  if (errors.length > 0) return yield* refused("the experiment is not valid", errors)
  const stamps = { created_at: 0, created_by: "", changed_at: 0, changed_by: "" }
  const draft: Experiment = { ...definition, id: definition.key ?? "new", ...stamps, ...lifecycle.begun }
  const { definitions, revision } = yield* check(actor.workspace, draft)
  const others = definitions.experiments
  if (
    actor.idempotency === undefined &&
    definition.key !== undefined &&
    others.some(({ id }) => id === definition.key)
  ) {
    const detail = `there is an experiment ${definition.key}`
    return yield* refused(detail, [{ pointer: "/key", code: "taken", detail }], "conflict")
  }
  if (definition.key !== undefined && actor.idempotency === undefined) {
    if (yield* wasDefined(actor.workspace, experiments, definition.key)) {
      const detail = `there was an experiment ${definition.key}: its exposures would count for this one`
      return yield* refused(detail, [{ pointer: "/key", code: "used_before", detail }], "conflict")
    }
  }
  const made: Experiment = yield* createLive(
    experiments,
    actor,
    { ...definition, ...lifecycle.begun },
    { revision, count: others.length }
  )
  return made
}, untilSettled)

/** Takes one step of an experiment's life at the revision that stands. */
const step = Effect.fnUntraced(function* (
  actor: Actor,
  id: string,
  take: (experiment: Experiment, act: Act, definitions: Definitions) => LifeChange,
  revision?: number,
  also: (experiment: Experiment, now: number) => ReadonlyArray<DocumentWrite> = () => []
) {
  const { item, revision: stands } = yield* readItem<Experiment>(experiments, actor.workspace, id)
  const { definitions, revision: standing } = yield* readDefinitions(actor.workspace)
  const now = yield* Clock.currentTimeMillis
  const change = take(item, { by: actor.keyId, at: now }, definitions)
  if (change.kind === "refused") {
    const kind = change.because === "conflict" ? "conflict" : "bad-request"
    return yield* refused(change.detail, change.errors, kind)
  }
  const catalogue = yield* check(actor.workspace, change.experiment)
  const name = { kind: "experiment", id } as const
  yield* refuseUnapproved(actor, catalogue, withDefinition(catalogue, name, change.experiment), name)
  const written = also(change.experiment, now)
  return yield* replaceLive(experiments, actor, id, change.experiment, revision ?? stands, standing, written)
}, untilSettled)

export const replaceExperiment = Effect.fn("replaceExperiment")(
  (actor: Actor, id: string, definition: NewExperiment, revision: number) =>
    step(actor, id, (experiment) => lifecycle.redefine(experiment, definition), revision)
)

export const addVariant = Effect.fn("addVariant")((actor: Actor, id: string, variant: ExperimentVariant) =>
  step(actor, id, (experiment) => lifecycle.addVariant(experiment, variant))
)

export const startExperiment = Effect.fn("startExperiment")((actor: Actor, id: string) =>
  step(
    actor,
    id,
    (experiment, act, definitions) => lifeAfter(experiment, { step: "start" }, act, definitions),
    undefined,
    nextLook
  )
)

/** What a step makes of an experiment, as things stand. */
export const lifeAfter = (
  experiment: Experiment,
  asked: ExperimentStep,
  act: Act,
  { experiments: all }: Definitions
): LifeChange => {
  if (asked.step === "start") return lifecycle.start(experiment, act, takenSlots(experiment, all))
  if (asked.step === "stop") return lifecycle.stop(experiment, act)
  return lifecycle.openPhase(experiment, asked.phase, act)
}

/** Slots of the experiment's layer that others have, in the same environment. */
const takenSlots = ({ environment = production, layer }: Experiment, all: ReadonlyArray<Experiment>) =>
  all
    .filter((other) => other.status === "running" && other.layer !== undefined && other.layer.id === layer?.id)
    .filter((other) => (other.environment ?? production) === environment)
    .flatMap(({ phases }) => phases.at(-1)?.slots ?? [])

export const openPhase = Effect.fn("openPhase")((actor: Actor, id: string, asked: NewPhase) =>
  step(actor, id, (experiment, act) => lifecycle.openPhase(experiment, asked, act))
)

export const stopExperiment = Effect.fn("stopExperiment")((actor: Actor, id: string) => step(actor, id, lifecycle.stop))

export const archiveExperiment = Effect.fn("archiveExperiment")((actor: Actor, id: string) =>
  step(actor, id, lifecycle.archive)
)

export const decideExperiment = Effect.fn("decideExperiment")((actor: Actor, id: string, asked: NewDecision) =>
  step(actor, id, (experiment, act) => lifecycle.decide(experiment, asked, act))
)

export const removeExperiment = Effect.fn("removeExperiment")(function* (actor: Actor, id: string, revision: number) {
  const { item } = yield* readItem<Experiment>(experiments, actor.workspace, id)
  if (item.status === "running" || item.status === "stopped") {
    const detail = `a ${item.status} experiment is kept: ${item.status === "running" ? "stop" : "archive"} it first`
    return yield* refused(detail, [], "conflict")
  }
  const { definitions, revision: standing } = yield* readDefinitions(actor.workspace)
  const users: ReadonlyArray<User> = [
    ...flagsOf(definitions, id).map((key) => ({ target: `flags/${key}`, name: key })),
    ...overridesOf(definitions, ({ target }) => "experiment" in target && target.experiment === id)
  ]
  yield* removeLive(experiments, actor, id, revision, users, standing)
}, untilSettled)
