/** Events that must stay whatever expires: those for which all that is given holds. */
export interface HeldEvents {
  /** Events of these subjects as sent: with one as user id, or as anonymous id where the user id is absent or of nobody. */
  readonly ids?: ReadonlyArray<string> | undefined
  readonly eventTypes?: ReadonlyArray<string> | undefined
  /** ms UTC, from the first on and before the second. */
  readonly fromMillis?: number | undefined
  readonly toMillis?: number | undefined
}

/** Events whose time is before; of these types alone, or of all but these. */
export interface Expiry {
  readonly kind: "older"
  readonly beforeMillis: number
  readonly eventTypes?: ReadonlyArray<string> | undefined
  readonly exceptEventTypes?: ReadonlyArray<string> | undefined
  /** What stays of them (legal holds). */
  readonly holds?: ReadonlyArray<HeldEvents> | undefined
}
