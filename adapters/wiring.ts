import { Effect, Layer } from "effect"
import { NodeCrypto } from "@effect/platform-node"
import { existsSync, readdirSync } from "node:fs"
import { Collections } from "../ports/documents/DocumentStore.ts"
import type { Collection } from "../ports/documents/DocumentStore.ts"
import { TokenKeys } from "../ports/platform/TokenKeys.ts"
import * as BundledExchangeRates from "./bundled/ExchangeRates.ts"
import * as BundledGeoLocator from "./bundled/GeoLocator.ts"
import { filesOf } from "./dataFiles.ts"
import * as DataFolder from "./disk/DataFolder.ts"
import * as DiskEventLog from "./disk/EventLog.ts"
import * as DuckdbEventLake from "./duckdb/EventLake.ts"
import * as DuckdbEventSpool from "./duckdb/EventSpool.ts"
import * as DuckdbEventStore from "./duckdb/EventStore.ts"
import * as EchartsPictures from "./echarts/Pictures.ts"
import { readWatermarkKey } from "./files/watermarkKey.ts"
import * as FileReceiptKey from "./files/ReceiptKey.ts"
import * as FileRootKeys from "./files/RootKeys.ts"
import * as FileTokenKey from "./files/TokenKey.ts"
import * as JwksTokenKeys from "./jwks/TokenKeys.ts"
import type { JwksOptions } from "./jwks/TokenKeys.ts"
import * as MaildropEmailSender from "./maildrop/EmailSender.ts"
import * as MemoryCache from "./memory/Cache.ts"
import * as MemoryChangeNotices from "./memory/ChangeNotices.ts"
import * as MemoryLiveFeed from "./memory/LiveFeed.ts"
import * as MemoryRateLimits from "./memory/RateLimits.ts"
import * as OtlpTracing from "./otlp/Tracing.ts"
import type { OtlpOptions } from "./otlp/Tracing.ts"
import * as RecordedSteps from "./recordedSteps.ts"
import * as SmtpEmailSender from "./smtp/EmailSender.ts"
import * as SqliteDocumentStore from "./sqlite/DocumentStore.ts"
import * as SqliteSubjectKeys from "./sqlite/SubjectKeys.ts"
import * as SqliteVisitorSalts from "./sqlite/VisitorSalts.ts"
import * as ThreadComputation from "./threads/Computation.ts"

export interface WorldOptions {
  readonly dataFolder: string
  readonly geoDatabase: string | undefined
  /** Time that one SQL question has. */
  readonly sqlMillisMax: number
  readonly collections: ReadonlyArray<Collection>
  /** Another issuer whose tokens count beside our own. */
  readonly jwks: JwksOptions | undefined
  /** The module that threads run for long computations. */
  readonly computations: URL
  /** Where traces are sent; unset, nowhere. */
  readonly tracing: OtlpOptions | undefined
  readonly email: EmailOptions
}

export interface EmailOptions {
  readonly target: { readonly kind: "server"; readonly url: URL } | { readonly kind: "folder"; readonly folder: string }
  readonly from: string
}

const emailSender = ({ from, target }: EmailOptions) =>
  target.kind === "server"
    ? SmtpEmailSender.layer({ url: target.url, from })
    : MaildropEmailSender.layer({ folder: target.folder, from })

/** The first segment is made after the keys: where there is one, keys were there. */
const holdsEvents = (logFolder: string): boolean =>
  existsSync(logFolder) && readdirSync(logFolder).some((name) => name.endsWith(".log"))

/** Our own secret, and the keys of another issuer where one is configured. */
const issuers = (jwks: JwksOptions | undefined) =>
  Layer.effect(
    TokenKeys,
    Effect.map(
      Effect.all([FileTokenKey.issuer, ...(jwks === undefined ? [] : [JwksTokenKeys.issuer(jwks)])]),
      (trusted) => TokenKeys.of({ issuers: trusted })
    )
  )

/** Every port of the world on the embedded adapters: one process, one folder. */
export const embedded = ({
  collections,
  computations,
  dataFolder,
  email,
  geoDatabase,
  jwks,
  sqlMillisMax,
  tracing
}: WorldOptions) => {
  const files = filesOf(dataFolder)
  const rootKeys = FileRootKeys.layer({ file: files.rootKey, isNeeded: () => holdsEvents(files.log) })
  const stores = Layer.mergeAll(
    DiskEventLog.layer({ folder: files.log }),
    DuckdbEventStore.layer({ file: files.events, watermarkKey: () => readWatermarkKey(files.watermarkKey) }),
    Layer.provideMerge(
      DuckdbEventSpool.layer({ folder: files.exports }),
      DuckdbEventLake.layer({ folder: files.lake, selectMillisMax: sqlMillisMax })
    ),
    Layer.provide(SqliteDocumentStore.layer({ file: files.documents }), Layer.succeed(Collections, collections)),
    Layer.provideMerge(SqliteSubjectKeys.layer({ file: files.subjectKeys }), rootKeys),
    Layer.provideMerge(issuers(jwks), FileTokenKey.layer({ file: files.tokenKey })),
    FileReceiptKey.layer({ file: files.receiptKey }),
    SqliteVisitorSalts.layer({ file: files.visitorSalts }),
    emailSender(email),
    MemoryCache.layer,
    MemoryChangeNotices.layer,
    MemoryLiveFeed.layer,
    MemoryRateLimits.layer,
    ThreadComputation.layer({ entry: computations }),
    EchartsPictures.layer,
    BundledExchangeRates.layer,
    BundledGeoLocator.layer({ file: geoDatabase }),
    NodeCrypto.layer
  )
  const world = Layer.provide(stores, DataFolder.layer(dataFolder))
  if (tracing === undefined) return world
  return Layer.merge(Layer.provideMerge(RecordedSteps.layer, world), OtlpTracing.layer(tracing))
}
