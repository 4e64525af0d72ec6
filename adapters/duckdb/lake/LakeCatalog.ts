import { Context, Effect, Layer } from "effect"
import type { PortFailure } from "../../../ports/PortFailure.ts"
import { Catalog } from "./Catalog.ts"
import { lakeFailure } from "./failures.ts"

/** The one catalog of the lake, for all that read its files. */
export class LakeCatalog extends Context.Service<LakeCatalog, Catalog>()("adapters/duckdb/lake/LakeCatalog") {}

export const layer = (folder: string): Layer.Layer<LakeCatalog, PortFailure> =>
  Layer.effect(
    LakeCatalog,
    Effect.tryPromise({
      try: async () => {
        const catalog = new Catalog(folder)
        await catalog.open()
        return catalog
      },
      catch: (cause) => lakeFailure("open", cause)
    })
  )
