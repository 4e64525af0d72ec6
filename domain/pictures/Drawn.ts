import type { Picture } from "../../ports/analytics/Picture.ts"

/** What the picture of one kind of answer has of its own. */
export type Drawn = Pick<Picture, "title" | "description" | "shape">
