import { page } from "./currentPage.ts"
import type { Page } from "./currentPage.ts"
import { documentHeight } from "./page.ts"
import { track } from "./queue.ts"
import type { Properties } from "./queue.ts"
import { selectorOf } from "./selector.ts"

/** A click after which nothing changes for this long is dead. */
const answerMillis = 2500
const files = /\.(pdf|docx?|xlsx?|pptx?|csv|txt|zip|rar|7z|gz|dmg|exe|msi|apk|mp[34]|mov|epub)$/i
/** They answer in ways that no change of the document shows. */
const controls = "input,select,option,textarea,label,video,audio,canvas,[contenteditable]"

interface Click {
  readonly properties: Properties
  readonly time: number
  readonly page: Page
}

let unanswered: Array<Click> = []

const tell = ({ page: at, properties, time }: Click, dead: boolean): void =>
  track("element_clicked", { ...properties, dead }, time, at)

/** Something happened: the clicks before it were answered. */
export const answerClicks = (): void => {
  observer.disconnect()
  for (const click of unanswered) tell(click, false)
  unanswered = []
}

const observer = new MutationObserver(answerClicks)

const isFixed = (element: Element | null): boolean =>
  element !== null && (getComputedStyle(element).position === "fixed" || isFixed(element.parentElement))

/** Where the click is: on the document, or for what is fixed on the screen, on that. */
const placeOf = (event: MouseEvent, element: Element): Properties => {
  const fixed = isFixed(element)
  // Keys click without a place: in the middle of the element.
  const box = element.getBoundingClientRect()
  const x = event.detail ? event.clientX : box.left + box.width / 2
  const y = event.detail ? event.clientY : box.top + box.height / 2
  return {
    selector: selectorOf(element),
    x: Math.round(fixed ? x : x + scrollX),
    y: Math.round(fixed ? y : y + scrollY),
    page_width: document.documentElement.clientWidth,
    document_height: fixed ? innerHeight : documentHeight(),
    fixed
  }
}

const trackLink = (link: HTMLAnchorElement): void => {
  const extension = files.exec(link.pathname)?.[1]
  const url = link.href
  if (extension || link.hasAttribute("download")) track("file_downloaded", { url, extension })
  else if (link.protocol.startsWith("http") && link.host !== location.host) track("outbound_clicked", { url })
}

const click = (event: MouseEvent): void => {
  const element = event.composedPath()[0]
  // The second button opens menus, the middle one opens links.
  if (!(element instanceof Element) || event.button > 1) return
  const link = element.closest<HTMLAnchorElement>("a[href]")
  if (link) trackLink(link)
  if (event.button) return
  const made: Click = { properties: placeOf(event, element), time: Date.now(), page }
  if (element.closest(controls)) return tell(made, false)
  unanswered.push(made)
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
  setTimeout(() => {
    if (!unanswered.includes(made)) return
    unanswered = unanswered.filter((each) => each !== made)
    // A link that nobody stopped is on its way, however long its page takes.
    const leads = link && !event.defaultPrevented && !/^(#|javascript:)/i.test(link.getAttribute("href")!)
    tell(made, !leads)
  }, answerMillis)
}

const submit = ({ target }: SubmitEvent): void => {
  const form = target as HTMLFormElement
  // A field named `id` hides the property of that name.
  track("form_submitted", { form_id: form.getAttribute("id"), form_name: form.getAttribute("name") })
  answerClicks()
}

export const watchClicks = (): void => {
  addEventListener("click", click, true)
  addEventListener("auxclick", click, true)
  addEventListener("submit", submit, true)
}
