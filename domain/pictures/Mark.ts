/** A note that stands at a time. */
export interface Mark {
  /** As instants of answers are written. */
  readonly at: string
  readonly text: string
}
