import { Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import type { Mark } from "../../domain/pictures/Mark.ts"
import { pictureOf } from "../../domain/pictures/pictureOf.ts"
import type { AnswerOf, AnyAnswer, QuestionKind } from "../../ports/analytics/AnyQuestion.ts"
import { pictureHeightUsual, pictureWidthUsual } from "../../ports/analytics/Picture.ts"
import { Pictures } from "../../ports/analytics/Pictures.ts"
import { AnswerHeaders } from "../contract/AnswerHeaders.ts"
import { negotiate } from "../middleware/negotiation.ts"
import { problem } from "../middleware/problem.ts"

export const svgType = "image/svg+xml"
export const answerTypes = ["application/json", svgType] as const

/** A picture from elsewhere may be shown, but whatever stood in it could do nothing. */
const pictureHeaders = { vary: "accept", "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'" }

const noneAcceptable = (types: ReadonlyArray<string>) =>
  problem("not-acceptable", {
    detail: `the types that are answered: ${types.join(", ")}`,
    headers: { vary: "accept" }
  })
export const notAcceptable = noneAcceptable(answerTypes)

export interface AskedSize {
  readonly width?: number | undefined
  readonly height?: number | undefined
}

export interface Looks extends AskedSize {
  readonly title?: string | undefined
  readonly marks?: ReadonlyArray<Mark> | undefined
}

export const svgAnswer = (svg: string): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(svg, { contentType: svgType, headers: pictureHeaders })

/** An answer as a picture. */
export const picture = (
  answer: AnyAnswer,
  { height = pictureHeightUsual, marks, title, width = pictureWidthUsual }: Looks
) =>
  Effect.flatMap(Pictures, (pictures) =>
    Effect.map(pictures.draw(pictureOf(answer, title, marks ?? notesOf(answer)), { width, height }), svgAnswer)
  )

/** Notes that were asked for with the answer. */
const notesOf = (answer: AnyAnswer): ReadonlyArray<Mark> =>
  answer.kind === "trend" ? (answer.result.annotations ?? []) : []

/** How an answer looks in another type than JSON. */
export type Forms<A, E, R> = Readonly<
  Record<string, (answer: A) => Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>>
>

/** What was asked for, as JSON or in one of the forms, by `Accept`. Nothing is asked for whom no form would help. */
export const inForms = <A, E, R, E2, R2>(ask: Effect.Effect<A, E, R>, forms: Forms<A, E2, R2>) =>
  Effect.gen(function* () {
    const { headers } = yield* HttpServerRequest.HttpServerRequest
    const types = ["application/json", ...Object.keys(forms)] as const
    const type = negotiate(headers["accept"], types)
    if (type === undefined) return noneAcceptable(types)
    const answer = yield* ask
    const form = forms[type]
    if (form !== undefined) return yield* form(answer)
    const added = yield* AnswerHeaders
    added.set("vary", "accept")
    return answer
  })

/** The same as JSON or as a picture. */
export const asAccepted = <A, E, R, E2, R2>(
  ask: Effect.Effect<A, E, R>,
  draw: (answer: A) => Effect.Effect<HttpServerResponse.HttpServerResponse, E2, R2>
) => inForms(ask, { [svgType]: draw })

/** The answer to a question of one kind, as JSON or as a picture. */
export const pictured = <Kind extends QuestionKind, E, R>(
  kind: Kind,
  looks: Looks,
  ask: Effect.Effect<AnswerOf<Kind>, E, R>
) => asAccepted(ask, (result) => picture({ kind, result } as AnyAnswer, looks))
