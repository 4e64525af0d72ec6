import type { FlagEnvironment, NewFlag } from "../../../ports/experiments/Flag.ts"
import type { FlagRule } from "../../../ports/experiments/FlagFile.ts"
import type { FlagChange } from "../../../ports/experiments/FlagSchedule.ts"

/** Why a change cannot be made of the flag as it stands. */
export interface ChangeRefusal {
  /** Place among the changes, from 0. */
  readonly at: number
  /** The field of the change that is wrong. */
  readonly field: "rule" | "variant"
  readonly code: "unknown_rule" | "unknown_variant"
  readonly detail: string
}

export type FlagChanged =
  | { readonly kind: "changed"; readonly flag: NewFlag }
  | { readonly kind: "refused"; readonly refusal: ChangeRefusal }

/** The flag with changes of one environment, in their order: all of them, or none. */
export const changeFlag = (flag: NewFlag, environment: string, changes: ReadonlyArray<FlagChange>): FlagChanged => {
  const { environments = {} } = flag
  let here = Object.hasOwn(environments, environment) ? environments[environment]! : { enabled: false }
  for (const [at, change] of changes.entries()) {
    const refusal = refusalOf(flag, here, change)
    if (refusal !== undefined) return { kind: "refused", refusal: { at, ...refusal } }
    here = changed(here, change)
  }
  return { kind: "changed", flag: { ...flag, environments: { ...environments, [environment]: here } } }
}

const refusalOf = (
  { variants = [] }: NewFlag,
  { rules = [] }: FlagEnvironment,
  change: FlagChange
): Omit<ChangeRefusal, "at"> | undefined => {
  if ("rule" in change && !rules.some(({ id }) => id === change.rule)) {
    return { field: "rule", code: "unknown_rule", detail: `the flag has no rule ${change.rule} there` }
  }
  if ("variant" in change && !variants.some(({ name }) => name === change.variant)) {
    return { field: "variant", code: "unknown_variant", detail: `there is no variant ${change.variant}` }
  }
  return undefined
}

const changed = (here: FlagEnvironment, change: FlagChange): FlagEnvironment => {
  switch (change.kind) {
    case "enable":
    case "disable":
      return { ...here, enabled: change.kind === "enable" }
    case "set_default":
      return { ...here, default_variant: change.variant }
    case "remove_rule":
      return here.rules === undefined ? here : { ...here, rules: here.rules.filter(({ id }) => id !== change.rule) }
    case "set_percent":
      return ofRule(here, change.rule, (rule) => ({ ...rule, percent: change.percent }))
    case "serve":
      return ofRule(here, change.rule, (rule) => ({ ...rule, serve: { variant: change.variant } }))
    case "enable_rule":
    case "disable_rule":
      return ofRule(here, change.rule, (rule) => ({ ...rule, enabled: change.kind === "enable_rule" }))
  }
}

/** The environment with one rule replaced. */
export const ofRule = (here: FlagEnvironment, id: string, replace: (rule: FlagRule) => FlagRule): FlagEnvironment => ({
  ...here,
  rules: (here.rules ?? []).map((rule) => (rule.id === id ? replace(rule) : rule))
})
