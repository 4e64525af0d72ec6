import type { Expiry, HeldEvents } from "../../ports/analytics/Expiry.ts"
import { quote } from "./literals.ts"
import { isLinkable } from "./schema.ts"

const listed = (column: string, values: ReadonlyArray<string>): string =>
  values.length === 0 ? "false" : `${column} in (${values.map(quote).join(", ")})`

/** Whether an event is one of the subjects'. */
export const ofSubjects = (subjects: {
  readonly userIds: ReadonlyArray<string>
  readonly anonymousIds: ReadonlyArray<string>
}): string =>
  `case when ${isLinkable("user_id")} then ${listed("user_id", subjects.userIds)} else ${listed("anonymous_id", subjects.anonymousIds)} end`

type TimeText = (operator: "<" | ">=", millis: number) => string

const heldText = ({ eventTypes, fromMillis, ids, toMillis }: HeldEvents, time: TimeText): string =>
  [
    "true",
    ...(ids === undefined ? [] : [ofSubjects({ userIds: ids, anonymousIds: ids })]),
    ...(eventTypes === undefined ? [] : [listed("event_type", eventTypes)]),
    ...(fromMillis === undefined ? [] : [time(">=", fromMillis)]),
    ...(toMillis === undefined ? [] : [time("<", toMillis)])
  ].join(" and ")

/** Whether an event expires; never null where its time is not. */
export const expiryText = (
  { beforeMillis, eventTypes, exceptEventTypes = [], holds = [] }: Expiry,
  time: TimeText
): string =>
  `(${[
    time("<", beforeMillis),
    ...(eventTypes === undefined ? [] : [listed("event_type", eventTypes)]),
    ...(exceptEventTypes.length === 0 ? [] : [`not (${listed("event_type", exceptEventTypes)})`]),
    ...holds.map((held) => `not coalesce((${heldText(held, time)}), false)`)
  ].join(" and ")})`
