/** Why a statement is not run, or failed, in words for its author. */
export class RefusedStatement extends Error {}
