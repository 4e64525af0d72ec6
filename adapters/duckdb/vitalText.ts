import { vitalNames, vitalQuantile, vitalThresholds } from "../../ports/analytics/VitalPlan.ts"
import type { VitalPlan } from "../../ports/analytics/VitalPlan.ts"
import { fieldText } from "./conditionText.ts"
import { quote } from "./literals.ts"
import { deviceText, numberText, ofDevice, pageEventsText } from "./pageText.ts"

/** Values by page, class of devices and name, into `vital_samples`. */
export const vitalSamplesText = (plan: VitalPlan): string =>
  `create or replace temp table vital_samples as
with told as (
select e.host, e.path, ${deviceText} as device, ${fieldText({ kind: "property", name: "name" })} as name, ${numberText("value")} as value
from ${pageEventsText(plan, ["web_vital"])}
)
select * from told where name in (${vitalNames.map(quote).join(", ")}) and value >= 0 and ${ofDevice("device", plan)}`

/** Pages with most samples, into `vital_pages`. */
export const vitalPagesText = ({ top }: VitalPlan): string =>
  `create or replace temp table vital_pages as
select host, path, count(*)::integer as samples, count(*) over ()::integer as pages,
  (row_number() over (order by count(*) desc, host nulls last, path nulls last))::integer as place
from vital_samples group by host, path qualify place <= ${top}`

export const listedPagesText = "select * from vital_pages order by place"

const bound = (name: "good" | "poor"): string =>
  `case name ${vitalNames.map((vital) => `when ${quote(vital)} then ${vitalThresholds[vital][name]}`).join(" ")} end`

const rated = `name, count(*)::integer as samples, quantile_disc(value, ${vitalQuantile})::double as value,
  count(*) filter (value <= ${bound("good")})::integer as good, count(*) filter (value > ${bound("poor")})::integer as poor`

/** By name, all classes of devices together (`together`) and each. */
export const vitalTotalsText = `select device, grouping(device) = 1 as together, ${rated}
from vital_samples group by grouping sets ((name), (name, device)) order by name, together, device`

/** The same for each of the pages. */
export const vitalRowsText = `select p.place, s.device, grouping(s.device) = 1 as together, ${rated}
from vital_pages p join vital_samples s on s.host is not distinct from p.host and s.path is not distinct from p.path
group by grouping sets ((p.place, name), (p.place, name, s.device)) order by p.place, name, together, s.device`
