import type { Effect } from "effect"
import { Context } from "effect"
import type { PortFailure } from "../PortFailure.ts"
import type { Picture, PictureSize } from "./Picture.ts"

/**
 * Draws pictures as SVG that needs nothing beside itself: no script, no font, no address. Equal pictures of equal size
 * give equal text. Never draws on the event loop. Fails as `overloaded` where too many wait and as `timeout` where one
 * takes too long; both may be tried again.
 */
export class Pictures extends Context.Service<
  Pictures,
  { readonly draw: (picture: Picture, size: PictureSize) => Effect.Effect<string, PortFailure> }
>()("ports/analytics/Pictures") {}
