import { PersonalProperties, PersonalTraits } from "../../ports/analytics/AnalyticsEvent.ts"

/** Spellings of one name are one: `first_name`, `firstName`, `First-Name`. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]/g, "")

/** Names whose spelling is remembered: events bear the same few again and again. */
const rememberedNamesMax = 10_000
const remembered = new Map<string, string>()

const plainName = (name: string): string => {
  const known = remembered.get(name)
  if (known !== undefined) return known
  if (remembered.size >= rememberedNamesMax) remembered.clear()
  const fresh = plain(name)
  remembered.set(name, fresh)
  return fresh
}

const personalProperties = new Set(Object.keys(PersonalProperties.fields).map(plain))
const personalTraits = new Set(Object.keys(PersonalTraits.fields).map(plain))

const isOwn = (name: string, own: ReadonlyArray<string>): boolean =>
  own.some((each) => plainName(each) === plainName(name))

/** Whether a property of this name, or a value that lies deeper, is personal data: by the closed list or the workspace's own. */
export const isPersonalProperty = (name: string, own: ReadonlyArray<string>): boolean =>
  personalProperties.has(plainName(name)) || isOwn(name, own)

/** The same for a trait itself. */
export const isPersonalTrait = (name: string, own: ReadonlyArray<string>): boolean =>
  personalTraits.has(plainName(name)) || isOwn(name, own)
