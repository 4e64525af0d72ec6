import type { NewSegment } from "../../ports/experiments/Flag.ts"

const idAttributes = new Set(["user_id", "anonymous_id"])

/** Ids of people that a segment lists; none where it lists something else, or has a condition. */
export const listedPeople = (members: NewSegment["members"]): ReadonlyArray<string> =>
  "values" in members && idAttributes.has(members.attribute) ? [...new Set(members.values.map(String))] : []

/** The members without people. */
export const withoutPeople = (members: NewSegment["members"], ids: ReadonlySet<string>): NewSegment["members"] =>
  "values" in members && idAttributes.has(members.attribute)
    ? { ...members, values: members.values.filter((value) => !ids.has(String(value))) }
    : members
