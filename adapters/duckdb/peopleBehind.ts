import type { PeopleSource } from "../../ports/analytics/PeoplePlan.ts"
import { gatherTouches } from "./attribution.ts"
import { attributedPeopleText, attributionConversionsText, attributionEventsText } from "./attributionText.ts"
import type { Read } from "./Engine.ts"
import { peopleBehindText } from "./peopleBehindText.ts"
import { gatherSessionRows } from "./session.ts"
import { sessionPeopleText } from "./sessionSumsText.ts"

/** Makes the tables that the people stand in; answers the query of these people. */
export const gatherPeopleBehind = async (read: Read, workspace: string, source: PeopleSource): Promise<string> => {
  switch (source.kind) {
    case "session": {
      await gatherSessionRows(read, source.plan)
      return sessionPeopleText(source)
    }
    case "attribution": {
      await read(attributionEventsText(source.plan))
      await read(attributionConversionsText)
      const touches = source.touched === undefined ? false : await gatherTouches(read, source.plan)
      return attributedPeopleText(source, touches)
    }
    default: {
      const { before, people } = peopleBehindText(workspace, source)
      for (const text of before) await read(text)
      return people
    }
  }
}
