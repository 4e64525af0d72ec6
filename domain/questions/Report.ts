/** Notes what is wrong with a question: where (JSON pointer), the code, and words. */
export type Report = (pointer: string, code: string, detail: string) => void
