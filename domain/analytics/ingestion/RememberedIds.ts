import { idWord, idWords } from "../../../ports/analytics/eventIdWords.ts"

/** Words of a place in the table: those of the id, and one that tells its workspace and is 0 where the place is free. */
const placeWords = idWords + 1
const slotsPerId = 2

/**
 * The newest ids (UUIDs) of each workspace, in two generations: the older half goes at once, without a queue to keep.
 * Tables of numbers with open addressing, at most half full: a set of texts of that size costs ten times as much for
 * each look.
 */
export class RememberedIds {
  readonly #idsMax: number
  readonly #seed: number
  readonly #slots: number
  readonly #workspaces = new Map<string, number>()
  readonly #id = new Int32Array(idWords)
  #young: Int32Array
  #old: Int32Array
  #youngIds = 0

  /** Four random bytes are the seed: who knew it could choose ids that all fall into one place. */
  constructor(idsMax: number, [a, b, c, d]: Uint8Array) {
    this.#idsMax = idsMax
    this.#seed = (a! << 24) | (b! << 16) | (c! << 8) | d!
    this.#slots = 2 ** Math.ceil(Math.log2((idsMax / 2) * slotsPerId))
    this.#young = new Int32Array(this.#slots * placeWords)
    this.#old = new Int32Array(this.#slots * placeWords)
  }

  has(workspace: string, id: string): boolean {
    const number = this.#workspaces.get(workspace)
    if (number === undefined) return false
    this.#read(id)
    return this.#young[this.#find(this.#young, number)] !== 0 || this.#old[this.#find(this.#old, number)] !== 0
  }

  /** Answers whether the id is new. */
  add(workspace: string, id: string): boolean {
    const number = this.#numberOf(workspace)
    this.#read(id)
    if (this.#old[this.#find(this.#old, number)] !== 0) return false
    const place = this.#find(this.#young, number)
    if (this.#young[place] !== 0) return false
    this.#young[place] = number
    this.#young.set(this.#id, place + 1)
    this.#youngIds += 1
    if (this.#youngIds < this.#idsMax / 2) return true
    const forgotten = this.#old
    this.#old = this.#young
    this.#young = forgotten.fill(0)
    this.#youngIds = 0
    return true
  }

  #numberOf(workspace: string): number {
    const known = this.#workspaces.get(workspace)
    if (known !== undefined) return known
    const fresh = this.#workspaces.size + 1
    this.#workspaces.set(workspace, fresh)
    return fresh
  }

  /** The digits of the id, into the words that are looked for. */
  #read(id: string): void {
    for (let word = 0; word < idWords; word += 1) this.#id[word] = idWord(id, word)
  }

  /** The place of the id, or the free one where it would stand. */
  #find(table: Int32Array, workspace: number): number {
    const [a, b, c, d] = [this.#id[0]!, this.#id[1]!, this.#id[2]!, this.#id[3]!]
    // Mixed as MurmurHash3 does it (Austin Appleby, public domain), a word at a time.
    let hash = this.#seed ^ workspace
    for (let word = 0; word < idWords; word += 1) {
      const mixed = Math.imul(this.#id[word]!, 0xcc9e2d51)
      hash ^= Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
      hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    let slot = (hash ^ (hash >>> 13)) & (this.#slots - 1)
    for (;;) {
      const at = slot * placeWords
      const held = table[at]
      if (held === 0) return at
      if (
        held === workspace &&
        table[at + 1] === a &&
        table[at + 2] === b &&
        table[at + 3] === c &&
        table[at + 4] === d
      ) {
        return at
      }
      slot = (slot + 1) & (this.#slots - 1)
    }
  }
}
