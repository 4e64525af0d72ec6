/** How events without a session id are gathered into sessions, per anonymous id. */
export interface SessionLimits {
  /** A longer pause begins a new session. */
  readonly idleMillis: number
  /** So does an event that comes later than this after the session's first. */
  readonly maximumMillis: number
}
