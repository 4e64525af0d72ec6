import type { EChartsCoreOption } from "echarts/core"
import type { Picture, PictureSeries, PictureSize, PictureUnit, Shape } from "../../ports/analytics/Picture.ts"

/** Ink and background: readable on paper and on a page. */
const ink = "#1f2933"
const muted = "#52606d"
const rule = "#d9e2ec"
const background = "#ffffff"
/** Okabe and Ito, "Color Universal Design" (2008), with two more: told apart by colour-blind readers. */
const colours = [
  "#0072b2",
  "#e69f00",
  "#009e73",
  "#cc79a7",
  "#56b4e9",
  "#d55e00",
  "#7b6cd9",
  "#8a6d3b",
  "#5f6b7a",
  "#9bbf30",
  "#b04fb0",
  "#2f4b7c"
]
const fontFamily = "sans-serif"
const labelCharactersMax = 40

type Of<Kind extends Shape["kind"]> = Extract<Shape, { kind: Kind }>

/** Of characters, not of code units: none is cut in two. */
const short = (text: string, charactersMax = labelCharactersMax): string => {
  const characters = [...text]
  return characters.length > charactersMax ? `${characters.slice(0, charactersMax - 1).join("")}…` : text
}

const numberText = (value: number): string => {
  const rounded = Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 100) / 100
  const [whole = "", fraction] = String(Math.abs(rounded)).split(".")
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, " ")
  return `${rounded < 0 ? "−" : ""}${grouped}${fraction === undefined ? "" : `.${fraction}`}`
}
const unitText = (unit: PictureUnit) => (value: number) =>
  unit === "share" ? `${numberText(value * 100)} %` : numberText(value)

const titleOf = ({ note, title }: Picture, width: number) => {
  const characters = Math.floor((width - 48) / 10)
  return {
    text: short(title, characters),
    subtext: short(note, Math.floor((width - 48) / 6.5)),
    left: 24,
    top: 16,
    itemGap: 6,
    textStyle: { color: ink, fontSize: 18, fontWeight: 600, fontFamily },
    subtextStyle: { color: muted, fontSize: 12, fontFamily }
  }
}

const axisName = { nameLocation: "middle", nameTextStyle: { color: muted, fontSize: 12, fontFamily } } as const
const axisLabel = { color: muted, fontSize: 12, fontFamily }

const valueAxis = (name: string, unit: PictureUnit, gap: number) => ({
  type: "value",
  name,
  ...axisName,
  nameGap: gap,
  splitLine: { lineStyle: { color: rule } },
  axisLabel: { ...axisLabel, formatter: unitText(unit) },
  ...(unit === "count" ? { minInterval: 1 } : {})
})

/** Every so many labels of categories that there is room for, the first one shown. */
const labelsEvery = (categories: ReadonlyArray<string>, width: number): number => {
  const longest = Math.max(1, ...categories.map((each) => [...short(each, 18)].length))
  const fit = Math.max(1, Math.floor((width - 120) / (longest * 7 + 14)))
  return Math.max(0, Math.ceil(categories.length / fit) - 1)
}

const curveOf = (shape: Of<"series">, series: PictureSeries, index: number) => ({
  name: short(series.name),
  type: series.shape,
  silent: true,
  data: [...series.values],
  color: colours[index % colours.length],
  ...(series.second === true ? { yAxisIndex: 1 } : {}),
  ...(shape.stacked && series.shape === "bar" ? { stack: "all" } : {}),
  ...(series.shape === "line"
    ? { symbol: "circle", symbolSize: shape.categories.length > 60 ? 0 : 5, lineStyle: { width: 2 } }
    : { barMaxWidth: 48 }),
  ...(series.labels === undefined
    ? {}
    : {
        label: {
          show: true,
          position: shape.direction === "down" ? "right" : "top",
          color: ink,
          fontSize: 12,
          fontFamily,
          formatter: ({ dataIndex }: { readonly dataIndex: number }) => series.labels?.[dataIndex] ?? ""
        }
      }),
  ...(index === 0 && shape.marks.length > 0 ? { markLine: marksOf(shape) } : {})
})

const marksOf = ({ marks }: Of<"series">) => ({
  symbol: "none",
  silent: true,
  lineStyle: { color: muted, type: "dashed", width: 1 },
  label: { color: ink, fontSize: 11, fontFamily, position: "insideEndTop" },
  data: marks.map(({ category, text }) => ({ xAxis: category, label: { formatter: short(text, 30) } }))
})

const seriesOption = (shape: Of<"series">, size: PictureSize): EChartsCoreOption => {
  const across = shape.direction === "across"
  const legend = shape.series.length > 1
  const room = shape.categories.length === 0 ? size.width : (size.width - 120) / shape.categories.length
  const category = {
    type: "category",
    name: shape.categoryAxis,
    ...axisName,
    nameGap: across ? 32 : 12,
    ...(across ? {} : { inverse: true, nameLocation: "start" as const }),
    data: shape.categories.map((each) => short(each, across ? Math.max(18, Math.floor(room / 7)) : 28)),
    axisLabel: { ...axisLabel, interval: across ? labelsEvery(shape.categories, size.width) : 0 },
    axisTick: { show: false },
    axisLine: { onZero: true, lineStyle: { color: muted } }
  }
  const values = [
    valueAxis(shape.valueAxis, shape.unit, across ? 52 : 32),
    ...(shape.secondAxis === undefined
      ? []
      : [{ ...valueAxis(shape.secondAxis, "number", 60), splitLine: { show: false } }])
  ]
  return {
    ...(legend
      ? {
          legend: {
            bottom: 8,
            left: "center",
            type: "plain",
            itemGap: 28,
            textStyle: { color: ink, fontFamily },
            itemHeight: 10
          }
        }
      : {}),
    grid: {
      left: across ? 76 : 196,
      right: shape.secondAxis !== undefined ? 84 : across ? 36 : 72,
      top: 88,
      bottom: legend ? 88 : 60
    },
    xAxis: across ? category : values,
    yAxis: across ? values : category,
    series: shape.series.map((each, index) => curveOf(shape, each, index))
  }
}

const cellsOption = (shape: Of<"cells">): EChartsCoreOption => ({
  grid: { left: 130, right: 24, top: 112, bottom: 24 },
  xAxis: {
    type: "category",
    position: "top",
    name: shape.columnAxis,
    ...axisName,
    nameGap: 24,
    data: [...shape.columns],
    axisLabel,
    axisTick: { show: false },
    axisLine: { show: false }
  },
  yAxis: {
    type: "category",
    inverse: true,
    name: shape.rowAxis,
    nameLocation: "start",
    nameTextStyle: { color: muted, fontSize: 12, fontFamily, align: "right" },
    data: shape.rows.map((each) => short(each, 22)),
    axisLabel: { ...axisLabel, interval: 0 },
    axisTick: { show: false },
    axisLine: { show: false }
  },
  visualMap: {
    show: false,
    type: "continuous",
    dimension: 2,
    min: 0,
    max: Math.max(0.01, ...shape.cells.filter(({ column }) => column > 0).map(({ share }) => share)),
    inRange: { color: ["#eaf3fa", "#9ecae1", "#4292c6", "#0b5394"] }
  },
  series: [
    {
      type: "heatmap",
      silent: true,
      data: shape.cells.map(({ column, label, open, row, share }) => ({
        value: [column, row, share],
        itemStyle: open
          ? { borderColor: muted, borderWidth: 1, borderType: "dashed", opacity: 0.45 }
          : { borderColor: background, borderWidth: 2 },
        label: {
          show: true,
          formatter: label,
          fontSize: 12,
          fontFamily,
          color: !open && isDark(shape, share) ? "#fff" : ink
        }
      }))
    }
  ]
})

/** Whether the cell's colour is too dark for ink. */
const isDark = ({ cells }: Of<"cells">, share: number): boolean =>
  share > 0.65 * Math.max(0.01, ...cells.filter(({ column }) => column > 0).map((each) => each.share))

const flowsOption = (shape: Of<"flows">): EChartsCoreOption => {
  const labels = new Map(shape.nodes.map(({ id, label }) => [id, short(label, 26)]))
  return {
    series: [
      {
        type: "sankey",
        silent: true,
        left: 24,
        right: 170,
        top: 84,
        bottom: 28,
        nodeWidth: 14,
        nodeGap: 12,
        draggable: false,
        layoutIterations: 32,
        data: shape.nodes.map(({ depth, id }, index) => ({
          name: id,
          depth,
          itemStyle: { color: colours[index % colours.length] }
        })),
        links: shape.links.map(({ from, to, value }) => ({ source: from, target: to, value })),
        lineStyle: { color: "source", opacity: 0.3, curveness: 0.5 },
        label: {
          color: ink,
          fontSize: 12,
          fontFamily,
          formatter: ({ name, value }: { readonly name: string; readonly value: number }) =>
            `${labels.get(name) ?? ""}  ${numberText(value)}`
        }
      }
    ]
  }
}

const shapeOption = (shape: Shape | undefined, size: PictureSize): EChartsCoreOption => {
  switch (shape?.kind) {
    case "series":
      return seriesOption(shape, size)
    case "cells":
      return cellsOption(shape)
    case "flows":
      return flowsOption(shape)
    default:
      return {
        graphic: {
          type: "text",
          left: "center",
          top: "middle",
          silent: true,
          style: { text: "Nothing to show for this range", fill: muted, font: `14px ${fontFamily}` }
        }
      }
  }
}

/** A picture in the terms of echarts. */
export const optionOf = (picture: Picture, size: PictureSize): EChartsCoreOption => ({
  animation: false,
  backgroundColor: background,
  color: colours,
  textStyle: { fontFamily },
  title: titleOf(picture, size.width),
  ...shapeOption(picture.shape, size)
})
