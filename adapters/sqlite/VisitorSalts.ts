import { Effect, Layer } from "effect"
import { randomBytes } from "node:crypto"
import { PortFailure } from "../../ports/PortFailure.ts"
import { VisitorSalts } from "../../ports/privacy/VisitorSalts.ts"
import { open, sqliteFailure, truncateLog } from "./Database.ts"
import type { Database } from "./Database.ts"

const schema = "create table if not exists visitor_salts (day integer primary key, salt blob not null)"
const saltBytes = 32

const attempt = <A>(operation: string, run: () => A): Effect.Effect<A, PortFailure> =>
  Effect.try({ try: run, catch: (cause) => sqliteFailure("VisitorSalts", operation, cause) })

/** Salts in a SQLite file of their own, which no backup copies; freed pages are overwritten. */
export const layer = (options: { readonly file: string }): Layer.Layer<VisitorSalts, PortFailure> =>
  Layer.effect(VisitorSalts, Effect.map(open("VisitorSalts", options.file, schema), operations))

const operations = (database: Database): VisitorSalts["Service"] => {
  const insert = database.prepare("insert or ignore into visitor_salts values (?, ?)")
  const select = database.prepare("select salt from visitor_salts where day = ?")
  const remove = database.prepare("delete from visitor_salts where day < ?")
  const saltOf = (day: number) => (select.get(day) as { readonly salt: Uint8Array } | undefined)?.salt
  return VisitorSalts.of({
    get: (day) => attempt("get", () => saltOf(day)),
    getOrCreate: (day) =>
      attempt("getOrCreate", () => {
        insert.run(day, randomBytes(saltBytes))
        return saltOf(day)!
      }),
    destroyBefore: (day) =>
      Effect.flatMap(
        attempt("destroyBefore", () => {
          remove.run(day)
          return truncateLog(database)
        }),
        (emptied) => {
          if (emptied) return Effect.void
          const detail = "a reader keeps the salts in the write-ahead log: try again when it is gone"
          return Effect.fail(
            new PortFailure({ port: "VisitorSalts", operation: "destroyBefore", reason: "unavailable", detail })
          )
        }
      )
  })
}
