/** Texts that one memory holds, in two generations: when the young one is full, the old one is forgotten whole. */
export const rememberedTextsMax = 10_000
/** Longer texts are worked out anew each time, so that a memory stays small whatever is sent. */
export const rememberedCharactersMax = 500

/** A memory of a pure function of a text: same text, same answer, which nobody may change. */
export const remember = <A>(work: (text: string) => A): ((text: string) => A) => {
  let young = new Map<string, A>()
  let old = new Map<string, A>()

  const hold = (text: string, answer: A): A => {
    if (young.size >= rememberedTextsMax / 2) {
      old = young
      young = new Map()
    }
    young.set(text, answer)
    return answer
  }

  return (text) => {
    const known = young.get(text)
    if (known !== undefined) return known
    const earlier = old.get(text)
    if (earlier !== undefined) return hold(text, earlier)
    const answer = work(text)
    return text.length > rememberedCharactersMax ? answer : hold(text, answer)
  }
}
