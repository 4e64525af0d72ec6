import { Effect } from "effect"
import type { AssignedVariant, AssignRequest } from "../../../ports/experiments/Experiment.ts"
import { production } from "../../../ports/experiments/Flag.ts"
import { Exposures } from "../../../ports/experiments/Exposures.ts"
import { FlagSnapshots } from "../../../ports/experiments/FlagSnapshots.ts"
import { StickyAssignments } from "../../../ports/experiments/StickyAssignments.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { FlagReader } from "./evaluateFlags.ts"
import { forcedByLink } from "./forcedByLink.ts"

const attributesOf = ({ anonymous_id, context = {}, user_id }: AssignRequest): Readonly<Record<string, unknown>> => ({
  ...context,
  ...(user_id === undefined ? {} : { user_id }),
  ...(anonymous_id === undefined ? {} : { anonymous_id })
})

/** The variant of a unit in an experiment; who gets one is exposed to it. */
export const assignUnit = Effect.fnUntraced(function* (reader: FlagReader, id: string, request: AssignRequest) {
  const { workspace } = reader
  const exposures = yield* Exposures
  const attributes = attributesOf(request)
  const snapshot = yield* snapshotOfExperiment(reader, id)
  const exposed = { workspace, attributes: { ...reader.client, ...attributes } }
  const isExposed = reader.qa === undefined
  const environment = snapshot?.environment ?? ""
  const forced = reader.qa === undefined ? {} : yield* forcedByLink(workspace, reader.qa, environment, attributes)
  const experiment = snapshot?.stickyExperiment(id)
  const sticky = yield* StickyAssignments
  const stored = experiment === undefined ? {} : yield* sticky.load(workspace, [experiment], attributes)
  const assigned = snapshot?.assign(id, { attributes, forced, stored })
  if (assigned === undefined) {
    return yield* new Refused({ kind: "not-found", detail: `there is no experiment ${id}`, errors: [] })
  }
  if (assigned.kind === "passed_over" && assigned.why === "no_unit") {
    const detail = "name the unit: user_id or anonymous_id, or the attribute that the experiment hashes, in context"
    const errors = [{ pointer: "/user_id", code: "missing", detail }]
    return yield* new Refused({ kind: "bad-request", detail: "there is no unit to assign", errors })
  }
  const nobody = { experiment_id: id, variant: null, phase: null, bucket: null, sticky: null }
  if (assigned.kind === "passed_over") {
    const answer: AssignedVariant = { ...nobody, reason: assigned.why, detail: assigned.detail }
    return answer
  }
  if (assigned.kind === "held_out") {
    const { compared, heldOut } = assigned
    if (isExposed) exposures.note(exposed, { assignment: null, heldOut, compared })
    const answer: AssignedVariant = { ...nobody, reason: "holdout", detail: heldOut.holdout }
    return answer
  }
  const { assignment, compared } = assigned
  if (isExposed) exposures.note(exposed, { assignment, heldOut: null, compared })
  if (isExposed && experiment !== undefined) sticky.note(workspace, experiment, assignment, stored)
  const answer: AssignedVariant = {
    experiment_id: id,
    variant: assignment.variant,
    phase: assignment.phase,
    bucket: assignment.bucket,
    reason: assignment.from === "stored" || assignment.from === "forced" ? assignment.from : "assigned",
    detail: assignment.override ?? null,
    sticky: assignment.from === "stored" || assignment.from === "unavailable" ? assignment.from : null,
    ...(assignment.allocation === undefined ? {} : { allocation: assignment.allocation })
  }
  return answer
})

/** Where the experiment runs, from memory but for the first request of a workspace; a key of one environment reads no other. */
const snapshotOfExperiment = Effect.fnUntraced(function* ({ environment, workspace }: FlagReader, id: string) {
  const snapshots = yield* FlagSnapshots
  const snapshotIn = (name: string) => {
    const known = snapshots.known(workspace, name)
    return known === undefined ? snapshots.load(workspace, name) : Effect.succeed(known)
  }
  if (environment !== undefined) return yield* snapshotIn(environment)
  yield* snapshotIn(production)
  return yield* snapshotIn(snapshots.environmentOf(workspace, id) ?? production)
})
