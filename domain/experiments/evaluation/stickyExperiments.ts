import type { StickyExperiment } from "../../../ports/experiments/StickyAssignments.ts"
import type { CompiledExperiment, CompiledFlags } from "./CompiledFlags.ts"

/** The experiment as the store of assignments sees it; nothing where it is not sticky, or does not run. */
export const stickyOf = (experiment: CompiledExperiment | undefined): StickyExperiment | undefined => {
  if (experiment === undefined || !experiment.running || experiment.stickySince === undefined) return undefined
  const { bucketVersion, id, oldestVersion, stickySince, unit } = experiment
  return { id, unit, bucketVersion, oldestVersion, sinceMillis: stickySince }
}

/** Sticky experiments that have a say in a flag, its prerequisites' ones included. */
export const stickyByFlag = (flags: CompiledFlags): ReadonlyMap<string, ReadonlyArray<StickyExperiment>> => {
  const all = [...flags.experiments.values()].some((each) => stickyOf(each) !== undefined)
  if (!all) return new Map()
  return new Map(
    [...flags.flags.keys()].flatMap((key) => {
      const found = new Map<string, StickyExperiment>()
      gather(flags, key, new Set(), found)
      return found.size === 0 ? [] : [[key, [...found.values()]] as const]
    })
  )
}

const gather = (flags: CompiledFlags, key: string, seen: Set<string>, found: Map<string, StickyExperiment>): void => {
  const flag = flags.flags.get(key)
  if (flag === undefined || seen.has(key)) return
  seen.add(key)
  const gates = [...flag.gates]
  for (const { gates: own, serve } of flag.rules) {
    gates.push(...own)
    if (serve.kind !== "experiment" || serve.experiment === undefined) continue
    gates.push(...serve.experiment.gates)
    const sticky = stickyOf(serve.experiment)
    if (sticky !== undefined) found.set(sticky.id, sticky)
  }
  for (const gate of gates) gather(flags, gate.flag, seen, found)
}
