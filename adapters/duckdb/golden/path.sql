create or replace temp table path_names as
select event_type, path, node, (dense_rank() over (order by node) - 1)::uinteger as id from (
  select event_type, path, case when path is null then 'e' || event_type else 'p' || case when regexp_full_match(path, '(?s)\/blog\/.*') then '/blog/*' when regexp_full_match(path, '(?s)\/a\.b') then '/a.b' else path end end as node from (
    select distinct e.event_type, case when e.event_type = 'page_view' then e.path end as path from store.events e
    where e.workspace = 'default' and e.time_ms >= 1000000 and e.time_ms < 3005000
  )
);

select coalesce(p.person, e.subject) as person, e.time_ms as time, e.received_us * 1000 + least(greatest(e.idx, 0), 999) as arrival, (n.id * 4 + case when true then 2 else 0 end + case when (e.path is not distinct from '/pricing') then 1 else 0 end)::uinteger as code
from store.events e left join store.people p on p.subject = e.subject
join path_names n on n.event_type = e.event_type and n.path is not distinct from case when e.event_type = 'page_view' then e.path end
where e.workspace = 'default' and e.time_ms >= 1000000 and e.time_ms < 3005000 and (true or (e.path is not distinct from '/pricing'));

create or replace temp table path_names as
select event_type, path, node, (dense_rank() over (order by node) - 1)::uinteger as id from (
  select event_type, path, case when path is null then 'e' || event_type else 'p' || path end as node from (
    select distinct e.event_type, null::varchar as path from store.events e
    where e.workspace = 'default' and e.time_ms >= 995000 and e.time_ms < 3000000
  )
);

select coalesce(p.person, e.subject) as person, e.time_ms as time, e.received_us * 1000 + least(greatest(e.idx, 0), 999) as arrival, (n.id * 4 + case when true then 2 else 0 end + case when (e.path is not distinct from '/pricing') then 1 else 0 end)::uinteger as code
from store.events e left join store.people p on p.subject = e.subject
join path_names n on n.event_type = e.event_type
where e.workspace = 'default' and e.time_ms >= 995000 and e.time_ms < 3000000 and (true or (e.path is not distinct from '/pricing')) and (coalesce(p.person, e.subject) & 255) between 0 and 127;

create or replace temp table path_firsts as
select coalesce(p.person, e.subject) as person, min(e.time_ms) as t
from store.events e left join store.people p on p.subject = e.subject
where e.workspace = 'default' and e.time_ms >= 1000000 and e.time_ms < 3000000 and (e.path is not distinct from '/pricing')
group by 1;

create or replace temp table path_events as
select f.person, e.time_ms - f.t as d, e.received_us as r, e.idx as i, e.event_id as e, true as passes,
  e.time_ms - f.t = 0 and (e.path is not distinct from '/pricing') as begins, e.event_type, case when e.event_type = 'page_view' then e.path end as path
from store.events e left join store.people p on p.subject = e.subject
join path_firsts f on f.person = coalesce(p.person, e.subject)
where e.workspace = 'default' and e.time_ms >= 1000000 and e.time_ms < 3005000
  and e.time_ms - f.t between 0 and 5000 and (true or (e.time_ms - f.t = 0 and (e.path is not distinct from '/pricing')));

create or replace temp table path_groups as
select path, case when regexp_full_match(path, '(?s)\/blog\/.*') then '/blog/*' when regexp_full_match(path, '(?s)\/a\.b') then '/a.b' else path end as shown
from (select distinct path from path_events where path is not null);

create or replace temp table path_steps as
with anchors as (
  select x.person, min(struct_pack(r := x.r, i := x.i, e := x.e)) as place from path_events x where x.begins group by 1
), ordered as (
  select x.person, x.d, case when x.path is null then 'e' || x.event_type else 'p' || g.shown end as node, row_number() over w as n, x.d - lag(x.d) over w as millis
  from path_events x left join anchors a on a.person = case when x.d = 0 then x.person end
  left join path_groups g on g.path = x.path
  where x.d > 0 or struct_pack(r := x.r, i := x.i, e := x.e) = a.place or (x.passes and struct_pack(r := x.r, i := x.i, e := x.e) > a.place)
  window w as (partition by x.person order by x.d, x.r, x.i, x.e)
), walked as (
  select person, d, node, n, coalesce(millis > 1000, false) as broken, node is distinct from lag(node) over w as moved
  from ordered window w as (partition by person order by n)
), whole as (
  select person, d, node, n, sum(moved::integer) over (partition by person order by n rows unbounded preceding) - 1 as step, bool_or(broken) over (partition by person order by n rows unbounded preceding) as ended
  from walked
), reached as (
  select person, step, any_value(node) as node, min(d) as d, count(*) as events from whole where not ended group by person, step
)
select step::integer as step, node, events, lag(node) over v as near, d - lag(d) over v as millis, lead(step) over v is null as dropped
from reached window v as (partition by person order by step)
qualify step <= 5;

create or replace temp table path_edges as
select *, row_number() over (order by people desc, step, "from", "to") as rank from (
  select step, near as "from", node as "to", count(*)::integer as people, sum(events)::integer as events,
    median(millis)::double as median
  from path_steps where step > 0 group by all
);

create or replace temp table path_nodes as
select *, row_number() over (order by people desc, step, node) as rank from (
  select step, node, count(*)::integer as people, count(*) filter (dropped)::integer as dropped from path_steps group by all
);

select * from path_edges where rank <= 50 order by rank;

select step, count(*)::integer as count, sum(people)::integer as people, sum(events)::integer as sum
from path_edges where rank > 50 group by step order by step;

create or replace temp table path_events as
select f.person, f.t - e.time_ms as d, e.received_us as r, e.idx as i, e.event_id as e, true as passes,
  f.t - e.time_ms = 0 and (e.path is not distinct from '/pricing') as begins, e.event_type, case when e.event_type = 'page_view' then e.path end as path
from store.events e left join store.people p on p.subject = e.subject
join path_firsts f on f.person = coalesce(p.person, e.subject)
where e.workspace = 'default' and e.time_ms >= 995000 and e.time_ms < 3000000
  and f.t - e.time_ms between 0 and 5000 and (true or (f.t - e.time_ms = 0 and (e.path is not distinct from '/pricing')));

create or replace temp table path_steps as
with anchors as (
  select x.person, min(struct_pack(r := x.r, i := x.i, e := x.e)) as place from path_events x where x.begins group by 1
), ordered as (
  select x.person, x.d, 'e' || x.event_type as node, row_number() over w as n, lag('e' || x.event_type) over w as near, x.d - lag(x.d) over w as millis
  from path_events x left join anchors a on a.person = case when x.d = 0 then x.person end
  where x.d > 0 or struct_pack(r := x.r, i := x.i, e := x.e) = a.place or (x.passes and struct_pack(r := x.r, i := x.i, e := x.e) < a.place)
  window w as (partition by x.person order by x.d, x.r desc, x.i desc, x.e desc)
), walked as (
  select *, max(n) over p as last, min(case when millis > 1000 then n end) over p as broken
  from ordered window p as (partition by person)
)
select (n - 1)::integer as step, node, 1 as events, near, millis, n = coalesce(broken - 1, last) as dropped
from walked where (broken is null or n < broken) and n - 1 <= 5;

create or replace temp table path_edges as
select *, row_number() over (order by people desc, step, "from", "to") as rank from (
  select step, node as "from", near as "to", count(*)::integer as people, sum(events)::integer as events,
    median(millis)::double as median
  from path_steps where step > 0 group by all
);
