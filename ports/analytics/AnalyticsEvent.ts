import { Schema } from "effect"
import { describeProperties } from "./StandardProperties.ts"

/** Limits of what clients send; the answer that refuses names the limit. */
export const eventBytesMax = 32 * 1024
export const batchEventsMax = 1000
export const jsonDepthMax = 32
export const idCharactersMax = 200
export const propertyCountMax = 255
export const stringCharactersMax = 8192

/** Annotation of a field whose value is personal data: encrypted before it is written. */
export const personalData = "ports/analytics/personalData"
const personal = <S extends Schema.Top>(schema: S) => schema.annotate({ [personalData]: true })

const Text = Schema.String.check(Schema.isMaxLength(stringCharactersMax))
const Id = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(idCharactersMax))

/** UUID version 4 (version 7 is taken too), any case. */
export const eventIdPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i
/** ISO 8601 date and time with offset. */
export const timestampPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/

const Timestamp = Schema.String.check(Schema.isPattern(timestampPattern))

/** Fields of `properties.traits` and of `properties` that are personal data, beside the workspace's own. */
const personalFields = {
  email: personal(Text),
  phone: personal(Text),
  phone_number: personal(Text),
  first_name: personal(Text),
  last_name: personal(Text),
  full_name: personal(Text),
  address: personal(Schema.Unknown),
  street: personal(Text),
  birthday: personal(Text),
  date_of_birth: personal(Text)
}

export const PersonalProperties = Schema.Struct(personalFields)
export const PersonalTraits = Schema.Struct({ ...personalFields, name: personal(Text) })

export const AnalyticsEvent = Schema.Struct({
  event_id: Schema.String.check(Schema.isPattern(eventIdPattern)),
  event_type: Id,
  /** The device. */
  anonymous_id: Id,
  /** Empty and reserved ids (`null`, `undefined`, `anonymous`, `server`, `0`) are kept and never link people. */
  user_id: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(idCharactersMax))),
  session_id: Schema.optionalKey(Id),
  timestamp: Timestamp,
  /** The client's clock when it sent this; corrects its skew. */
  sent_at: Schema.optionalKey(Timestamp),
  properties: Schema.optionalKey(
    Schema.Record(Schema.String, Schema.Unknown).annotate({
      description: `Open. Standard event types read these; one of another kind is kept and noted: ${describeProperties()}`
    })
  ),
  context: Schema.optionalKey(
    Schema.Struct({
      page: Schema.optionalKey(
        Schema.Struct({
          url: Schema.optionalKey(Text),
          path: Schema.optionalKey(Text),
          title: Schema.optionalKey(Text),
          referrer: Schema.optionalKey(Text)
        })
      ),
      device: Schema.optionalKey(
        Schema.Struct({
          type: Schema.optionalKey(Text),
          os: Schema.optionalKey(Text),
          browser: Schema.optionalKey(Text)
        })
      ),
      geo: Schema.optionalKey(
        Schema.Struct({
          country: Schema.optionalKey(Text),
          region: Schema.optionalKey(Text),
          city: Schema.optionalKey(Text)
        })
      ),
      campaign: Schema.optionalKey(
        Schema.Struct({
          source: Schema.optionalKey(Text),
          medium: Schema.optionalKey(Text),
          campaign: Schema.optionalKey(Text),
          term: Schema.optionalKey(Text),
          content: Schema.optionalKey(Text)
        })
      ),
      /** Never stored whole. */
      ip: Schema.optionalKey(Text),
      /** Never stored. */
      user_agent: Schema.optionalKey(Text)
    })
  )
})
/** An event as it is taken in: one that came without a device has got an id for it by then. */
export type AnalyticsEvent = typeof AnalyticsEvent.Type

/** An event as clients send it. */
export const SentEvent = Schema.Struct({
  ...AnalyticsEvent.fields,
  anonymous_id: Schema.optionalKey(
    Id.annotate({
      description:
        "The device; required, unless the key is a browser key: its events may leave out both this and session_id, get an id that holds for their address and user agent until midnight UTC, and their session is derived."
    })
  )
}).annotate({
  identifier: "AnalyticsEvent",
  examples: [
    {
      event_id: "0b7c6c62-8f7e-4c8e-9d3b-0d6a5f1c2e34",
      event_type: "page_view",
      anonymous_id: "device-1",
      session_id: "session-1",
      timestamp: "2026-11-23T10:00:00Z",
      properties: {},
      context: { page: { url: "https://example.com/pricing?utm_source=news", path: "/pricing", title: "Pricing" } }
    }
  ]
})
export type SentEvent = typeof SentEvent.Type

export const EventBatch = Schema.Struct({
  events: Schema.Array(SentEvent).check(Schema.isMinLength(1), Schema.isMaxLength(batchEventsMax)),
  sent_at: Schema.optionalKey(Timestamp),
  /** Import of past events: their times stand, nothing is triggered. Needs the scope `events:import`. */
  historical: Schema.optionalKey(Schema.Boolean)
}).annotate({
  identifier: "EventBatch",
  examples: [
    {
      events: [
        {
          event_id: "5f1c2e34-8f7e-4c8e-9d3b-0d6a0b7c6c62",
          event_type: "order_completed",
          anonymous_id: "device-1",
          user_id: "customer-1",
          session_id: "session-1",
          timestamp: "2026-11-23T10:05:00Z",
          properties: { order_id: "1001", total: "49.90", currency: "EUR" }
        }
      ],
      sent_at: "2026-11-23T10:05:01Z"
    }
  ]
})
