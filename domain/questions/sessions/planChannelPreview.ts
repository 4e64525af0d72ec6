import type { ChannelPreview, ChannelPreviewQuestion } from "../../../ports/analytics/ChannelRules.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { ChannelRule, PlanField } from "../../../ports/analytics/PlanFilter.ts"
import type { SessionRows } from "../../../ports/analytics/SessionPlan.ts"
import { channelOtherwise } from "../channels.ts"
import { planChannelRules } from "../planChannelRules.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { planSessions } from "./planSessions.ts"
import type { PlannedSessions } from "./planSessions.ts"

/** Between the two channels of a session; no name of a channel holds it. */
const separator = "\u001f"

const channelBy = (rules: ReadonlyArray<ChannelRule>): PlanField => ({
  kind: "channel",
  rules,
  otherwise: channelOtherwise
})

/** Sessions by the channel that they have and the one that they would have, or everything that is wrong with it. */
export const planChannelPreview = (
  { rules, ...question }: ChannelPreviewQuestion,
  scope: QuestionScope,
  rulesWith: (own: ReadonlyArray<ChannelRule>) => ReadonlyArray<ChannelRule>
): { readonly planned: PlannedSessions } | { readonly errors: ReadonlyArray<FieldError> } => {
  const proposed = planChannelRules(rules, scope)
  const read = planSessions({ ...question, dimension: "channel" }, scope)
  const errors = [...proposed.errors, ...("errors" in read ? read.errors : [])]
  if (errors.length > 0 || "errors" in read) return { errors }
  const [before, after] = [scope.channelRules, rulesWith(proposed.rules)]
  const channel: PlanField = { kind: "joined", fields: [channelBy(before), channelBy(after)], separator }
  const top = (before.length + 1) * (after.length + 1)
  return { planned: { ...read.planned, plan: { ...read.planned.plan, channel, top } } }
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Rows of the store as channels before and after, and what moves. */
export const shapeChannelPreview = ({
  groups,
  rows
}: SessionRows): Pick<ChannelPreview, "sessions" | "channels" | "moves"> => {
  const pairs = rows.flatMap(({ bucket, group, sessions }) => {
    if (bucket !== undefined || typeof group !== "number") return []
    const [before = "", after = ""] = (groups[group] ?? "").split(separator)
    return [{ before, after, sessions }]
  })
  const sum = (of: typeof pairs) => of.reduce((total, { sessions }) => total + sessions, 0)
  const names = new Set(pairs.flatMap(({ after, before }) => [before, after]))
  return {
    sessions: sum(pairs),
    channels: [...names]
      .map((channel) => ({
        channel,
        before: sum(pairs.filter((pair) => pair.before === channel)),
        after: sum(pairs.filter((pair) => pair.after === channel))
      }))
      .toSorted((a, b) => b.after - a.after || b.before - a.before || byText(a.channel, b.channel)),
    moves: pairs
      .filter(({ after, before }) => before !== after)
      .toSorted((a, b) => b.sessions - a.sessions || byText(a.before, b.before) || byText(a.after, b.after))
  }
}
