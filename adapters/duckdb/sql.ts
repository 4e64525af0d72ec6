/** A text as a literal of SQL. A zero character would end the statement on its way to the engine. */
export const text = (value: string): string =>
  value.includes("\0")
    ? `(${value
        .split("\0")
        .map((part) => `'${part.replaceAll("'", "''")}'`)
        .join(" || chr(0) || ")})`
    : `'${value.replaceAll("'", "''")}'`

export const list = (values: ReadonlyArray<string>): string => values.map(text).join(", ")

/** JSON pointer of a top-level key, as a literal. */
export const pointer = (...names: ReadonlyArray<string>): string =>
  text(names.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""))
