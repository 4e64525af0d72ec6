import { expect, it } from "vitest"
import type { AccountPlan } from "../../ports/analytics/AccountPlan.ts"
import type { FunnelPlan } from "../../ports/analytics/FunnelPlan.ts"
import type { PlanFilter } from "../../ports/analytics/PlanFilter.ts"
import type { TrendPlan } from "../../ports/analytics/TrendPlan.ts"
import { accountPageText, accountTraitsText, chosenAccountsText } from "./accountListText.ts"
import { funnelEventsText } from "./funnelText.ts"
import { saveAccountChanges } from "./schema.ts"
import { answerText, gatherText, topText } from "./trendText.ts"

const typeIs = (value: string): PlanFilter => ({ kind: "is", field: { kind: "column", column: "event_type" }, value })
const planIs = (asOf: "today" | "event"): PlanFilter => ({
  kind: "is",
  field: { kind: "account_trait", type: "company", name: `pl"an'`, asOf },
  value: "pro"
})

const funnel: FunnelPlan = {
  kind: "funnel",
  workspace: "default",
  revisions: "",
  fromMillis: 1_000_000,
  toMillis: 3_000_000,
  order: "sequential",
  steps: [typeIs("a"), typeIs("b")],
  filter: planIs("event"),
  windowMillis: 500_000,
  accountType: "company",
  exclusions: [],
  breakdown: { kind: "account", type: "team" },
  breakdownAt: "first",
  top: 25,
  binStartsMillis: [0]
}

const trend: TrendPlan = {
  kind: "trend",
  workspace: "default",
  fromMillis: 1_000_000,
  toMillis: 3_000_000,
  eventTypes: [],
  filter: planIs("today"),
  metrics: [{ kind: "events" }, { kind: "accounts", accountType: "company" }],
  breakdown: [{ kind: "account", type: "company" }],
  order: { metric: 1, direction: "descending" },
  skip: 0,
  top: 25,
  buckets: [{ fromMillis: 1_000_000, first: 0, widthMillis: 1_000_000 }],
  conversions: [],
  unconverted: [],
  revisions: ""
}

const list: AccountPlan = {
  kind: "account",
  workspace: "default",
  revisions: "",
  accountType: "company",
  of: undefined,
  accountId: undefined,
  idPrefix: "ac'",
  filter: planIs("today"),
  before: { lastSeen: 2_000_000, accountId: "acme" },
  limit: 26
}

it("builds the text of questions by account as it is kept", async () => {
  const texts = [
    saveAccountChanges(7),
    funnelEventsText(funnel),
    gatherText(trend, "events", false),
    gatherText(trend, "accounts_company", false),
    topText(trend),
    answerText(trend, "accounts_company", [["acme"]]),
    chosenAccountsText(list, true),
    accountPageText(list),
    accountTraitsText("default", ["7"])
  ]
  await expect(`${texts.join(";\n\n")};\n`).toMatchFileSnapshot("golden/account.sql")
})
