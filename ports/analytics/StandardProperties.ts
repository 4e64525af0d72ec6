/** What a typed property holds. Identifiers and money come as text or number. */
export type PropertyKind = "text" | "number" | "boolean" | "identifier" | "money" | "list" | "object"

const traits = { traits: "object", traits_once: "object", method: "text" } as const
const account = { account_id: "identifier", account_type: "text" } as const
const product = {
  product_id: "identifier",
  name: "text",
  category: "text",
  price: "money",
  currency: "text",
  quantity: "number"
} as const
const message = { message_id: "identifier", campaign_id: "identifier", template_id: "identifier" } as const

/**
 * Event types that the product itself gives a meaning, any other type is kept beside them; and of each the properties
 * that it reads or shows. `properties` stays open: others may stand
 * beside them, any may be absent; one of another kind is kept, and the answer notes `property_type_unexpected`.
 */
export const standardProperties = {
  page_view: {},
  page_exit: { engaged_ms: "number", scroll_percent: "number" },
  scroll_depth: { percent: "number" },
  element_clicked: {
    selector: "text",
    x: "number",
    y: "number",
    page_width: "number",
    document_height: "number",
    fixed: "boolean",
    dead: "boolean"
  },
  outbound_clicked: { url: "text" },
  file_downloaded: { url: "text", extension: "text" },
  /** LCP, INP, FCP and TTFB in ms; CLS is a sum of shares. */
  web_vital: { name: "text", value: "number" },
  user_identified: traits,
  user_signed_up: traits,
  user_logged_in: traits,
  user_logged_out: traits,
  profile_updated: traits,
  account_joined: { ...account, traits: "object" },
  account_left: account,
  account_updated: { ...account, traits: "object" },
  product_viewed: product,
  product_added_to_cart: product,
  checkout_started: { order_id: "identifier", total: "money", currency: "text", items: "list" },
  order_completed: {
    order_id: "identifier",
    total: "money",
    revenue: "money",
    currency: "text",
    items: "list",
    coupon: "text"
  },
  order_refunded: { order_id: "identifier", refund_id: "identifier", amount: "money", currency: "text" },
  button_clicked: { button_id: "identifier", label: "text" },
  form_submitted: { form_id: "identifier", form_name: "text" },
  search_performed: { query: "text", results: "number" },
  video_played: { video_id: "identifier", title: "text", percent: "number", seconds: "number" },
  email_opened: message,
  email_clicked: { ...message, url: "text" },
  campaign_viewed: { campaign_id: "identifier" },
  /** The first sight of a variant; by the evaluation itself, or by a client that evaluates on its own. */
  experiment_exposed: { experiment_id: "identifier", variant: "text", phase: "number", source: "text" },
  /** A unit that a holdout keeps from an experiment or a release, or one of its equal slice, in the moment that it takes part. */
  holdout_exposed: { holdout_id: "identifier", experiment_id: "identifier", group: "text" },
  banner_clicked: { banner_id: "identifier", campaign_id: "identifier" }
} as const satisfies Readonly<Record<string, Readonly<Record<string, PropertyKind>>>>
export type StandardEventType = keyof typeof standardProperties

export const typedPropertiesOf = (eventType: string): Readonly<Record<string, PropertyKind>> | undefined =>
  Object.hasOwn(standardProperties, eventType) ? standardProperties[eventType as StandardEventType] : undefined

export const isOfKind = (kind: PropertyKind, value: unknown): boolean => {
  switch (kind) {
    case "text":
      return typeof value === "string"
    case "number":
    case "boolean":
      return typeof value === kind
    case "identifier":
    case "money":
      return typeof value === "string" || typeof value === "number"
    case "list":
      return Array.isArray(value)
    case "object":
      return typeof value === "object" && !Array.isArray(value)
  }
}

/** One line for each standard type, for people who read the API's description. */
export const describeProperties = (): string =>
  Object.entries(standardProperties)
    .map(([type, properties]) => {
      const typed = Object.entries(properties).map(([name, kind]) => `${name}: ${kind}`)
      return `${type} { ${typed.join(", ")} }`
    })
    .join("; ")
