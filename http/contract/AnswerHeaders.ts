import { Context } from "effect"

/** Headers that an endpoint adds to its answer beside the body: its page's next, its document's revision. */
export class AnswerHeaders extends Context.Service<AnswerHeaders, Map<string, string>>()(
  "http/contract/AnswerHeaders"
) {}
