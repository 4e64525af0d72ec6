import type { Flag, Segment } from "../../../ports/experiments/Flag.ts"
import type { EvaluatedFlag, EvaluatedGroup, FlagFile } from "../../../ports/experiments/FlagFile.ts"

/** What evaluation needs of a workspace. */
export interface Definitions {
  readonly flags: ReadonlyArray<Pick<Flag, Exclude<keyof Flag, "id" | `created_${string}` | `changed_${string}`>>>
  readonly segments: ReadonlyArray<Pick<Segment, "key" | "members">>
}

/** The definitions as one environment evaluates them; a flag that says nothing of it is off. */
export const fileOf = ({ flags, segments }: Definitions, environment: string): FlagFile => ({
  version: 1,
  flags: flags.map((flag) => evaluatedFlag(flag, environment)),
  groups: segments.map(groupOf)
})

const evaluatedFlag = (flag: Definitions["flags"][number], environment: string): EvaluatedFlag => {
  const here =
    flag.environments !== undefined && Object.hasOwn(flag.environments, environment)
      ? flag.environments[environment]
      : undefined
  return {
    key: flag.key,
    type: flag.type,
    variants: flag.variants ?? [],
    enabled: here?.enabled ?? false,
    off_variant: here?.off_variant !== undefined ? here.off_variant : (flag.off_variant ?? null),
    default_variant: here?.default_variant !== undefined ? here.default_variant : (flag.default_variant ?? null),
    rules: here?.rules ?? [],
    ...(here?.prerequisites === undefined ? {} : { prerequisites: here.prerequisites }),
    ...(flag.team === undefined ? {} : { team: flag.team })
  }
}

const groupOf = ({ key, members }: Definitions["segments"][number]): EvaluatedGroup =>
  "condition" in members
    ? { id: key, type: "condition", condition: members.condition }
    : { id: key, type: "list", attribute: members.attribute, values: members.values }
