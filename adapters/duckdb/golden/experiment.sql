create or replace temp table experiment_exposures as
select coalesce(p.person, e.subject) as person, e.time_ms, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place, (case (case when not contains((e.properties->>'/variant'), '"$pii":') then (e.properties->>'/variant') end) when 'control' then 0 when 'it''s' then 1 end)::tinyint as variant,
  try_cast((case when not contains((e.properties->>'/phase'), '"$pii":') then (e.properties->>'/phase') end) as integer) as phase
from store.events e left join store.people p on p.subject = e.subject
where e.workspace = 'it''s' and e.event_type = 'experiment_exposed' and e.time_ms < 1768089600000
  and (case when not contains((e.properties->>'/experiment_id'), '"$pii":') then (e.properties->>'/experiment_id') end) = 'short''s';

create or replace temp table experiment_units as
select person, arg_min(variant, place) as variant, min(time_ms) as first_ms, min(variant) <> max(variant) as several,
  (0 + (min(time_ms) - 1767225600000) // 86400000)::integer as day
from experiment_exposures
where variant is not null and time_ms >= 1767225600000 and (phase is null or phase = 2)
  and person not in (select person from experiment_exposures where time_ms < 1767225600000)
group by person;

select variant, day, count(*)::integer as assigned, (count(*) filter (not several))::integer as participants
from experiment_units group by all order by all;

select count(distinct person)::integer as people
from experiment_exposures where time_ms >= 1767225600000 and (phase is null or phase = 2)
  and person in (select person from experiment_exposures where time_ms < 1767225600000);

create or replace temp table experiment_cells as
select u.person, case when e.time_ms < u.first_ms then -1 else (0 + (e.time_ms - 1767225600000) // 86400000) end::integer as day,
  false as k0, bool_or(e.time_ms < u.first_ms and e.time_ms >= u.first_ms - 1209600000) as k1, false as k2,
  sum(case when e.time_ms >= u.first_ms + 0 and (e.event_type is not distinct from 'order_completed') then 1::decimal(28, 9) end)::double as n0, null::double as n1, null::double as x1, sum(case when e.time_ms >= u.first_ms + 0 and (e.event_type is not distinct from 'order_completed') then coalesce(try_cast(e.properties->>'/items' as decimal(18, 9)), case when try_cast(e.properties->>'/items' as double) is not null then try_cast(e.properties->>'/items' as decimal(28, 9)) end) end)::double as n2, sum(case when e.time_ms >= u.first_ms + 0 and ((case when not contains(("trait today plan".value->>'$'), '"$pii":') then ("trait today plan".value->>'$') end) is not distinct from 'pro') then 1::decimal(28, 9) end)::double as d2
from store.events e
left join store.people p on p.subject = e.subject join experiment_units u on u.person = coalesce(p.person, e.subject)
left join (
  select person, coalesce(max(newest), max(oldest)) as value from (
    select person, arg_max(value, place) as newest, null as oldest from (
  select coalesce(p.person, e.subject) as person, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place, e.traits->'/plan' as value
  from store.events e left join store.people p on p.subject = e.subject
  where e.workspace = 'it''s' and e.traits is not null and (e.traits->'/plan') is not null) group by 1
    union all
    select person, null, arg_min(value, place) from (
  select coalesce(p.person, e.subject) as person, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place, e.traits_once->'/plan' as value
  from store.events e left join store.people p on p.subject = e.subject
  where e.workspace = 'it''s' and e.traits_once is not null and (e.traits_once->'/plan') is not null) group by 1
  ) group by 1
) "trait today plan" on "trait today plan".person = coalesce(p.person, e.subject)
where e.workspace = 'it''s' and e.time_ms >= 1766016000000 and e.time_ms < 1768089600000
  and e.time_ms >= u.first_ms - 1209600000 and ((e.event_type is not distinct from 'order_completed') or ((case when not contains(("trait today plan".value->>'$'), '"$pii":') then ("trait today plan".value->>'$') end) is not distinct from 'pro') or e.time_ms < u.first_ms)
group by all
union all by name
select u.person, case when e.time_ms < u.first_ms then -1 else (0 + (e.time_ms - 1767225600000) // 86400000) end::integer as day,
  false as k0, false as k1, false as k2,
  null::double as n0, sum(case when e.time_ms >= u.first_ms + 0 and e.time_ms < u.first_ms + 259200000 and (e.event_type is not distinct from 'order_completed') then e.amount::decimal(38, 0) end)::double as n1, sum(case when e.time_ms < u.first_ms and e.time_ms >= u.first_ms - 1209600000 and (e.event_type is not distinct from 'order_completed') then e.amount::decimal(38, 0) end)::double as x1, null::double as n2, null::double as d2
from (
  with firsts as (
    select * from store.payments
    where workspace = 'it''s' and payment not in (select payment from store.repeated_payments)
    union all
    select * from store.payments where rowid in (
      select arg_min(rowid, struct_pack(t := time_ms, r := received_us, i := idx, e := event_id)) from store.payments
      where workspace = 'it''s' and payment in (select payment from store.repeated_payments)
      group by money_kind, coalesce(order_id, event_id::varchar), case when money_kind = 'refund' then coalesce(refund_id, event_id::varchar) end
    )
  ), rates(rate_currency, from_ms, numerator, denominator) as (select * from (values ('USD', 1767225600000::bigint, 10::hugeint, 11::hugeint)))
  select f.*, case money_kind when 'refund' then -1 else 1 end * case when r.numerator = r.denominator then f.minor::hugeint
    else (2::hugeint * f.minor * r.numerator + r.denominator) // (2::hugeint * r.denominator) end as amount
  from firsts f left join rates r on r.rate_currency = f.currency and f.time_ms >= r.from_ms
) e
left join store.people p on p.subject = e.subject join experiment_units u on u.person = coalesce(p.person, e.subject)
where e.workspace = 'it''s' and e.time_ms >= 1766016000000 and e.time_ms < 1768089600000
  and e.time_ms >= u.first_ms - 1209600000 and ((e.event_type is not distinct from 'order_completed'))
group by all;

select quantile_cont(total, 0.99)::double as cap from (select u.person, coalesce(sum(c.n1) filter (c.day >= 0), 0) as total
from experiment_units u left join experiment_cells c using (person) where not u.several group by u.person) where total <> 0;

with units as (
  select u.person, u.variant, u.day as day, null::double as x
  from experiment_units u left join experiment_cells c on c.person = u.person and c.day = -1 where not u.several group by all
), amounts as (
  select u.person, u.variant, u.x, c.day as day, coalesce(sum(c.n0), 0) as v,
    0::double as w
  from units u join experiment_cells c on c.person = u.person and c.day >= 0
  where c.n0 is not null group by all
), totals as (
  select *, sum(v) over before_too as t, sum(w) over before_too as s
  from amounts window before_too as (partition by person order by day rows unbounded preceding)
), grown as (
  select variant, day, x, ((t > 0)::integer)::double as y, (((t - v) > 0)::integer)::double as b, s, s - w as r from totals
), outcomes as (
  select variant, day, sum((y <> 0)::integer - (b <> 0)::integer)::bigint as converted, sum(y - b) as sum, sum(y * y - b * b) as squares,
    sum(s - r) as dsum, sum(s * s - r * r) as dsquares, sum(y * s - b * r) as dproducts,
    coalesce(sum(x * (y - b)), 0) as xproducts, coalesce(sum(y - b) filter (x is not null), 0) as xoutcomes
  from grown group by all
), counts as (
  select variant, day, count(*)::bigint as count, count(x)::bigint as xcount, coalesce(sum(x), 0) as xsum, coalesce(sum(x * x), 0) as xsquares
  from units group by all
)
select variant, day, coalesce(count, 0) as count, coalesce(xcount, 0) as xcount, coalesce(xsum, 0) as xsum, coalesce(xsquares, 0) as xsquares,
  coalesce(converted, 0) as converted, coalesce(sum, 0) as sum, coalesce(squares, 0) as squares, coalesce(dsum, 0) as dsum,
  coalesce(dsquares, 0) as dsquares, coalesce(dproducts, 0) as dproducts, coalesce(xproducts, 0) as xproducts, coalesce(xoutcomes, 0) as xoutcomes
from counts full join outcomes using (variant, day) order by variant, day;

with units as (
  select u.person, u.variant, (0 + ((u.first_ms + 259200000) - 1767225600000) // 86400000)::integer as day, case when bool_or(c.k1) then least(coalesce(sum(c.x1), 0), 250)::double end as x
  from experiment_units u left join experiment_cells c on c.person = u.person and c.day = -1 where not u.several and u.first_ms + 259200000 < 1768089600000 group by all
), amounts as (
  select u.person, u.variant, u.x, u.day as day, coalesce(sum(c.n1), 0) as v,
    0::double as w
  from units u join experiment_cells c on c.person = u.person and c.day >= 0
  where c.n1 is not null group by all
), totals as (
  select *, sum(v) over before_too as t, sum(w) over before_too as s
  from amounts window before_too as (partition by person order by day rows unbounded preceding)
), grown as (
  select variant, day, x, (least(t, 250))::double as y, (least((t - v), 250))::double as b, s, s - w as r from totals
), outcomes as (
  select variant, day, sum((y <> 0)::integer - (b <> 0)::integer)::bigint as converted, sum(y - b) as sum, sum(y * y - b * b) as squares,
    sum(s - r) as dsum, sum(s * s - r * r) as dsquares, sum(y * s - b * r) as dproducts,
    coalesce(sum(x * (y - b)), 0) as xproducts, coalesce(sum(y - b) filter (x is not null), 0) as xoutcomes
  from grown group by all
), counts as (
  select variant, day, count(*)::bigint as count, count(x)::bigint as xcount, coalesce(sum(x), 0) as xsum, coalesce(sum(x * x), 0) as xsquares
  from units group by all
)
select variant, day, coalesce(count, 0) as count, coalesce(xcount, 0) as xcount, coalesce(xsum, 0) as xsum, coalesce(xsquares, 0) as xsquares,
  coalesce(converted, 0) as converted, coalesce(sum, 0) as sum, coalesce(squares, 0) as squares, coalesce(dsum, 0) as dsum,
  coalesce(dsquares, 0) as dsquares, coalesce(dproducts, 0) as dproducts, coalesce(xproducts, 0) as xproducts, coalesce(xoutcomes, 0) as xoutcomes
from counts full join outcomes using (variant, day) order by variant, day;

with units as (
  select u.person, u.variant, u.day as day, null::double as x
  from experiment_units u left join experiment_cells c on c.person = u.person and c.day = -1 group by all
), amounts as (
  select u.person, u.variant, u.x, c.day as day, coalesce(sum(c.n2), 0) as v,
    coalesce(sum(c.d2), 0)::double as w
  from units u join experiment_cells c on c.person = u.person and c.day >= 0
  where c.n2 is not null or c.d2 is not null group by all
), totals as (
  select *, sum(v) over before_too as t, sum(w) over before_too as s
  from amounts window before_too as (partition by person order by day rows unbounded preceding)
), grown as (
  select variant, day, x, (t)::double as y, ((t - v))::double as b, s, s - w as r from totals
), outcomes as (
  select variant, day, sum((y <> 0)::integer - (b <> 0)::integer)::bigint as converted, sum(y - b) as sum, sum(y * y - b * b) as squares,
    sum(s - r) as dsum, sum(s * s - r * r) as dsquares, sum(y * s - b * r) as dproducts,
    coalesce(sum(x * (y - b)), 0) as xproducts, coalesce(sum(y - b) filter (x is not null), 0) as xoutcomes
  from grown group by all
), counts as (
  select variant, day, count(*)::bigint as count, count(x)::bigint as xcount, coalesce(sum(x), 0) as xsum, coalesce(sum(x * x), 0) as xsquares
  from units group by all
)
select variant, day, coalesce(count, 0) as count, coalesce(xcount, 0) as xcount, coalesce(xsum, 0) as xsum, coalesce(xsquares, 0) as xsquares,
  coalesce(converted, 0) as converted, coalesce(sum, 0) as sum, coalesce(squares, 0) as squares, coalesce(dsum, 0) as dsum,
  coalesce(dsquares, 0) as dsquares, coalesce(dproducts, 0) as dproducts, coalesce(xproducts, 0) as xproducts, coalesce(xoutcomes, 0) as xoutcomes
from counts full join outcomes using (variant, day) order by variant, day;

create or replace temp table experiment_values as
with known as (
  select u.person, arg_max(e.country, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id))::varchar as value
  from store.events e left join store.people p on p.subject = e.subject
  join experiment_units u on u.person = coalesce(p.person, e.subject)
  where e.workspace = 'it''s' and e.time_ms < 1768089600000 and e.time_ms <= u.first_ms
  group by u.person
)
select u.*, k.value from experiment_units u left join known k on k.person = u.person;

create or replace temp table experiment_values as
with known as (
  select u.person, arg_max_null((case when not contains((coalesce("trait event plan".value, case when "once event plan".place <= struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) then "once event plan".value end)->>'$'), '"$pii":') then (coalesce("trait event plan".value, case when "once event plan".place <= struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) then "once event plan".value end)->>'$') end), struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id))::varchar as value
  from store.events e left join store.people p on p.subject = e.subject
  join experiment_units u on u.person = coalesce(p.person, e.subject)
asof left join (
  select coalesce(p.person, e.subject) as person, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place, e.traits->'/plan' as value
  from store.events e left join store.people p on p.subject = e.subject
  where e.workspace = 'it''s' and e.traits is not null and (e.traits->'/plan') is not null
) "trait event plan" on "trait event plan".person = coalesce(p.person, e.subject) and struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) >= "trait event plan".place
left join (
  select person, min(place) as place, arg_min(value, place) as value from (
  select coalesce(p.person, e.subject) as person, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place, e.traits_once->'/plan' as value
  from store.events e left join store.people p on p.subject = e.subject
  where e.workspace = 'it''s' and e.traits_once is not null and (e.traits_once->'/plan') is not null) group by 1
) "once event plan" on "once event plan".person = coalesce(p.person, e.subject)
  where e.workspace = 'it''s' and e.time_ms < 1768089600000 and e.time_ms <= u.first_ms
  group by u.person
)
select u.*, k.value from experiment_units u left join known k on k.person = u.person;

create or replace temp table experiment_slices as
select value, (row_number() over (order by count(*) desc, value nulls last))::integer - 1 as slice, (count(*) over ())::integer as found
from experiment_values where not several group by value qualify slice < 20;

create or replace temp table experiment_units as
select v.person, s.slice * 2 + v.variant::integer as variant, v.first_ms, v.several, v.day
from experiment_values v join experiment_slices s on s.value is not distinct from v.value;

create or replace temp table experiment_exposures as
select coalesce(p.person, e.subject) as person, e.time_ms, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place, (case (case when not contains((e.properties->>'/variant'), '"$pii":') then (e.properties->>'/variant') end) when 'control' then 0 when 'it''s' then 1 end)::tinyint as variant,
  try_cast((case when not contains((e.properties->>'/phase'), '"$pii":') then (e.properties->>'/phase') end) as integer) as phase, try_cast((case when not contains((e.properties->>'/step'), '"$pii":') then (e.properties->>'/step') end) as integer) as step
from store.events e left join store.people p on p.subject = e.subject
where e.workspace = 'it''s' and e.event_type = 'experiment_exposed' and e.time_ms < 1768089600000
  and (case when not contains((e.properties->>'/experiment_id'), '"$pii":') then (e.properties->>'/experiment_id') end) = 'short''s';

create or replace temp table experiment_units as
with logged as (
  select person, arg_min_null(step, place) as step from experiment_exposures
  where variant is not null and time_ms >= 1767225600000 and (phase is null or phase = 2) group by person
)
select u.person, (case when l.step between 1 and 2 then l.step - 1
  when u.first_ms >= 1767312000000 then 1
  when u.first_ms >= 1767225600000 then 0 else 0 end)::integer * 2 + u.variant::integer as variant,
  u.first_ms, u.several, u.day
from experiment_known u join logged l using (person);
