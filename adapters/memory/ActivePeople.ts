import type { ActiveUsers, LiveEvent } from "../../ports/analytics/LiveFeed.ts"

const windowMinutesMax = 30
const topMax = 25

/**
 * Pairs of a person and a page, source or country (or just the person) that one workspace remembers. When full, the
 * longest unseen are forgotten: counts over the longest windows then miss people.
 */
export const pairsMax = 400_000

type Kind = "people" | "page" | "source" | "country"

/** Who was last seen when, in order of that time. */
type Seen = Map<string, number>

/** Exact counts of distinct people over the last minutes: what is kept is each one's last sight, not each event. */
export class ActivePeople {
  readonly #everyone: Seen = new Map()
  readonly #groups: Readonly<Record<Exclude<Kind, "people">, Map<string, Seen>>> = {
    page: new Map(),
    source: new Map(),
    country: new Map()
  }
  #pairs = 0

  get size(): number {
    return this.#pairs
  }

  see(event: LiveEvent, nowMillis: number): void {
    const at = Math.floor(event.received_at / 1000)
    if (at < nowMillis - windowMinutesMax * 60_000) return
    this.#touch(this.#everyone, event.subject, at)
    this.#seeIn(this.#groups.page, event.path, event.subject, at)
    this.#seeIn(this.#groups.source, event.source, event.subject, at)
    this.#seeIn(this.#groups.country, event.country, event.subject, at)
    if (this.#pairs > pairsMax) this.#makeRoom(nowMillis)
  }

  /** Drops those whom no window shows any more. */
  forget(nowMillis: number): void {
    this.#forgetBefore(nowMillis - windowMinutesMax * 60_000)
  }

  count(sinceMillis: number): Omit<ActiveUsers, "window_minutes"> {
    return {
      people: countSince(this.#everyone, sinceMillis),
      by_page: top(this.#groups.page, sinceMillis),
      by_source: top(this.#groups.source, sinceMillis),
      by_country: top(this.#groups.country, sinceMillis)
    }
  }

  #seeIn(groups: Map<string, Seen>, value: string | undefined, subject: string, at: number): void {
    if (value === undefined) return
    let group = groups.get(value)
    if (group === undefined) groups.set(value, (group = new Map()))
    this.#touch(group, subject, at)
  }

  #touch(seen: Seen, subject: string, at: number): void {
    const before = seen.get(subject)
    if (before === undefined) this.#pairs += 1
    else seen.delete(subject)
    seen.set(subject, Math.max(at, before ?? at))
  }

  /** A tenth at once, so that the next ones need not ask again. */
  #makeRoom(nowMillis: number): void {
    for (let minutes = windowMinutesMax; this.#pairs > pairsMax * 0.9 && minutes >= 0; minutes -= 1) {
      this.#forgetBefore(minutes === 0 ? Infinity : nowMillis - minutes * 60_000)
    }
  }

  #forgetBefore(millis: number): void {
    this.#pairs -= dropBefore(this.#everyone, millis)
    for (const groups of Object.values(this.#groups)) {
      for (const [value, seen] of groups) {
        this.#pairs -= dropBefore(seen, millis)
        if (seen.size === 0) groups.delete(value)
      }
    }
  }
}

/** Events come nearly in order: whoever stands behind a later one is dropped with it, a moment late. */
const dropBefore = (seen: Seen, millis: number): number => {
  let dropped = 0
  for (const [subject, at] of seen) {
    if (at >= millis) break
    seen.delete(subject)
    dropped += 1
  }
  return dropped
}

const countSince = (seen: Seen, millis: number): number => {
  let people = 0
  for (const at of seen.values()) if (at >= millis) people += 1
  return people
}

const top = (groups: ReadonlyMap<string, Seen>, millis: number) =>
  [...groups]
    .map(([value, seen]) => ({ value, people: countSince(seen, millis) }))
    .filter(({ people }) => people > 0)
    .toSorted((a, b) => b.people - a.people || (a.value < b.value ? -1 : 1))
    .slice(0, topMax)
