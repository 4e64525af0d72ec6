import { inOrder, personOf } from "./reference.ts"
import type { Event } from "./reference.ts"

type Merges = ReadonlyMap<string, string>

/** An account that an event's person belongs to, and the place of the event that joined last. */
interface Membership {
  readonly account: string
  readonly since: number
}

/** The memberships that count at an event: what was said of each account last, this event included. */
const membershipsAt = (all: ReadonlyArray<Event>, merges: Merges, type: string) => {
  const person = personOf(all, merges)
  const ordered = inOrder(all)
  return (event: Event): ReadonlyArray<Membership> => {
    const upTo = ordered
      .slice(0, ordered.indexOf(event) + 1)
      .filter(
        (each) =>
          person(each) === person(event) && (each.event_type === "account_joined" || each.event_type === "account_left")
      )
    const accounts = new Set(upTo.flatMap((each) => each.accounts?.[type] ?? []))
    return [...accounts].flatMap((account) => {
      const last = upTo.findLast((each) => each.accounts?.[type] === account)!
      return last.event_type === "account_joined" ? [{ account, since: ordered.indexOf(last) }] : []
    })
  }
}

/** Every account of the type that an event belongs to. */
export const accountsOf = (all: ReadonlyArray<Event>, merges: Merges, type: string) => {
  const memberships = membershipsAt(all, merges, type)
  return (event: Event): ReadonlyArray<string> => {
    const named = event.accounts?.[type]
    return named === undefined ? memberships(event).map(({ account }) => account) : [named]
  }
}

/** The one account that fields of the event are read of. */
export const mainAccountOf = (all: ReadonlyArray<Event>, merges: Merges, type: string) => {
  const memberships = membershipsAt(all, merges, type)
  return (event: Event): string | null =>
    event.accounts?.[type] ?? memberships(event).toSorted((a, b) => b.since - a.since)[0]?.account ?? null
}

/** The value of an account's trait: what set it last. */
export const accountTraitOf = (all: ReadonlyArray<Event>, type: string, account: string, name: string): unknown => {
  const set = inOrder(all).findLast(
    ({ accounts, event_type, properties }) =>
      (event_type === "account_joined" || event_type === "account_updated") &&
      accounts?.[type] === account &&
      Object.hasOwn((properties["traits"] as object | undefined) ?? {}, name)
  )
  return (set?.properties["traits"] as Record<string, unknown> | undefined)?.[name]
}

/** People who belong to each account at the end of all. */
export const membersOf = (all: ReadonlyArray<Event>, merges: Merges, type: string): ReadonlyMap<string, number> => {
  const memberships = membershipsAt(all, merges, type)
  const lastOf = Map.groupBy(inOrder(all), personOf(all, merges))
  const accounts = [...lastOf.values()].flatMap((own) => memberships(own.at(-1)!).map(({ account }) => account))
  return new Map([...Map.groupBy(accounts, (account) => account)].map(([account, own]) => [account, own.length]))
}
