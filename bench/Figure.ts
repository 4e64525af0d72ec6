/** One line of the table. */
export interface Figure {
  readonly section: string
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly goal?: { readonly is: "at least" | "below"; readonly bound: number }
  /** What else was seen, for the reader. */
  readonly seen?: string
}

/** A part of the bench, which can be run alone. */
export interface Section {
  readonly name: string
  readonly run: () => Promise<ReadonlyArray<Figure>>
}

export const isMet = ({ goal, value }: Figure): boolean | undefined =>
  goal === undefined ? undefined : goal.is === "at least" ? value >= goal.bound : value < goal.bound

const digits = (value: number): string =>
  Math.abs(value) >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(Math.abs(value) >= 10 ? 1 : 2)

/** The figures in columns. */
export const table = (figures: ReadonlyArray<Figure>): string => {
  const rows = figures.map((figure) => [
    figure.section,
    figure.name,
    `${digits(figure.value)} ${figure.unit}`,
    figure.goal === undefined ? "" : `${figure.goal.is} ${digits(figure.goal.bound)}`,
    { true: "met", false: "missed", undefined: "" }[String(isMet(figure)) as "true" | "false" | "undefined"],
    figure.seen ?? ""
  ])
  const all = [["section", "figure", "value", "goal", "", "beside it"], ...rows]
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

export const percentile = (values: ReadonlyArray<number>, part: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

export const median = (values: ReadonlyArray<number>): number => percentile(values, 0.5)
