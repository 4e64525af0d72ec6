import { createHmac } from "node:crypto"
import type { Tombstones } from "../../ports/privacy/SubjectKeys.ts"

/** Digests of subjects that come again and again, in two generations: when the young one is full, the old one is forgotten whole. */
export const cachedDigestsMax = 100_000

/** HMACs of erased subjects by workspace. */
export class ErasedSubjects implements Tombstones {
  readonly counts = new Map<string, number>()
  readonly #digests = new Map<string, { readonly key: Uint8Array; readonly erased: Set<string> }>()
  #young = new Map<string, string>()
  #old = new Map<string, string>()

  add(workspace: string, key: Uint8Array, digests: ReadonlyArray<Uint8Array>): void {
    const known = this.#digests.get(workspace) ?? { key, erased: new Set<string>() }
    for (const digest of digests) known.erased.add(Buffer.from(digest).toString("latin1"))
    this.#digests.set(workspace, known)
    if (known.erased.size > 0) this.counts.set(workspace, known.erased.size)
  }

  has(workspace: string, subject: string): boolean {
    const known = this.#digests.get(workspace)
    if (known === undefined || known.erased.size === 0) return false
    const id = `${workspace}|${subject}`
    let digest = this.#young.get(id) ?? this.#old.get(id)
    if (digest === undefined) {
      digest = digestOf(known.key, subject).toString("latin1")
      this.#remember(id, digest)
    }
    return known.erased.has(digest)
  }

  #remember(id: string, digest: string): void {
    if (this.#young.size >= cachedDigestsMax / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(id, digest)
  }
}

/** What stands for an erased subject on the list. */
export const digestOf = (key: Uint8Array, subject: string): Buffer =>
  createHmac("sha256", key).update(subject, "utf8").digest()
