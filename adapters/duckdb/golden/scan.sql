with chosen as (
  select e.time_ms, e.received_us, e.idx, e.event_id from store.events e where e.workspace = 'default' and e.time_ms >= 1000000 and e.time_ms < 3000000 and (e.event_type is not distinct from 'page_view') order by all limit 20000
), numbered as (
  select *, row_number() over (order by time_ms, received_us, idx, event_id) as n, count(*) over () as last from chosen
)
select time_ms, received_us, idx, event_id::varchar as event_id from numbered where n % 250 = 0 or n = last order by n;

with chosen as (
  select e.time_ms, e.received_us, e.idx, e.event_id from store.events e where e.workspace = 'default' and e.time_ms >= 2000000 and e.time_ms < 3000000 and (e.event_type is not distinct from 'page_view') and (e.time_ms > 2000000 or (e.time_ms = 2000000 and (e.received_us, e.idx, e.event_id) > (1800000000000000, 2, '00000000-0000-4000-8000-000000000001'::uuid))) order by all limit 20000
), numbered as (
  select *, row_number() over (order by time_ms, received_us, idx, event_id) as n, count(*) over () as last from chosen
)
select time_ms, received_us, idx, event_id::varchar as event_id from numbered where n % 250 = 0 or n = last order by n;

select e.event_id::varchar as "event_id", e.time_ms as "time", e.properties::varchar as "properties"
from store.events e where e.workspace = 'default' and e.time_ms >= 2000000 and e.time_ms < 3000000 and (e.event_type is not distinct from 'page_view') and (e.time_ms > 2000000 or (e.time_ms = 2000000 and (e.received_us, e.idx, e.event_id) > (1800000000000000, 2, '00000000-0000-4000-8000-000000000001'::uuid))) and e.time_ms <= 2500000 and (e.time_ms < 2500000 or (e.time_ms = 2500000 and (e.received_us, e.idx, e.event_id) <= (1800000000000000, 2, '00000000-0000-4000-8000-000000000001'::uuid))) order by e.time_ms, e.received_us, e.idx, e.event_id;

select e.time_ms, e.received_us, e.idx, e.event_id::varchar as event_id from store.events e
where e.workspace = 'default' and e.id_hash = ('0x' || substr('00000000-0000-4000-8000-000000000001', 20, 4) || substr('00000000-0000-4000-8000-000000000001', 25, 12))::UBIGINT and e.event_id = '00000000-0000-4000-8000-000000000001'::uuid;
