export interface Page {
  readonly url: string
  readonly title: string
  readonly referrer: string
}

/** What is being looked at; events say it of themselves. */
export let page: Page

export const setPage = (now: Page): void => {
  page = now
}
