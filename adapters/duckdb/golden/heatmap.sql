create or replace temp table heatmap_clicks as
with clicks as (
select coalesce(p.person, e.subject) as person, case when e.device_type in ('desktop', 'tablet', 'mobile') then e.device_type
    when case when isfinite(try_cast(e.properties->>'/page_width' as double)) then try_cast(e.properties->>'/page_width' as double) end < 768 then 'mobile' when case when isfinite(try_cast(e.properties->>'/page_width' as double)) then try_cast(e.properties->>'/page_width' as double) end < 1024 then 'tablet' when case when isfinite(try_cast(e.properties->>'/page_width' as double)) then try_cast(e.properties->>'/page_width' as double) end is not null then 'desktop' end as device,
  ((e.properties->'/fixed')::varchar is not distinct from 'true') as fixed, ((e.properties->'/dead')::varchar is not distinct from 'true') as dead, (case when not contains((e.properties->>'/selector'), '"$pii":') then (e.properties->>'/selector') end) as selector,
  case when isfinite(try_cast(e.properties->>'/x' as double)) then try_cast(e.properties->>'/x' as double) end as x, case when isfinite(try_cast(e.properties->>'/y' as double)) then try_cast(e.properties->>'/y' as double) end as y, case when isfinite(try_cast(e.properties->>'/page_width' as double)) then try_cast(e.properties->>'/page_width' as double) end as w, case when isfinite(try_cast(e.properties->>'/document_height' as double)) then try_cast(e.properties->>'/document_height' as double) end as h
from store.events e left join store.people p on p.subject = e.subject
where e.workspace = 'default' and e.event_type in ('element_clicked') and e.time_ms >= 1000000 and e.time_ms < 3000000
  and (e.path is not distinct from '/pricing')
)
select person, device, fixed, dead, selector, coalesce(x is not null and y is not null and w > 0 and h > 0, false) as placed, w, h,
  case when w > 0 then least(63, greatest(0, floor(x / w * 64)))::integer end as c, case when h > 0 then least(127, greatest(0, floor(y / h * 128)))::integer end as r
from clicks where device is not distinct from 'mobile';

select device, fixed, count(*)::integer as clicks, count(*) filter (placed)::integer as placed, count(distinct person)::integer as people,
  median(w) filter (placed)::double as width, median(h) filter (placed)::double as height
from heatmap_clicks group by device, fixed order by device, fixed;

select device, fixed, c as "column", r as "row", count(*)::integer as clicks, count(distinct person)::integer as people
from heatmap_clicks where placed group by all order by device, fixed, "row", "column";

create or replace temp table heatmap_elements as
select *, row_number() over (partition by device order by clicks desc, selector, fixed) as rank from (
  select device, selector, fixed, count(*)::integer as clicks, count(*) filter (dead)::integer as dead, count(distinct person)::integer as people
  from heatmap_clicks where selector is not null group by all
);

select * from heatmap_elements where rank <= 50 order by device, rank;

select device, count(*)::integer as elements, sum(clicks)::integer as clicks from heatmap_elements where rank > 50 group by device order by device;

with told as (
select e.anonymous_id as visitor, e.host, e.path, e.time_ms as t, e.received_us as r, e.idx as i, e.event_id as e,
  e.event_type = 'page_view' as begins, case when e.device_type in ('desktop', 'tablet', 'mobile') then e.device_type
    when case when isfinite(try_cast(e.properties->>'/page_width' as double)) then try_cast(e.properties->>'/page_width' as double) end < 768 then 'mobile' when case when isfinite(try_cast(e.properties->>'/page_width' as double)) then try_cast(e.properties->>'/page_width' as double) end < 1024 then 'tablet' when case when isfinite(try_cast(e.properties->>'/page_width' as double)) then try_cast(e.properties->>'/page_width' as double) end is not null then 'desktop' end as device, case e.event_type when 'page_exit' then case when isfinite(try_cast(e.properties->>'/scroll_percent' as double)) then try_cast(e.properties->>'/scroll_percent' as double) end when 'scroll_depth' then case when isfinite(try_cast(e.properties->>'/percent' as double)) then try_cast(e.properties->>'/percent' as double) end end as percent
from store.events e left join store.people p on p.subject = e.subject
where e.workspace = 'default' and e.event_type in ('page_view', 'page_exit', 'scroll_depth') and e.time_ms >= 1000000 and e.time_ms < 89400000
  and (e.path is not distinct from '/pricing')
), numbered as (
  select *, count(*) filter (begins) over (partition by visitor, host, path order by t, r, i, e rows unbounded preceding) as n from told
), views as (
  select visitor, host, path, n, any_value(device) filter (begins) as device, any_value(t) filter (begins) as begin
  from numbered where n > 0 group by visitor, host, path, n
), reached as (
  select v.device, max(case when x.percent between 0 and 100 and x.t - v.begin <= 86400000 then floor(x.percent) end)::integer as percent
  from views v join numbered x on x.visitor = v.visitor and x.host is not distinct from v.host and x.path is not distinct from v.path and x.n = v.n
  where v.begin < 3000000 and v.device is not distinct from 'mobile'
  group by v.device, v.visitor, v.host, v.path, v.n
)
select device, percent, count(*)::integer as views from reached group by all order by device, percent;
