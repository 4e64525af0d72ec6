import { Effect, Layer } from "effect"
import { EventLog } from "../ports/analytics/EventLog.ts"
import { EventStore } from "../ports/analytics/EventStore.ts"
import { DocumentStore } from "../ports/documents/DocumentStore.ts"
import { recordedStep } from "../ports/platform/Tracing.ts"
import { SubjectKeys } from "../ports/privacy/SubjectKeys.ts"

/** The stores, with a span for each of their slow calls within a recorded request. */
export const layer: Layer.Layer<
  EventLog | EventStore | DocumentStore | SubjectKeys,
  never,
  EventLog | EventStore | DocumentStore | SubjectKeys
> = Layer.mergeAll(
  Layer.effect(
    EventLog,
    Effect.map(EventLog, (log) =>
      EventLog.of({ ...log, append: (entries) => recordedStep("EventLog.append", log.append(entries)) })
    )
  ),
  Layer.effect(
    EventStore,
    Effect.map(EventStore, (store) =>
      EventStore.of({
        ...store,
        insert: (batch) => recordedStep("EventStore.insert", store.insert(batch)),
        answer: (plan) => recordedStep("EventStore.answer", store.answer(plan)),
        events: (request) => recordedStep("EventStore.events", store.events(request)),
        people: (request) => recordedStep("EventStore.people", store.people(request))
      })
    )
  ),
  Layer.effect(
    DocumentStore,
    Effect.map(DocumentStore, (documents) =>
      DocumentStore.of({
        ...documents,
        commit: (workspace, commit) => recordedStep("DocumentStore.commit", documents.commit(workspace, commit))
      })
    )
  ),
  Layer.effect(
    SubjectKeys,
    Effect.map(SubjectKeys, (keys) =>
      SubjectKeys.of({
        ...keys,
        getOrCreate: (workspace, subjects) =>
          recordedStep("SubjectKeys.getOrCreate", keys.getOrCreate(workspace, subjects))
      })
    )
  )
)
