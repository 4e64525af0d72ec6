import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, countEvents, eventOf, freshFolder, startServer, tokenFor } from "./ServerProcess.ts"

const timestamp = new Date(Date.now() - 60_000).toISOString()
const day = timestamp.slice(0, 10)
const range = `from=${day}&to=${day}`

describe("an answer's watermark", () => {
  const folder = freshFolder()
  const token = tokenFor(folder)
  let server: Awaited<ReturnType<typeof startServer>>
  beforeAll(async () => {
    server = await startServer(folder)
  })
  afterAll(() => server.kill("SIGKILL"))

  const call = (path: string, body?: unknown) =>
    ask(server, body === undefined ? "GET" : "POST", path, { token, ...(body === undefined ? {} : { body }) })
  const send = (events: ReadonlyArray<unknown>) => call("/analytics/events/batch", { events })
  const codesOf = ({ body }: Awaited<ReturnType<typeof call>>) =>
    ((body["errors"] ?? []) as ReadonlyArray<{ readonly pointer: string; readonly code: string }>).map((error) => [
      error.pointer,
      error.code
    ])

  const date_range = { from: day, to: day }
  const pages = { event_types: ["page_view"] }
  const questions: ReadonlyArray<readonly [path: string, body?: unknown]> = [
    [`/analytics/trends?${range}&metrics=events,people`],
    ["/analytics/query", { date_range, metrics: ["events", "people"], compare: "previous_period" }],
    [`/analytics/retention?${range}&interval=day&periods=1`],
    [`/analytics/sessions?${range}&compare=previous_period`],
    [`/analytics/paths?${range}`],
    [`/analytics/stickiness?${range}`],
    [`/analytics/lifecycle?${range}`],
    [`/analytics/ltv?${range}&currency=EUR`],
    [`/analytics/attribution?${range}&currency=EUR`],
    [`/analytics/heatmaps?${range}&path=/`],
    ["/analytics/funnels/query", { date_range, steps: [pages, pages] }]
  ]
  const at = (path: string, watermark: string) => `${path}${path.includes("?") ? "&" : "?"}watermark=${watermark}`

  it("gives the same bytes again, whatever came since, and names what late events changed", async () => {
    const view = (anonymous_id: string, more: object = {}) =>
      eventOf({ anonymous_id, timestamp, context: { page: { url: "https://shop.example/" } }, ...more })
    await send([view("phone"), view("laptop", { user_id: "ada" })])
    await countEvents(server, token, 2)
    const before = []
    for (const [path, body] of questions) before.push(await call(path, body))
    for (const [index, { status, body }] of before.entries())
      assert.strictEqual(status, 200, `${questions[index]![0]} ${JSON.stringify(body)}`)

    await send([view("phone", { user_id: "ada" }), view("tablet")])
    await countEvents(server, token, 4)
    const merge = { from: "ada", into: "ben", force: true }
    assert.strictEqual((await call("/analytics/persons/merge", merge)).status, 201)
    for (const [index, [path, body]] of questions.entries()) {
      const { watermark } = before[index]!.body
      const again = await call(at(path, String(watermark)), body)
      assert.strictEqual(again.status, 200, `${path} ${JSON.stringify(again.body)}`)
      assert.strictEqual(JSON.stringify(again.body), JSON.stringify(before[index]!.body), path)
      assert.notStrictEqual((await call(path, body)).body["watermark"], watermark)
    }

    const since = String(before[0]!.body["watermark"])
    const question = { kind: "trend", date_range, metrics: ["events", "people"] }
    const changed = await call("/analytics/query/changes", { question, since })
    assert.strictEqual(changed.status, 200, JSON.stringify(changed.body))
    const changes = changed.body["changes"] as ReadonlyArray<{ readonly pointer: string }>
    assert.deepStrictEqual(
      changes.filter(({ pointer }) => pointer.startsWith("/totals/")),
      [{ pointer: "/totals/events", before: 2, after: 4, difference: 2 }] as never
    )
    assert.deepInclude(changed.body, { since, more: false })
  })

  it("is refused where nobody issued it, and gone with data that was erased", async () => {
    const [path, body] = questions[1]!
    const asked = await call(path, body)
    const watermark = String(asked.body["watermark"])
    const forged = `${watermark.slice(0, 30)}${watermark[30] === "A" ? "B" : "A"}${watermark.slice(31)}`
    const refused = await call(at(path, forged), body)
    assert.strictEqual(refused.status, 400)
    assert.deepStrictEqual(codesOf(refused), [["/watermark", "not_issued"]])
    const question = { kind: "trend", date_range, metrics: ["events"] }
    const strange = await call("/analytics/query/changes", { question, since: "made-up" })
    assert.deepStrictEqual(codesOf(strange), [["/since", "not_issued"]])
    const wrong = await call("/analytics/query/changes", {
      question: { ...question, metrics: ["evens"] },
      since: watermark
    })
    assert.deepStrictEqual(
      codesOf(wrong).map(([pointer]) => pointer),
      ["/question/metrics/0"]
    )

    assert.strictEqual((await call("/analytics/persons/tablet/erase", {})).status, 200)
    const gone = await call(at(path, watermark), body)
    assert.strictEqual(gone.status, 410)
    assert.deepStrictEqual(codesOf(gone), [["/watermark", "erased"]])
  })
})
