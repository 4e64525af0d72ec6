import { Schema } from "effect"
import type { Collection } from "../documents/DocumentStore.ts"
import { DefinitionKey } from "./FlagFile.ts"

/** Branches, of all repositories, whose references a workspace keeps. */
export const codeBranchesMax = 200
/** Flags that one posting speaks of; a commit may have several postings. */
export const postedFlagsMax = 90
/** Places that are kept of one flag and branch. */
export const referencesOfFlagMax = 200
export const pathCharactersMax = 500

const Name = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(200))
const Commit = Schema.String.check(
  Schema.isPattern(/^[0-9a-f]{7,64}$/u, { message: "must be the hexadecimal name of a commit, 7 to 64 digits" })
)

export const CodeReference = Schema.Struct({
  /** From the root of the repository, with `/`. */
  path: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(pathCharactersMax)),
  /** From 1. */
  line: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 10_000_000 }))
})
export type CodeReference = typeof CodeReference.Type

const references = Schema.Array(CodeReference).check(Schema.isMaxLength(referencesOfFlagMax))
const total = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 10_000_000 }))

/** Where the code of a commit names flags. */
export const NewCodeReferences = Schema.Struct({
  repository: Name,
  branch: Name,
  commit: Commit,
  /** ISO 8601 with offset: what an older commit says comes too late. */
  committed_at: Schema.String.check(Schema.isMaxLength(100)),
  flags: Schema.Array(
    Schema.Struct({
      flag: DefinitionKey,
      references,
      /** Of all places, where there are more than are kept. */
      total: Schema.optionalKey(total)
    })
  ).check(Schema.isMaxLength(postedFlagsMax)),
  /**
   * `false`: more of this commit is to come. The last posting makes the branch forget what none of them names; another
   * one after it, of the same commit, begins the commit anew.
   */
  complete: Schema.optionalKey(Schema.Boolean)
}).annotate({
  identifier: "NewCodeReferences",
  examples: [
    {
      repository: "acme/shop",
      branch: "main",
      commit: "8a9b5d0e7c1f2a3b4c5d6e7f8091a2b3c4d5e6f7",
      committed_at: "2026-11-30T10:00:00+01:00",
      flags: [{ flag: "new-checkout", references: [{ path: "src/checkout.ts", line: 12 }] }]
    }
  ]
})
export type NewCodeReferences = typeof NewCodeReferences.Type

/** A branch as its last posting left it. Times in ms UTC. */
export const CodeBranch = Schema.Struct({
  id: Schema.String,
  repository: Schema.String,
  branch: Schema.String,
  commit: Schema.String,
  committed_at: Schema.Int,
  posted_at: Schema.Int,
  posted_by: Schema.String,
  /** `false`: more of the commit is to come. */
  complete: Schema.Boolean
}).annotate({ identifier: "CodeBranch" })
export type CodeBranch = typeof CodeBranch.Type

/** What became of a posting. */
export const CodeReferencesReceipt = Schema.Struct({
  branch: CodeBranch,
  /** Flags of which places are kept now. */
  kept: Schema.Int,
  /** Flags that the branch names no longer. */
  forgotten: Schema.Int,
  /** Keys that no flag has. */
  unknown: Schema.Array(Schema.String)
}).annotate({ identifier: "CodeReferencesReceipt" })
export type CodeReferencesReceipt = typeof CodeReferencesReceipt.Type

/** Places of one flag in one branch. */
export const FlagReferences = Schema.Struct({
  flag: Schema.String,
  branch_id: Schema.String,
  repository: Schema.String,
  branch: Schema.String,
  commit: Schema.String,
  posted_at: Schema.Int,
  references: Schema.Array(CodeReference),
  total: Schema.Int
}).annotate({ identifier: "FlagReferences" })
export type FlagReferences = typeof FlagReferences.Type

export const codeBranches: Collection = {
  name: "code_branches",
  unique: [],
  indexes: [{ name: "by_time", equals: [], sort: "posted_at", direction: "descending" }]
}
export const codeReferences: Collection = {
  name: "code_references",
  unique: [],
  indexes: [
    { name: "by_flag", equals: ["flag"], sort: "posted_at", direction: "descending" },
    { name: "by_branch", equals: ["branch_id"], sort: "flag", direction: "ascending" }
  ]
}
