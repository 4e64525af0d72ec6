import type { AnyAnswer } from "../../../ports/analytics/AnyQuestion.ts"
import type { Shape } from "../../../ports/analytics/Picture.ts"
import type { QuestionResult } from "../../../ports/analytics/Question.ts"
import { pictureOf } from "../../pictures/pictureOf.ts"
import { changeText, numberText } from "../mail/mailText.ts"
import type { MailBlock } from "../mail/mailText.ts"

/** Rows and columns of one table: mail is read on small screens. */
export const tableRowsMax = 12
export const tableColumnsMax = 6

type Metrics = QuestionResult["totals"]
const valueOf = (metrics: Metrics | undefined, name: string): number | null => {
  const value = metrics?.[name] ?? null
  return value === null ? null : Number(value)
}

/** `revenue` → `Revenue (EUR)`, `sum:price` → `Sum of price`. */
export const metricTitle = (name: string, currency: string): string => {
  const words = name === "revenue" ? `revenue (${currency})` : name.replace(/^(\w+):/, "$1 of ")
  return words.slice(0, 1).toUpperCase() + words.slice(1)
}

/** Numbers of a trend, and of the period before where it was asked for. */
export const totalsTable = (result: QuestionResult, metrics = Object.keys(result.totals)): MailBlock => {
  const { previous } = result
  return {
    kind: "table",
    columns: ["", "Now", ...(previous === undefined ? [] : ["Before", "Change"])],
    rows: metrics.map((name) => {
      const [now, before] = [valueOf(result.totals, name), valueOf(previous?.totals, name)]
      const compared = previous === undefined ? [] : [numberText(before), changeText(before, now)]
      return [metricTitle(name, result.currency), numberText(now), ...compared]
    })
  }
}

/** A trend's values by breakdown, and of the period before where it was asked for; `undefined` where there are none. */
export const rowsTable = (result: QuestionResult, title: string, metric: string): MailBlock | undefined => {
  const { previous, rows } = result
  if (rows.length === 0) return undefined
  return {
    kind: "table",
    columns: [title, metricTitle(metric, result.currency), ...(previous === undefined ? [] : ["Before", "Change"])],
    rows: rows.slice(0, tableRowsMax).map(({ metrics, other, values }, index) => {
      const name = other === true ? "other" : values.map((value) => value ?? "(none)").join(" · ")
      const [now, before] = [valueOf(metrics, metric), valueOf(previous?.rows[index]?.metrics, metric)]
      const compared = previous === undefined ? [] : [numberText(before), changeText(before, now)]
      return [name, numberText(now), ...compared]
    })
  }
}

/** What a picture shows, as a table: mail programs show no SVG. */
const shapeTable = (shape: Shape): MailBlock => {
  switch (shape.kind) {
    case "series": {
      const series = shape.series.slice(0, tableColumnsMax - 1)
      // Of times the newest, of other things the first.
      const from = shape.direction === "across" ? Math.max(0, shape.categories.length - tableRowsMax) : 0
      return {
        kind: "table",
        columns: [shape.categoryAxis, ...series.map(({ name }) => name)],
        rows: shape.categories.slice(from, from + tableRowsMax).map((category, index) => [
          category,
          ...series.map(({ labels, values }) => {
            const value = values[from + index] ?? null
            if (value === null) return "–"
            return shape.unit === "share"
              ? `${numberText(value * 100)} %`
              : (labels?.[from + index] ?? numberText(value))
          })
        ])
      }
    }
    case "cells": {
      const columns = shape.columns.slice(0, tableColumnsMax - 1)
      const from = Math.max(0, shape.rows.length - tableRowsMax)
      return {
        kind: "table",
        columns: [shape.rowAxis, ...columns],
        rows: shape.rows
          .slice(from)
          .map((row, index) => [
            row,
            ...columns.map(
              (_, column) =>
                shape.cells.find((cell) => cell.row === from + index && cell.column === column)?.label ?? ""
            )
          ])
      }
    }
    case "flows": {
      const labels = new Map(shape.nodes.map(({ id, label }) => [id, label]))
      const links = shape.links.toSorted((a, b) => b.value - a.value || (a.from + a.to < b.from + b.to ? -1 : 1))
      return {
        kind: "table",
        columns: ["From → to", "People"],
        rows: links
          .slice(0, tableRowsMax)
          .map(({ from, to, value }) => [`${labels.get(from) ?? from} → ${labels.get(to) ?? to}`, numberText(value)])
      }
    }
  }
}

/** An answer of any kind, with its title and range. */
export const answerBlocks = (answer: AnyAnswer, title: string): ReadonlyArray<MailBlock> => {
  const { note, shape } = pictureOf(answer, title)
  const head: ReadonlyArray<MailBlock> = [
    { kind: "heading", text: title },
    { kind: "paragraph", text: note }
  ]
  if (answer.kind === "trend") {
    const { result } = answer
    const rows = rowsTable(result, "", Object.keys(result.totals)[0] ?? "events")
    return [...head, totalsTable(result), ...(rows === undefined ? [] : [rows])]
  }
  return [...head, shape === undefined ? { kind: "paragraph", text: "There is nothing yet." } : shapeTable(shape)]
}
