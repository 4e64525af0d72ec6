import type { AttributionPlan } from "../../../ports/analytics/AttributionPlan.ts"
import {
  attributionModels,
  halfLifeDaysMax,
  halfLifeDaysUsual,
  lookBackDaysMax,
  lookBackDaysMin,
  lookBackDaysUsual
} from "../../../ports/analytics/AttributionQuestion.ts"
import type { AttributionModel, AttributionQuestion } from "../../../ports/analytics/AttributionQuestion.ts"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import type { ConversionRun } from "../../../ports/analytics/TrendPlan.ts"
import { exponentOf } from "../../money/minorUnits.ts"
import { isZone } from "../../zones/zones.ts"
import { channelOtherwise } from "../channels.ts"
import { isEncrypted } from "../names.ts"
import { planFilter } from "../planFilter.ts"
import type { NamedField } from "../planFilter.ts"
import type { QuestionScope } from "../QuestionScope.ts"
import { readRange } from "../range.ts"
import type { Report } from "../Report.ts"
import { planSelection } from "../selection.ts"
import type { PlannedSelection } from "../selection.ts"

const dayMillis = 86_400_000

/** What the credits are: money of a currency, the sum of a property, or nothing but conversions. */
export type CreditUnit =
  | { readonly kind: "money"; readonly currency: string; readonly exponent: number }
  | { readonly kind: "property" | "none" }

export interface PlannedAttribution {
  readonly plan: AttributionPlan
  readonly zone: string
  readonly models: ReadonlyArray<AttributionModel>
  readonly halfLifeMillis: number
  readonly unit: CreditUnit
  readonly named: ReadonlyArray<NamedField>
  readonly types: PlannedSelection["types"]
}

/** Attribution with every name, zone and limit resolved, or everything that is wrong with it. Knows no engine. */
export const planAttribution = (
  question: AttributionQuestion,
  scope: QuestionScope
): { readonly planned: PlannedAttribution } | { readonly errors: ReadonlyArray<FieldError> } => {
  const errors: Array<FieldError> = []
  const report: Report = (pointer, code, detail) => void errors.push({ pointer, code, detail })
  const zone = question.time_zone ?? scope.timeZone
  if (!isZone(zone)) report("/time_zone", "unknown_zone", `${zone} is no IANA time zone`)
  const range = isZone(zone) ? readRange(question.date_range, zone, report) : undefined
  const own = { ...scope, asOf: question.as_of ?? ("today" as const) }
  const filter = question.filters === undefined ? undefined : planFilter(question.filters, "/filters", own)
  const { conversion } = question
  const selection = conversion === undefined ? undefined : planSelection(conversion, "/conversion", own)
  const property = conversion?.property
  if (property !== undefined && isEncrypted({ kind: "property", name: property }, scope.personalFields))
    report("/conversion/property", "encrypted_field", `${property} is encrypted`)
  const { half_life_days: halfLife = halfLifeDaysUsual, look_back_days: lookBack = lookBackDaysUsual } = question
  if (lookBack < lookBackDaysMin || lookBack > lookBackDaysMax)
    report("/look_back_days", "out_of_range", `must lie between ${lookBackDaysMin} and ${lookBackDaysMax}`)
  if (halfLife <= 0 || halfLife > halfLifeDaysMax)
    report("/half_life_days", "out_of_range", `more than 0 and up to ${halfLifeDaysMax}`)
  const models = readModels(question, report)
  const unit = readUnit(question, scope, report)
  errors.push(...(filter?.errors ?? []), ...(selection?.errors ?? []))
  if (errors.length > 0 || range === undefined) return { errors }
  return {
    planned: {
      plan: {
        kind: "attribution",
        workspace: scope.workspace,
        revisions: scope.revisions,
        fromMillis: range.fromMillis,
        toMillis: range.toMillis,
        conversions:
          selection === undefined
            ? { kind: "orders", conversions: [] }
            : { kind: "events", selection: selection.filter, property },
        filter: filter?.filter,
        lookBackMillis: lookBack * dayMillis,
        keepDirect: question.direct === "equal",
        dimension: question.dimension ?? "channel",
        ...(question.uncertainty === true ? { uncertain: true as const } : {}),
        limits: scope.sessionLimits,
        sources: scope.sources,
        channel: { kind: "channel", rules: scope.channelRules, otherwise: channelOtherwise }
      },
      zone,
      models,
      halfLifeMillis: halfLife * dayMillis,
      unit,
      named: [
        ...(selection?.named ?? []),
        ...(filter?.named ?? []),
        ...(property === undefined
          ? []
          : [{ field: { kind: "property" as const, name: property }, pointer: "/conversion/property" }])
      ],
      types: selection?.types ?? []
    }
  }
}

const readModels = ({ models = attributionModels }: AttributionQuestion, report: Report) => {
  if (models.length === 0) report("/models", "too_few", "at least 1 model")
  for (const [index, model] of models.entries())
    if (models.indexOf(model) !== index) report(`/models/${index}`, "duplicate_model", `${model} is given twice`)
  return models
}

const readUnit = (
  { conversion, ...question }: AttributionQuestion,
  scope: QuestionScope,
  report: Report
): CreditUnit => {
  if (conversion !== undefined) {
    if (question.currency !== undefined)
      report("/currency", "not_money", "conversions of your own have no currency: it is of orders alone")
    return { kind: conversion.property === undefined ? "none" : "property" }
  }
  const currency = question.currency ?? scope.currency
  const exponent = exponentOf(currency)
  if (exponent === undefined) report("/currency", "unknown_currency", `${currency} is no ISO 4217 currency`)
  return { kind: "money", currency, exponent: exponent ?? 0 }
}

export const withRates = (planned: PlannedAttribution, conversions: ReadonlyArray<ConversionRun>): PlannedAttribution =>
  planned.plan.conversions.kind === "orders"
    ? { ...planned, plan: { ...planned.plan, conversions: { kind: "orders", conversions } } }
    : planned
