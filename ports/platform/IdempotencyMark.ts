/** What a caller's `Idempotency-Key` makes of a request. */
export interface IdempotencyMark {
  /** Of the principal and its key. */
  readonly id: string
  /** Of method, path and body: the same key with another fingerprint is a mistake. */
  readonly fingerprint: string
  /** Told when the answer is one that was given before. */
  readonly onReplay: () => void
}
