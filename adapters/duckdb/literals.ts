/** A text literal. */
export const quote = (text: string): string => `'${text.replaceAll("'", "''").replaceAll("\0", "")}'`

/** JSON pointer to a member of an object, as a text literal. */
export const pointerTo = (name: string): string => quote(`/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`)
