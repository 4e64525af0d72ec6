import { Context } from "effect"

export interface Attribution {
  /** Text that must be shown, with the source's name. */
  readonly text: string
  readonly url: string
  /** Day the data was made, YYYY-MM-DD. */
  readonly as_of: string
}

/** Country (and, with an operator's own database, region and city) of an address. Answers nothing for special ranges. */
export class GeoLocator extends Context.Service<
  GeoLocator,
  {
    readonly locate: (
      ip: string
    ) => { readonly country?: string; readonly region?: string; readonly city?: string } | undefined
    readonly attribution: Attribution
  }
>()("ports/reference/GeoLocator") {}
