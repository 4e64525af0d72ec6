/** Table functions that make rows of their arguments alone. */
const tableFunctions: ReadonlySet<string> = new Set(["range", "generate_series", "unnest", "json_each", "json_tree"])

/** What may stand in a FROM. Everything else (SHOW_REF of DESCRIBE and SUMMARIZE, …) speaks of the engine. */
const sources: ReadonlySet<string> = new Set([
  "EMPTY",
  "BASE_TABLE",
  "SUBQUERY",
  "JOIN",
  "TABLE_FUNCTION",
  "EXPRESSION_LIST",
  "PIVOT"
])
const otherSources: ReadonlySet<string> = new Set([
  "SHOW_REF",
  "COLUMN_DATA",
  "DELIM_GET",
  "BOUND_TABLE_REF",
  "CTE",
  "TABLE_REF",
  "INVALID"
])

/** Functions that tell of the engine or its catalog, wait, write or run text as a statement. */
const refusedFunctions: ReadonlySet<string> = new Set([
  "current_connection_id",
  "current_database",
  "current_databases",
  "current_query",
  "current_query_id",
  "current_schema",
  "current_schemas",
  "current_setting",
  "current_transaction_id",
  "currval",
  "get_block_size",
  "getenv",
  "getvariable",
  "in_search_path",
  "json_deserialize_sql",
  "json_execute_serialized_sql",
  "json_serialize_plan",
  "json_serialize_sql",
  "nextval",
  "parse_duckdb_log_message",
  "query",
  "query_table",
  "setseed",
  "sleep_ms",
  "stats",
  "txid_current",
  "version",
  "write_log"
])
const refusedNames = /^(pg_|duckdb_|pragma_|sqlite_|read_|has_.*_privilege$|inet_|copy_|parquet_)/

/** Names of the catalog: a statement's own table of that name would lend it to another part of the statement. */
const catalogNames = /^(pg_|duckdb_|pragma_|sqlite_|information_schema)/
const plainName = /^[a-z_][a-z0-9_]*$/

type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [key: string]: Json }
type Node = { readonly [key: string]: Json }

const isNode = (value: Json | undefined): value is Node =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const nodesOf = function* (value: Json): Generator<Node> {
  const left: Array<Json> = [value]
  while (left.length > 0) {
    const next = left.pop()!
    if (Array.isArray(next)) for (const each of next) left.push(each)
    else if (isNode(next)) {
      yield next
      for (const each of Object.values(next)) left.push(each)
    }
  }
}

const textOf = (value: Json | undefined): string => (typeof value === "string" ? value.toLowerCase() : "")

/**
 * Why a statement, as the engine's own parser reads it, is not run; `undefined` where nothing speaks against it.
 * It is one SELECT over the views and tables of its own WITH. Only names are judged here: the room around it has nothing
 * else to give, whatever were overlooked.
 */
export const refusalOf = (serialized: string, views: ReadonlySet<string>): string | undefined => {
  const tree = JSON.parse(serialized) as Node
  if (tree["error"] === true) return refusedText(tree)
  const { statements } = tree
  if (!Array.isArray(statements) || statements.length !== 1) return "must be one statement"
  const own = new Set<string>()
  for (const node of nodesOf(statements)) {
    for (const name of withNames(node)) {
      if (!plainName.test(name) || catalogNames.test(name)) return `a table of WITH cannot be named ${shown(name)}`
      own.add(name)
    }
  }
  for (const node of nodesOf(statements)) {
    const refusal = refusalOfNode(node, views, own)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

const refusedText = (tree: Node): string =>
  textOf(tree["error_type"]) === "parser"
    ? String(tree["error_message"])
    : "must be a SELECT, or WITH … SELECT; nothing else is run"

const withNames = (node: Node): ReadonlyArray<string> => {
  const map = node["cte_map"]
  const entries = isNode(map) ? map["map"] : undefined
  const named = Array.isArray(entries) ? entries.flatMap((entry) => (isNode(entry) ? [textOf(entry["key"])] : [])) : []
  return "cte_name" in node ? [...named, textOf(node["cte_name"])] : named
}

const shown = (name: string): string => JSON.stringify(name.slice(0, 100))

const refusalOfNode = (node: Node, views: ReadonlySet<string>, own: ReadonlySet<string>): string | undefined => {
  const type = typeof node["type"] === "string" ? node["type"] : ""
  for (const place of ["from_table", "source"]) {
    const table = node[place]
    if (isNode(table) && !sources.has(String(table["type"]))) return "this kind of table is not known here"
  }
  if (otherSources.has(type)) return "DESCRIBE, SHOW and SUMMARIZE are not run here"
  if (type === "VALUE_PARAMETER") return "parameters are not known here: write the values"
  if (type === "BASE_TABLE") {
    const name = textOf(node["table_name"])
    const isPlain = textOf(node["schema_name"]) === "" && textOf(node["catalog_name"]) === ""
    if (isPlain && (views.has(name) || own.has(name))) return undefined
    return `there is no table ${shown(name)}: ${[...views].join(", ")}, and those of WITH`
  }
  if (type === "TABLE_FUNCTION") {
    const call = node["function"]
    const name = isNode(call) ? textOf(call["function_name"]) : ""
    if (!tableFunctions.has(name)) return `there is no table function ${shown(name)}`
  }
  if (typeof node["function_name"] !== "string") return undefined
  const name = textOf(node["function_name"])
  const isQualified = textOf(node["schema"]) !== "" || textOf(node["catalog"]) !== ""
  return isQualified || refusedFunctions.has(name) || refusedNames.test(name)
    ? `the function ${shown(name)} is not known here`
    : undefined
}
