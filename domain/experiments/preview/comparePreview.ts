import { isDeepStrictEqual } from "node:util"
import type { Evaluation } from "../../../ports/experiments/Evaluation.ts"
import type { FlagPreview } from "../../../ports/experiments/FlagPreview.ts"

/** A context's evaluations by what stands and by the draft; nothing of a flag that is not there yet. */
export interface PreviewPair {
  readonly before: Evaluation | undefined
  readonly after: Evaluation | undefined
}

type Told = Pick<FlagPreview, "changed" | "share_changed" | "variants" | "rules">

export const isChanged = ({ after, before }: PreviewPair): boolean => !isDeepStrictEqual(after?.value, before?.value)

/** How many contexts go from which variant to which, and from rule to rule. */
export const comparePreview = (pairs: ReadonlyArray<PreviewPair>): Told => {
  const variants = new Map<
    string,
    { -readonly [Name in keyof Told["variants"][number]]: Told["variants"][number][Name] }
  >()
  const rules = new Map<string | null, { before: number; after: number }>()
  let changed = 0
  const ruleOf = (rule: string | null) => {
    const found = rules.get(rule) ?? { before: 0, after: 0 }
    rules.set(rule, found)
    return found
  }
  for (const pair of pairs) {
    const [before, after] = [pair.before?.variant ?? null, pair.after?.variant ?? null]
    const value_changes = isChanged(pair)
    const id = JSON.stringify([before, after, value_changes])
    const found = variants.get(id) ?? { before, after, contexts: 0, value_changes }
    found.contexts += 1
    variants.set(id, found)
    if (value_changes) changed += 1
    ruleOf(pair.before?.rule ?? null).before += 1
    ruleOf(pair.after?.rule ?? null).after += 1
  }
  return {
    changed,
    share_changed: pairs.length === 0 ? null : changed / pairs.length,
    variants: [...variants.values()].toSorted((a, b) => b.contexts - a.contexts),
    rules: [...rules].map(([rule, counts]) => ({ rule, ...counts }))
  }
}
