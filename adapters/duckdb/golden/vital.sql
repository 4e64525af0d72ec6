create or replace temp table vital_samples as
with told as (
select e.host, e.path, case when e.device_type in ('desktop', 'tablet', 'mobile') then e.device_type
    when case when isfinite(try_cast(e.properties->>'/page_width' as double)) then try_cast(e.properties->>'/page_width' as double) end < 768 then 'mobile' when case when isfinite(try_cast(e.properties->>'/page_width' as double)) then try_cast(e.properties->>'/page_width' as double) end < 1024 then 'tablet' when case when isfinite(try_cast(e.properties->>'/page_width' as double)) then try_cast(e.properties->>'/page_width' as double) end is not null then 'desktop' end as device, (case when not contains((e.properties->>'/name'), '"$pii":') then (e.properties->>'/name') end) as name, case when isfinite(try_cast(e.properties->>'/value' as double)) then try_cast(e.properties->>'/value' as double) end as value
from store.events e left join store.people p on p.subject = e.subject
where e.workspace = 'default' and e.event_type in ('web_vital') and e.time_ms >= 1000000 and e.time_ms < 3000000
  and true
)
select * from told where name in ('LCP', 'INP', 'CLS', 'FCP', 'TTFB') and value >= 0 and true;

create or replace temp table vital_pages as
select host, path, count(*)::integer as samples, count(*) over ()::integer as pages,
  (row_number() over (order by count(*) desc, host nulls last, path nulls last))::integer as place
from vital_samples group by host, path qualify place <= 50;

select * from vital_pages order by place;

select device, grouping(device) = 1 as together, name, count(*)::integer as samples, quantile_disc(value, 0.75)::double as value,
  count(*) filter (value <= case name when 'LCP' then 2500 when 'INP' then 200 when 'CLS' then 0.1 when 'FCP' then 1800 when 'TTFB' then 800 end)::integer as good, count(*) filter (value > case name when 'LCP' then 4000 when 'INP' then 500 when 'CLS' then 0.25 when 'FCP' then 3000 when 'TTFB' then 1800 end)::integer as poor
from vital_samples group by grouping sets ((name), (name, device)) order by name, together, device;

select p.place, s.device, grouping(s.device) = 1 as together, name, count(*)::integer as samples, quantile_disc(value, 0.75)::double as value,
  count(*) filter (value <= case name when 'LCP' then 2500 when 'INP' then 200 when 'CLS' then 0.1 when 'FCP' then 1800 when 'TTFB' then 800 end)::integer as good, count(*) filter (value > case name when 'LCP' then 4000 when 'INP' then 500 when 'CLS' then 0.25 when 'FCP' then 3000 when 'TTFB' then 1800 end)::integer as poor
from vital_pages p join vital_samples s on s.host is not distinct from p.host and s.path is not distinct from p.path
group by grouping sets ((p.place, name), (p.place, name, s.device)) order by p.place, name, together, s.device;
