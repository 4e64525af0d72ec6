interface Range {
  readonly type: string
  readonly quality: number
}

/** The header's ranges, each with its weight; parameters beside `q` do not count, and what is no range is left out. */
const readRanges = (accept: string): ReadonlyArray<Range> =>
  accept.split(",").flatMap((part) => {
    const [type = "", ...parameters] = part.split(";").map((each) => each.trim().toLowerCase())
    const weight = parameters.find((each) => each.startsWith("q="))?.slice(2)
    const quality = weight === undefined ? 1 : Number(weight)
    return /^[^\s/]+\/[^\s/]+$/.test(type) && quality >= 0 && quality <= 1 ? [{ type, quality }] : []
  })

/** How much a type is wanted: the most specific range that holds it decides (RFC 9110, 12.5.1). */
const qualityOf = (type: string, ranges: ReadonlyArray<Range>): number => {
  const family = `${type.slice(0, type.indexOf("/"))}/*`
  for (const range of [type, family, "*/*"]) {
    const found = ranges.find((each) => each.type === range)
    if (found !== undefined) return found.quality
  }
  return 0
}

/** The type that `Accept` wants most, the earlier one of equals; `undefined` where none is acceptable. */
export const negotiate = <Type extends string>(
  accept: string | undefined,
  offered: readonly [Type, ...ReadonlyArray<Type>]
): Type | undefined => {
  const ranges = readRanges(accept ?? "")
  if (ranges.length === 0) return offered[0]
  let best: { readonly type: Type; readonly quality: number } | undefined
  for (const type of offered) {
    const quality = qualityOf(type, ranges)
    if (quality > 0 && quality > (best?.quality ?? 0)) best = { type, quality }
  }
  return best?.type
}
