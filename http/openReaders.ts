import { Effect } from "effect"
import type { Socket } from "node:net"
import type { TokenProofs } from "../ports/platform/TokenProofs.ts"

/** Who reads an answer that stays open. */
export interface OpenReader {
  readonly connection: Socket
  readonly token: string
  readonly asked: { readonly from: string | undefined; readonly requestId: string }
  /** Bytes that the reader had taken when it was looked at last with some waiting, and when that was. */
  stalled: { readonly taken: number; readonly since: number } | undefined
}

/** Whether the reader has taken nothing for so long of what waits for it. */
export const isStalled = (reader: OpenReader, now: number, stallMillisMax: number): boolean => {
  const { bytesWritten, writableLength } = reader.connection
  if (writableLength === 0) reader.stalled = undefined
  else if (reader.stalled?.taken !== bytesWritten - writableLength)
    reader.stalled = { taken: bytesWritten - writableLength, since: now }
  return reader.stalled !== undefined && now - reader.stalled.since > stallMillisMax
}

/** Whether the reader's token was taken back; where the proofs' store is away, what was proven before stands. */
export const isRevoked = (
  proofs: TokenProofs["Service"],
  { asked, token }: OpenReader,
  now: number
): Effect.Effect<boolean> =>
  proofs.known(token, now) === undefined
    ? Effect.map(
        Effect.option(proofs.prove(token, asked)),
        (proven) => proven._tag === "Some" && typeof proven.value === "string"
      )
    : Effect.succeed(false)
