create or replace temp table sessionless as
select distinct e.anonymous_id as device, e.time_ms as t from store.events e
where e.workspace = 'default' and e.session is null and e.time_ms >= 999000 and e.time_ms < 3000000;

insert into sessionless
select distinct e.anonymous_id, e.time_ms from store.events e
where e.workspace = 'default' and e.session is null and e.time_ms < 999000
  and e.anonymous_id in (select device from sessionless where t < 1000000);

create or replace temp table session_times as
with recursive paused as (
  select device, t, t - lag(t) over (partition by device order by t) as pause from sessionless
), runs as materialized (
  select device, t, max(case when pause is null or pause > 1000 then t end) over (
    partition by device order by t rows between unbounded preceding and current row) as run
  from paused
), long as materialized (
  select r.device, r.run, r.t, min(r.t) over (
    partition by r.device, r.run order by r.t range between 5001 following and unbounded following) as next
  from runs r
  where (r.device, r.run) in (select (device, run) from runs group by device, run having max(t) - run > 5000)
), starts as (
  select distinct device, run, run as start from long
  union all
  select l.device, l.run, l.next from starts s
  join long l on l.device = s.device and l.run = s.run and l.t = s.start where l.next is not null
), sessions as (
  select device, t, run as start from runs where (device, run) not in (select (device, run) from long)
  union all
  select l.device, l.t, s.start from long l
  asof join starts s on s.device = l.device and s.run = l.run and l.t >= s.start
)
select device, t, md5_number_lower('default' || (chr(31) || 'd' || chr(31)) || device || chr(31) || start) as session from sessions;

create or replace temp table session_spans as
with chosen as materialized (
    select distinct e.session from store.events e
    where e.workspace = 'default' and e.session is not null and e.time_ms >= 1000000 and e.time_ms < 3000000
)
select session, start_ms, end_ms from (
  select e.session, min(e.time_ms) as start_ms, max(e.time_ms) as end_ms from store.events e
  where e.workspace = 'default' and e.session in (from chosen)
  group by 1
  union all
  select session, min(t), max(t) from session_times group by 1
)
where start_ms >= 1000000 and start_ms < 3000000;

create or replace temp table session_rows as
select r.session, r.start_ms, r.end_ms, r.end_ms - r.start_ms as duration_ms, r.events, r.pages, r.engaged_ms, r.scroll_percent,
  r.pages = 1 and r.interactive = 0 as bounced,
  coalesce(p.person, r.first_event) as person, coalesce(p.person, r.first_event) as subject, r.entry_event::varchar as "entry_path", r.origin_event::varchar as "channel"
from (
  select s.session, any_value(s.start_ms) as start_ms, any_value(s.end_ms) as end_ms, count(*) as events,
    count(*) filter (e.event_type = 'page_view') as pages, count(*) filter (e.interactive) as interactive,
    sum(e.engaged_ms)::bigint as engaged_ms, max(e.scroll_percent) as scroll_percent,
    arg_min_null(e.subject, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id)) as first_event,
    arg_min_null(e.path, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id)) filter (e.event_type = 'page_view') as entry_event,
    arg_min_null((case when (e.campaign is not null) then 'campaign' else 'direct' end), struct_pack(o := not ((e.campaign is not null) or (e.referrer_host is not null)), t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id)) as origin_event
  from store.events e left join session_times st on st.device = case when e.session is null then e.anonymous_id end and st.t = e.time_ms
  join session_spans s on s.session = coalesce(e.session, st.session)
  where e.workspace = 'default' and e.time_ms >= 1000000 and e.time_ms <= 4000000
  group by s.session
  having bool_or((e.event_type is not distinct from 'order_completed'))
) r left join store.people p on p.subject = r.first_event;

select coalesce(e.channel, '') as value
from session_rows e where (e.entry_path::varchar is not distinct from '/') group by 1 order by count(*) desc, value limit 25;

select bucket as bucket, grp as grp, count(*)::bigint as sessions, count(distinct person)::bigint as people,
  count(*) filter (bounced)::bigint as bounces, sum(pages)::hugeint as pages, sum(duration_ms)::hugeint as duration, median(duration_ms)::double as median,
  coalesce(sum(engaged_ms), 0)::hugeint as engaged, count(engaged_ms)::bigint as engaged_sessions,
  coalesce(sum(scroll_percent), 0)::hugeint as scroll, count(scroll_percent)::bigint as scrolled_sessions
from (select e.*, (0 + (e.start_ms - 1000000) // 1000000) as bucket, case coalesce(e.channel, '') when 'direct' then 0 when 'campaign' then 1 else -1 end as grp from session_rows e where (e.entry_path::varchar is not distinct from '/'))
group by grouping sets ((), (grp), (bucket), (bucket, grp))
having count(*) > 0
order by bucket nulls first, grp nulls first;

create or replace temp table session_rows as
select r.session, r.start_ms, r.end_ms, r.end_ms - r.start_ms as duration_ms, r.events, r.pages, r.engaged_ms, r.scroll_percent,
  r.pages = 1 and r.interactive = 0 as bounced,
  coalesce(p.person, r.first_event."subject") as person, coalesce(p.person, r.first_event."subject") as subject, r.first_event."anonymous_id"::varchar as "anonymous_id", r.first_event."session_id"::varchar as "session_id", r.first_event."device"::varchar as "device", r.first_event."os"::varchar as "os", r.first_event."browser"::varchar as "browser", r.first_event."country"::varchar as "country", r.first_event."region"::varchar as "region", r.first_event."city"::varchar as "city", r.entry_event."entry_path"::varchar as "entry_path", r.entry_event."entry_host"::varchar as "entry_host", r.exit_event::varchar as "exit_path", r.origin_event."source"::varchar as "source", r.origin_event."medium"::varchar as "medium", r.origin_event."campaign"::varchar as "campaign", r.origin_event."term"::varchar as "term", r.origin_event."content"::varchar as "content", r.origin_event."click_id_type"::varchar as "click_id_type", r.origin_event."referrer"::varchar as "referrer", r.origin_event."channel"::varchar as "channel"
from (
  select s.session, any_value(s.start_ms) as start_ms, any_value(s.end_ms) as end_ms, count(*) as events,
    count(*) filter (e.event_type = 'page_view') as pages, count(*) filter (e.interactive) as interactive,
    sum(e.engaged_ms)::bigint as engaged_ms, max(e.scroll_percent) as scroll_percent,
    arg_min_null(struct_pack("subject" := e.subject, "anonymous_id" := e.anonymous_id, "session_id" := e.session_id, "device" := e.device_type, "os" := e.os, "browser" := e.browser, "country" := e.country, "region" := e.region, "city" := e.city), struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id)) as first_event,
    arg_min_null(struct_pack("entry_path" := e.path, "entry_host" := e.host), struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id)) filter (e.event_type = 'page_view') as entry_event,
    arg_max_null(e.path, struct_pack(t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id)) filter (e.event_type = 'page_view') as exit_event,
    arg_min_null(struct_pack("source" := coalesce(e.source, case when (e.referrer_host is not null) then e.referrer_host end), "medium" := e.medium, "campaign" := e.campaign, "term" := e.term, "content" := e.content, "click_id_type" := e.click_id_type, "referrer" := case when (e.referrer_host is not null) then e.referrer_host end, "channel" := (case when (e.campaign is not null) then 'campaign' else 'direct' end)), struct_pack(o := not ((e.campaign is not null) or (e.referrer_host is not null)), t := e.time_ms, r := e.received_us, i := e.idx, e := e.event_id)) as origin_event
  from store.events e
  join session_spans s on s.session = e.session
  where e.workspace = 'default' and e.time_ms >= 1000000 and e.time_ms <= 4000000
  group by s.session
  having bool_or((e.event_type is not distinct from 'order_completed'))
) r left join store.people p on p.subject = r.first_event."subject";

with page as materialized (
  select e.* from session_rows e where (e.start_ms, e.session) < (5, 255::ubigint) and (e.entry_path::varchar is not distinct from '/')
  order by e.start_ms desc, e.session desc limit 26
), members as materialized (
  select person as subject, person from page union select subject, person from store.people where person in (select person from page)
), names as (
  select coalesce(p.person, e.subject) as person, coalesce(
  min(case when (e.user_id is not null and lower(trim(e.user_id)) not in ('', 'null', 'undefined', 'anonymous', 'server', '0')) then e.user_id else e.anonymous_id end) filter (where e.subject = coalesce(p.person, e.subject)),
  min(case when (e.user_id is not null and lower(trim(e.user_id)) not in ('', 'null', 'undefined', 'anonymous', 'server', '0')) then e.user_id else e.anonymous_id end)) as person_id
  from store.events e join members p on p.subject = e.subject group by 1
)
select page.*, names.person_id from page join names on names.person = page.person
order by start_ms desc, session desc;
