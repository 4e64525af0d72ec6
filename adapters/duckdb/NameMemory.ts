import type { DuckDBConnection } from "@duckdb/node-api"
import { accountTraitEventTypes } from "../../ports/analytics/Account.ts"
import { namesMax } from "../../ports/analytics/EventStore.ts"
import { quote } from "./literals.ts"
import type { PropertySlot } from "./propertySlots.ts"

/** Workspaces whose names are held at once; over it all are let go. */
export const heldWorkspacesMax = 200
/** Kinds of events by the names that they bear, of one load; of more the engine itself looks for what is new. */
const shapesMax = 200

interface Held {
  /** By kind, as in the table `names`. */
  readonly names: ReadonlyMap<string, ReadonlySet<string>>
  /** No further names of it are noted. */
  readonly isFull: boolean
  readonly slots: ReadonlyArray<PropertySlot>
}

const noNames: ReadonlySet<string> = new Set()

/** The names that staged events bear, each combination once. */
const shapesText = `select distinct workspace, json_keys(properties) as property, json_keys(traits) as trait,
  json_keys(traits_once) as once, json_keys(accounts) as account_type,
  case when accounts is not null and event_type in (${accountTraitEventTypes.map(quote).join(", ")})
    and json_type(properties->'/traits') = 'OBJECT' then json_keys(properties->'/traits') end as account_trait
from staging limit ${shapesMax + 1}`

const kinds = [
  ["property", "property"],
  ["trait", "trait"],
  ["once", "trait"],
  ["account_type", "account_type"],
  ["account_trait", "account_trait"]
] as const

/** What the tables `names` and `slots` hold of workspaces that events come from, so that a load need not ask for it. */
export class NameMemory {
  readonly #held = new Map<string, Held>()

  /** Lets go of everything: the tables changed, or may have. */
  clear(): void {
    this.#held.clear()
  }

  /** The places of the workspaces' properties. */
  async slots(connection: DuckDBConnection, workspaces: ReadonlySet<string>): Promise<ReadonlyArray<PropertySlot>> {
    if (this.#held.size + workspaces.size > heldWorkspacesMax) this.clear()
    const slots: Array<PropertySlot> = []
    for (const workspace of [...workspaces].toSorted()) {
      const held = this.#held.get(workspace) ?? (await readHeld(connection, workspace))
      this.#held.set(workspace, held)
      slots.push(...held.slots)
    }
    return slots
  }

  /** Whether the staged events bear no name that would be noted; `undefined` where there are too many kinds to tell. */
  async areKnown(connection: DuckDBConnection): Promise<boolean | undefined> {
    const shapes = (await connection.runAndReadAll(shapesText)).getRowObjectsJS()
    if (shapes.length > shapesMax) return undefined
    return shapes.every((shape) => {
      const held = this.#held.get(String(shape["workspace"]))
      if (held === undefined || held.isFull) return held !== undefined
      return kinds.every(([column, kind]) => {
        const known = held.names.get(kind) ?? noNames
        const names = (shape[column] ?? []) as ReadonlyArray<string>
        return names.every((name) => known.has(name))
      })
    })
  }
}

const readHeld = async (connection: DuckDBConnection, workspace: string): Promise<Held> => {
  const read = async (sql: string) => (await connection.runAndReadAll(sql)).getRowObjectsJS()
  const rows = await read(`select kind, name from store.names where workspace = ${quote(workspace)}`)
  const names = new Map<string, Set<string>>()
  for (const { kind, name } of rows) {
    const ofKind = names.get(String(kind)) ?? new Set()
    names.set(String(kind), ofKind.add(String(name)))
  }
  const slots = await read(
    `select workspace, name, slot::integer as slot from store.slots where workspace = ${quote(workspace)} order by slot`
  )
  return { names, isFull: rows.length >= namesMax, slots: slots as unknown as ReadonlyArray<PropertySlot> }
}
