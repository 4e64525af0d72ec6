const levelsMax = 6

/** A selector of CSS that leads to the element: from the nearest id, by kinds and places. It bears no text of the page. */
export const selectorOf = (element: Element): string => {
  const parts: Array<string> = []
  for (let at: Element | null = element; at && parts.length < levelsMax; at = at.parentElement) {
    if (at.id) {
      parts.unshift(`#${CSS.escape(at.id)}`)
      break
    }
    const { localName } = at
    const alike = [...(at.parentElement?.children ?? [])].filter((each) => each.localName === localName)
    parts.unshift(alike[1] ? `${localName}:nth-of-type(${alike.indexOf(at) + 1})` : localName)
  }
  return parts.join(" > ")
}
