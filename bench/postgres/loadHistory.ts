import * as fs from "node:fs"
import { join } from "node:path"
import { historyLines } from "../historyLines.ts"
import type { PostgresServer } from "./PostgresServer.ts"

interface Line {
  readonly event_id: string
  readonly event_type: string
  readonly anonymous_id: string
  readonly user_id?: string
  readonly session_id: string
  readonly time: number
  readonly received_at: number
  readonly page: { readonly path: string; readonly referrer_host: string }
  readonly geo: { readonly country: string }
  readonly campaign?: { readonly source: string }
  readonly money?: { readonly order_id: string; readonly minor: number }
  readonly properties: unknown
}

const rowsAtOnce = 10_000

const tables = `
create table events (event_type text, subject int, session int, time_ms bigint, received_us bigint, path text, referrer_host text,
  country text, source text, order_id text, minor bigint, properties jsonb, event_id uuid);
create table people (subject int primary key, person int);
`
const indexes = `
create index on events (time_ms) include (subject);
create index on events (event_type, time_ms) include (subject, received_us, path);
create index on events (session, time_ms);
create index on events (time_ms) include (order_id, minor, subject) where minor is not null;
create statistics events_by_type on event_type, subject from events;
`

/** The history's events, ids as numbers, and who is who: the first user that each device was seen with. */
export const loadHistory = async ({ client, folder }: PostgresServer, events: number): Promise<void> => {
  const ids = new Map<string, number>()
  const numberOf = (id: string): number => ids.get(id) ?? (ids.set(id, ids.size), ids.size - 1)
  const people = new Map<number, number>()
  const file = join(folder, "events.tsv")
  const descriptor = fs.openSync(file, "w", 0o644)
  let rows: Array<string> = []
  const flush = () => {
    fs.writeSync(descriptor, rows.join(""))
    rows = []
  }
  for (const text of historyLines(events)) {
    const line = JSON.parse(text) as Line
    const device = numberOf(`a${line.anonymous_id}`)
    const user = line.user_id === undefined ? undefined : numberOf(`u${line.user_id}`)
    if (user !== undefined && !people.has(device)) people.set(device, user)
    const or = (value: string | number | undefined) => value ?? String.raw`\N`
    rows.push(
      `${[
        line.event_type,
        user ?? device,
        line.session_id.slice("session-".length),
        line.time,
        line.received_at,
        line.page.path,
        line.page.referrer_host,
        line.geo.country,
        or(line.campaign?.source),
        or(line.money?.order_id),
        or(line.money?.minor),
        JSON.stringify(line.properties),
        line.event_id
      ].join("\t")}\n`
    )
    if (rows.length === rowsAtOnce) flush()
  }
  flush()
  fs.writeSync(descriptor, "")
  fs.closeSync(descriptor)
  const links = join(folder, "people.tsv")
  fs.writeFileSync(links, [...people].map(([device, user]) => `${device}\t${user}\n`).join(""), { mode: 0o644 })
  await client.query(tables)
  await client.query(`copy events from '${file}'`)
  await client.query(`copy people from '${links}'`)
  await client.query(indexes)
  await client.query("vacuum (analyze) events")
  await client.query("analyze people")
}
