create or replace temp table experiment_people as
select person, min(time_ms) filter (inside) as first_ms, min(variant) filter (inside) as low, max(variant) filter (inside) as high,
  bool_or(time_ms < 1767225600000) as before, bool_or(of_phase) as of_phase
from (select *, of_phase and variant is not null as inside from (
  select coalesce(p.person, e.subject) as person, e.time_ms, (case (e.properties->>'/variant') when 'control' then 0 when 'it''s' then 1 end)::smallint as variant, (e.time_ms >= 1767225600000 and ((e.properties->>'/phase') is null or coalesce(try_cast((e.properties->>'/phase') as integer) = 2, true))) as of_phase
  from store.events e left join store.people p on p.subject = e.subject
  where e.workspace = 'it''s' and e.event_type = 'experiment_exposed' and e.time_ms < 1768089600000
    and (e.properties->>'/experiment_id') = 'short''s'
)) group by person;

create or replace temp table experiment_units as
with first_of_several as (
  select coalesce(p.person, e.subject) as person, arg_min((case (e.properties->>'/variant') when 'control' then 0 when 'it''s' then 1 end)::smallint, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id)) as variant
  from store.events e left join store.people p on p.subject = e.subject
  where e.workspace = 'it''s' and e.event_type = 'experiment_exposed' and e.time_ms < 1768089600000
    and (e.properties->>'/experiment_id') = 'short''s'
    and (e.time_ms >= 1767225600000 and ((e.properties->>'/phase') is null or coalesce(try_cast((e.properties->>'/phase') as integer) = 2, true))) and (case (e.properties->>'/variant') when 'control' then 0 when 'it''s' then 1 end)::smallint is not null
    and coalesce(p.person, e.subject) in (select person from experiment_people where low <> high) group by all
)
select (row_number() over () - 1)::uinteger as unit, person, coalesce(s.variant, u.low)::smallint as variant, first_ms, low <> high as several, (0 + (first_ms - 1767225600000) // 86400000)::smallint as day
from experiment_people u left join first_of_several s using (person) where first_ms is not null and not before;

select unit, (variant * 2 + several::integer)::uinteger as arm, first_ms::double as first_ms from experiment_units;

create or replace temp table experiment_subjects as
select u.person as subject, u.unit, u.first_ms from experiment_units u left join store.people p on p.subject = u.person
where p.person is null or p.person = u.person
union all
select p.subject, u.unit, u.first_ms from store.people p join experiment_units u on u.person = p.person where p.subject <> u.person;

select count(*)::integer as people from experiment_people where before and of_phase;

create or replace temp table experiment_events as
select s.unit, d.time_ms - s.first_ms as after_ms, d.* exclude (subject, time_ms)
from (
  select e.subject, e.time_ms, e.received_us, e.idx, (case when (e.event_type is not distinct from 'order_completed') then 1 else 0 end + case when ((case when not contains(("trait today plan".value->>'$'), '"$pii":') then ("trait today plan".value->>'$') end) is not distinct from 'pro') then 4 else 0 end + case when (e.event_type is not distinct from 'page_view') then 8 else 0 end)::uinteger as c0, null::double as v0, coalesce(try_cast(e.properties->>'/items' as decimal(18, 9)), case when try_cast(e.properties->>'/items' as double) is not null then try_cast(e.properties->>'/items' as decimal(28, 9)) end)::double as v1
  from store.events e left join store.people p on p.subject = e.subject
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
    and ((e.event_type is not distinct from 'order_completed') or ((case when not contains(("trait today plan".value->>'$'), '"$pii":') then ("trait today plan".value->>'$') end) is not distinct from 'pro') or (e.event_type is not distinct from 'page_view'))
  union all by name
  select e.subject, e.time_ms, e.received_us, e.idx, (case when (e.event_type is not distinct from 'order_completed') then 2 else 0 end)::uinteger as c0, e.amount::double as v0, null::double as v1
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
  where e.workspace = 'it''s' and e.time_ms >= 1766016000000 and e.time_ms < 1768089600000
    and ((e.event_type is not distinct from 'order_completed'))
) d join experiment_subjects s on s.subject = d.subject
where d.time_ms >= s.first_ms - 1209600000;

select unit, after_ms::double as after_ms, c0, coalesce(v0, 0) as v0, coalesce(v1, 0) as v1, received_us::double as received_us, idx from experiment_events
where unit >= 0 and unit < 1000;

select s.unit, (s.first_ms - e.time_ms)::uinteger as gap
from store.events e join experiment_subjects s on s.subject = e.subject
where e.workspace = 'it''s' and e.time_ms >= 1766620800000 and e.time_ms < 1768089600000
  and e.time_ms < s.first_ms and e.time_ms >= s.first_ms - 604800000;

create or replace temp table experiment_deeds as
select u.person, u.variant, u.several, u.day as entry, u.first_ms, e.after_ms,
  (case when e.after_ms < 0 then -1 else (0 + ((u.first_ms + e.after_ms) - 1767225600000) // 86400000) end)::smallint as day, (c0 & 1) <> 0 as f0, (c0 & 2) <> 0 as f1, (c0 & 4) <> 0 as f2, (c0 & 8) <> 0 as f3, v0, v1
from experiment_events e join experiment_units u using (unit);

create or replace temp table experiment_candidates as
with chances as (
  select person, any_value(first_ms) as first_ms
  from experiment_deeds where (f3 or f0) and ((after_ms >= 0 and after_ms < 259200000) or (after_ms < 0 and after_ms >= -1209600000))
  group by person, after_ms < 0 having bool_or(f3) and bool_or(f0)
)
select person, any_value(first_ms) as first_ms from chances group by person;

create or replace temp table funnel_events as
with chosen as (
  select coalesce(p.person, e.subject) as person, '' as g, e.time_ms as t, e.received_us, e.idx, e.event_id, case when e.time_ms < c.first_ms then '-' else '+' end as part, (e.event_type is not distinct from 'page_view') as s0, (e.event_type is not distinct from 'order_completed') as s1
  from store.events e left join store.people p on p.subject = e.subject join experiment_candidates c on c.person = coalesce(p.person, e.subject)
  where e.workspace = 'it''s' and e.time_ms >= 1766016000000 and e.time_ms < 1768262400000 and ((e.event_type is not distinct from 'page_view') or (e.event_type is not distinct from 'order_completed')) and e.time_ms >= c.first_ms - 1209600000 and e.time_ms < 1768089600000 and e.time_ms < c.first_ms + 259200000
)
select person, person::varchar || part as unit, g, t, row_number() over (
  partition by unit order by t, received_us, idx, event_id) as n, count(*) filter (s1) over (partition by unit order by t, received_us, idx, event_id rows unbounded preceding) as c1, chosen.* exclude (person, g, t, received_us, idx, event_id)
from chosen;

create or replace temp table funnel_attempts as
with a0 as (select unit, person, max(n) as n0, max(t) as t0, '' as g0, c1 from funnel_events where s0 and t >= 1766016000000 and t < 1768089600000 group by unit, person, c1
  union all
  select unit, person, min(n), min(t), '', min(c1) from funnel_events where s0 and t >= 1766016000000 and t < 1768089600000 group by unit, person),
a1 as (select a.* exclude (c1), case when b.t - a.t0 <= 172800000 then b.n end as n1, case when b.t - a.t0 <= 172800000 then b.t end as t1, case when b.t - a.t0 <= 172800000 then b.g end as g1 from a0 a left join (select unit, n, t, g, c1 as place from funnel_events where s1) b on b.unit = a.unit and b.place = case when a.n0 is not null then a.c1 + 1 end)
select * from a1;

create or replace temp table funnel_best as
select unit, person, (n0 is not null)::integer + (n1 is not null)::integer as furthest, g0 as g, t0, t1
from (select a.*, false as killed from funnel_attempts a )
qualify row_number() over (partition by unit order by (n0 is not null)::integer + (n1 is not null)::integer desc, killed, coalesce(n1, n0), n0 desc) = 1 and not killed;

create or replace temp table experiment_completions as
select c.person, b.t1 - c.first_ms as after_ms
from funnel_best b join experiment_candidates c on c.person = b.person where b.furthest = 2;

select u.unit, c.after_ms::double as after_ms from experiment_completions c join experiment_units u using (person);

with days as (
  select unnest(range(greatest(0, (0 + (1768089599999 - 1767225600000) // 86400000) - 27), (0 + (1768089599999 - 1767225600000) // 86400000) + 1))::smallint as day
), amounts as (
  select person, variant, day as day, v1::double as value
  from experiment_deeds
  where f0 and after_ms >= 0 and not several and true and v1 is not null
), values_then as (
  select d.day, a.variant, a.person, a.value from days d join amounts a on a.day <= d.day where a.value <> 0
), ranked as (
  select *, row_number() over (partition by day, variant order by value) - 1 as place, count(*) over (partition by day, variant) as n
  from values_then
), middle as (
  select day, variant, any_value(n) as n, sum(case when place = floor((0.5 * (n - 1))) then value * (1 - ((0.5 * (n - 1)) - floor((0.5 * (n - 1)))))
    when place = floor((0.5 * (n - 1))) + 1 then value * ((0.5 * (n - 1)) - floor((0.5 * (n - 1)))) end) as q, sum(value) as sum, sum(value * value) as squares
  from ranked group by day, variant
), clusters as (
  select day, variant, person, count(*)::double as r, (count(*) filter (value <= q))::double as l, bool_or(value <> 0) as converted
  from ranked join middle using (day, variant) group by day, variant, person
), spread as (
  select day, variant, count(*) as units, (count(*) filter (converted)) as converted, sum(l) / sum(r) as ratio, sum(r) / count(*) as mean,
    (sum(l * l) - sum(l) * sum(l) / count(*)) as ll, (sum(l * r) - sum(l) * sum(r) / count(*)) as lr,
    (sum(r * r) - sum(r) * sum(r) / count(*)) as rr
  from clusters group by day, variant
), reached as (
  select *, case when units > 1 then 1.96 * sqrt(greatest(0, ll - 2 * ratio * lr + ratio * ratio * rr) / (units - 1) / (units * mean * mean)) end as reach
  from spread
), ends as (
  select day, variant, case when 0.5 - reach > 0 and 0.5 + reach < 1 then 0.5 - reach end as low,
    case when 0.5 - reach > 0 and 0.5 + reach < 1 then 0.5 + reach end as high from reached
), found as (
  select day, variant, sum(case when place = floor((e.low * (n - 1))) then value * (1 - ((e.low * (n - 1)) - floor((e.low * (n - 1)))))
    when place = floor((e.low * (n - 1))) + 1 then value * ((e.low * (n - 1)) - floor((e.low * (n - 1)))) end) as low, sum(case when place = floor((e.high * (n - 1))) then value * (1 - ((e.high * (n - 1)) - floor((e.high * (n - 1)))))
    when place = floor((e.high * (n - 1))) + 1 then value * ((e.high * (n - 1)) - floor((e.high * (n - 1)))) end) as high
  from ranked join ends e using (day, variant) where e.low is not null group by day, variant
)
select m.variant, m.day, s.units::bigint as count, s.converted::bigint as converted, m.sum, m.squares, m.q as value, f.low, f.high
from middle m join spread s using (day, variant) left join found f using (day, variant) order by variant, day;

with days as (
  select (0 + (1768089599999 - 1767225600000) // 86400000)::smallint as day
), amounts as (
  select person, variant, entry as day, v1::double as value
  from experiment_deeds
  where f0 and after_ms < 0 and after_ms >= -1209600000 and true and v1 is not null
), values_then as (
  select d.day, u.variant, u.person, coalesce(sum(a.value), 0) as value
  from days d join (select person, variant, day as entry from experiment_units where true) u on u.entry <= d.day
  left join amounts a on a.person = u.person and a.day <= d.day
  group by d.day, u.variant, u.person having coalesce(sum(a.value), 0) <> 0
), ranked as (
  select *, row_number() over (partition by day, variant order by value) - 1 as place, count(*) over (partition by day, variant) as n
  from values_then
), middle as (
  select day, variant, any_value(n) as n, sum(case when place = floor((0.5 * (n - 1))) then value * (1 - ((0.5 * (n - 1)) - floor((0.5 * (n - 1)))))
    when place = floor((0.5 * (n - 1))) + 1 then value * ((0.5 * (n - 1)) - floor((0.5 * (n - 1)))) end) as q, sum(value) as sum, sum(value * value) as squares
  from ranked group by day, variant
), clusters as (
  select day, variant, person, count(*)::double as r, (count(*) filter (value <= q))::double as l, bool_or(value <> 0) as converted
  from ranked join middle using (day, variant) group by day, variant, person
), spread as (
  select day, variant, count(*) as units, (count(*) filter (converted)) as converted, sum(l) / sum(r) as ratio, sum(r) / count(*) as mean,
    (sum(l * l) - sum(l) * sum(l) / count(*)) as ll, (sum(l * r) - sum(l) * sum(r) / count(*)) as lr,
    (sum(r * r) - sum(r) * sum(r) / count(*)) as rr
  from clusters group by day, variant
), reached as (
  select *, case when units > 1 then 1.96 * sqrt(greatest(0, ll - 2 * ratio * lr + ratio * ratio * rr) / (units - 1) / (units * mean * mean)) end as reach
  from spread
), ends as (
  select day, variant, case when 0.5 - reach > 0 and 0.5 + reach < 1 then 0.5 - reach end as low,
    case when 0.5 - reach > 0 and 0.5 + reach < 1 then 0.5 + reach end as high from reached
), found as (
  select day, variant, sum(case when place = floor((e.low * (n - 1))) then value * (1 - ((e.low * (n - 1)) - floor((e.low * (n - 1)))))
    when place = floor((e.low * (n - 1))) + 1 then value * ((e.low * (n - 1)) - floor((e.low * (n - 1)))) end) as low, sum(case when place = floor((e.high * (n - 1))) then value * (1 - ((e.high * (n - 1)) - floor((e.high * (n - 1)))))
    when place = floor((e.high * (n - 1))) + 1 then value * ((e.high * (n - 1)) - floor((e.high * (n - 1)))) end) as high
  from ranked join ends e using (day, variant) where e.low is not null group by day, variant
)
select m.variant, m.day, s.units::bigint as count, s.converted::bigint as converted, m.sum, m.squares, m.q as value, f.low, f.high
from middle m join spread s using (day, variant) left join found f using (day, variant) order by variant, day;

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
  select u.person, arg_min(e.source, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id))::varchar as value
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
select v.unit, v.person, (s.slice * 2 + v.variant)::integer as variant, v.first_ms, v.several, v.day
from experiment_values v join experiment_slices s on s.value is not distinct from v.value;

create or replace temp table experiment_units as
select (row_number() over () - 1)::uinteger as unit, person, (a.variant * 3 + b.variant)::integer as variant, greatest(a.first_ms, b.first_ms) as first_ms,
  a.several or b.several as several, (0 + (greatest(a.first_ms, b.first_ms) - 1767225600000) // 86400000)::smallint as day
from experiment_units a join experiment_whole b using (person);

create or replace temp table experiment_units as
with logged as (
  select coalesce(p.person, e.subject) as person, arg_min_null(try_cast((e.properties->>'/step') as integer), struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id)) as step
  from store.events e left join store.people p on p.subject = e.subject
  where e.workspace = 'it''s' and e.event_type = 'experiment_exposed' and e.time_ms < 1768089600000
    and (e.properties->>'/experiment_id') = 'short''s'
    and (e.time_ms >= 1767225600000 and ((e.properties->>'/phase') is null or coalesce(try_cast((e.properties->>'/phase') as integer) = 2, true))) and (case (e.properties->>'/variant') when 'control' then 0 when 'it''s' then 1 end)::smallint is not null group by all
)
select u.unit, u.person, ((case when l.step between 1 and 2 then l.step - 1
  when u.first_ms >= 1767312000000 then 1
  when u.first_ms >= 1767225600000 then 0 else 0 end) * 2 + u.variant)::integer as variant,
  u.first_ms, u.several, u.day
from experiment_whole u join logged l using (person);

create or replace temp table experiment_people as
select person, first_ms, variant as low, variant as high, false as before, true as of_phase from (
  select coalesce(p.person, e.subject) as person, min(e.time_ms) as first_ms,
    (md5_number_lower(coalesce(p.person, e.subject)::varchar) % 2)::smallint as variant
  from store.events e left join store.people p on p.subject = e.subject
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
  where e.workspace = 'it''s' and e.time_ms >= 1767225600000 and e.time_ms < 1768089600000
    and ((e.event_type is not distinct from 'order_completed') and ((case when not contains(("trait today plan".value->>'$'), '"$pii":') then ("trait today plan".value->>'$') end) is not distinct from 'pro'))
  group by all
);

create or replace temp table experiment_units as
select (row_number() over () - 1)::uinteger as unit, person, low as variant, first_ms, false as several, (0 + (first_ms - 1767225600000) // 86400000)::smallint as day from experiment_people;
