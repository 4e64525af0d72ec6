create or replace temp table gathered_events as
select (0 + (e.time_ms - 1000000) // 1000000)::integer as bucket, coalesce(e.country, '') as g0, coalesce(p.person, e.subject) as person, count(case when ((e.event_type is not distinct from 'page_view') and coalesce(regexp_full_match(e.path, '(?s)/a\x{2e}b\x{27}s/[^/]*/.*thanks'), false)) then 1 end)::integer as n1, max(case when ((e.event_type is not distinct from 'page_view') and coalesce(regexp_full_match(e.path, '(?s)/a\x{2e}b\x{27}s/[^/]*/.*thanks'), false)) then 1 end) as n2, max(case when ((e.event_type is not distinct from 'page_view') and coalesce(regexp_full_match(e.path, '(?s)/a\x{2e}b\x{27}s/[^/]*/.*thanks'), false)) then 1 end) as n3, sum(case when ((e.event_type is not distinct from 'page_view') and coalesce(regexp_full_match(e.path, '(?s)/a\x{2e}b\x{27}s/[^/]*/.*thanks'), false)) then coalesce(try_cast(e.properties->>'/amount' as decimal(18, 9)), case when try_cast(e.properties->>'/amount' as double) is not null then try_cast(e.properties->>'/amount' as decimal(28, 9)) end) end) as n4
from store.events e left join store.people p on p.subject = e.subject
where e.workspace = 'default' and e.time_ms >= 1000000 and e.time_ms < 3000000
group by all;

create or replace temp table gathered_orders as
select (0 + (e.time_ms - 1000000) // 1000000)::integer as bucket, coalesce(e.country, '') as g0, sum(case when ((e.event_type is not distinct from 'page_view') and coalesce(regexp_full_match(e.path, '(?s)/a\x{2e}b\x{27}s/[^/]*/.*thanks'), false)) then amount end) as n5
from (
  with firsts as (
    select * from store.payments
    where workspace = 'default' and payment not in (select payment from store.repeated_payments)
    union all
    select * from store.payments where rowid in (
      select arg_min(rowid, struct_pack(t := time_ms, r := received_us, i := idx, e := event_id)) from store.payments
      where workspace = 'default' and payment in (select payment from store.repeated_payments)
      group by money_kind, coalesce(order_id, event_id::varchar), case when money_kind = 'refund' then coalesce(refund_id, event_id::varchar) end
    )
  ), rates(rate_currency, from_ms, numerator, denominator) as (select * from (values ('EUR', 0::bigint, 11::hugeint, 10::hugeint)))
  select f.*, case money_kind when 'refund' then -1 else 1 end * case when r.numerator = r.denominator then f.minor::hugeint
    else (2::hugeint * f.minor * r.numerator + r.denominator) // (2::hugeint * r.denominator) end as amount
  from firsts f left join rates r on r.rate_currency = f.currency and f.time_ms >= r.from_ms
) e
where e.workspace = 'default' and e.time_ms >= 1000000 and e.time_ms < 3000000
group by all;

select g0 from gathered_events group by g0
order by count(distinct person) desc nulls last, g0
limit 26 offset 0;

with finest as materialized (select bucket, grp, person, sum(n1) as n1, max(n2) as n2, max(n3) as n3, sum(n4) as n4 from (select *, (case when g0 = 'DE' then 0 when g0 = 'FR' then 1 else -1 end) as grp from gathered_events) group by bucket, grp, person)
select * from (
  select null as bucket, null as grp, count(*) as m0, coalesce(sum(n1), 0)::bigint as m1, count(*) filter (n2 is not null) as m2, (count(*) filter (n3 is not null) / nullif(count(*), 0))::double as m3, coalesce(sum(n4), 0)::double as m4 from (select person, sum(n1) as n1, max(n2) as n2, max(n3) as n3, sum(n4) as n4 from finest group by person)
  union all
  select null as bucket, grp as grp, count(*) as m0, coalesce(sum(n1), 0)::bigint as m1, count(*) filter (n2 is not null) as m2, (count(*) filter (n3 is not null) / nullif(count(*), 0))::double as m3, coalesce(sum(n4), 0)::double as m4 from (select grp, person, sum(n1) as n1, max(n2) as n2, max(n3) as n3, sum(n4) as n4 from finest group by grp, person) group by grp
  union all
  select bucket as bucket, null as grp, count(*) as m0, coalesce(sum(n1), 0)::bigint as m1, count(*) filter (n2 is not null) as m2, (count(*) filter (n3 is not null) / nullif(count(*), 0))::double as m3, coalesce(sum(n4), 0)::double as m4 from (select bucket, person, sum(n1) as n1, max(n2) as n2, max(n3) as n3, sum(n4) as n4 from finest group by bucket, person) group by bucket
  union all
  select bucket as bucket, grp as grp, count(*) as m0, coalesce(sum(n1), 0)::bigint as m1, count(*) filter (n2 is not null) as m2, (count(*) filter (n3 is not null) / nullif(count(*), 0))::double as m3, coalesce(sum(n4), 0)::double as m4 from finest group by bucket, grp
) order by bucket nulls first, grp nulls first;

with finest as materialized (select *, (case when g0 = 'DE' then 0 when g0 = 'FR' then 1 else -1 end) as grp from gathered_events)
select * from (
  select null as bucket, null as grp, count(*) as m0, coalesce(sum(n1), 0)::bigint as m1, count(*) filter (n2 is not null) as m2, (count(*) filter (n3 is not null) / nullif(count(*), 0))::double as m3, coalesce(sum(n4), 0)::double as m4 from (select person, sum(n1) as n1, max(n2) as n2, max(n3) as n3, sum(n4) as n4 from finest group by person)
  union all
  select null as bucket, grp as grp, count(*) as m0, coalesce(sum(n1), 0)::bigint as m1, count(*) filter (n2 is not null) as m2, (count(*) filter (n3 is not null) / nullif(count(*), 0))::double as m3, coalesce(sum(n4), 0)::double as m4 from (select grp, person, sum(n1) as n1, max(n2) as n2, max(n3) as n3, sum(n4) as n4 from finest group by grp, person) group by grp
  union all
  select bucket as bucket, null as grp, count(*) as m0, coalesce(sum(n1), 0)::bigint as m1, count(*) filter (n2 is not null) as m2, (count(*) filter (n3 is not null) / nullif(count(*), 0))::double as m3, coalesce(sum(n4), 0)::double as m4 from (select bucket, person, sum(n1) as n1, max(n2) as n2, max(n3) as n3, sum(n4) as n4 from finest group by bucket, person) group by bucket
  union all
  select bucket as bucket, grp as grp, count(*) as m0, coalesce(sum(n1), 0)::bigint as m1, count(*) filter (n2 is not null) as m2, (count(*) filter (n3 is not null) / nullif(count(*), 0))::double as m3, coalesce(sum(n4), 0)::double as m4 from finest group by bucket, grp
) order by bucket nulls first, grp nulls first;

with e as (select *, (case when g0 = 'DE' then 0 when g0 = 'FR' then 1 else -1 end) as grp from gathered_orders)
select bucket as bucket, grp as grp, coalesce(sum(n5), 0)::hugeint as m5
from e group by grouping sets ((), (grp), (bucket), (bucket, grp))
order by bucket nulls first, grp nulls first;
