import { assert, describe, it } from "@effect/vitest"
import type { Layer } from "effect"
import { Effect } from "effect"
import type { Picture, Shape } from "./Picture.ts"
import { Pictures } from "./Pictures.ts"

const size = { width: 640, height: 360 }
const series: Shape = {
  kind: "series",
  categories: ["a", "b", "c"],
  direction: "across",
  categoryAxis: "Day",
  valueAxis: "People",
  unit: "count",
  stacked: false,
  series: [{ name: "people", shape: "line", values: [1, null, 3] }],
  marks: [{ category: 1, text: "release" }]
}
const shapes: ReadonlyArray<Shape> = [
  series,
  { ...series, direction: "down", stacked: true, series: [{ name: "x", shape: "bar", values: [1, -2, 3] }], marks: [] },
  {
    kind: "cells",
    rows: ["May", "June"],
    columns: ["0", "1"],
    rowAxis: "Month",
    columnAxis: "Months later",
    cells: [
      { row: 0, column: 0, share: 1, label: "100 %", open: false },
      { row: 0, column: 1, share: 0.2, label: "20 %", open: false },
      { row: 1, column: 0, share: 1, label: "100 %", open: true }
    ]
  },
  {
    kind: "flows",
    nodes: [
      { id: "a", label: "/", depth: 0 },
      { id: "b", label: "/pricing", depth: 1 }
    ],
    links: [{ from: "a", to: "b", value: 7 }]
  }
]
const pictureOf = (shape: Shape | undefined): Picture => ({
  title: "Täglich <b>aktiv</b> & „neu“ 你好",
  note: "1 May to 3 May, UTC",
  description: "How many people came.",
  shape
})

/** The promise of `Pictures`. */
export const suite = <E>(name: string, layer: Layer.Layer<Pictures, E>) =>
  describe(`Pictures: ${name}`, () => {
    it.layer(layer)((it) => {
      it.effect("draws every shape as SVG that needs nothing beside itself, with text escaped", () =>
        Effect.gen(function* () {
          const pictures = yield* Pictures
          for (const shape of [...shapes, undefined]) {
            const svg = yield* pictures.draw(pictureOf(shape), size)
            assert.match(svg, /^<svg [^>]*width="640" height="360"/)
            assert.match(svg, /<\/svg>\n?$/)
            assert.include(svg, "<title id=")
            assert.include(svg, "How many people came.")
            assert.include(svg, "Täglich &lt;b&gt;aktiv&lt;/b&gt; &amp;")
            assert.include(svg, "你好")
            assert.notMatch(svg, /<b>|<script|<style|<image|@import|NaN|undefined/)
            assert.notMatch(svg.replaceAll(/xmlns(:\w+)?="[^"]*"/g, ""), /https?:/)
          }
        })
      )

      it.effect("draws what it is given: axes, legend, marks, labels, an empty picture that says so", () =>
        Effect.gen(function* () {
          const pictures = yield* Pictures
          const svg = yield* pictures.draw(pictureOf(series), size)
          for (const text of ["Day", "People", "people", "release", "1 May to 3 May, UTC"]) assert.include(svg, text)
          assert.include(yield* pictures.draw(pictureOf(shapes[2]), size), "20 %")
          assert.include(yield* pictures.draw(pictureOf(shapes[3]), size), "/pricing")
          assert.include(yield* pictures.draw(pictureOf(undefined), size), "Nothing to show")
        })
      )

      it.effect("gives equal text for equal pictures, whatever was drawn in between, also at once", () =>
        Effect.gen(function* () {
          const pictures = yield* Pictures
          const first = yield* pictures.draw(pictureOf(series), size)
          const again = yield* Effect.forEach(
            [...shapes, ...shapes],
            (shape) => pictures.draw(pictureOf(shape), size),
            {
              concurrency: "unbounded"
            }
          )
          assert.strictEqual(again[0], first)
          assert.strictEqual(again[shapes.length], first)
        })
      )
    })
  })
