import * as charts from "echarts/charts"
import * as components from "echarts/components"
import { init, use } from "echarts/core"
import { SVGRenderer } from "echarts/renderers"
import { parentPort } from "node:worker_threads"
import type { Picture, PictureSize } from "../../ports/analytics/Picture.ts"
import { optionOf } from "./option.ts"
import { svgText } from "./svgText.ts"

/** The module of the drawing thread: it is sent pictures by number, and sends their text. */
use([
  charts.BarChart,
  charts.HeatmapChart,
  charts.LineChart,
  charts.SankeyChart,
  components.GraphicComponent,
  components.GridComponent,
  components.LegendComponent,
  components.MarkLineComponent,
  components.TitleComponent,
  components.VisualMapContinuousComponent,
  SVGRenderer
])

interface Order {
  readonly number: number
  readonly picture: Picture
  readonly size: PictureSize
}

const draw = ({ picture, size }: Order): string => {
  const chart = init(null, null, { renderer: "svg", ssr: true, ...size })
  try {
    chart.setOption(optionOf(picture, size))
    return svgText(chart.renderToSVGString(), picture)
  } finally {
    chart.dispose()
  }
}

parentPort?.on("message", (order: Order) => parentPort?.postMessage({ number: order.number, svg: draw(order) }))
