import type { ConversionWindow } from "../../ports/analytics/FunnelQuestion.ts"

const secondMillis = 1000
const minuteMillis = 60 * secondMillis
const hourMillis = 60 * minuteMillis
const dayMillis = 24 * hourMillis
const unitMillis = { second: secondMillis, minute: minuteMillis, hour: hourMillis, day: dayMillis, week: 7 * dayMillis }

export const durationMillis = ({ unit, value }: typeof ConversionWindow.Type): number => value * unitMillis[unit]
