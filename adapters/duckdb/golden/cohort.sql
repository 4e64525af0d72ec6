create or replace temp table "cohort list" as
with everybody as (
  select distinct coalesce(p.person, e.subject) as person from store.activity e left join store.people p on p.subject = e.subject where e.workspace = 'default'
), members as materialized (
  with wanted as materialized (
    select md5_number_lower('default' || (chr(31) || 'u' || chr(31)) || l.id) as u, md5_number_lower('default' || (chr(31) || 'a' || chr(31)) || l.id) as a from (select unnest(from_json('["ada","o''\"neil"]', '["VARCHAR"]')) as id) l
  ), known as (
    select distinct subject from store.activity where workspace = 'default' and subject in (select u from wanted)
  ), listed as materialized (
    select distinct coalesce(p.person, s.subject) as person from (
      select coalesce(k.subject, w.a) as subject from wanted w left join known k on k.subject = w.u
      union all
      select md5_number_lower('default' || (chr(31) || 'u' || chr(31)) || l.id) as subject from (select unnest(from_json('["bob"]', '["VARCHAR"]')) as id) l
      union all
      select md5_number_lower('default' || (chr(31) || 'a' || chr(31)) || l.id) as subject from (select unnest(from_json('["phone"]', '["VARCHAR"]')) as id) l
    ) s left join store.people p on p.subject = s.subject
  ), own as materialized (
    select person as subject, person from listed
    union select subject, person from store.people where person in (select person from listed)
  )
  select distinct o.person from store.activity e join own o on o.subject = e.subject where e.workspace = 'default'
)
select person as subject from members
union
select subject from store.people where workspace = 'default' and person in (select person from members);

create or replace temp table "cohort live" as
with everybody as (
  select distinct coalesce(p.person, e.subject) as person from store.events e left join store.people p on p.subject = e.subject where e.workspace = 'default' and e.time_ms < 9000000
), members as materialized (
  ((select coalesce(p.person, e.subject) as person from store.events e left join store.people p on p.subject = e.subject
  where e.workspace = 'default' and e.time_ms < 9000000 and e.time_ms >= 8000000 and (e.event_type is not distinct from 'order_completed')
  group by 1 having count(*) >= 2 and count(*) <= 5)
intersect
((select coalesce(p.person, e.subject) as person from store.ever e left join store.people p on p.subject = e.subject
  where e.workspace = 'default' and e.time_ms < 9000000 and (e.event_type is not distinct from 'user_signed_up')
  group by 1 having min(e.time_ms) >= 1000000 and min(e.time_ms) < 2000000)
union
(with chosen as materialized (
    select coalesce(p.person, e.subject) as person, e.time_ms as t, e.received_us, e.idx, e.event_id, (e.event_type is not distinct from 'product_viewed') as s0, (e.event_type is not distinct from 'order_completed') as s1
    from store.events e left join store.people p on p.subject = e.subject
  where e.workspace = 'default' and e.time_ms < 9000000 and ((e.event_type is not distinct from 'product_viewed') or (e.event_type is not distinct from 'order_completed'))
  ), numbered as materialized (
    select *, row_number() over (partition by person order by t, received_us, idx, event_id) as n from chosen
    where person in (select person from chosen group by person having bool_or(s0) and bool_or(s1))
  ), a0 as (select person, t as start, n, t from numbered where s0), a1 as (
    select a.person, a.start, b.n, b.t from a0 a
    asof join (select person, n, t from numbered where s1) b on b.person = a.person and a.n < b.n
  )
  select distinct person from a1 where t - start <= 500000)
union
(select e.subject as person from (select person as subject from everybody) e
  left join (select person as subject, person from everybody where false) p on p.subject = e.subject
left join (
  select person, coalesce(max(newest), max(oldest)) as value from (
    select person, arg_max(value, place) as newest, null as oldest from (
  select coalesce(p.person, e.subject) as person, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place, e.traits->'/plan' as value
  from store.events e left join store.people p on p.subject = e.subject
  where e.workspace = 'default' and e.traits is not null and (e.traits->'/plan') is not null and e.time_ms < 9000000) group by 1
    union all
    select person, null, arg_min(value, place) from (
  select coalesce(p.person, e.subject) as person, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place, e.traits_once->'/plan' as value
  from store.events e left join store.people p on p.subject = e.subject
  where e.workspace = 'default' and e.traits_once is not null and (e.traits_once->'/plan') is not null and e.time_ms < 9000000) group by 1
  ) group by 1
) "trait 9000000 plan" on "trait 9000000 plan".person = coalesce(p.person, e.subject)
  where ((case when not contains(("trait 9000000 plan".value->>'$'), '"$pii":') then ("trait 9000000 plan".value->>'$') end) is not distinct from 'gold'))))
except ((select distinct coalesce(p.person, e.subject) as person from "cohort list" e left join store.people p on p.subject = e.subject))
)
select person as subject from members
union
select subject from store.people where workspace = 'default' and person in (select person from members);

(not (e.subject in (select subject from "cohort live")));

create or replace temp table chosen_people as
select distinct person from (select distinct coalesce(p.person, e.subject) as person from "cohort live" e left join store.people p on p.subject = e.subject);

with page as materialized (
  select person from chosen_people where person > 12::ubigint
  order by person limit 26
), members as materialized (
  select person as subject, person from page
  union select subject, person from store.people where person in (select person from page)
)
select person::varchar as key, name.id as person_id, name.device as device, first_seen, last_seen, events from (
  select m.person, min(struct_pack(other := e.subject <> m.person, id := case when (e.user_id is not null and lower(trim(e.user_id)) not in ('', 'null', 'undefined', 'anonymous', 'server', '0')) then e.user_id else e.anonymous_id end, device := not (e.user_id is not null and lower(trim(e.user_id)) not in ('', 'null', 'undefined', 'anonymous', 'server', '0')))) as name,
    min(e.time_ms) as first_seen, max(e.time_ms) as last_seen, count(e.properties) as events
  from store.ever e join members m on m.subject = e.subject
  where e.workspace = 'default' group by m.person
)
order by person;
