import { assert, describe, it } from "vitest"
import { linksMax, recordedRequests } from "./batchSpan.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c"
const lineOf = (traceparent?: string) =>
  JSON.stringify({
    v: 1,
    event_id: "x",
    properties: { note: '-01"}' },
    ...(traceparent === undefined ? {} : { traceparent })
  })
const spanId = (number: number) => number.toString(16).padStart(16, "0")
const recorded = (number: number) => lineOf(`00-${traceId}-${spanId(number)}-01`)

describe("the recorded requests of a batch", () => {
  it("are those whose flag says so, each once", () => {
    const lines = [lineOf(), recorded(1), recorded(1), lineOf(`00-${traceId}-${spanId(2)}-00`), recorded(3)]
    assert.deepStrictEqual(
      recordedRequests(lines).map((span) => [span.traceId, span.spanId]),
      [
        [traceId, spanId(1)],
        [traceId, spanId(3)]
      ]
    )
  })

  it("are read from no line that only looks like one", () => {
    const lines = ["", '-01"}', '"traceparent":"00-x-01"}', recorded(0), lineOf(`ff-${traceId}-${spanId(1)}-01`)]
    assert.deepStrictEqual(recordedRequests(lines), [])
  })

  it("are no more than the limit", () => {
    const lines = Array.from({ length: linksMax * 3 }, (_, index) => recorded(index + 1))
    assert.lengthOf(recordedRequests(lines), linksMax)
  })
})
