import { accountTraitEventTypes } from "../../ports/analytics/Account.ts"
import { namesMax } from "../../ports/analytics/EventStore.ts"
import { slotNames, slottedNamesMax, slottedWorkspacesMax } from "./schema.ts"
import { pointerTo, quote } from "./literals.ts"
import { readingAs } from "./Engine.ts"
import type { Read } from "./Engine.ts"

/**
 * Properties that are kept as columns of their own beside the JSON: of each workspace the first names that come, the most
 * frequent of a load first. A name takes its place in the load that brings it, so that no older row has a value of it, and
 * a column says all that the JSON says.
 */
export interface PropertySlot {
  readonly workspace: string
  readonly name: string
  readonly slot: number
}

const columnOf = (slot: number): string => slotNames[slot]!

/** What the staged events name for the first time, for workspaces that have not too many names, into `new_names`. */
export const stageNames = `
create or replace temp table new_names as
with named as (
  select workspace, 'property' as kind, unnest(json_keys(properties)) as name from staging
  union all select workspace, 'trait', unnest(json_keys(traits)) from staging where traits is not null
  union all select workspace, 'trait', unnest(json_keys(traits_once)) from staging where traits_once is not null
  union all select workspace, 'account_type', unnest(json_keys(accounts)) from staging where accounts is not null
  union all select workspace, 'account_trait', unnest(json_keys(properties->'/traits')) from staging
    where accounts is not null and event_type in (${accountTraitEventTypes.map(quote).join(", ")}) and json_type(properties->'/traits') = 'OBJECT'
)
select workspace, kind, name, count(*) as events from named
where not exists (select 1 from store.names n where n.workspace = named.workspace and n.kind = named.kind and n.name = named.name)
  and workspace not in (select workspace from store.names group by workspace having count(*) >= ${namesMax})
group by all`

/** Takes places for names that were never seen before; to be run before they are saved, in one transaction with them. */
export const takeSlots = `
insert into store.slots
select n.workspace, n.name, coalesce(t.taken, 0) + row_number() over (partition by n.workspace order by n.events desc, n.name) - 1 as slot
from new_names n left join (select workspace, count(*) as taken from store.slots group by 1) t on t.workspace = n.workspace
where n.kind = 'property' and n.name not in ('traits', 'traits_once')
  and (t.taken is not null or (select count(distinct workspace) from store.slots) < ${slottedWorkspacesMax})
qualify slot < ${slottedNamesMax}`

export const saveNames = (tick: number): string =>
  `insert into store.names select workspace, kind, name, ${tick} from new_names`

/** All places of the workspaces that the staged events are of. */
export const stagedSlots =
  "select workspace, name, slot::integer as slot from store.slots where workspace in (select distinct workspace from staging) order by 1, 3"

/** Events with their properties in columns, one reading of the JSON for all. */
export const slottedEvents = (events: string, slots: ReadonlyArray<PropertySlot>, tick: number): string => {
  const workspaces = Map.groupBy(slots, ({ workspace }) => workspace)
  const cases = [...workspaces].map(
    ([workspace, own]) =>
      `when ${quote(workspace)} then json_extract_string(properties, [${own.map(({ name }) => pointerTo(name)).join(", ")}])`
  )
  const values = cases.length === 0 ? "null::varchar[]" : `case workspace ${cases.join(" ")} end`
  const columns = slotNames.map((name, slot) => `v[${slot + 1}] as ${name}`)
  return `(select * exclude (v), ${columns.join(", ")}, ${tick}::bigint as tick from (select *, ${values} as v from ${events}))`
}

/** Reads whose texts take properties of the workspace from their columns where they have one. */
export const readingSlots = async (read: Read, workspace: string): Promise<Read> => {
  const slots = await read(`select name, slot::integer as slot from store.slots where workspace = ${quote(workspace)}`)
  const columns = new Map(slots.map((row) => [pointerTo(String(row["name"])), columnOf(Number(row["slot"]))]))
  // A quoted text of a client cannot hold this: its quotes are doubled there.
  const inColumns = (sql: string) =>
    sql.replaceAll(/e\.properties->>('\/(?:[^']|'')*')/g, (found, pointer: string) => {
      const column = columns.get(pointer)
      return column === undefined ? found : `e.${column}`
    })
  return readingAs(read, inColumns)
}
