create or replace temp table lifetime_payments as
with paid as materialized (
  select coalesce(p.person, e.subject) as person, e.money_kind as kind, e.order_id, e.time_ms, abs(e.amount) as amount, e.minor, e.currency
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
) e left join store.people p on p.subject = e.subject
), owners as (
  select order_id, person from paid where kind = 'order' and order_id is not null
), customers as (
  select person, (case when e.time_ms < 1769904000000 then 0 + (e.time_ms - 1767225600000) // 2678400000 else 1 + (e.time_ms - 1769904000000) // 2419200000 end) as cohort
  from (select person, min(time_ms) as time_ms from paid where kind = 'order' group by person) e
  where e.time_ms >= 1767225600000 and e.time_ms < 1775001600000
), owned as (
  select * from paid where kind = 'order'
  union all by name
  select r.* replace (coalesce(o.person, r.person) as person)
  from paid r left join owners o on o.order_id = r.order_id where r.kind = 'refund'
)
select e.*, c.cohort from owned e join customers c on c.person = e.person
where c.cohort < 2 and e.time_ms >= 1767225600000;

select cohort, count(distinct person)::integer as customers
from lifetime_payments where kind = 'order' group by cohort order by cohort;

select cohort, period, count(*) filter (kind = 'order')::integer as orders, count(*) filter (kind = 'refund')::integer as refunds,
  coalesce(sum(amount) filter (kind = 'order'), 0)::hugeint as revenue, coalesce(sum(amount) filter (kind = 'refund'), 0)::hugeint as refunded
from (
  select e.*, greatest((case when e.time_ms < 1769904000000 then 0 + (e.time_ms - 1767225600000) // 2678400000 else 1 + (e.time_ms - 1769904000000) // 2419200000 end) - e.cohort, 0)::integer as period
  from lifetime_payments e where e.time_ms < 1775001600000
)
where period <= 1 group by cohort, period order by cohort, period;

select currency, count(*)::integer as orders, sum(minor)::hugeint as minor
from lifetime_payments where amount is null and minor is not null group by currency order by currency;

select received_us // 1000 as arrival, time_ms as happened from store.arrivals where workspace = 'it''s';

create or replace temp table lifetime_customers as
with days as (
  select e.cohort, e.person, floor((e.time_ms + case when e.time_ms < 1769904000000 then 3600000 else 7200000 end) / 86400000)::integer as day, coalesce(sum(e.amount), 0)::hugeint as spent
  from lifetime_payments e where e.kind = 'order' and e.time_ms < 1775001600000
  group by all
), customers as (
  select cohort, min(day) as first_day, max(day) as last_day, (count(*) - 1)::integer as frequency,
    (sum(spent) - arg_min(spent, day))::hugeint as repeat_spend
  from days group by cohort, person
)
select row_number() over (order by cohort, first_day, last_day, frequency, repeat_spend) - 1 as n, *
from customers;

select count(*)::integer as customers from lifetime_customers;

select n::integer as n, cohort::integer as cohort, first_day, last_day, frequency, repeat_spend::double as repeat_spend
from lifetime_customers where n >= 0 and n < 20000;
