import type { EvaluationContext } from "../../../ports/experiments/Evaluation.ts"
import { slotOf } from "../../bucketing/sha256Buckets.ts"
import type { CompiledFlags, CompiledHoldout, Gate, Overrides } from "./CompiledFlags.ts"

export interface Unit {
  readonly id: string
  readonly attribute: string
}

/** What an attribute gives to be hashed: a text that is not empty, or a number. */
export const idOf = (attributes: EvaluationContext["attributes"], attribute: string): string | undefined => {
  const value = Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined
  if (typeof value === "string" && value !== "") return value
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined
}

/** The value of another flag for the same subject; nothing where there is no such flag, or it depends on itself. */
type ValueOf = (flag: string, subject: Subject) => { readonly value: unknown } | undefined

/** Whom flags are evaluated for, with what one evaluation learns and the next one of the same context needs again. */
export class Subject {
  readonly flags: CompiledFlags
  readonly context: EvaluationContext
  /** Flags whose evaluation is under way: a prerequisite that leads back to one is a cycle. */
  readonly underWay = new Set<string>()
  /** Values of prerequisites. */
  readonly known = new Map<string, { readonly value: unknown }>()
  /** Whether reasons are wanted in detail, which costs a second look. */
  readonly isTraced: boolean
  readonly #valueOf: ValueOf
  #places: Map<CompiledHoldout, Place> | undefined

  constructor(flags: CompiledFlags, context: EvaluationContext, valueOf: ValueOf, isTraced = false) {
    this.flags = flags
    this.context = context
    this.#valueOf = valueOf
    this.isTraced = isTraced
  }

  /** The flag of the first gate that is closed to the subject. */
  closedGate(gates: ReadonlyArray<Gate>): string | undefined {
    for (const { flag, test } of gates) {
      const found = this.#valueOf(flag, this)
      if (found === undefined || !test(found)) return flag
    }
    return undefined
  }

  /** The first of the attributes that is a text, not empty, or a number. */
  unit(attributes: ReadonlyArray<string>): Unit | undefined {
    for (const attribute of attributes) {
      const id = idOf(this.context.attributes, attribute)
      if (id !== undefined) return { id, attribute }
    }
    return undefined
  }

  /** The first holdout that holds the subject, and those before it in whose equal slice it is. */
  heldBy(holdouts: ReadonlyArray<CompiledHoldout>): Holding {
    if (holdouts.length === 0) return unheld
    let compared: Array<CompiledHoldout> | undefined
    for (const holdout of holdouts) {
      const place = this.#placeIn(holdout)
      if (place === "held") return { holdout, compared: compared ?? none }
      if (place === "compared") (compared ??= []).push(holdout)
    }
    return compared === undefined ? unheld : { holdout: undefined, compared }
  }

  /** The first override that names the subject. */
  overriddenBy(overrides: Overrides): { readonly variant: string; readonly override: string } | undefined {
    for (const { attribute, byUnit } of overrides) {
      const id = idOf(this.context.attributes, attribute)
      const found = id === undefined ? undefined : byUnit.get(id)
      if (found !== undefined) return found
    }
    return undefined
  }

  #placeIn(holdout: CompiledHoldout): Place {
    const known = this.#places?.get(holdout)
    if (known !== undefined) return known
    const unit = this.unit(holdout.unit)
    const slot = unit === undefined ? undefined : slotOf("holdout", holdout.id, unit.id)
    // The slots behind those that are held out are as many.
    const place = slot === undefined || slot >= 2 * holdout.slots ? "free" : slot < holdout.slots ? "held" : "compared"
    this.#places ??= new Map()
    this.#places.set(holdout, place)
    return place
  }
}

type Place = "held" | "compared" | "free"
const none: ReadonlyArray<CompiledHoldout> = []

export interface Holding {
  readonly holdout: CompiledHoldout | undefined
  readonly compared: ReadonlyArray<CompiledHoldout>
}
const unheld: Holding = { holdout: undefined, compared: none }
