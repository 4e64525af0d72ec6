/** What a message is made of, in order. */
export type MailBlock =
  | { readonly kind: "heading"; readonly text: string }
  | { readonly kind: "paragraph"; readonly text: string }
  /** Numbers stand in every column but the first. */
  | {
      readonly kind: "table"
      readonly columns: ReadonlyArray<string>
      readonly rows: ReadonlyArray<ReadonlyArray<string>>
    }

/** Longest text of a cell that mail shows on one line. */
const cellCharactersMax = 60

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")

const cell = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ")
  const characters = [...line]
  return characters.length <= cellCharactersMax ? line : `${characters.slice(0, cellCharactersMax - 1).join("")}…`
}

const tableText = (columns: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const lines = [columns, ...rows].map((row) => row.map(cell))
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => [...(line[index] ?? "")].length)))
  const padded = (text: string, index: number) => {
    const space = " ".repeat(widths[index]! - [...text].length)
    return index === 0 ? text + space : space + text
  }
  return lines.map((line) => line.map(padded).join("  ").trimEnd()).join("\n")
}

const textOf = (block: MailBlock): string => {
  switch (block.kind) {
    case "heading":
      return `${block.text}\n${"-".repeat([...block.text].length)}`
    case "paragraph":
      return block.text
    case "table":
      return tableText(block.columns, block.rows)
  }
}

// Mail programs drop style sheets: each element has its own style.
const align = (index: number): string => (index === 0 ? "left" : "right")
const tableHtml = (columns: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const head = columns.map(
    (text, index) =>
      `<th style="text-align:${align(index)};padding:4px 12px 4px 0;border-bottom:1px solid #999">${escaped(cell(text))}</th>`
  )
  const body = rows.map(
    (row) =>
      `<tr>${row
        .map(
          (text, index) =>
            `<td style="text-align:${align(index)};padding:4px 12px 4px 0;border-bottom:1px solid #ddd">${escaped(cell(text))}</td>`
        )
        .join("")}</tr>`
  )
  return `<table style="border-collapse:collapse;font-size:14px"><thead><tr>${head.join("")}</tr></thead><tbody>${body.join("")}</tbody></table>`
}

const htmlOf = (block: MailBlock): string => {
  switch (block.kind) {
    case "heading":
      return `<h2 style="font-size:16px;margin:24px 0 8px">${escaped(block.text)}</h2>`
    case "paragraph":
      return `<p style="margin:8px 0">${escaped(block.text).replaceAll("\n", "<br>")}</p>`
    case "table":
      return tableHtml(block.columns, block.rows)
  }
}

/** A message as plain text, and as HTML that stands alone: no style sheet, script, picture or address to fetch. */
export const composeMail = (
  title: string,
  blocks: ReadonlyArray<MailBlock>
): { readonly text: string; readonly html: string } => ({
  text: `${[title, ...blocks.map(textOf)].join("\n\n")}\n`,
  html: `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title></head><body style="font-family:sans-serif;font-size:15px;color:#222;max-width:640px"><h1 style="font-size:20px">${escaped(title)}</h1>${blocks.map(htmlOf).join("")}</body></html>`
})

/** A number as people read it: `12,345.68`. */
export const numberText = (value: number | null): string =>
  value === null ? "none" : value.toLocaleString("en-US", { maximumFractionDigits: 2 })

/** Change from one number to another: `+12.5 %`. */
export const changeText = (from: number | null, to: number | null): string => {
  if (from === null || to === null) return "–"
  if (from === to) return "±0 %"
  if (from === 0) return "new"
  const percent = ((to - from) / Math.abs(from)) * 100
  const digits = Math.abs(percent) < 100 ? 1 : 0
  return `${percent > 0 ? "+" : "−"}${Math.abs(percent).toLocaleString("en-US", { maximumFractionDigits: digits })} %`
}
