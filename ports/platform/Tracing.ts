import { Clock, Context, Effect, Exit, Option, Tracer } from "effect"

/**
 * Recording of traces (OpenTelemetry, W3C trace context). Unset, nothing is recorded. The tracer stands in the context
 * of a recorded request alone, so that all the others pay nothing.
 */
export interface Tracing {
  readonly tracer: Tracer.Tracer
  /** Share of the requests that begin a trace which is recorded, 0 to 1. */
  readonly share: number
}

export const Tracing: Context.Reference<Tracing | undefined> = Context.Reference<Tracing | undefined>(
  "ports/platform/Tracing",
  { defaultValue: () => undefined }
)

const traceparent = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/
const sampledFlag = 1

/** The span that a `traceparent` names, version 00 (W3C Trace Context, section 3.2). */
export const readTraceparent = (text: string): Tracer.ExternalSpan | undefined => {
  const [, traceId, spanId, flags] = traceparent.exec(text) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return Tracer.externalSpan({ traceId, spanId, sampled: (Number.parseInt(flags, 16) & sampledFlag) === sampledFlag })
}

export const traceparentOf = (span: Tracer.AnySpan): string =>
  `00-${span.traceId}-${span.spanId}-${span.sampled ? "01" : "00"}`

export interface RecordedSpan {
  readonly name: string
  readonly kind: Tracer.SpanKind
  readonly parent: Tracer.AnySpan | undefined
  readonly links?: ReadonlyArray<Tracer.AnySpan>
  readonly attributes: Readonly<Record<string, string | number>>
}

/** Runs the effect within a span of its own; what it does may add to it and begin spans below it. */
export const withRecordedSpan = <A, E, R>(
  { tracer }: Tracing,
  { attributes, kind, links = [], name, parent }: RecordedSpan,
  effect: (span: Tracer.Span) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.flatMap(Clock.Clock, (clock) => {
    const span = tracer.span({
      name,
      kind,
      parent: Option.fromUndefinedOr(parent),
      links: links.map((link) => ({ span: link, attributes: {} })),
      annotations: Context.empty(),
      startTime: clock.currentTimeNanosUnsafe(),
      root: parent === undefined,
      sampled: true
    })
    for (const [key, value] of Object.entries(attributes)) span.attribute(key, value)
    const services = Context.make(Tracer.ParentSpan, span).pipe(Context.add(Tracer.Tracer, tracer))
    return Effect.onExit(Effect.provideContext(effect(span), services), (exit) =>
      Effect.sync(() => span.end(clock.currentTimeNanosUnsafe(), Exit.asVoid(exit)))
    )
  })

/** A step of a recorded request; where nothing is recorded, the step alone. */
export const recordedStep = <A, E, R>(name: string, step: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withFiber((fiber) => {
    const parent = Context.getOrUndefined(fiber.context, Tracer.ParentSpan)
    if (parent === undefined || !parent.sampled || fiber.getRef(Tracer.Tracer) === Tracer.nativeTracer) return step
    return Effect.withSpan(step, name, { captureStackTrace: false }) as Effect.Effect<A, E, R>
  })
