/** One sample of the text format: `name{labels} value`. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: ReadonlyArray<Sample>
}

interface Reading extends Family {
  readonly samples: Array<Sample>
}

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const labelPair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/
const types = ["counter", "gauge", "histogram", "summary", "untyped"]
/** Suffixes that the samples of a histogram bear. */
const histogramSuffixes = ["_bucket", "_sum", "_count"]

const readValue = (text: string): number | undefined => {
  if (text === "+Inf") return Infinity
  if (text === "-Inf") return -Infinity
  if (text === "NaN") return Number.NaN
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined
}

const readLabels = (text: string, mistake: (detail: string) => void): Readonly<Record<string, string>> => {
  const labels: Record<string, string> = {}
  let rest = text
  while (rest !== "") {
    const [whole, name, value] = labelPair.exec(rest) ?? []
    if (whole === undefined || name === undefined || value === undefined) {
      mistake(`labels cannot be read: ${rest}`)
      return labels
    }
    if (name in labels) mistake(`label ${name} stands twice`)
    labels[name] = value.replaceAll(/\\([\\"n])/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped))
    rest = rest.slice(whole.length)
  }
  return labels
}

const familyName = (sample: string, family: Family | undefined): string => {
  if (family?.type !== "histogram") return sample
  const suffix = histogramSuffixes.find((each) => sample === family.name + each)
  return suffix === undefined ? sample : family.name
}

/** Reads the text format, version 0.0.4, and every breach of it: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export const readExposition = (
  text: string
): { readonly families: ReadonlyArray<Family>; readonly mistakes: ReadonlyArray<string> } => {
  const families = new Map<string, Reading>()
  const mistakes: Array<string> = []
  const series = new Set<string>()
  let help: { readonly name: string; readonly text: string } | undefined
  let current: Reading | undefined
  if (!text.endsWith("\n")) mistakes.push("the last line does not end")
  for (const line of text.split("\n").slice(0, -1)) {
    const mistake = (detail: string) => void mistakes.push(`${detail} (${line})`)
    const [, keyword, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? []
    if (keyword === "HELP") {
      if (families.has(name)) mistake("a family stands twice")
      if (rest.trim() === "") mistake("HELP is empty")
      help = { name, text: rest }
    } else if (keyword === "TYPE") {
      if (!types.includes(rest)) mistake("no such type")
      if (help?.name !== name) mistake("TYPE without HELP before it")
      if (families.has(name)) mistake("a family stands twice")
      current = { name, type: rest, help: help?.text ?? "", samples: [] }
      families.set(name, current)
    } else if (!line.startsWith("#")) {
      const [, sample, labelText = "", valueText = ""] = sampleLine.exec(line) ?? []
      const value = readValue(valueText)
      if (sample === undefined || value === undefined) {
        mistake("no sample")
        continue
      }
      const labels = readLabels(labelText, mistake)
      if (current === undefined || familyName(sample, current) !== current.name)
        mistake("a sample outside of its family")
      const key = `${sample}${JSON.stringify(Object.entries(labels).toSorted())}`
      if (series.has(key)) mistake("a series stands twice")
      series.add(key)
      current?.samples.push({ name: sample, labels, value })
    }
  }
  const all = [...families.values()]
  return { families: all, mistakes: [...mistakes, ...all.flatMap(histogramMistakes)] }
}

/** Buckets ascend, are cumulative, end with +Inf, and that one equals the count. */
const histogramMistakes = (family: Family): ReadonlyArray<string> => {
  if (family.type !== "histogram") return []
  const ofSeries = Map.groupBy(family.samples, ({ labels }) => {
    const { le: _, ...others } = labels
    return JSON.stringify(Object.entries(others).toSorted())
  })
  return [...ofSeries].flatMap(([labels, samples]) => {
    const buckets = samples.filter(({ name }) => name === `${family.name}_bucket`)
    const bounds = buckets.map((bucket) => readValue(bucket.labels["le"] ?? "") ?? Number.NaN)
    const count = samples.find(({ name }) => name === `${family.name}_count`)?.value
    const found: Array<string> = []
    if (bounds.some((bound, index) => !(index === 0 || bound > bounds[index - 1]!))) found.push("bounds do not ascend")
    if (buckets.some((bucket, index) => index > 0 && bucket.value < buckets[index - 1]!.value))
      found.push("not cumulative")
    if (bounds.at(-1) !== Infinity || buckets.at(-1)!.value !== count) found.push("+Inf is not the count")
    if (!samples.some(({ name }) => name === `${family.name}_sum`)) found.push("no sum")
    return found.map((each) => `${family.name}${labels}: ${each}`)
  })
}

const wrongUnits =
  /_(milliseconds|microseconds|nanoseconds|minutes|hours|days|kilobytes|megabytes|gigabytes|bits|percent)(_|$)/

/** The rules of names that `promtool check metrics` warns of: https://prometheus.io/docs/practices/naming/ */
export const namingMistakes = (family: Family): ReadonlyArray<string> => {
  const { name, samples, type } = family
  const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)))
  const rules: ReadonlyArray<readonly [broken: boolean, mistake: string]> = [
    [type === "counter" && !name.endsWith("_total"), "a counter ends with _total"],
    [type !== "counter" && name.endsWith("_total"), "only a counter ends with _total"],
    [type === "counter" && samples.some(({ value }) => !(value >= 0)), "a counter is not negative"],
    [/[A-Z]/.test(name), "no capitals in names"],
    [name.includes(":"), "colons are for recording rules"],
    [/_(counter|gauge|histogram|summary)(_|$)/.test(name), "no type in a name"],
    [wrongUnits.test(name), "base units"],
    [type !== "histogram" && histogramSuffixes.some((suffix) => name.endsWith(suffix)), "a suffix of histograms"],
    [type !== "histogram" && labels.has("le"), "le is for histograms"],
    [type !== "summary" && labels.has("quantile"), "quantile is for summaries"],
    [[...labels].some((label) => label.startsWith("__") || /[A-Z]/.test(label)), "label names"]
  ]
  return rules.filter(([broken]) => broken).map(([, mistake]) => `${name}: ${mistake}`)
}
