import { Schema } from "effect"

/** Pixels of a picture. */
export const pictureWidthMin = 320
export const pictureWidthMax = 2400
export const pictureWidthUsual = 900
export const pictureHeightMin = 200
export const pictureHeightMax = 1600
export const pictureHeightUsual = 480

/** Curves or colours of one picture; what is behind them is left out. */
export const pictureSeriesMax = 12

export const PictureSize = Schema.Struct({
  width: Schema.Int.check(Schema.isBetween({ minimum: pictureWidthMin, maximum: pictureWidthMax })),
  height: Schema.Int.check(Schema.isBetween({ minimum: pictureHeightMin, maximum: pictureHeightMax }))
})
export type PictureSize = typeof PictureSize.Type

/** What a number is, for its axis and its labels. */
export type PictureUnit = "count" | "share" | "number"

export interface PictureSeries {
  readonly name: string
  readonly shape: "line" | "bar"
  /** One for each category, `null` where there is none. */
  readonly values: ReadonlyArray<number | null>
  /** What stands at each value instead of nothing. */
  readonly labels?: ReadonlyArray<string>
  /** On the second axis, at the right. */
  readonly second?: boolean
}

/** What a picture shows, in the words of pictures; how it looks is its drawer's. */
export type Shape =
  | {
      readonly kind: "series"
      readonly categories: ReadonlyArray<string>
      /** `down`: one category below the other, for long names. */
      readonly direction: "across" | "down"
      readonly categoryAxis: string
      readonly valueAxis: string
      readonly secondAxis?: string
      readonly unit: PictureUnit
      readonly stacked: boolean
      readonly series: ReadonlyArray<PictureSeries>
      /** Notes at categories. */
      readonly marks: ReadonlyArray<{ readonly category: number; readonly text: string }>
    }
  | {
      /** Shares by row and column: a retention triangle. */
      readonly kind: "cells"
      readonly rows: ReadonlyArray<string>
      readonly columns: ReadonlyArray<string>
      readonly rowAxis: string
      readonly columnAxis: string
      readonly cells: ReadonlyArray<{
        readonly row: number
        readonly column: number
        /** From 0 to 1. */
        readonly share: number
        readonly label: string
        /** May still grow. */
        readonly open: boolean
      }>
    }
  | {
      /** People from node to node. */
      readonly kind: "flows"
      readonly nodes: ReadonlyArray<{ readonly id: string; readonly label: string; readonly depth: number }>
      readonly links: ReadonlyArray<{ readonly from: string; readonly to: string; readonly value: number }>
    }

export interface Picture {
  readonly title: string
  /** Range, zone and what else must stand under the title. */
  readonly note: string
  /** For those who do not see it. */
  readonly description: string
  /** `undefined`: there is nothing to show, and the picture says so. */
  readonly shape: Shape | undefined
}
