import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { PeopleSource } from "../../../ports/analytics/PeoplePlan.ts"
import type { ShownNumber } from "../../../ports/analytics/PeopleQuestion.ts"

/** A number of the question of that name. */
export type Of<Key extends string> = Extract<ShownNumber, { readonly [name in Key]: unknown }>

/** Whom a number counts, or everything that is wrong with it. */
export type ReadNumber =
  | { readonly source: PeopleSource; readonly zone: string }
  | { readonly errors: ReadonlyArray<FieldError> }

export const wrong = (
  pointer: string,
  code: string,
  detail: string
): { readonly errors: ReadonlyArray<FieldError> } => ({
  errors: [{ pointer, code, detail }]
})

/** What is wrong with the question itself, where it stands here. */
export const within = (
  name: string,
  errors: ReadonlyArray<FieldError>
): { readonly errors: ReadonlyArray<FieldError> } => ({
  errors: errors.map((error) => ({ ...error, pointer: `/${name}${error.pointer}` }))
})

export const outside = (pointer: string, value: number, first: number, last: number) =>
  value < first || value > last ? wrong(pointer, "out_of_range", `must lie between ${first} and ${last}`) : undefined
