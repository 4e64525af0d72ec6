import type { AnyAnswer } from "../../ports/analytics/AnyQuestion.ts"
import type { Picture } from "../../ports/analytics/Picture.ts"
import { attributionPicture } from "./attributionPicture.ts"
import { funnelPicture } from "./funnelPicture.ts"
import { rangeText } from "./instants.ts"
import { lifecyclePicture, stickinessPicture } from "./activityPictures.ts"
import { lifetimePicture } from "./lifetimePicture.ts"
import { pathPicture } from "./pathPicture.ts"
import { retentionPicture } from "./retentionPicture.ts"
import { sessionPicture } from "./sessionPicture.ts"
import type { Drawn } from "./Drawn.ts"
import type { Mark } from "./Mark.ts"
import { trendPicture } from "./trendPicture.ts"

const drawnOf = (answer: AnyAnswer, marks: ReadonlyArray<Mark>): Drawn => {
  switch (answer.kind) {
    case "trend":
      return trendPicture(answer.result, marks)
    case "funnel":
      return funnelPicture(answer.result)
    case "retention":
      return retentionPicture(answer.result)
    case "sessions":
      return sessionPicture(answer.result, marks)
    case "attribution":
      return attributionPicture(answer.result)
    case "ltv":
      return lifetimePicture(answer.result)
    case "paths":
      return pathPicture(answer.result)
    case "stickiness":
      return stickinessPicture(answer.result)
    case "lifecycle":
      return lifecyclePicture(answer.result)
  }
}

/** What an answer looks like. */
export const pictureOf = (answer: AnyAnswer, title?: string, marks: ReadonlyArray<Mark> = []): Picture => {
  const { description, shape, title: usual } = drawnOf(answer, marks)
  const { from, time_zone, to } = answer.result
  return { title: title ?? usual, note: rangeText(from, to, time_zone), description, shape }
}
