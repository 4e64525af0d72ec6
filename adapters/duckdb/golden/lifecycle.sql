create or replace temp table lifecycle_patterns as
select pattern, count(*) as people from (
  select person, bit_or(pattern) as pattern from (
  select coalesce(p.person, e.subject) as person, bit_or(1::bigint << (case when e.time_ms < 1000000 then 0 else 1 + (case when e.time_ms < 3000000 then 0 + (e.time_ms - 1000000) // 1000000 else 2 + (e.time_ms - 3000000) // 900000 end) end)::integer) as pattern
    from store.events e left join store.people p on p.subject = e.subject
  where e.workspace = 'default' and e.time_ms < 4000000 and (e.event_type is not distinct from 'page_view')
  group by 1
  union all
  select person, 1::bigint << (case when t < 1000000 then 0 else 1 + (case when t < 3000000 then 0 + (t - 1000000) // 1000000 else 2 + (t - 3000000) // 900000 end) end)::integer from (
    select coalesce(p.person, e.subject) as person, min(e.time_ms) as t from store.firsts e left join store.people p on p.subject = e.subject
  where e.workspace = 'default' and e.time_ms < 4000000 and (e.event_type is not distinct from 'page_view')
    group by 1)
  ) group by person
) group by pattern;

select coalesce(sum(people) filter ((pattern >> 1) & 1 = 1), 0)::integer as active0,
  coalesce(sum(people) filter ((pattern >> 2) & 1 = 1), 0)::integer as active1, coalesce(sum(people) filter ((pattern >> 2) & 1 = 1 and (pattern >> 1) & 1 = 1), 0)::integer as returning1, coalesce(sum(people) filter ((pattern & (-pattern)) = (1::bigint << 2)), 0)::integer as fresh1,
  coalesce(sum(people) filter ((pattern >> 3) & 1 = 1), 0)::integer as active2, coalesce(sum(people) filter ((pattern >> 3) & 1 = 1 and (pattern >> 2) & 1 = 1), 0)::integer as returning2, coalesce(sum(people) filter ((pattern & (-pattern)) = (1::bigint << 3)), 0)::integer as fresh2
from lifecycle_patterns;

create or replace temp table lifecycle_patterns as
select pattern, count(*) as people from (
  select person, bit_or(pattern) as pattern from (
  select coalesce(p.person, e.subject) as person, bit_or(1::hugeint << (case when e.time_ms < 1000000 then 0 else 1 + (case when e.time_ms < 3000000 then 0 + (e.time_ms - 1000000) // 1000000 else 2 + (e.time_ms - 3000000) // 900000 end) end)::integer) as pattern
    from store.events e left join store.people p on p.subject = e.subject
  where e.workspace = 'default' and e.time_ms < 4000000 and (e.event_type is not distinct from 'page_view')
  group by 1
  union all
  select person, 1::hugeint << (case when t < 1000000 then 0 else 1 + (case when t < 3000000 then 0 + (t - 1000000) // 1000000 else 2 + (t - 3000000) // 900000 end) end)::integer from (
    select coalesce(p.person, e.subject) as person, min(e.time_ms) as t from store.firsts e left join store.people p on p.subject = e.subject
  where e.workspace = 'default' and e.time_ms < 4000000 and (e.event_type is not distinct from 'page_view')
    group by 1)
  ) group by person
) group by pattern;
