const script = document.currentScript as HTMLScriptElement

/** Attributes of the script tag: `data-key`, and where wanted `data-hash`, `data-dnt`, `data-opted-out`. */
export const settings = script.dataset

/** Beside the script, so that a proxy may serve both below a path of its own. */
export const address = `${new URL("analytics/events/batch", script.src)}?key=${settings["key"]}`

/** The person asked not to be followed: by Global Privacy Control, or by Do Not Track where the page honours it. */
export const isOptedOut =
  (navigator as { readonly globalPrivacyControl?: boolean }).globalPrivacyControl === true ||
  ("dnt" in settings && navigator.doNotTrack === "1")

/** Whether visits of those who opted out are counted all the same, without the ids and traits that the page knows. */
export const isAnonymous = isOptedOut && settings["optedOut"] === "anonymous"
