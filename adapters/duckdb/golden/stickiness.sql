select buckets::integer as buckets, count(*)::integer as people from (
  select person, count(*) as buckets from (
    select distinct coalesce(p.person, e.subject) as person, (case when e.time_ms < 3000000 then 0 + (e.time_ms - 1000000) // 1000000 else 2 + (e.time_ms - 3000000) // 900000 end)::integer as bucket
    from store.events e left join store.people p on p.subject = e.subject
  where e.workspace = 'default' and e.time_ms >= 1000000 and e.time_ms < 4000000 and (e.event_type is not distinct from 'page_view')
  ) group by person
) group by buckets order by buckets;
