import type { TokenKeySet, TrustedIssuer } from "../../ports/platform/TokenKeys.ts"
import type { Principal } from "../../ports/platform/TokenProofs.ts"

/** Tokens remembered, in two generations: when the young one is full, the old one is forgotten whole. */
export const provenTokensMax = 10_000
/** How long a proof counts that was made while its key or workspace was changing, and how long such a change may take. */
export const unsettledProofMillis = 500
export const settlingMillis = 10_000

export interface Proof {
  readonly principal: Principal
  readonly issuer: TrustedIssuer
  /** The set that its key was in: once the issuer has another, the token is proven anew. */
  readonly keys: TokenKeySet
}

interface Held extends Proof {
  readonly until: number
}

/** Proofs in memory, and which keys and workspaces are changing. */
export const makeProvenTokens = () => {
  let young = new Map<string, Held>()
  let old = new Map<string, Held>()
  const settling = new Map<string, number>()
  let changes = 0

  const hold = (token: string, held: Held): Held => {
    if (young.size >= provenTokensMax / 2) {
      old = young
      young = new Map()
    }
    young.set(token, held)
    return held
  }
  const isSettling = (name: string, now: number): boolean => (settling.get(name) ?? 0) > now

  return {
    known: (token: string, now: number): Principal | undefined => {
      const found = young.get(token) ?? old.get(token)
      if (found === undefined || found.until <= now || found.issuer.current() !== found.keys) return undefined
      if (!young.has(token)) hold(token, found)
      return found.principal
    },
    /** Raised by every change: a proof that was begun before one is not kept. */
    changes: () => changes,
    hold: (token: string, proof: Proof, now: number): void => {
      const { expiresAt, keyId, workspace } = proof.principal
      const unsettled = isSettling(workspace, now) || isSettling(`${workspace}.${keyId}`, now)
      hold(token, { ...proof, until: unsettled ? Math.min(expiresAt, now + unsettledProofMillis) : expiresAt })
    },
    /** Forgets what rests on a key, or on a whole workspace (`null`). */
    forget: (workspace: string, keyId: string | null, now: number): void => {
      changes += 1
      for (const [name, until] of settling) if (until <= now) settling.delete(name)
      settling.set(keyId === null ? workspace : `${workspace}.${keyId}`, now + settlingMillis)
      for (const proofs of [young, old]) {
        for (const [token, { principal }] of proofs) {
          if (principal.workspace === workspace && (keyId === null || principal.keyId === keyId)) proofs.delete(token)
        }
      }
    }
  }
}
