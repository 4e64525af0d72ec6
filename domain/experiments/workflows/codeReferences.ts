import { Clock, Effect } from "effect"
import { createHash } from "node:crypto"
import type { FieldError } from "../../../ports/analytics/IngestReceipt.ts"
import { DocumentStore, listLimitMax } from "../../../ports/documents/DocumentStore.ts"
import type { DocumentWrite } from "../../../ports/documents/DocumentStore.ts"
import { codeBranches, codeBranchesMax, codeReferences } from "../../../ports/experiments/CodeReference.ts"
import type {
  CodeBranch,
  CodeReferencesReceipt,
  FlagReferences,
  NewCodeReferences
} from "../../../ports/experiments/CodeReference.ts"
import { flags } from "../../../ports/experiments/Flag.ts"
import { Refused } from "../../../ports/platform/Refused.ts"
import type { WorkspaceId } from "../../../ports/WorkspaceId.ts"
import { auditOf } from "../../platform/audit.ts"
import type { Actor } from "../../platform/audit.ts"
import { forEveryPage } from "../../platform/everyPage.ts"
import { listItems, readItem } from "../../platform/resources.ts"
import { parseInstant } from "../../zones/instant.ts"

const branchKind = { name: codeBranches.name, singular: "branch with code references" }

const refuse = (kind: Refused["kind"], pointer: string, code: string, detail: string) =>
  new Refused({ kind, detail, errors: [{ pointer, code, detail }] })

const digestOf = (parts: ReadonlyArray<unknown>): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32)

/** One of each repository and branch. */
const branchIdOf = ({ branch, repository }: Pick<NewCodeReferences, "branch" | "repository">): string =>
  digestOf([repository, branch])

/** What is stored of a branch beside what is told of it. */
interface StoredBranch extends CodeBranch {
  /** When the first posting of the commit came, of those up to a complete one; ms UTC. */
  readonly begun_at: number
  /** Of what the last posting said, by which the same again is known. */
  readonly digest: string
}

const keep = (collection: string, id: string, data: unknown, expected: number | "any" = "any"): DocumentWrite => ({
  kind: "put",
  collection,
  id,
  expected,
  schema_version: 1,
  subjects: [],
  data
})

/** Keys that are none of a flag's, and one that is here twice. */
const sortFlags = Effect.fnUntraced(function* (workspace: WorkspaceId, posted: NewCodeReferences["flags"]) {
  const documents = yield* DocumentStore
  const unknown: Array<string> = []
  const known: Array<NewCodeReferences["flags"][number]> = []
  for (const [at, each] of posted.entries()) {
    if (posted.findIndex(({ flag }) => flag === each.flag) !== at) {
      return yield* refuse("bad-request", `/flags/${at}/flag`, "duplicate", `${each.flag} is here twice`)
    }
    const found = yield* documents.get(workspace, flags.name, each.flag)
    if (found === undefined) unknown.push(each.flag)
    else known.push(each)
  }
  return { known, unknown }
})

/**
 * Keeps where a commit names flags, in the place of what the branch had. The same posting again changes nothing, so
 * whoever was cut off sends it once more; another one of a commit that is complete begins it anew. An older commit than
 * the one that stands is refused.
 */
export const postReferences = Effect.fn("postCodeReferences")(function* (actor: Actor, posted: NewCodeReferences) {
  const { workspace } = actor
  const { branch, commit, complete = true, repository } = posted
  const committed_at = parseInstant(posted.committed_at)
  if (committed_at === undefined) {
    const detail = "must be an ISO 8601 date and time with offset"
    return yield* refuse("bad-request", "/committed_at", "not_an_instant", detail)
  }
  const documents = yield* DocumentStore
  const id = branchIdOf(posted)
  const found = yield* documents.get(workspace, codeBranches.name, id)
  const before = found?.data as StoredBranch | undefined
  if (before !== undefined && before.commit !== commit && before.committed_at > committed_at) {
    const detail = `${repository} ${branch} is at the later commit ${before.commit}`
    return yield* refuse("conflict", "/committed_at", "older", detail)
  }
  if (before === undefined) yield* refuseFull(workspace)
  const { known, unknown } = yield* sortFlags(workspace, posted.flags)
  // Later than what stands, whatever the clock says: what is forgotten goes by it.
  const posted_at = Math.max(yield* Clock.currentTimeMillis, (before?.posted_at ?? 0) + 1)
  const digest = digestOf([complete, posted.flags])
  const goesOn = before?.commit === commit && (!before.complete || before.digest === digest)
  const begun_at = goesOn ? before.begun_at : posted_at
  const told: CodeBranch = {
    id,
    repository,
    branch,
    commit,
    committed_at,
    posted_at,
    posted_by: actor.keyId,
    complete
  }
  const stands: StoredBranch = { ...told, begun_at, digest }
  const writes = known.map(({ flag, references, total = references.length }): DocumentWrite => {
    const place = { collection: codeReferences.name, id: `${id}/${flag}` }
    if (references.length === 0) return { kind: "delete", ...place, expected: "any" }
    const data: FlagReferences = { flag, branch_id: id, repository, branch, commit, posted_at, references, total }
    return keep(place.collection, place.id, { ...data, total: Math.max(total, references.length) })
  })
  const target = `${codeBranches.name}/${id}`
  yield* documents
    .commit(workspace, {
      writes: [keep(codeBranches.name, id, stands, found?.revision ?? 0), ...writes],
      audit: [yield* auditOf(actor, posted_at, "code_references.posted", target, before, stands)]
    })
    .pipe(Effect.catchTag("DuplicateKey", Effect.die))
  const forgotten = complete ? yield* forget(workspace, id, (each) => each.posted_at < begun_at) : 0
  const kept = known.filter(({ references }) => references.length > 0).length
  const receipt: CodeReferencesReceipt = { branch: told, kept, forgotten, unknown }
  return receipt
})

const refuseFull = Effect.fnUntraced(function* (workspace: WorkspaceId) {
  const documents = yield* DocumentStore
  const count = yield* documents.count({ workspace, collection: codeBranches.name, index: "by_time", equals: [] })
  if (count < codeBranchesMax) return
  const detail = `a workspace has at most ${codeBranchesMax} branches: delete those that are merged`
  return yield* refuse("conflict", "/branch", "too_many", detail)
})

/** Removes places of a branch, as they were seen; what a kill leaves goes with the next posting. */
const forget = Effect.fnUntraced(function* (
  workspace: WorkspaceId,
  branch: string,
  isGone: (references: FlagReferences) => boolean
) {
  const documents = yield* DocumentStore
  const by = { workspace, collection: codeReferences.name, index: "by_branch", equals: [branch] }
  let forgotten = 0
  yield* forEveryPage(
    by,
    Effect.fnUntraced(function* (page) {
      const gone = page.filter(({ data }) => isGone(data as FlagReferences))
      const writes = gone.map(({ collection, id, revision }): DocumentWrite => ({
        kind: "delete",
        collection,
        id,
        expected: revision
      }))
      if (writes.length > 0) yield* Effect.catchTag(documents.commit(workspace, { writes }), "DuplicateKey", Effect.die)
      forgotten += writes.length
    })
  )
  return forgotten
})

export const readBranch = (workspace: WorkspaceId, id: string) => readItem<CodeBranch>(branchKind, workspace, id)

/** Posted last first. */
export const listBranches = (workspace: WorkspaceId, limit: number, cursor: string | undefined) =>
  listItems<CodeBranch>(branchKind, workspace, limit, cursor)

/** A branch that was merged or deleted: nothing that it named counts any more. */
export const removeBranch = Effect.fn("removeCodeBranch")(function* (actor: Actor, id: string, revision: number) {
  const documents = yield* DocumentStore
  const { item } = yield* readBranch(actor.workspace, id)
  // Places first: where it ends in between, the branch is there to be deleted again.
  yield* forget(actor.workspace, id, () => true)
  const now = yield* Clock.currentTimeMillis
  yield* documents.commit(actor.workspace, {
    writes: [{ kind: "delete", collection: codeBranches.name, id, expected: revision }],
    audit: [yield* auditOf(actor, now, "code_references.deleted", `${codeBranches.name}/${id}`, item)]
  })
})

/** Where code names a flag, a page of branches. */
export const referencesOfFlag = Effect.fn("referencesOfFlag")(function* (
  workspace: WorkspaceId,
  flag: string,
  limit: number,
  cursor: string | undefined
) {
  yield* readItem(flags, workspace, flag)
  const documents = yield* DocumentStore
  const by = { workspace, collection: codeReferences.name, index: "by_flag", equals: [flag] }
  const { items, next } = yield* documents.list({ ...by, limit, cursor })
  return { items: items.map(({ data }) => data as FlagReferences), next: next ?? null }
})

/** Places that a refusal names. */
const placesToldMax = 50

/** Places where code of any branch names the flag, as reasons to leave it. */
export const placesOf = Effect.fnUntraced(function* (workspace: WorkspaceId, flag: string) {
  const documents = yield* DocumentStore
  const by = { workspace, collection: codeReferences.name, index: "by_flag", equals: [flag], limit: listLimitMax }
  const { items } = yield* Effect.catchTag(documents.list(by), "InvalidCursor", Effect.die)
  const places = items.flatMap(({ data }) => {
    const { branch, references, repository } = data as FlagReferences
    return references.map(({ line, path }): FieldError => ({
      pointer: "",
      code: "referenced",
      detail: `${repository} ${branch} ${path}:${line}`
    }))
  })
  return places.slice(0, placesToldMax)
})

/** Refuses while code names the flag. */
export const refuseReferenced = Effect.fnUntraced(function* (workspace: WorkspaceId, flag: string, way: string) {
  const errors = yield* placesOf(workspace, flag)
  if (errors.length === 0) return
  return yield* new Refused({ kind: "conflict", detail: `code names the flag: ${way}`, errors })
})
