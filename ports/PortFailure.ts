import { Schema } from "effect"

/**
 * The one expected failure of every port call: what failed, why, and whether the same call may be tried again.
 *
 * - `unavailable`: the engine cannot be reached or is closing. Retry.
 * - `overloaded`: a named limit of the adapter's queue is reached. Retry after a pause; HTTP answers 503 with Retry-After.
 * - `full`: no room on the medium. Nothing was stored. Retry when there is room.
 * - `timeout`: the deadline passed; a write may or may not have happened (every write is idempotent). Retry.
 * - `corrupt`: stored data cannot be read. Never retry: an operator must look.
 */
export class PortFailure extends Schema.TaggedError<PortFailure>()("PortFailure", {
  port: Schema.String,
  operation: Schema.String,
  reason: Schema.Literals(["unavailable", "overloaded", "full", "timeout", "corrupt"]),
  detail: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {
  override get message(): string {
    return `${this.port}.${this.operation}: ${this.detail}`
  }

  /** Whether the caller may repeat the same call. */
  get retriable(): boolean {
    return this.reason !== "corrupt"
  }
}
