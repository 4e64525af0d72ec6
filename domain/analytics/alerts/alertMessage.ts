import type { Alert, AlertCondition, AlertFinding, MessagePreview } from "../../../ports/analytics/Alert.ts"
import { composeMail, numberText } from "../mail/mailText.ts"
import type { MailBlock } from "../mail/mailText.ts"

const conditionText = (condition: AlertCondition, interval: Alert["interval"]): string => {
  switch (condition.kind) {
    case "above":
    case "below":
      return `${condition.kind} ${numberText(condition.value)} in ${interval === "hour" ? "an" : "a"} ${interval}`
    case "changes": {
      const ways = { up: "rises", down: "falls", either: "changes" }
      const before = condition.against === "week_before" ? "the week before" : `the ${interval} before`
      return `${ways[condition.direction]} by ${numberText(condition.percent)} % against ${before}`
    }
    case "unusual": {
      const ways = { up: "unusually high", down: "unusually low", either: "unusually high or low" }
      return `${ways[condition.direction]} for ${interval === "hour" ? "an hour" : `a ${interval}`} of its kind`
    }
  }
}

/** `Thu, 26 Nov 2026, 14:00` of an instant as answers write it; days and weeks have no time of day. */
const bucketText = ({ from }: AlertFinding, interval: Alert["interval"]): string => {
  const local = new Date(`${from.slice(0, 19)}Z`)
  const day = local.toLocaleDateString("en-GB", {
    timeZone: "UTC",
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric"
  })
  if (interval === "hour") return `${day}, ${from.slice(11, 16)} (${from.slice(19)})`
  return interval === "week" ? `the week of ${day}` : day
}

/** What recipients of an alert read; the newest finding stands last. */
export const alertMessage = (
  alert: Alert,
  kind: "firing" | "resolved",
  findings: ReadonlyArray<AlertFinding>,
  timeZone: string
): MessagePreview => {
  const newest = findings.at(-1)
  const value = newest === undefined ? "" : `: ${numberText(newest.value)} on ${bucketText(newest, alert.interval)}`
  const title = `${kind === "firing" ? "Alert" : "Resolved"}: ${alert.name}`
  const told =
    kind === "firing"
      ? `${alert.metric.name} is out of the ordinary${value}.`
      : `${alert.metric.name} is as it should be again. It was not${value}.`
  const blocks: ReadonlyArray<MailBlock> = [
    { kind: "paragraph", text: told },
    { kind: "paragraph", text: `Watched for: ${conditionText(alert.condition, alert.interval)}.` },
    ...(alert.description === undefined ? [] : [{ kind: "paragraph" as const, text: alert.description }]),
    {
      kind: "table",
      columns: [
        alert.interval === "hour" ? "Hour" : alert.interval === "day" ? "Day" : "Week",
        alert.metric.name,
        "Finding"
      ],
      rows: findings.map((each) => [bucketText(each, alert.interval), numberText(each.value), each.text])
    },
    {
      kind: "paragraph",
      text: `Times are of ${timeZone}. You get this because your address is a recipient of the alert “${alert.name}”; whoever manages it can take it off.`
    }
  ]
  return { subject: `${title}${kind === "firing" ? value : ""}`, ...composeMail(title, blocks) }
}
