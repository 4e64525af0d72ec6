insert into store.account_changes
select workspace, subject, event_type, account_type, account_id, md5_number_lower(workspace || (chr(31) || 'g' || chr(31)) || account_type || chr(31) || account_id),
  traits, time_ms, received_us, idx, event_id, 7
from (
  select workspace, subject, event_type, account_type, accounts->>('/' || account_type) as account_id,
    case when event_type <> 'account_left' then nullif(properties->'/traits', 'null'::json) end as traits, time_ms, received_us, idx, event_id
  from (
    select *, unnest(json_keys(accounts)) as account_type from staging
    where accounts is not null and event_type in ('account_joined', 'account_left', 'account_updated')
  )
);

create or replace temp table funnel_events as
with chosen as (
  select coalesce(md5_number_lower(e.workspace || (chr(31) || 'g' || chr(31)) || 'company' || chr(31) || (e.accounts->>'/company')), "account company".account) as person, coalesce(coalesce((e.accounts->>'/team'), "account team".account_id), '') as g, e.time_ms as t, e.received_us, e.idx, e.event_id, (e.event_type is not distinct from 'a') as s0, (e.event_type is not distinct from 'b') as s1
  from store.events e left join store.people p on p.subject = e.subject
left join (
  select person, account, account_id, place as since, coalesce(next, struct_pack(t := 9223372036854775807::bigint, r := 0::bigint, i := 0::integer, e := '00000000-0000-0000-0000-000000000000'::uuid)) as until from (
    select *, lead(place) over (partition by person, account order by place) as next from (
    select coalesce(p.person, e.subject) as person, e.account, e.account_id, e.event_type = 'account_joined' as joined, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place
    from store.account_changes e left join store.people p on p.subject = e.subject
    where e.workspace = 'default' and e.account_type = 'company' and e.event_type in ('account_joined', 'account_left')
    qualify struct_pack(a := e.account, j := e.event_type = 'account_joined') is distinct from
      lag(struct_pack(a := e.account, j := e.event_type = 'account_joined')) over (partition by coalesce(p.person, e.subject) order by e.time_ms, e.received_us, e.idx, e.event_id))
  ) where joined
) "account company" on "account company".person = case when (e.accounts->>'/company') is null then coalesce(p.person, e.subject) end
  and struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) >= "account company".since and struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) < "account company".until
asof left join (
  select c.person, c.place, arg_max(m.account, m.since) as account, arg_max(m.account_id, m.since) as account_id
  from (
    select coalesce(p.person, e.subject) as person, e.account, e.account_id, e.event_type = 'account_joined' as joined, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place
    from store.account_changes e left join store.people p on p.subject = e.subject
    where e.workspace = 'default' and e.account_type = 'team' and e.event_type in ('account_joined', 'account_left')
    qualify struct_pack(a := e.account, j := e.event_type = 'account_joined') is distinct from
      lag(struct_pack(a := e.account, j := e.event_type = 'account_joined')) over (partition by coalesce(p.person, e.subject) order by e.time_ms, e.received_us, e.idx, e.event_id)) c
  left join (
  select person, account, account_id, place as since, coalesce(next, struct_pack(t := 9223372036854775807::bigint, r := 0::bigint, i := 0::integer, e := '00000000-0000-0000-0000-000000000000'::uuid)) as until from (
    select *, lead(place) over (partition by person, account order by place) as next from (
    select coalesce(p.person, e.subject) as person, e.account, e.account_id, e.event_type = 'account_joined' as joined, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place
    from store.account_changes e left join store.people p on p.subject = e.subject
    where e.workspace = 'default' and e.account_type = 'team' and e.event_type in ('account_joined', 'account_left')
    qualify struct_pack(a := e.account, j := e.event_type = 'account_joined') is distinct from
      lag(struct_pack(a := e.account, j := e.event_type = 'account_joined')) over (partition by coalesce(p.person, e.subject) order by e.time_ms, e.received_us, e.idx, e.event_id))
  ) where joined
) m on m.person = c.person and m.since <= c.place and m.until > c.place
  group by c.person, c.place
) "account team" on "account team".person = case when (e.accounts->>'/team') is null then coalesce(p.person, e.subject) end and struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) >= "account team".place
asof left join (
  select e.account, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place, e.traits->'/pl"an''' as value from store.account_changes e
  where e.workspace = 'default' and e.account_type = 'company' and (e.traits->'/pl"an''') is not null
) "account trait company event pl""an'" on "account trait company event pl""an'".account = coalesce(md5_number_lower(e.workspace || (chr(31) || 'g' || chr(31)) || 'company' || chr(31) || (e.accounts->>'/company')), "account company".account) and struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) >= "account trait company event pl""an'".place
  where e.workspace = 'default' and e.time_ms >= 1000000 and e.time_ms < 3500000 and coalesce(md5_number_lower(e.workspace || (chr(31) || 'g' || chr(31)) || 'company' || chr(31) || (e.accounts->>'/company')), "account company".account) is not null and ((case when not contains(("account trait company event pl""an'".value->>'$'), '"$pii":') then ("account trait company event pl""an'".value->>'$') end) is not distinct from 'pro') and ((e.event_type is not distinct from 'a') or (e.event_type is not distinct from 'b'))
)
select person, person as unit, g, t, row_number() over (
  partition by unit order by t, received_us, idx, event_id) as n, count(*) filter (s1) over (partition by unit order by t, received_us, idx, event_id rows unbounded preceding) as c1, chosen.* exclude (person, g, t, received_us, idx, event_id)
from chosen;

create or replace temp table gathered_events as
select (0 + (e.time_ms - 1000000) // 1000000)::integer as bucket, coalesce(coalesce((e.accounts->>'/company'), "account company".account_id), '') as g0, count(1) as n0
from store.events e left join store.people p on p.subject = e.subject
asof left join (
  select c.person, c.place, arg_max(m.account, m.since) as account, arg_max(m.account_id, m.since) as account_id
  from (
    select coalesce(p.person, e.subject) as person, e.account, e.account_id, e.event_type = 'account_joined' as joined, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place
    from store.account_changes e left join store.people p on p.subject = e.subject
    where e.workspace = 'default' and e.account_type = 'company' and e.event_type in ('account_joined', 'account_left')
    qualify struct_pack(a := e.account, j := e.event_type = 'account_joined') is distinct from
      lag(struct_pack(a := e.account, j := e.event_type = 'account_joined')) over (partition by coalesce(p.person, e.subject) order by e.time_ms, e.received_us, e.idx, e.event_id)) c
  left join (
  select person, account, account_id, place as since, coalesce(next, struct_pack(t := 9223372036854775807::bigint, r := 0::bigint, i := 0::integer, e := '00000000-0000-0000-0000-000000000000'::uuid)) as until from (
    select *, lead(place) over (partition by person, account order by place) as next from (
    select coalesce(p.person, e.subject) as person, e.account, e.account_id, e.event_type = 'account_joined' as joined, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place
    from store.account_changes e left join store.people p on p.subject = e.subject
    where e.workspace = 'default' and e.account_type = 'company' and e.event_type in ('account_joined', 'account_left')
    qualify struct_pack(a := e.account, j := e.event_type = 'account_joined') is distinct from
      lag(struct_pack(a := e.account, j := e.event_type = 'account_joined')) over (partition by coalesce(p.person, e.subject) order by e.time_ms, e.received_us, e.idx, e.event_id))
  ) where joined
) m on m.person = c.person and m.since <= c.place and m.until > c.place
  group by c.person, c.place
) "account company" on "account company".person = case when (e.accounts->>'/company') is null then coalesce(p.person, e.subject) end and struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) >= "account company".place
left join (
  select account, arg_max(value, place) as value from (
  select e.account, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place, e.traits->'/pl"an''' as value from store.account_changes e
  where e.workspace = 'default' and e.account_type = 'company' and (e.traits->'/pl"an''') is not null) group by 1
) "account trait company today pl""an'" on "account trait company today pl""an'".account = coalesce(md5_number_lower(e.workspace || (chr(31) || 'g' || chr(31)) || 'company' || chr(31) || (e.accounts->>'/company')), "account company".account)
where e.workspace = 'default' and e.time_ms >= 1000000 and e.time_ms < 3000000 and ((case when not contains(("account trait company today pl""an'".value->>'$'), '"$pii":') then ("account trait company today pl""an'".value->>'$') end) is not distinct from 'pro')
group by all;

create or replace temp table gathered_accounts_company as
select (0 + (e.time_ms - 1000000) // 1000000)::integer as bucket, coalesce(coalesce((e.accounts->>'/company'), "account company".account_id), '') as g0, coalesce(md5_number_lower(e.workspace || (chr(31) || 'g' || chr(31)) || 'company' || chr(31) || (e.accounts->>'/company')), "account company".account) as person
from store.events e left join store.people p on p.subject = e.subject
left join (
  select person, account, account_id, place as since, coalesce(next, struct_pack(t := 9223372036854775807::bigint, r := 0::bigint, i := 0::integer, e := '00000000-0000-0000-0000-000000000000'::uuid)) as until from (
    select *, lead(place) over (partition by person, account order by place) as next from (
    select coalesce(p.person, e.subject) as person, e.account, e.account_id, e.event_type = 'account_joined' as joined, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place
    from store.account_changes e left join store.people p on p.subject = e.subject
    where e.workspace = 'default' and e.account_type = 'company' and e.event_type in ('account_joined', 'account_left')
    qualify struct_pack(a := e.account, j := e.event_type = 'account_joined') is distinct from
      lag(struct_pack(a := e.account, j := e.event_type = 'account_joined')) over (partition by coalesce(p.person, e.subject) order by e.time_ms, e.received_us, e.idx, e.event_id))
  ) where joined
) "account company" on "account company".person = case when (e.accounts->>'/company') is null then coalesce(p.person, e.subject) end
  and struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) >= "account company".since and struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) < "account company".until
left join (
  select account, arg_max(value, place) as value from (
  select e.account, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place, e.traits->'/pl"an''' as value from store.account_changes e
  where e.workspace = 'default' and e.account_type = 'company' and (e.traits->'/pl"an''') is not null) group by 1
) "account trait company today pl""an'" on "account trait company today pl""an'".account = coalesce(md5_number_lower(e.workspace || (chr(31) || 'g' || chr(31)) || 'company' || chr(31) || (e.accounts->>'/company')), "account company".account)
where e.workspace = 'default' and e.time_ms >= 1000000 and e.time_ms < 3000000 and ((case when not contains(("account trait company today pl""an'".value->>'$'), '"$pii":') then ("account trait company today pl""an'".value->>'$') end) is not distinct from 'pro') and coalesce(md5_number_lower(e.workspace || (chr(31) || 'g' || chr(31)) || 'company' || chr(31) || (e.accounts->>'/company')), "account company".account) is not null
group by all;

select g0 from (select distinct g0 from gathered_events) left join gathered_accounts_company using (g0) group by g0
order by count(distinct person) desc nulls last, g0
limit 26 offset 0;

with finest as materialized (select bucket, grp, person from (select *, (case when g0 = 'acme' then 0 else -1 end) as grp from gathered_accounts_company) group by bucket, grp, person)
select * from (
  select null as bucket, null as grp, count(*) as m1 from (select person from finest group by person)
  union all
  select null as bucket, grp as grp, count(*) as m1 from (select grp, person from finest group by grp, person) group by grp
  union all
  select bucket as bucket, null as grp, count(*) as m1 from (select bucket, person from finest group by bucket, person) group by bucket
  union all
  select bucket as bucket, grp as grp, count(*) as m1 from finest group by bucket, grp
) order by bucket nulls first, grp nulls first;

create or replace temp table chosen_accounts as
select coalesce(md5_number_lower(e.workspace || (chr(31) || 'g' || chr(31)) || 'company' || chr(31) || (e.accounts->>'/company')), "account company".account) as account, any_value(coalesce((e.accounts->>'/company'), "account company".account_id)) as account_id,
  min(e.time_ms) as first_seen, max(e.time_ms) as last_seen, count(*) as events
from store.events e left join store.people p on p.subject = e.subject
left join (
  select person, account, account_id, place as since, coalesce(next, struct_pack(t := 9223372036854775807::bigint, r := 0::bigint, i := 0::integer, e := '00000000-0000-0000-0000-000000000000'::uuid)) as until from (
    select *, lead(place) over (partition by person, account order by place) as next from (
    select coalesce(p.person, e.subject) as person, e.account, e.account_id, e.event_type = 'account_joined' as joined, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place
    from store.account_changes e left join store.people p on p.subject = e.subject
    where e.workspace = 'default' and e.account_type = 'company' and e.event_type in ('account_joined', 'account_left')
    qualify struct_pack(a := e.account, j := e.event_type = 'account_joined') is distinct from
      lag(struct_pack(a := e.account, j := e.event_type = 'account_joined')) over (partition by coalesce(p.person, e.subject) order by e.time_ms, e.received_us, e.idx, e.event_id))
  ) where joined
) "account company" on "account company".person = case when (e.accounts->>'/company') is null then coalesce(p.person, e.subject) end
  and struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) >= "account company".since and struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) < "account company".until
left join (
  select account, arg_max(value, place) as value from (
  select e.account, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place, e.traits->'/pl"an''' as value from store.account_changes e
  where e.workspace = 'default' and e.account_type = 'company' and (e.traits->'/pl"an''') is not null) group by 1
) "account trait company today pl""an'" on "account trait company today pl""an'".account = coalesce(md5_number_lower(e.workspace || (chr(31) || 'g' || chr(31)) || 'company' || chr(31) || (e.accounts->>'/company')), "account company".account)
where e.workspace = 'default' and coalesce(md5_number_lower(e.workspace || (chr(31) || 'g' || chr(31)) || 'company' || chr(31) || (e.accounts->>'/company')), "account company".account) is not null and coalesce(md5_number_lower(e.workspace || (chr(31) || 'g' || chr(31)) || 'company' || chr(31) || (e.accounts->>'/company')), "account company".account) in (select person from chosen_people) and starts_with(coalesce((e.accounts->>'/company'), "account company".account_id), 'ac''')
group by 1
having bool_or(((case when not contains(("account trait company today pl""an'".value->>'$'), '"$pii":') then ("account trait company today pl""an'".value->>'$') end) is not distinct from 'pro'));

with page as materialized (
  select * from chosen_accounts where (last_seen, account_id) < (2000000, 'acme')
  order by last_seen desc, account_id desc limit 26
), members as (
  select m.account, count(distinct m.person) as members from (
  select person, account, account_id, place as since, coalesce(next, struct_pack(t := 9223372036854775807::bigint, r := 0::bigint, i := 0::integer, e := '00000000-0000-0000-0000-000000000000'::uuid)) as until from (
    select *, lead(place) over (partition by person, account order by place) as next from (
    select coalesce(p.person, e.subject) as person, e.account, e.account_id, e.event_type = 'account_joined' as joined, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id) as place
    from store.account_changes e left join store.people p on p.subject = e.subject
    where e.workspace = 'default' and e.account_type = 'company' and e.event_type in ('account_joined', 'account_left')
    qualify struct_pack(a := e.account, j := e.event_type = 'account_joined') is distinct from
      lag(struct_pack(a := e.account, j := e.event_type = 'account_joined')) over (partition by coalesce(p.person, e.subject) order by e.time_ms, e.received_us, e.idx, e.event_id))
  ) where joined
) m
  where m.until = struct_pack(t := 9223372036854775807::bigint, r := 0::bigint, i := 0::integer, e := '00000000-0000-0000-0000-000000000000'::uuid) and m.account in (select account from page) group by 1
)
select page.account::varchar as key, account_id, first_seen, last_seen, events, coalesce(members, 0) as members
from page left join members using (account) order by last_seen desc, account_id desc;

with changes as (
  select account, unnest(json_keys(traits)) as name, traits, struct_pack(t := time_ms, r := received_us, i := idx, e := event_id) as place
  from store.account_changes
  where workspace = 'default' and account in (7::ubigint) and json_type(traits) = 'OBJECT'
)
select account::varchar as key, name, arg_max(json_extract(traits, '/' || replace(replace(name, '~', '~0'), '/', '~1')), place)::varchar as value
from changes group by account, name qualify row_number() over (partition by account order by name) <= 1000 order by 1, 2;
