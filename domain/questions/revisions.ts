import { hashValue } from "./hashQuestion.ts"

/** Definitions whose revisions a watermark carries; where an answer rests on more, it tells them from others and no more. */
export const definitionsCarriedMax = 40

/** Collection and id of a document, and its revision. */
export type DefinitionRevision = readonly [definition: string, revision: number]

export const definitionOf = (kind: { readonly name: string }, id: string): string => `${kind.name}/${id}`

/** What an answer rests on besides the events: the digest of all that has no history, and definitions at their revisions. */
export const revisionsText = (digest: string, definitions: ReadonlyArray<DefinitionRevision>): string => {
  const each = [...new Map(definitions)].toSorted(([a], [b]) => (a < b ? -1 : 1))
  return each.length > definitionsCarriedMax ? hashValue([digest, each]) : JSON.stringify([digest, ...each.flat()])
}

/** The digest and the definitions of a {@link revisionsText}. */
const read = (text: string): { readonly digest: string; readonly definitions: ReadonlyArray<DefinitionRevision> } => {
  if (!text.startsWith("[")) return { digest: text, definitions: [] }
  const [digest, ...rest] = JSON.parse(text) as [string, ...Array<string | number>]
  const definitions = Array.from({ length: rest.length / 2 }, (_, at): DefinitionRevision => [
    String(rest[2 * at]),
    Number(rest[2 * at + 1])
  ])
  return { digest, definitions }
}

/** The definitions that a {@link revisionsText} carries. */
export const definitionsIn = (text: string): ReadonlyMap<string, number> => new Map(read(text).definitions)

/** The same text, resting on more. */
export const alsoRestingOn = (text: string, more: ReadonlyArray<DefinitionRevision>): string => {
  const { definitions, digest } = read(text)
  return more.length === 0 ? text : revisionsText(digest, [...definitions, ...more])
}
