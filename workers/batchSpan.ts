import { Effect } from "effect"
import type { Tracer } from "effect"
import type { LogBatch } from "../ports/analytics/EventLog.ts"
import { readTraceparent, Tracing, withRecordedSpan } from "../ports/platform/Tracing.ts"

/** Requests that a batch's span links to. */
export const linksMax = 32

const traceparentLength = 55
/** A stored line ends with `"traceparent":"00-…-01"}` where its request was recorded. */
const ending = '"}'

/** The recorded requests that brought these lines, each once, the first ones where there are too many. */
export const recordedRequests = (lines: ReadonlyArray<string>): ReadonlyArray<Tracer.ExternalSpan> => {
  const found = new Map<string, Tracer.ExternalSpan>()
  for (const line of lines) {
    // The last hyphen of a traceparent: most lines are done with here.
    if (line.charCodeAt(line.length - 5) !== 45 || !line.endsWith(ending)) continue
    const end = line.length - ending.length
    const span = readTraceparent(line.slice(end - traceparentLength, end))
    if (span?.sampled !== true) continue
    found.set(span.spanId, span)
    if (found.size === linksMax) break
  }
  return [...found.values()]
}

/** One span for the batch, however many events: it goes on with the trace of the first recorded request and links to all. */
export const withBatchSpan = <A, E, R>(
  consumer: string,
  { lines }: LogBatch,
  take: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.flatMap(Tracing, (tracing) => {
    const links = tracing === undefined ? [] : recordedRequests(lines)
    if (tracing === undefined || links.length === 0) return take
    const attributes = {
      "messaging.system": "broxiva",
      "messaging.operation.name": "process",
      "messaging.operation.type": "process",
      "messaging.consumer.group.name": consumer,
      "messaging.batch.message_count": lines.length
    }
    const recorded = { name: `process ${consumer}`, kind: "consumer", parent: links[0], links, attributes } as const
    return withRecordedSpan(tracing, recorded, () => take)
  })
