export interface Room {
  readonly folder: string
  readonly own: string
  readonly other: string
  readonly secretFile: string
  readonly secret: string
}

const quoted = (path: string): string => `'${path}'`
const identifier = (path: string): string => `"${path}"`

/** Statements that want what is not theirs; every one is refused. */
export const attempts = (room: Room): ReadonlyArray<string> => [
  ...readingFiles(room),
  ...changing(room),
  ...speakingOfTheEngine,
  ...hiding(room)
]

/** Those that the engine itself must refuse, judged or not. */
export const outside = ({ folder, other, secretFile }: Room): ReadonlyArray<string> => [
  `select * from read_csv(${quoted(secretFile)})`,
  `select * from read_text(${quoted(secretFile)})`,
  `select * from read_blob('/etc/passwd')`,
  `select * from read_parquet(${quoted(`${other}/**/*.parquet`)})`,
  `select * from parquet_metadata(${quoted(`${other}/**/*.parquet`)})`,
  `select * from sniff_csv(${quoted(secretFile)})`,
  `select * from ${quoted(secretFile)}`,
  `select * from glob(${quoted(`${folder}/**`)})`,
  `select * from query('from read_text(''/etc/passwd'')')`,
  `copy (select 1) to ${quoted(`${folder}/out.csv`)}`,
  `export database ${quoted(`${folder}/export`)}`,
  `attach ${quoted(`${folder}/../events.duckdb`)} as store`,
  "install httpfs",
  "load httpfs",
  "set enable_external_access = true",
  "set allowed_directories = ['/']",
  "set allowed_paths = ['/etc/passwd']",
  "set lock_configuration = false",
  "set memory_limit = '8GB'",
  "set threads = 8",
  "set temp_directory = '/tmp'",
  "reset memory_limit",
  "pragma memory_limit = '8GB'"
]

const readingFiles = ({ other, own, secretFile }: Room): ReadonlyArray<string> => {
  const file = quoted(secretFile)
  const parquet = quoted(`${other}/**/*.parquet`)
  const mine = quoted(`${own}/**/*.parquet`)
  return [
    `select * from read_csv(${file})`,
    `select * from read_csv_auto(${file})`,
    `select * from read_csv([${file}], header = true)`,
    `select * from read_text(${file})`,
    `select * from read_blob(${file})`,
    `select * from read_json('/proc/self/environ')`,
    `select * from read_json_auto(${file})`,
    `select * from read_json_objects(${file})`,
    `select * from read_ndjson(${file})`,
    `select * from read_ndjson_auto(${file})`,
    `select * from read_ndjson_objects(${file})`,
    `select * from read_parquet(${parquet})`,
    `select * from parquet_scan(${parquet})`,
    `select * from read_parquet(${mine})`,
    `select * from parquet_metadata(${mine})`,
    `select * from parquet_file_metadata(${mine})`,
    `select * from parquet_full_metadata(${mine})`,
    `select * from parquet_kv_metadata(${mine})`,
    `select * from parquet_schema(${mine})`,
    `select * from parquet_bloom_probe(${mine}, 'user_id', 'ada')`,
    `select * from read_duckdb(${file})`,
    `select * from sniff_csv(${file})`,
    `select * from glob('/etc/*')`,
    `select * from glob(${quoted(`${other}/*`)})`,
    `select * from '/etc/passwd'`,
    `select * from ${file}`,
    `from ${file}`,
    `select * from ${parquet}`,
    `select * from ${identifier(`${other}/*.parquet`)}`,
    `select * from "file:///etc/passwd"`,
    `select * from 'https://example.com/data.csv'`,
    `select * from 's3://bucket/data.parquet'`,
    `select * from read_csv('http://127.0.0.1:9464/metrics')`,
    `select * from events, ${parquet}`,
    `select * from events where event_type in (select a from read_csv(${file}))`,
    `select (select a from read_csv(${file}))`,
    `select exists (from read_csv(${file}))`,
    `with x as (from read_csv(${file})) select * from x`,
    `with recursive x as (select a from ${file} union all select a from x) select * from x`,
    `select * from (select * from (select * from ${file}))`,
    `select * from events union all select * from ${parquet}`,
    `select * from events e join lateral (select * from read_text(${file})) t on true`,
    `select * from query('select * from ' || chr(39) || '/etc/passwd' || chr(39))`,
    `select * from query_table('/etc/passwd')`,
    `select * from query_table(['events', ${file}])`,
    `select * from json_execute_serialized_sql(json_serialize_sql('select * from read_text(''/etc/passwd'')'))`,
    `pivot ${file} on a`,
    `select * from (from ${file} pivot (count(*) for a in ('x')))`,
    `select list(t) from read_blob(${file}) t`,
    `values ((select content from read_text(${file})))`
  ]
}

const changing = ({ folder, secretFile }: Room): ReadonlyArray<string> => {
  const target = quoted(`${folder}/out.csv`)
  return [
    `copy (select 1) to ${target}`,
    `copy events to ${target} (format parquet)`,
    `copy t from ${quoted(secretFile)}`,
    `copy from database memory to other`,
    `export database ${quoted(`${folder}/export`)}`,
    `import database '/tmp'`,
    `attach ${quoted(`${folder}/../events.duckdb`)} as store`,
    `attach ':memory:' as other`,
    `detach memory`,
    `use memory.main`,
    `install httpfs`,
    `force install httpfs from 'http://127.0.0.1/'`,
    `load httpfs`,
    `load ${quoted(`${folder}/evil.duckdb_extension`)}`,
    `update extensions`,
    `set enable_external_access = true`,
    `set global allowed_directories = ['/']`,
    `set lock_configuration = false`,
    `set variable x = 1`,
    `reset lock_configuration`,
    `reset enable_external_access`,
    `pragma enable_external_access = true`,
    `pragma database_list`,
    `pragma show_tables`,
    `call pragma_version()`,
    `call enable_logging()`,
    `create table t as select 1`,
    `create or replace view events as select 1`,
    `create temp table t (a integer)`,
    `create macro f(x) as (select x)`,
    `create macro f() as table from read_text('/etc/passwd')`,
    `create function f() as 1`,
    `create secret s (type s3)`,
    `create type t as enum ('a')`,
    `create schema s`,
    `create sequence s`,
    `create index i on events (event_id)`,
    `insert into events select * from events`,
    `update events set event_type = 'x'`,
    `delete from events`,
    `merge into events using events e on true when matched then delete`,
    `truncate events`,
    `drop view events`,
    `alter view events rename to other`,
    `comment on view events is 'x'`,
    `begin transaction`,
    `commit`,
    `checkpoint`,
    `vacuum`,
    `analyze`,
    `prepare p as select 1`,
    `execute p`,
    `deallocate p`,
    `explain analyze select 1`,
    `with x as (insert into events select * from events returning *) select * from x`
  ]
}

const speakingOfTheEngine: ReadonlyArray<string> = [
  "select * from duckdb_settings()",
  "select * from duckdb_secrets()",
  "select which_secret from which_secret('s3://x', 's3')",
  "select sql from duckdb_views()",
  "select * from duckdb_views",
  "select * from duckdb_databases()",
  "select * from duckdb_tables()",
  "select * from duckdb_functions()",
  "select * from duckdb_extensions()",
  "select * from duckdb_temporary_files()",
  "select * from duckdb_logs()",
  "select * from duckdb_external_file_cache()",
  "select * from duckdb_variables()",
  "select * from duckdb_prepared_statements()",
  "select * from information_schema.tables",
  "select * from memory.information_schema.tables",
  "select * from system.information_schema.schemata",
  "select view_definition from information_schema.views",
  "select * from sqlite_master",
  "select * from main.sqlite_master",
  "select * from pg_catalog.pg_views",
  "select * from pg_settings",
  "select * from system.main.duckdb_views",
  "select * from pragma_database_list",
  "select * from pragma_table_info('events')",
  "select * from pragma_storage_info('events')",
  "select * from pragma_platform()",
  "select * from sql_auto_complete('sel')",
  "select * from enable_logging()",
  "select * from force_checkpoint()",
  "select * from summary((from events))",
  "select * from test_all_types()",
  "select * from repeat_row(1, num_rows = 3)",
  "describe events",
  "select * from (describe events)",
  "select * from (show all tables)",
  "show tables",
  "summarize events",
  "select current_setting('allowed_paths')",
  "select getenv('HOME')",
  "select getvariable('x')",
  "select current_query()",
  "select version()",
  "select pg_get_viewdef(1)",
  "select system.main.current_setting('allowed_paths')",
  "select json_serialize_plan('select 1')",
  "select write_log('x')",
  "select sleep_ms(100000)",
  "select pg_sleep(100)",
  "select nextval('s')",
  "select 'a'.current_setting()"
]

const hiding = ({ secretFile }: Room): ReadonlyArray<string> => {
  const file = quoted(secretFile)
  return [
    "",
    ";",
    "-- nothing",
    "/* nothing */",
    "select 1; select 2",
    `select 1;;copy (select 1) to '/tmp/x'`,
    `select 1; -- \n drop view events`,
    `select 1 /* ; */; select * from ${file}`,
    `select * from /**/read_text/**/(${file})`,
    `select * from read_\u0074ext(${file})`,
    `select * from READ_TEXT(${file})`,
    `select * from "read_text"(${file})`,
    `select * from main.read_text(${file})`,
    `select * from system.main.read_text(${file})`,
    `select * from U&"read\\005ftext"(${file})`,
    `select * from ｒｅａｄ_ｔｅｘｔ(${file})`,
    `select * from read_text\u200b(${file})`,
    `select\u00a0*\u00a0from\u00a0read_text(${file})`,
    `select * from read_text(e'\\x2fetc\\x2fpasswd')`,
    `select * from read_text(chr(47) || 'etc' || chr(47) || 'passwd')`,
    `select * from read_text($$/etc/passwd$$)`,
    `select * from $1`,
    "select $1",
    "select ?",
    `with "/etc/passwd" as (select 1) select * from "/etc/passwd"`,
    `with duckdb_views as (select 1) select * from duckdb_views`,
    `select * from (with sqlite_master as (select 1) select 1) x, sqlite_master`,
    `with t as (select 1) select * from other.t`,
    `select * from events at (version => 1), ${file}`,
    `select 1 from events order by (select content from read_text(${file}))`,
    `select 1 limit (select count(*) from read_text(${file}))`,
    `select count(*) filter (exists (from read_text(${file}))) from events`,
    `select sum(1) over (order by (select 1 from read_text(${file}))) from events`,
    `select case when true then (select content from read_text(${file})) end`,
    `select [x for x in (select list(content) from read_text(${file}))]`,
    `select list_transform([1], lambda x: (select content from read_text(${file})))`,
    `select * from events group by all having (select true from read_text(${file}))`,
    `select * from events qualify (select true from read_text(${file}))`,
    `select columns(*) from read_text(${file})`,
    `select x.* replace ((select content from read_text(${file})) as a) from (select 1 as a) x`,
    `select * from unnest((select [content] from read_text(${file})))`,
    `select 1\u0000; drop view events`
  ]
}

/** Statements that want more than there is. */
export const bombs: ReadonlyArray<string> = [
  "with recursive x as (select 1 as n union all select n + 1 from x) select max(n) from x",
  "with recursive x as (select 1::hugeint as n union all select n from x, range(1000)) select count(*) from x",
  "select count(*) from range(1000000) a, range(1000000) b, range(1000000) c where (a.range + b.range + c.range) % 7 = 8",
  "select list(a.range) from range(100000000) a",
  "select length(repeat(repeat('x', 100000), 100000))",
  "select string_agg(repeat('x', 10000), '') from range(1000000)",
  "select a.range, b.range from range(100000) a, range(100000) b order by hash(a.range, b.range)"
]

/** Statements that look as if they did, and do not. */
export const harmless: ReadonlyArray<string> = [
  `select ${"(".repeat(2000)}1${")".repeat(2000)}`,
  `select regexp_matches(repeat('a', 100000), '${"(a*)*".repeat(50)}b')`,
  `select ${Array.from({ length: 100 }, () => "1").join(" + ")}`
]
