/** A key as a part of a JSON pointer (RFC 6901, section 3). */
export const escaped = (key: string): string => key.replaceAll("~", "~0").replaceAll("/", "~1")
