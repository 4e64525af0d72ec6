import * as fc from "fast-check"
import { history } from "./histories.ts"
import type { History } from "./histories.ts"

interface Change {
  readonly event_type?: "account_joined" | "account_left" | "account_updated"
  readonly accounts?: Readonly<Record<string, string>>
  readonly traits?: Readonly<Record<string, unknown>>
}

const accounts = fc.oneof(
  fc.record(
    { company: fc.constantFrom("acme", "bolt", "core"), account: fc.constantFrom("acme", "7") },
    { requiredKeys: [] }
  ),
  fc.record({ company: fc.constantFrom("acme", "bolt", "core") })
)

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.record({ accounts }) },
  {
    weight: 4,
    arbitrary: fc
      .record({
        event_type: fc.constantFrom(
          "account_joined" as const,
          "account_joined" as const,
          "account_left" as const,
          "account_updated" as const
        ),
        accounts,
        traits: fc.option(fc.dictionary(fc.constantFrom("plan", "a/b~"), fc.constantFrom("free", "pro", 3, null)), {
          nil: undefined
        })
      })
      .map(({ traits, ...rest }) => (traits === undefined ? rest : { ...rest, traits }))
  }
)

/** A history many of whose events name accounts or say who belongs to them; retries say the same again. */
export const accountHistory = (workspace: string): fc.Arbitrary<History> =>
  fc.tuple(history(workspace), fc.array(change, { minLength: 41, maxLength: 41 })).map(([made, changes]) => ({
    ...made,
    log: made.log.map((event) => {
      const own = changes[Number.parseInt(event.event_id.slice(-12), 16) % changes.length]!
      const { money: _, traits: __, traits_once: ___, ...bare } = event
      return {
        ...(own.event_type === undefined ? event : bare),
        ...(own.event_type === undefined ? {} : { event_type: own.event_type }),
        ...(own.accounts === undefined || Object.keys(own.accounts).length === 0 ? {} : { accounts: own.accounts }),
        properties: { ...event.properties, ...(own.traits === undefined ? {} : { traits: own.traits }) }
      }
    })
  }))
