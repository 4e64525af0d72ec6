/** Raise it when a table changes: a file of another version is set aside and rebuilt from the log. */
export const schemaVersion = 1

/** What the columns of `read_json` are, by the contract of the stored line. */
const lineColumns: ReadonlyArray<readonly [string, string]> = [
  ["v", "INTEGER"],
  ["event_id", "UUID"],
  ["workspace", "VARCHAR"],
  ["event_type", "VARCHAR"],
  ["anonymous_id", "VARCHAR"],
  ["user_id", "VARCHAR"],
  ["session_id", "VARCHAR"],
  ["time", "BIGINT"],
  ["received_at", "BIGINT"],
  ["index", "INTEGER"],
  ["timestamp", "BIGINT"],
  ["sent_at", "BIGINT"],
  ["historical", "BOOLEAN"],
  ["notes", "JSON"],
  ["page", "STRUCT(url VARCHAR, host VARCHAR, path VARCHAR, title VARCHAR, referrer VARCHAR, referrer_host VARCHAR)"],
  ["device", "STRUCT(type VARCHAR, os VARCHAR, browser VARCHAR)"],
  ["geo", "STRUCT(country VARCHAR, region VARCHAR, city VARCHAR)"],
  ["ip", "VARCHAR"],
  [
    "campaign",
    "STRUCT(source VARCHAR, medium VARCHAR, campaign VARCHAR, term VARCHAR, content VARCHAR, click_id_type VARCHAR, click_id VARCHAR)"
  ],
  ["money", "STRUCT(kind VARCHAR, order_id VARCHAR, refund_id VARCHAR, minor BIGINT, currency VARCHAR)"],
  ["traits", "JSON"],
  ["traits_once", "JSON"],
  ["properties", "JSON"],
  ["traceparent", "VARCHAR"]
]

/** Column, type, and where it comes from in a line `l`. */
const eventColumns: ReadonlyArray<readonly [string, string, string]> = [
  ["workspace", "VARCHAR", "l.workspace"],
  ["event_id", "UUID", "l.event_id"],
  ["id_hash", "UBIGINT", "md5_number_upper(l.workspace || l.event_id::VARCHAR)"],
  ["event_type", "VARCHAR", "l.event_type"],
  ["time", "BIGINT", "l.time"],
  ["received_at", "BIGINT", "l.received_at"],
  ["idx", "INTEGER", 'l."index"'],
  ["a", "UBIGINT", "md5_number_upper(l.workspace || chr(31) || 'a' || chr(31) || l.anonymous_id)"],
  ["u", "UBIGINT", "md5_number_upper(l.workspace || chr(31) || 'u' || chr(31) || l.user_id)"],
  [
    "subject",
    "UBIGINT",
    "md5_number_upper(l.workspace || chr(31) || if(l.user_id IS NULL, 'a', 'u') || chr(31) || coalesce(l.user_id, l.anonymous_id))"
  ],
  ["s", "UBIGINT", "md5_number_upper(l.workspace || chr(31) || l.anonymous_id || chr(31) || l.session_id)"],
  ["anonymous_id", "VARCHAR", "l.anonymous_id"],
  ["user_id", "VARCHAR", "l.user_id"],
  ["session_id", "VARCHAR", "l.session_id"],
  ["sent_time", "BIGINT", "l.timestamp"],
  ["sent_at", "BIGINT", "l.sent_at"],
  ["historical", "BOOLEAN", "l.historical"],
  ["notes", "JSON", "l.notes"],
  ["page_url", "VARCHAR", "l.page.url"],
  ["page_host", "VARCHAR", "l.page.host"],
  ["page_path", "VARCHAR", "l.page.path"],
  ["page_title", "VARCHAR", "l.page.title"],
  ["referrer", "VARCHAR", "l.page.referrer"],
  ["referrer_host", "VARCHAR", "l.page.referrer_host"],
  ["device", "VARCHAR", "l.device.type"],
  ["os", "VARCHAR", "l.device.os"],
  ["browser", "VARCHAR", "l.device.browser"],
  ["country", "VARCHAR", "l.geo.country"],
  ["region", "VARCHAR", "l.geo.region"],
  ["city", "VARCHAR", "l.geo.city"],
  ["ip", "VARCHAR", "l.ip"],
  ["utm_source", "VARCHAR", "l.campaign.source"],
  ["utm_medium", "VARCHAR", "l.campaign.medium"],
  ["utm_campaign", "VARCHAR", "l.campaign.campaign"],
  ["utm_term", "VARCHAR", "l.campaign.term"],
  ["utm_content", "VARCHAR", "l.campaign.content"],
  ["click_id_type", "VARCHAR", "l.campaign.click_id_type"],
  ["click_id", "VARCHAR", "l.campaign.click_id"],
  ["money_kind", "VARCHAR", "l.money.kind"],
  ["order_id", "VARCHAR", "l.money.order_id"],
  ["refund_id", "VARCHAR", "l.money.refund_id"],
  ["minor", "BIGINT", "l.money.minor"],
  ["currency", "VARCHAR", "l.money.currency"],
  ["traits", "JSON", "l.traits"],
  ["traits_once", "JSON", "l.traits_once"],
  ["properties", "JSON", "l.properties"],
  ["traceparent", "VARCHAR", "l.traceparent"]
]

export const createTables: ReadonlyArray<string> = [
  `CREATE TABLE s.events (${eventColumns.map(([name, type]) => `${name} ${type}`).join(", ")})`,
  // Users seen on an anonymous id, each at its first event by event order (earlier ones are added behind later ones).
  "CREATE TABLE s.pairs (workspace VARCHAR, a UBIGINT, u UBIGINT, time BIGINT, received_at BIGINT, idx INTEGER, event_id UUID)",
  "CREATE TABLE s.merges (workspace VARCHAR, subject UBIGINT, root UBIGINT, kind VARCHAR, id VARCHAR, root_kind VARCHAR, root_id VARCHAR)",
  // Today's map from subjects to persons; who is not in it is a person of its own.
  "CREATE TABLE s.identity (workspace VARCHAR, subject UBIGINT, person UBIGINT)",
  "CREATE TABLE s.known (workspace VARCHAR, kind VARCHAR, event_type VARCHAR, name VARCHAR, events BIGINT)",
  "CREATE TABLE s.positions (partition VARCHAR, through VARCHAR)",
  "CREATE TABLE s.meta (name VARCHAR, value BIGINT)",
  `INSERT INTO s.meta VALUES ('schema_version', ${schemaVersion}), ('identity_revision', 0), ('epoch', 0)`
]

export const emptyBatch = `CREATE OR REPLACE TEMP TABLE batch (v INTEGER, ${eventColumns
  .map(([name, type]) => `${name} ${type}`)
  .join(", ")})`

export const loadBatch = (file: string): string =>
  `INSERT INTO batch SELECT l.v AS v, ${eventColumns
    .map(([name, , source]) => `${source} AS ${name}`)
    .join(", ")} FROM read_json('${file.replaceAll("'", "''")}', format = 'newline_delimited', columns = {${lineColumns
    .map(([name, type]) => `"${name}": '${type}'`)
    .join(", ")}}) AS l`

export const checkBatch = `SELECT count(*) AS lines, count(*) FILTER (WHERE v IS DISTINCT FROM 1 OR event_id IS NULL OR workspace IS NULL OR event_type IS NULL OR anonymous_id IS NULL OR time IS NULL OR received_at IS NULL OR idx IS NULL OR properties IS NULL OR properties[1] <> '{') AS bad FROM batch`

export const storeBatch = `INSERT INTO s.events SELECT ${eventColumns.map(([name]) => name).join(", ")} FROM batch`
