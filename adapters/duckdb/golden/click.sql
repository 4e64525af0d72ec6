create or replace temp table rage_clicks as
with told as (
select coalesce(p.person, e.subject) as person, e.anonymous_id as visitor, e.host, e.path, e.time_ms as t, e.received_us as r, e.idx as i, e.event_id as e,
  case when e.device_type in ('desktop', 'tablet', 'mobile') then e.device_type
    when case when isfinite(try_cast(e.properties->>'/page_width' as double)) then try_cast(e.properties->>'/page_width' as double) end < 768 then 'mobile' when case when isfinite(try_cast(e.properties->>'/page_width' as double)) then try_cast(e.properties->>'/page_width' as double) end < 1024 then 'tablet' when case when isfinite(try_cast(e.properties->>'/page_width' as double)) then try_cast(e.properties->>'/page_width' as double) end is not null then 'desktop' end as device, ((e.properties->'/fixed')::varchar is not distinct from 'true') as fixed, ((e.properties->'/dead')::varchar is not distinct from 'true') as dead, (case when not contains((e.properties->>'/selector'), '"$pii":') then (e.properties->>'/selector') end) as selector,
  case when isfinite(try_cast(e.properties->>'/x' as double)) then try_cast(e.properties->>'/x' as double) end as x, case when isfinite(try_cast(e.properties->>'/y' as double)) then try_cast(e.properties->>'/y' as double) end as y
from store.events e left join store.people p on p.subject = e.subject
where e.workspace = 'default' and e.event_type in ('element_clicked') and e.time_ms >= 999000 and e.time_ms < 3001000
  and (e.path is not distinct from '/pricing')
), clicks as (
  select *, x is not null and y is not null as placed from told where device is not distinct from 'mobile'
), followed as (
  select *, lead(struct_pack(t := t, x := x, y := y)) over w as second, lead(struct_pack(t := t, x := x, y := y), 2) over w as third, struct_pack(x := x, y := y) as first
  from clicks window w as (partition by visitor, host, path, fixed, placed order by t, r, i, e)
), judged as (
  select *, coalesce(placed and third.t - t <= 1000 and (first.x - second.x) ** 2 + (first.y - second.y) ** 2 <= 900 and (first.x - third.x) ** 2 + (first.y - third.y) ** 2 <= 900 and (second.x - third.x) ** 2 + (second.y - third.y) ** 2 <= 900, false) as three
  from followed
), marked as (
  select *, coalesce(lag(three) over w, false) as before, coalesce(lag(three, 2) over w, false) as before_that
  from judged window w as (partition by visitor, host, path, fixed, placed order by t, r, i, e)
)
select person, host, path, selector, dead, three or before or before_that as rage, three and not before and not before_that as begins
from marked where t >= 1000000 and t < 3000000;

select *, count(*) over ()::integer as elements from (
  select host, path, selector, count(*)::integer as clicks, count(*) filter (rage)::integer as rage_clicks, count(*) filter (begins)::integer as rage_bursts,
  count(*) filter (dead)::integer as dead_clicks, count(distinct person)::integer as people,
  count(distinct person) filter (rage)::integer as rage_people, count(distinct person) filter (dead)::integer as dead_people
  from rage_clicks where selector is not null group by host, path, selector
) order by dead_clicks desc, rage_clicks desc, dead_clicks desc, clicks desc, host nulls last, path nulls last, selector limit 50;

select count(*)::integer as clicks, count(*) filter (rage)::integer as rage_clicks, count(*) filter (begins)::integer as rage_bursts,
  count(*) filter (dead)::integer as dead_clicks, count(distinct person)::integer as people,
  count(distinct person) filter (rage)::integer as rage_people, count(distinct person) filter (dead)::integer as dead_people from rage_clicks;
