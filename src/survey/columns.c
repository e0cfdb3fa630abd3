/* A getter returns the value that rows are sorted by; a column without a getter is written by its
 * own function, and cannot be sorted by. Streams, groups and dead letters read the same records,
 * with different columns; lists and schedules have records of their own.
 *
 * A column's type does not depend on the row, so the text of a value (AFTER) is parsed by the type
 * that the getter returns for an empty row. Nothing can fail. */
#include "survey/columns.h"

#include "base/num.h"
#include "survey/lists.h"
#include "survey/survey_more.h"

static struct columns_value of_int(long long i)
{
    return (struct columns_value){.kind = COLUMNS_INT, .i = i};
}

/* Rounded, so that the order is that of the values as they are shown, which AFTER repeats. */
static struct columns_value of_real(double d)
{
    return (struct columns_value){.kind = COLUMNS_REAL, .d = num_round(d)};
}

static struct columns_value of_id(struct stream_id id)
{
    return (struct columns_value){.kind = COLUMNS_ID, .id = id};
}

static struct columns_value of_bytes(struct bytes b)
{
    return (struct columns_value){.kind = COLUMNS_BYTES, .b = b};
}

/* ---- Columns */

#define COLUMN(name, value)                                                                        \
    static struct columns_value name(const struct row *x)                                          \
    {                                                                                              \
        return value;                                                                              \
    }

COLUMN(get_db, of_int(x->stream->db))
COLUMN(get_key, of_bytes(str_bytes(x->stream->key)))
COLUMN(get_length, of_int((long long)x->stream->length))
COLUMN(get_bytes, of_int((long long)x->stream->bytes))
COLUMN(get_added, of_int((long long)x->stream->added))
COLUMN(get_added_rate, of_real(survey_more_rate(x->stream->in_added, x->stream->interval_ms)))
COLUMN(get_groups, of_int(x->stream->groups))
COLUMN(get_consumers, of_int(x->stream->consumers))
COLUMN(get_ready, of_int((long long)x->stream->ready))
COLUMN(get_leased, of_int((long long)x->stream->leased))
COLUMN(get_deferred, of_int((long long)survey_more_of_stream(x->stream)->deferred))
COLUMN(get_dead, of_int((long long)survey_more_of_stream(x->stream)->dead))
COLUMN(get_scheduled, of_int((long long)survey_more_of_stream(x->stream)->scheduled))
COLUMN(get_oldest_ready, of_int(x->stream->oldest_ready_ms))
COLUMN(get_first, of_id(x->stream->first))
COLUMN(get_last, of_id(x->stream->last))
COLUMN(get_maxlen, of_int(survey_more_of_stream(x->stream)->maxlen))

static void tell_flags(struct reply *r, unsigned flags)
{
    static const char *const words[] = {"policy",       "bindings", "schedules", "captures",
                                        "dead-letters", "paused",   "about"};
    reply_array(r, (size_t)__builtin_popcount(flags));
    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (flags & 1u << i)
            reply_bulk_text(r, words[i]);
}

static void tell_stream_flags(const struct row *x, struct reply *r)
{
    tell_flags(r, x->stream->flags);
}

static const struct column stream_columns[] = {
    {"db", get_db, NULL},
    {"key", get_key, NULL},
    {"length", get_length, NULL},
    {"bytes", get_bytes, NULL},
    {"added", get_added, NULL},
    {"added-rate", get_added_rate, NULL},
    {"groups", get_groups, NULL},
    {"consumers", get_consumers, NULL},
    {"ready", get_ready, NULL},
    {"leased", get_leased, NULL},
    {"deferred", get_deferred, NULL},
    {"dead", get_dead, NULL},
    {"scheduled", get_scheduled, NULL},
    {"oldest-ready", get_oldest_ready, NULL},
    {"first", get_first, NULL},
    {"last", get_last, NULL},
    {"maxlen", get_maxlen, NULL},
    {"flags", NULL, tell_stream_flags},
};

COLUMN(get_g_ready, of_int((long long)survey_more_ready(x->group)))
COLUMN(get_g_unread, of_int((long long)x->group->unread))
COLUMN(get_g_released, of_int((long long)survey_more_of_group(x->group)->released))
COLUMN(get_g_overdue, of_int((long long)survey_more_of_group(x->group)->overdue))
COLUMN(get_g_leased, of_int((long long)x->group->leased))
COLUMN(get_g_deferred, of_int((long long)survey_more_of_group(x->group)->deferred))
COLUMN(get_g_held, of_int((long long)survey_more_of_group(x->group)->held))
COLUMN(get_g_blocked, of_int((long long)survey_more_of_group(x->group)->blocked))
COLUMN(get_g_consumers, of_int(x->group->consumers))
COLUMN(get_g_waiting, of_int(x->group->waiting))
COLUMN(get_g_delivered_rate,
       of_real(survey_more_rate(x->group->in_delivered, x->group->interval_ms)))
COLUMN(get_g_acked_rate, of_real(survey_more_rate(x->group->in_acked, x->group->interval_ms)))
COLUMN(get_g_failed_rate,
       of_real(survey_more_rate(survey_more_of_group(x->group)->in_failed, x->group->interval_ms)))
COLUMN(get_g_redelivered_rate,
       of_real(survey_more_rate(survey_more_of_group(x->group)->in_redelivered,
                                x->group->interval_ms)))
COLUMN(get_g_dead, of_int((long long)survey_more_of_group(x->group)->counts.dead))
COLUMN(get_g_oldest_ready, of_int(x->group->oldest_ready_ms))
COLUMN(get_g_oldest_leased, of_int(x->group->oldest_leased_ms))

static void tell_group_name(const struct row *x, struct reply *r)
{
    reply_bulk(r, str_bytes(x->group->name));
}

static void tell_group_flags(const struct row *x, struct reply *r)
{
    tell_flags(r, x->group->flags);
}

static const struct column group_columns[] = {
    {"db", get_db, NULL},
    {"key", get_key, NULL},
    {"group", NULL, tell_group_name},
    {"ready", get_g_ready, NULL},
    {"unread", get_g_unread, NULL},
    {"released", get_g_released, NULL},
    {"overdue", get_g_overdue, NULL},
    {"leased", get_g_leased, NULL},
    {"deferred", get_g_deferred, NULL},
    {"held", get_g_held, NULL},
    {"dead-blocked", get_g_blocked, NULL},
    {"consumers", get_g_consumers, NULL},
    {"waiting", get_g_waiting, NULL},
    {"delivered-rate", get_g_delivered_rate, NULL},
    {"acked-rate", get_g_acked_rate, NULL},
    {"failed-rate", get_g_failed_rate, NULL},
    {"redelivered-rate", get_g_redelivered_rate, NULL},
    {"dead", get_g_dead, NULL},
    {"oldest-ready", get_g_oldest_ready, NULL},
    {"oldest-leased", get_g_oldest_leased, NULL},
    {"flags", NULL, tell_group_flags},
};

/* The age of a letter, from its ID, when the stream was read; -1: none. */
static struct columns_value letter_age(const struct row *x, uint64_t id_ms)
{
    uint64_t now = (uint64_t)survey_more_of_stream(x->stream)->read_ms;
    if (!x->stream->length)
        return of_int(-1);
    return of_int(id_ms < now ? (long long)(now - id_ms) : 0);
}

COLUMN(get_letter_oldest, letter_age(x, x->stream->first.ms))
COLUMN(get_letter_newest, letter_age(x, survey_more_of_stream(x->stream)->newest_ms))

static void tell_sources(const struct row *x, struct reply *r)
{
    reply_array(r, x->sources_n);
    for (size_t i = 0; i < x->sources_n; i++) {
        reply_array(r, 2);
        reply_bulk(r, str_bytes(x->sources[i].key));
        reply_bulk(r, str_bytes(x->sources[i].group));
    }
}

static void tell_sources_left(const struct row *x, struct reply *r)
{
    reply_int(r, (long long)x->sources_left);
}

static const struct column dead_columns[] = {
    {"db", get_db, NULL},
    {"key", get_key, NULL},
    {"letters", get_length, NULL},
    {"bytes", get_bytes, NULL},
    {"oldest", get_letter_oldest, NULL},
    {"newest", get_letter_newest, NULL},
    {"sources", NULL, tell_sources},
    {"sources-left", NULL, tell_sources_left},
};

COLUMN(get_l_db, of_int(x->list->db))
COLUMN(get_l_key, of_bytes(str_bytes(x->list->key)))
COLUMN(get_l_length, of_int((long long)x->list->length))
COLUMN(get_l_change, of_real(x->list->change_rate))
COLUMN(get_l_bytes, of_int((long long)x->list->bytes))
COLUMN(get_l_waiting, of_int(x->list->waiting))
COLUMN(get_l_encoding, of_bytes(bytes_text(x->list->encoding)))

static const struct column list_columns[] = {
    {"db", get_l_db, NULL},
    {"key", get_l_key, NULL},
    {"length", get_l_length, NULL},
    {"change-rate", get_l_change, NULL},
    {"bytes", get_l_bytes, NULL},
    {"waiting", get_l_waiting, NULL},
    {"encoding", get_l_encoding, NULL},
};

COLUMN(get_s_next, of_int(x->schedule->next_ms))
COLUMN(get_s_kind, of_bytes(bytes_text(x->schedule->kind)))
COLUMN(get_s_fired, of_int(x->schedule->fired))
COLUMN(get_s_missed, of_int(x->schedule->missed))

static void tell_schedule_name(const struct row *x, struct reply *r)
{
    reply_bulk(r, str_bytes(x->schedule->name));
}

static const struct column schedule_columns[] = {
    {"db", get_db, NULL},           {"key", get_key, NULL},     {"name", NULL, tell_schedule_name},
    {"next", get_s_next, NULL},     {"kind", get_s_kind, NULL}, {"fired", get_s_fired, NULL},
    {"missed", get_s_missed, NULL},
};

/* ---- Kinds */

static const struct columns kinds[] = {
#define KIND(of) of, sizeof(of) / sizeof((of)[0])
    [COLUMNS_STREAMS] = {KIND(stream_columns), false},
    [COLUMNS_GROUPS] = {KIND(group_columns), true},
    [COLUMNS_DEAD] = {KIND(dead_columns), false},
    [COLUMNS_LISTS] = {KIND(list_columns), false},
    [COLUMNS_SCHEDULES] = {KIND(schedule_columns), true},
#undef KIND
};

const struct columns *columns_of(enum columns_kind kind)
{
    return &kinds[kind];
}

bool columns_have_group(enum columns_kind kind)
{
    return kinds[kind].groups;
}

bool columns_find(enum columns_kind kind, struct bytes name, unsigned *out)
{
    const struct columns *k = &kinds[kind];
    for (unsigned i = 0; i < k->n; i++) {
        if (!k->all[i].get || !bytes_is(name, k->all[i].name))
            continue;
        *out = i;
        return true;
    }
    return false;
}

/* The type of a column's value, which does not depend on the row. */
static int kind_of_value(const struct columns *k, unsigned by)
{
    static const struct str nothing;
    const struct survey_stream s = {.key = (struct str *)(uintptr_t)&nothing};
    const struct survey_group g = {.stream = 0};
    const struct lists_record l = {.key = s.key, .encoding = ""};
    const struct survey_schedule c = {.kind = ""};
    struct row x = {.stream = &s, .group = &g, .list = &l, .schedule = &c};
    return (int)k->all[by].get(&x).kind;
}

bool columns_parse_value(enum columns_kind kind, unsigned by, struct bytes text,
                         struct columns_value *out)
{
    switch (kind_of_value(&kinds[kind], by)) {
    case COLUMNS_INT:
        *out = of_int(0);
        return num_parse_int(text, &out->i);
    case COLUMNS_REAL:
        *out = of_real(0);
        return num_parse_double(text, &out->d);
    case COLUMNS_ID:
        *out = of_id(STREAM_ID_MIN);
        return stream_id_parse(text, 0, &out->id);
    default:
        *out = of_bytes(text);
        return true;
    }
}

/* ---- The reply */

static void tell_value(struct reply *r, const struct columns_value *v)
{
    char text[STREAM_ID_TEXT_MAX];
    switch (v->kind) {
    case COLUMNS_INT:
        reply_int(r, v->i);
        break;
    case COLUMNS_REAL:
        reply_double(r, v->d);
        break;
    case COLUMNS_ID:
        reply_bulk(r, bytes_of(text, stream_id_print(text, v->id)));
        break;
    case COLUMNS_BYTES:
        reply_bulk(r, v->b);
        break;
    }
}

void columns_tell(const struct row *x, const struct columns *k, struct reply *r)
{
    reply_map(r, k->n);
    for (unsigned i = 0; i < k->n; i++) {
        const struct column *c = &k->all[i];
        reply_bulk_text(r, c->name);
        if (c->tell) {
            c->tell(x, r);
        } else {
            struct columns_value v = c->get(x);
            tell_value(r, &v);
        }
    }
}
