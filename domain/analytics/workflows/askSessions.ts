import { Effect } from "effect"
import { EventStore } from "../../../ports/analytics/EventStore.ts"
import { InvalidQuestion } from "../../../ports/analytics/InvalidQuestion.ts"
import { sessionAttributes } from "../../../ports/analytics/SessionAttribute.ts"
import type { HeldSession, SessionListPlan } from "../../../ports/analytics/SessionPlan.ts"
import type {
  SessionItem,
  SessionPage,
  SessionQuestion,
  SessionResult
} from "../../../ports/analytics/SessionQuestion.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { readFlatSessions } from "../../questions/sessions/flatSessions.ts"
import type { FlatSessions } from "../../questions/sessions/flatSessions.ts"
import { planSessions, planSessionSelection, previousSessions } from "../../questions/sessions/planSessions.ts"
import type { PlannedSessions } from "../../questions/sessions/planSessions.ts"
import { shapeSessions } from "../../questions/sessions/shapeSessions.ts"
import { formatInstant } from "../../zones/zones.ts"
import { answerFacts } from "./answerFacts.ts"
import { askBeside } from "./askAt.ts"
import { questionScope } from "./askQuestion.ts"
import { decodeCursor, encodeCursor } from "./pageCursor.ts"

/** How many sessions begin, how long and how deep they are. Errors name each wrong field. */
export const askSessions = Effect.fn("askSessions")(function* (workspace: WorkspaceId, question: SessionQuestion) {
  const scope = yield* questionScope(workspace, question)
  const read = planSessions(question, scope)
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  const { planned } = read
  const answerOf = Effect.fnUntraced(function* (each: PlannedSessions) {
    const answer = yield* (yield* EventStore).answer(each.plan)
    return { answer, period: shapeSessions(each, answer) }
  })
  const { answer, period } = yield* answerOf(planned)
  const previous =
    question.compare === undefined
      ? undefined
      : yield* askBeside(
          workspace,
          answer.watermark,
          answerOf(previousSessions(planned, question.interval, scope.weekStart, answer.groups))
        )
  const { plan } = planned
  const result: SessionResult = {
    ...period,
    ...(previous === undefined ? {} : { previous: { ...previous.period, watermark: previous.answer.watermark } }),
    ...(yield* answerFacts(workspace, planned, answer, [question.compare ?? null, plan]))
  }
  return result
})

/** The same for the query string of a GET. */
export const askFlatSessions = Effect.fnUntraced(function* (workspace: WorkspaceId, flat: FlatSessions) {
  const read = readFlatSessions(flat)
  if ("errors" in read) return yield* new InvalidQuestion({ errors: read.errors })
  return yield* askSessions(workspace, read.question)
})

export interface SessionListRequest extends Omit<FlatSessions, "interval" | "compare" | "dimension"> {
  readonly limit: number
  readonly cursor?: string | undefined
}

/** Single sessions that begin in the range, the last first, by pages that stay right while events come in. */
export const listSessions = Effect.fn("listSessions")(function* (workspace: WorkspaceId, request: SessionListRequest) {
  const store = yield* EventStore
  const { cursor, limit, ...flat } = request
  const list = ["sessions", JSON.stringify(Object.entries(flat).toSorted(([a], [b]) => (a < b ? -1 : 1)))]
  const position = cursor === undefined ? undefined : yield* decodeCursor(workspace, list, cursor)
  const asked = readFlatSessions(flat)
  if ("errors" in asked) return yield* new InvalidQuestion({ errors: asked.errors })
  const scope = yield* questionScope(workspace, asked.question)
  const { errors, planned } = planSessionSelection(asked.question, scope)
  if (planned === undefined) return yield* new InvalidQuestion({ errors })
  const plan: SessionListPlan = {
    ...planned.selection,
    kind: "session_list",
    revisions: scope.revisions,
    before: position === undefined ? undefined : { startMillis: Number(position[0]), key: String(position[1]) },
    limit: limit + 1
  }
  const { sessions, watermark } = yield* store.answer(plan)
  const items = sessions.slice(0, limit)
  const last = items.at(-1)
  const page: SessionPage = {
    items: items.map((session) => sessionItem(session, planned.zone)),
    next:
      sessions.length > limit && last !== undefined
        ? yield* encodeCursor(workspace, list, [last.startMillis, last.key])
        : null,
    watermark
  }
  return page
})

const sessionItem = (session: HeldSession, zone: string): SessionItem => ({
  anonymous_id: session.anonymousId,
  session_id: session.sessionId ?? null,
  person_id: session.personId,
  start: formatInstant(zone, session.startMillis),
  end: formatInstant(zone, session.endMillis),
  duration_ms: session.endMillis - session.startMillis,
  events: session.events,
  pages: session.pages,
  bounced: session.bounced,
  engaged_ms: session.engagedMillis,
  scroll_percent: session.scrollPercent,
  ...(Object.fromEntries(sessionAttributes.map((name) => [name, session[name]])) as Pick<
    SessionItem,
    (typeof sessionAttributes)[number]
  >),
  events_url: eventsUrl(session)
})

/** Where the explorer shows exactly the session's events: of its device, from its first instant to its last. */
const eventsUrl = ({ anonymousId, endMillis, sessionId, startMillis }: HeldSession): string => {
  const ofSession =
    sessionId === undefined
      ? { dimension: "session_id", operator: "is_not_set" }
      : { dimension: "session_id", operator: "is", value: sessionId }
  const filters = { and: [{ dimension: "anonymous_id", operator: "is", value: anonymousId }, ofSession] }
  const query = new URLSearchParams({
    from: new Date(startMillis).toISOString(),
    to: new Date(endMillis + 1).toISOString(),
    filters: JSON.stringify(filters)
  })
  return `/analytics/events?${query.toString()}`
}
