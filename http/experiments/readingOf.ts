import { Effect } from "effect"
import { listItems, readItem } from "../../domain/platform/resources.ts"
import { CurrentPrincipal } from "../contract/Admission.ts"
import { limitUsual } from "../contract/parameters.ts"
import { answerProblems } from "../middleware/failures.ts"
import { paged } from "../middleware/pages.ts"
import { withRevision } from "../middleware/revisions.ts"

interface Parameters {
  readonly params: { readonly id: string }
}
interface Page {
  readonly query: { readonly limit?: number; readonly cursor?: string }
}

/** Reading is the same for every kind of definition. */
export const readingOf = <Item>(kind: { readonly name: string; readonly singular: string }) => ({
  list: ({ query: { cursor, limit = limitUsual } }: Page) =>
    Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
      answerProblems(Effect.flatMap(listItems<Item>(kind, workspace, limit, cursor), paged))
    ),
  read: ({ params }: Parameters) =>
    Effect.flatMap(CurrentPrincipal, ({ workspace }) =>
      answerProblems(
        Effect.flatMap(readItem<Item>(kind, workspace, params.id), ({ item, revision }) => withRevision(revision, item))
      )
    )
})
