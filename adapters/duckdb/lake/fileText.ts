import { quote } from "../literals.ts"

/** Arrival order, which files are sorted by. */
export const arrival = `"time", received_at, batch_index, event_id`

export const boundsOf = (rows: string): string =>
  `select count(*)::bigint as events, coalesce(epoch_ms(min("time")), 0) as oldest, coalesce(epoch_ms(max("time")), 0) as newest from (${rows})`

export const copyText = (rows: string, path: string): string =>
  `copy (${rows} order by ${arrival}) to ${quote(path)} (format parquet, compression zstd)`
