/** Levenshtein distance of two words (Wagner and Fischer, 1974), in code units. */
export const editDistance = (a: string, b: string): number => {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1
      current[column] = Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + change)
    }
    previous = current
  }
  return previous[b.length]!
}

const charactersMax = 100

/** The known word that differs least, unless it differs in more than half of its letters. */
export const nearest = (word: string, known: Iterable<string>): string | undefined => {
  let best: { readonly word: string; readonly distance: number } | undefined
  for (const each of known) {
    const distance = editDistance(word.slice(0, charactersMax), each.slice(0, charactersMax))
    if (distance <= each.length / 2 && (best === undefined || distance < best.distance)) best = { word: each, distance }
  }
  return best?.word
}
