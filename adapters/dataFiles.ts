import { join } from "node:path"

/** Names below the data folder; `keys` is backed up apart. */
export const filesOf = (dataFolder: string) => ({
  log: join(dataFolder, "log"),
  events: join(dataFolder, "events.duckdb"),
  lake: join(dataFolder, "lake"),
  /** In no backup, and nothing is lost with it but the time to write it anew. */
  exports: join(dataFolder, "exports"),
  documents: join(dataFolder, "documents.sqlite"),
  rootKey: join(dataFolder, "keys", "root.key"),
  tokenKey: join(dataFolder, "keys", "jwt.key"),
  watermarkKey: join(dataFolder, "keys", "watermark.key"),
  receiptKey: join(dataFolder, "keys", "receipts.pem"),
  subjectKeys: join(dataFolder, "keys", "subjects.sqlite"),
  /** In no backup. */
  visitorSalts: join(dataFolder, "keys", "visitors.sqlite")
})
