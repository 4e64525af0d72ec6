create or replace temp table attribution_events as
select e.money_kind, coalesce(e.order_id, e.event_id::varchar) as order_key, e.currency, e.minor, e.amount::hugeint as amount, coalesce(p.person, e.subject) as person, e.time_ms, e.received_us, e.idx, e.event_id, e.time_ms >= 1000000 and e.time_ms < 3000000 and (e.country is not distinct from 'DE') as counted
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
) e left join store.people p on p.subject = e.subject
where e.workspace = 'default';

create or replace temp table attribution_events as
select 'order' as money_kind, e.event_id::varchar as order_key, null::varchar as currency, null::bigint as minor, (coalesce(try_cast(e.properties->>'/score' as decimal(18, 9)), case when try_cast(e.properties->>'/score' as double) is not null then try_cast(e.properties->>'/score' as decimal(28, 9)) end) * 1000000000::decimal(10, 0))::hugeint as amount, coalesce(p.person, e.subject) as person, e.time_ms, e.received_us, e.idx, e.event_id, e.time_ms >= 1000000 and e.time_ms < 3000000 and (e.event_type is not distinct from 'lead_won') and (e.country is not distinct from 'DE') as counted
from store.events e left join store.people p on p.subject = e.subject
where e.workspace = 'default' and e.time_ms >= 1000000 and e.time_ms < 3000000 and (e.event_type is not distinct from 'lead_won') and (e.country is not distinct from 'DE');

create or replace temp table attribution_conversions as
select (row_number() over (order by a.time_ms, a.received_us, a.idx, a.event_id))::integer as conversion, order_key, person, time_ms
from attribution_events a
where money_kind = 'order'
  and (counted or order_key in (select order_key from attribution_events where counted and money_kind = 'refund'));

select c.conversion, a.amount, a.money_kind = 'refund' as refund, coalesce(c.person, a.person) as person
from attribution_events a left join attribution_conversions c on c.order_key = a.order_key
where a.counted
order by c.conversion nulls last, refund, a.time_ms, a.received_us, a.idx, a.event_id limit 10;

select currency, count(*)::bigint as orders, sum(minor)::hugeint as minor
from attribution_events where counted and amount is null and minor is not null
group by currency order by currency;

create or replace temp table attribution_people as
select person, min(time_ms) - 86400000 as from_ms, max(time_ms) as to_ms from attribution_conversions group by 1;

create or replace temp table session_spans as
with chosen as materialized (
    select distinct coalesce(e.session, st.session) as session
    from store.events e left join store.people p on p.subject = e.subject left join session_times st on st.device = case when e.session is null then e.anonymous_id end and st.t = e.time_ms
    join attribution_people a on a.person = coalesce(p.person, e.subject)
    where e.workspace = 'default' and e.time_ms >= 500000 and e.time_ms <= 4000000
      and e.time_ms >= a.from_ms and e.time_ms <= a.to_ms
)
select session, start_ms, end_ms from (
  select e.session, min(e.time_ms) as start_ms, max(e.time_ms) as end_ms from store.events e
  where e.workspace = 'default' and e.session in (from chosen)
  group by 1
  union all
  select session, min(t), max(t) from session_times where session in (from chosen) group by 1
);

create or replace temp table session_touches as
select coalesce(p.person, s.touch.subject) as person, s.touch.time_ms as time_ms, s.touch.received_us as received_us,
  s.touch.idx as idx, s.touch.event_id as event_id, s.touch.rank = 1 as direct, s.touch.value as value
from (
  select arg_min(struct_pack(subject := subject, time_ms := time_ms, received_us := received_us, idx := idx, event_id := event_id, rank := rank, value := value),
      struct_pack(o := rank, t := time_ms, r := received_us, i := idx, e := event_id)) filter (rank is not null) as touch
  from (
    select ss.session as key, e.subject, e.time_ms, e.received_us, e.idx, e.event_id, e.event_type, e.path, case when ((e.campaign is not null) or (e.referrer_host is not null)) or e.event_type in ('email_clicked', 'banner_clicked') then 0 when e.event_type = 'page_view' then 1 end as rank, case when ((e.campaign is not null) or (e.referrer_host is not null)) then (case when (e.campaign is not null) then 'campaign' else 'direct' end) else coalesce(case e.event_type when 'email_clicked' then 'email' when 'banner_clicked' then 'campaign' end, 'direct') end as value
    from store.events e join session_spans ss on ss.session = e.session
    where e.workspace = 'default' and e.time_ms >= 500000 and e.time_ms <= 4000000
  )
  group by key
) s left join store.people p on p.subject = s.touch.subject
where s.touch is not null;

create or replace temp table session_touches as
select coalesce(p.person, s.touch.subject) as person, s.touch.time_ms as time_ms, s.touch.received_us as received_us,
  s.touch.idx as idx, s.touch.event_id as event_id, s.touch.rank = 1 as direct, s.touch.value as value
from (
  select arg_min(struct_pack(subject := subject, time_ms := time_ms, received_us := received_us, idx := idx, event_id := event_id, rank := rank, value := value),
      struct_pack(o := rank, t := time_ms, r := received_us, i := idx, e := event_id)) filter (rank is not null) as touch
  from (
    select ss.session as key, e.subject, e.time_ms, e.received_us, e.idx, e.event_id, e.event_type, e.path, case when ((e.campaign is not null) or (e.referrer_host is not null)) or e.event_type in ('email_clicked', 'banner_clicked') then 0 when e.event_type = 'page_view' then 1 end as rank, coalesce(e.source, case when (e.referrer_host is not null) then e.referrer_host end, case e.event_type when 'email_clicked' then 'email' when 'banner_clicked' then 'banner' end, case when not ((e.campaign is not null) or (e.referrer_host is not null)) then 'direct' end) as value
    from store.events e join session_spans ss on ss.session = e.session
    where e.workspace = 'default' and e.time_ms >= 500000 and e.time_ms <= 4000000
  )
  group by key
) s left join store.people p on p.subject = s.touch.subject
where s.touch is not null;

create or replace temp table session_touches as
select coalesce(p.person, s.touch.subject) as person, s.touch.time_ms as time_ms, s.touch.received_us as received_us,
  s.touch.idx as idx, s.touch.event_id as event_id, s.touch.rank = 1 as direct, s.touch.value as value
from (
  select arg_min(struct_pack(subject := subject, time_ms := time_ms, received_us := received_us, idx := idx, event_id := event_id, rank := rank, value := value),
      struct_pack(o := rank, t := time_ms, r := received_us, i := idx, e := event_id)) filter (rank is not null) as touch
  from (
    select ss.session as key, e.subject, e.time_ms, e.received_us, e.idx, e.event_id, e.event_type, e.path, case when ((e.campaign is not null) or (e.referrer_host is not null)) or e.event_type in ('email_clicked', 'banner_clicked') then 0 when e.event_type = 'page_view' then 1 end as rank, coalesce(e.medium, case e.event_type when 'email_clicked' then 'email' when 'banner_clicked' then 'banner' end) as value
    from store.events e join session_spans ss on ss.session = e.session
    where e.workspace = 'default' and e.time_ms >= 500000 and e.time_ms <= 4000000
  )
  group by key
) s left join store.people p on p.subject = s.touch.subject
where s.touch is not null;

create or replace temp table session_touches as
select coalesce(p.person, s.touch.subject) as person, s.touch.time_ms as time_ms, s.touch.received_us as received_us,
  s.touch.idx as idx, s.touch.event_id as event_id, s.touch.rank = 1 as direct, s.touch.value as value
from (
  select arg_min(struct_pack(subject := subject, time_ms := time_ms, received_us := received_us, idx := idx, event_id := event_id, rank := rank, value := value),
      struct_pack(o := rank, t := time_ms, r := received_us, i := idx, e := event_id)) filter (rank is not null) as touch
  from (
    select ss.session as key, e.subject, e.time_ms, e.received_us, e.idx, e.event_id, e.event_type, e.path, case when ((e.campaign is not null) or (e.referrer_host is not null)) or e.event_type in ('email_clicked', 'banner_clicked') then 0 when e.event_type = 'page_view' then 1 end as rank, e.campaign as value
    from store.events e join session_spans ss on ss.session = e.session
    where e.workspace = 'default' and e.time_ms >= 500000 and e.time_ms <= 4000000
  )
  group by key
) s left join store.people p on p.subject = s.touch.subject
where s.touch is not null;

create or replace temp table session_touches as
select coalesce(p.person, s.touch.subject) as person, s.touch.time_ms as time_ms, s.touch.received_us as received_us,
  s.touch.idx as idx, s.touch.event_id as event_id, s.touch.rank = 1 as direct, s.landing as value
from (
  select arg_min(struct_pack(subject := subject, time_ms := time_ms, received_us := received_us, idx := idx, event_id := event_id, rank := rank, value := value),
      struct_pack(o := rank, t := time_ms, r := received_us, i := idx, e := event_id)) filter (rank is not null) as touch,
    arg_min_null(path, struct_pack(t := time_ms, r := received_us, i := idx, e := event_id)) filter (event_type = 'page_view') as landing
  from (
    select ss.session as key, e.subject, e.time_ms, e.received_us, e.idx, e.event_id, e.event_type, e.path, case when ((e.campaign is not null) or (e.referrer_host is not null)) or e.event_type in ('email_clicked', 'banner_clicked') then 0 when e.event_type = 'page_view' then 1 end as rank, null::varchar as value
    from store.events e join session_spans ss on ss.session = e.session
    where e.workspace = 'default' and e.time_ms >= 500000 and e.time_ms <= 4000000
  )
  group by key
) s left join store.people p on p.subject = s.touch.subject
where s.touch is not null;

select c.conversion, t.value, (c.time_ms - t.time_ms)::double as before
from attribution_conversions c
join session_touches t on t.person = c.person and t.time_ms <= c.time_ms and t.time_ms >= c.time_ms - 86400000
qualify not t.direct or bool_and(t.direct) over (partition by c.conversion)
order by c.conversion, t.time_ms, t.received_us, t.idx, t.event_id limit 10;

select c.conversion, t.value, (c.time_ms - t.time_ms)::double as before
from attribution_conversions c
join session_touches t on t.person = c.person and t.time_ms <= c.time_ms and t.time_ms >= c.time_ms - 86400000
order by c.conversion, t.time_ms, t.received_us, t.idx, t.event_id limit 10;
