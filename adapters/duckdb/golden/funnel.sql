select coalesce(p.person, e.subject) as person, e.time_ms as time, e.received_us * 1000 + least(greatest(e.idx, 0), 999) as arrival, (case e.event_type when 'page_view' then 1 when 'order_completed' then 2 else 0 end)::uinteger as code,
  coalesce((case when not contains((e.properties->>'/plan'), '"$pii":') then (e.properties->>'/plan') end), '') as g
from store.events e left join store.people p on p.subject = e.subject
where e.workspace = 'it''s' and e.time_ms >= 1000 and e.time_ms < 5100 and (e.country is not distinct from 'DE') and coalesce(e.event_type in ('page_view', 'order_completed'), false);

select coalesce(p.person, e.subject) as person, e.time_ms as time, e.received_us * 1000 + least(greatest(e.idx, 0), 999) as arrival, (case e.event_type when 'page_view' then 1 when 'order_completed' then 2 else 0 end)::uinteger as code
from store.events e left join store.people p on p.subject = e.subject
where e.workspace = 'it''s' and e.time_ms >= 1000 and e.time_ms < 5100 and (e.country is not distinct from 'DE') and coalesce(e.event_type in ('page_view', 'order_completed'), false) and (coalesce(p.person, e.subject) & 255) between 128 and 255;

select coalesce(p.person, e.subject) as person, e.time_ms as time, e.received_us * 1000 + least(greatest(e.idx, 0), 999) as arrival, (case when coalesce(e.event_type in ('page_view'), false) then 1 else 0 end + case when (e.country is not distinct from 'DE') then 2 else 0 end)::uinteger as code
from store.events e left join store.people p on p.subject = e.subject
where e.workspace = 'it''s' and e.time_ms >= 1000 and e.time_ms < 5100 and (e.country is not distinct from 'DE') and (coalesce(e.event_type in ('page_view'), false) or (e.country is not distinct from 'DE'));

create or replace temp table funnel_events as
with chosen as (
  select coalesce(p.person, e.subject) as person, coalesce((case when not contains((e.properties->>'/plan'), '"$pii":') then (e.properties->>'/plan') end), '') as g, e.time_ms as t, e.received_us, e.idx, e.event_id, coalesce(e.event_type in ('page_view'), false) as s0, coalesce(e.event_type in ('order_completed'), false) as s1, coalesce(e.event_type in ('cart_emptied'), false) as x0
  from store.events e left join store.people p on p.subject = e.subject
  where e.workspace = 'it''s' and e.time_ms >= 1000 and e.time_ms < 5100 and (e.country is not distinct from 'DE') and coalesce(e.event_type in ('page_view', 'order_completed', 'cart_emptied'), false)
)
select person, person as unit, g, t, row_number() over (
  partition by unit order by t, received_us, idx, event_id) as n, count(*) filter (s1) over (partition by unit order by t, received_us, idx, event_id rows unbounded preceding) as c1, count(*) filter (x0) over (partition by unit order by t, received_us, idx, event_id rows unbounded preceding) as d0, chosen.* exclude (person, g, t, received_us, idx, event_id)
from chosen;

create or replace temp table funnel_attempts as
with a0 as (select unit, person, n as n0, t as t0, g as g0, c1, d0 from funnel_events where s0 and t >= 1000 and t < 5000),
a1 as (select a.* exclude (c1), case when b.t - a.t0 <= 100 then b.n end as n1, case when b.t - a.t0 <= 100 then b.t end as t1, case when b.t - a.t0 <= 100 then b.g end as g1 from a0 a left join (select unit, n, t, g, c1 as place from funnel_events where s1) b on b.unit = a.unit and b.place = case when a.n0 is not null then a.c1 + 1 end)
select * from a1;

create or replace temp table funnel_best as
select unit, person, (n0 is not null)::integer + (n1 is not null)::integer as furthest, g0 as g, t0, t1
from (select a.*, (x0.n is not null and x0.t - a.t0 <= 100 and (a.n1 is null or x0.n < a.n1)) as killed from funnel_attempts a left join (select unit, n, t, d0 from funnel_events where x0) x0 on x0.unit = a.unit and x0.d0 = case when a.n0 is not null then a.d0 + 1 end)
qualify row_number() over (partition by unit order by (n0 is not null)::integer + (n1 is not null)::integer desc, killed, coalesce(n1, n0), n0 desc) = 1 and not killed;

select grp, count(*) filter (furthest > 0)::integer as people0, count(*) filter (furthest > 1)::integer as people1, sum(t1 - t0)::hugeint as sum1, median(t1 - t0)::double as median1, count(*) filter (t1 - t0 >= 0 and t1 - t0 < 1000)::integer as bin1_0, count(*) filter (t1 - t0 >= 1000)::integer as bin1_1, count(*) filter (furthest < 2 and t0 + 100 > 7000)::integer as open
from (select *, case when g = 'pro' then 0 else -1 end as grp from funnel_best)
group by grouping sets ((), (grp)) order by grp nulls first;
