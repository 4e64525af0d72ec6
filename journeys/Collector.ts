import { createServer } from "node:http"
import type { IncomingMessage } from "node:http"

export interface CollectedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  /** 2 is a server's span, 5 a consumer's (OTLP `SpanKind`). */
  readonly kind: number
  readonly attributes: Readonly<Record<string, unknown>>
  readonly links: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>
  /** 2 is an error (OTLP `StatusCode`). */
  readonly status: { readonly code: number; readonly message?: string }
}

interface OtlpSpan extends Omit<CollectedSpan, "attributes"> {
  readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: Readonly<Record<string, unknown>> }>
}

interface TraceData {
  readonly resourceSpans: ReadonlyArray<{
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<OtlpSpan> }>
  }>
}

/** A collector of traces: OTLP/JSON over HTTP, as an operator's would receive it. */
export interface Collector {
  readonly endpoint: string
  readonly spans: ReadonlyArray<CollectedSpan>
  /** Everything that came, heads and bodies, as text. */
  readonly received: () => string
  /** The spans once `enough` holds, or what has come when the time is over. */
  readonly await: (
    enough: (spans: ReadonlyArray<CollectedSpan>) => boolean,
    millisMax?: number
  ) => Promise<ReadonlyArray<CollectedSpan>>
  readonly close: () => void
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString("utf8")
}

const spansOf = (body: string): ReadonlyArray<CollectedSpan> =>
  (JSON.parse(body) as TraceData).resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        ...span,
        attributes: Object.fromEntries(span.attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
      }))
    )
  )

export const startCollector = async (): Promise<Collector> => {
  const spans: Array<CollectedSpan> = []
  let received = ""
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      received += `${request.method} ${request.url} ${JSON.stringify(request.headers)}\n${body}\n`
      if (request.url === "/v1/traces") spans.push(...spansOf(body))
      response.writeHead(200, { "content-type": "application/json" }).end("{}")
    })
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  const { port } = server.address() as { port: number }
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans,
    received: () => received,
    await: async (enough, millisMax = 15_000) => {
      const deadline = Date.now() + millisMax
      while (!enough(spans) && Date.now() < deadline) await new Promise((done) => setTimeout(done, 50))
      return spans
    },
    close: () => void server.close()
  }
}
