import { Clock, Effect } from "effect"
import { DocumentStore, listLimitMax } from "../../../ports/documents/DocumentStore.ts"
import { flags, production } from "../../../ports/experiments/Flag.ts"
import { flagUsage, usageDaysMax, usageDaysUsual } from "../../../ports/experiments/FlagUsage.ts"
import type { FlagUsageAnswer, UsageOfHour } from "../../../ports/experiments/FlagUsage.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { readItem } from "../../platform/resources.ts"
import { parseInstant } from "../../zones/instant.ts"
import { hourMillis, hourOf, summed } from "../usageCounts.ts"

/** ISO 8601 instants with offset: whole hours around them are told of, the last day by default. */
export interface UsageQuestion {
  readonly environment?: string
  readonly from?: string
  readonly to?: string
}

const dayMillis = 24 * hourMillis
const invalid = (pointer: string, code: string, detail: string) =>
  new Refused({ kind: "bad-request", detail: "the question is not valid", errors: [{ pointer, code, detail }] })

const spanOf = Effect.fnUntraced(function* ({ from, to }: UsageQuestion) {
  for (const [name, text] of Object.entries({ from, to })) {
    if (text !== undefined && parseInstant(text) === undefined) {
      return yield* invalid(`/${name}`, "not_an_instant", "must be an ISO 8601 date and time with offset")
    }
  }
  const end = to === undefined ? yield* Clock.currentTimeMillis : parseInstant(to)!
  const until = hourOf(end + hourMillis - 1)
  const begin = from === undefined ? until - usageDaysUsual * dayMillis : hourOf(parseInstant(from)!)
  if (begin >= until) return yield* invalid("/from", "reversed", "must be before to")
  if (until - begin > usageDaysMax * dayMillis) {
    return yield* invalid("/from", "too_long", `a question spans at most ${usageDaysMax} days`)
  }
  return { from: begin, to: until }
})

/** Evaluations of a flag by variant and hour; the last seconds are not in it yet. */
export const usageOfFlag = Effect.fn("usageOfFlag")(function* (
  workspace: WorkspaceId,
  key: string,
  question: UsageQuestion
) {
  const { environment = production } = question
  const span = yield* spanOf(question)
  const hours = yield* hoursOf(workspace, environment, key, span)
  // Of a flag that is deleted the counts remain.
  if (hours.length === 0) yield* readItem(flags, workspace, key)
  const variants = summed(...hours.map((hour) => hour.variants))
  const answer: FlagUsageAnswer = {
    flag: key,
    environment,
    ...span,
    evaluations: variants.reduce((sum, { evaluations }) => sum + evaluations, 0),
    variants,
    hours
  }
  return answer
})

const hoursOf = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  environment: string,
  key: string,
  range: { readonly from: number; readonly to: number }
) {
  const documents = yield* DocumentStore
  const by = { workspace, collection: flagUsage.name, index: "by_hour", equals: [environment, key], range }
  const found: Array<FlagUsageAnswer["hours"][number]> = []
  let cursor: string | undefined
  do {
    const page = yield* Effect.catchTag(
      documents.list({ ...by, limit: listLimitMax, cursor }),
      "InvalidCursor",
      Effect.die
    )
    for (const { data } of page.items) {
      const { hour, variants } = data as UsageOfHour
      found.push({ hour, variants })
    }
    cursor = page.next
  } while (cursor !== undefined)
  return found
})
