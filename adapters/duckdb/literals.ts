import { escaped } from "../../ports/jsonPointer.ts"

/** A text literal. */
export const quote = (text: string): string => `'${text.replaceAll("'", "''").replaceAll("\0", "")}'`

/** The condition that a column holds the value, or none. */
export const isValue = (column: string, value: string | null): string =>
  `${column} is not distinct from ${value === null ? "null" : quote(value)}`

/** JSON pointer to a member of an object, as a text literal. */
export const pointerTo = (name: string): string => quote(`/${escaped(name)}`)

/** The path of one file where the engine would read a pattern. */
export const quotePath = (path: string): string => quote(path.replaceAll(/[*?[]/g, "[$&]"))
