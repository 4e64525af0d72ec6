import type { FlagSnapshot } from "../../ports/experiments/FlagSnapshots.ts"

/** What is made of a snapshot, once for each, and forgotten with it. */
export const perSnapshot = <Made>(make: (snapshot: FlagSnapshot) => Made): ((snapshot: FlagSnapshot) => Made) => {
  const made = new WeakMap<FlagSnapshot, { readonly value: Made }>()
  return (snapshot) => {
    const known = made.get(snapshot)
    if (known !== undefined) return known.value
    const value = make(snapshot)
    made.set(snapshot, { value })
    return value
  }
}
