/* Positions in sorted sets: GEOADD, GEOPOS, GEODIST, GEOHASH, GEOSEARCH and the older GEORADIUS. */
#include "commands/index.h"

#include "base/mem.h"
#include "base/num.h"
#include "command/keys.h"
#include "commands/zset_args.h"
#include "type/geo.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool parse_point(const struct call *call, int i, struct geo_point *p)
{
    if (!call_double(call, i, &p->longitude) || !call_double(call, i + 1, &p->latitude))
        return false;
    if (geo_is_valid(*p))
        return true;
    reply_errorf(call->reply, "ERR invalid longitude,latitude pair %f,%f", p->longitude,
                 p->latitude);
    return false;
}

/* Metres of a unit; false after the error reply. */
static bool parse_unit(const struct call *call, struct bytes word, double *metres)
{
    static const struct {
        const char *word;
        double metres;
    } units[] = {{"m", 1}, {"km", 1000}, {"ft", 0.3048}, {"mi", 1609.34}};
    for (int i = 0; i < 4; i++)
        if (bytes_is(word, units[i].word)) {
            *metres = units[i].metres;
            return true;
        }
    reply_errorf(call->reply, "ERR unsupported unit provided. please use M, KM, FT, MI");
    return false;
}

/* Any score can be asked for its position: what is no cell's number is read as the bits that a
 * conversion gives. */
static uint64_t cell_of(double score)
{
    if (score >= 0x1p63)
        return score < 0x1p64 ? (uint64_t)score : 0;
    return score >= -0x1p63 ? (uint64_t)(int64_t)score : UINT64_C(1) << 63;
}

static bool position_of(const struct zset *z, struct bytes member, struct geo_point *p)
{
    double score;
    if (!z || !zset_score(z, member, &score))
        return false;
    *p = geo_decode(cell_of(score));
    return true;
}

static void reply_coordinate(struct reply *r, double v)
{
    char text[NUM_LONG_MAX];
    reply_double_text(r, bytes_of(text, num_print_long_double(text, (long double)v)));
}

static void reply_point(struct reply *r, struct geo_point p)
{
    reply_array(r, 2);
    reply_coordinate(r, p.longitude);
    reply_coordinate(r, p.latitude);
}

static void reply_distance(struct reply *r, double v)
{
    char text[400];
    reply_bulk(r, bytes_of(text, (size_t)snprintf(text, sizeof(text), "%.4f", v)));
}

static void do_geoadd(struct call *call)
{
    struct bytes key = call->argv[1];
    int i = 2;
    bool only_new = false, only_old = false, changes = false;
    for (; i < call->argc; i++) {
        if (bytes_is(call->argv[i], "nx"))
            only_new = true;
        else if (bytes_is(call->argv[i], "xx"))
            only_old = true;
        else if (bytes_is(call->argv[i], "ch"))
            changes = true;
        else
            break;
    }
    int n = (call->argc - i) / 3;
    if ((call->argc - i) % 3 || (only_new && only_old)) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    double *scores = mem_alloc(((size_t)n + 1) * sizeof(*scores));
    struct geo_point p;
    struct entry *e;
    bool good = true;
    for (int k = 0; k < n && good; k++) {
        good = parse_point(call, i + 3 * k, &p);
        if (good)
            scores[k] = (double)geo_encode(p);
    }
    if (good && zset_args_write(call, key, &e)) {
        struct zset_limits limits = zset_args_limits(call);
        long long added = 0, updated = 0;
        if (!e && !only_old && n) {
            e = entry_new_word(key, VALUE_ZSET, (uintptr_t)zset_new());
            db_add(call->db, e);
        }
        for (int k = 0; e && k < n; k++) {
            struct zset *z = value_object(e);
            struct bytes member = call->argv[i + 3 * k + 2];
            double old;
            bool there = zset_score(z, member, &old);
            if ((there && (only_new || old == scores[k])) || (!there && only_old))
                continue;
            zset_set(&z, member, scores[k], &limits);
            value_moved(e, z);
            added += !there;
            updated += there;
        }
        if (added || updated) {
            db_count_changes(call->store, (uint64_t)(added + updated));
            db_changed(call->db, key, DB_EVENT_ZSET, "zadd");
            db_ready(call->db, key);
        }
        reply_int(call->reply, changes ? added + updated : added);
    }
    mem_free(scores);
}

static void do_geopos(struct call *call)
{
    struct zset *z;
    struct geo_point p;
    if (!zset_args_read(call, call->argv[1], &z))
        return;
    reply_array(call->reply, (size_t)call->argc - 2);
    for (int i = 2; i < call->argc; i++) {
        if (position_of(z, call->argv[i], &p))
            reply_point(call->reply, p);
        else
            reply_null_array(call->reply);
    }
}

static void do_geohash(struct call *call)
{
    struct zset *z;
    struct geo_point p;
    char text[11];
    if (!zset_args_read(call, call->argv[1], &z))
        return;
    reply_array(call->reply, (size_t)call->argc - 2);
    for (int i = 2; i < call->argc; i++) {
        if (position_of(z, call->argv[i], &p)) {
            geo_print(p, text);
            reply_bulk(call->reply, bytes_of(text, 11));
        } else {
            reply_null(call->reply);
        }
    }
}

static void do_geodist(struct call *call)
{
    struct zset *z;
    struct geo_point a, b;
    double metres = 1;
    if (call->argc > 5) {
        call_error(call, ERR_SYNTAX);
        return;
    }
    if ((call->argc == 5 && !parse_unit(call, call->argv[4], &metres)) ||
        !zset_args_read(call, call->argv[1], &z))
        return;
    if (position_of(z, call->argv[2], &a) && position_of(z, call->argv[3], &b))
        reply_distance(call->reply, geo_distance(a, b) / metres);
    else
        reply_null(call->reply);
}

const struct command geoadd_command = {
    .name = "geoadd",
    .usage = "key:key [<NX | XX>] [CH] (longitude:double latitude:double member:string)...",
    .summary = "Adds members with their positions.",
    .since = "3.2.0",
    .complexity = "O(log(N)) for each member",
    .group = GROUP_GEO,
    .arity = -5,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RW | KEY_UPDATE)},
    .handler = do_geoadd,
};
const struct command geopos_command = {
    .name = "geopos",
    .usage = "key:key member:string...",
    .summary = "Answers the positions of members.",
    .since = "3.2.0",
    .complexity = "O(N) with N the members",
    .group = GROUP_GEO,
    .arity = -2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_geopos,
};
const struct command geohash_command = {
    .name = "geohash",
    .usage = "key:key member:string...",
    .summary = "Answers the positions of members as standard geohashes.",
    .since = "3.2.0",
    .complexity = "O(N) with N the members",
    .group = GROUP_GEO,
    .arity = -2,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_geohash,
};
const struct command geodist_command = {
    .name = "geodist",
    .usage = "key:key member1:string member2:string [<M | KM | FT | MI>]",
    .summary = "Answers the distance between two members.",
    .since = "3.2.0",
    .complexity = "O(1)",
    .group = GROUP_GEO,
    .arity = -4,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_geodist,
};

/* ---- Searching */

enum form { SEARCH, SEARCH_STORE, RADIUS, RADIUS_BY_MEMBER };

struct search {
    struct geo_shape shape;
    double unit; /* metres */
    bool has_centre, has_shape;
    bool with_distance, with_hash, with_position;
    bool ascending, descending;
    bool any;
    long long count; /* 0: all */
    bool stores, store_distance;
    struct bytes to;
};

struct hit {
    struct bytes member;
    struct geo_point p;
    double distance, score;
};

struct hits {
    struct hit *items;
    size_t n, cap;
};

static bool parse_length(const struct call *call, int i, const char *what, double *out)
{
    if (num_parse_double(call->argv[i], out))
        return true;
    reply_errorf(call->reply, "ERR need numeric %s", what);
    return false;
}

static bool parse_circle(const struct call *call, int i, struct search *s)
{
    double radius;
    if (!parse_length(call, i, "radius", &radius))
        return false;
    if (radius < 0) {
        reply_errorf(call->reply, "ERR radius cannot be negative");
        return false;
    }
    if (!parse_unit(call, call->argv[i + 1], &s->unit))
        return false;
    s->shape.radius = radius * s->unit;
    s->shape.width = -1;
    return true;
}

static bool parse_box(const struct call *call, int i, struct search *s)
{
    double width, height;
    if (!parse_length(call, i, "width", &width) || !parse_length(call, i + 1, "height", &height))
        return false;
    if (width < 0 || height < 0) {
        reply_errorf(call->reply, "ERR height or width cannot be negative");
        return false;
    }
    if (!parse_unit(call, call->argv[i + 2], &s->unit))
        return false;
    s->shape.width = width * s->unit;
    s->shape.height = height * s->unit;
    return true;
}

static bool centre_on_member(const struct call *call, const struct zset *z, struct bytes member,
                             struct search *s)
{
    if (!z || position_of(z, member, &s->shape.centre))
        return true;
    reply_errorf(call->reply, "ERR could not decode requested zset member");
    return false;
}

static bool is_store(struct bytes word)
{
    return bytes_is(word, "store") || bytes_is(word, "storedist");
}

/* Options from argument i on. */
static bool parse_options(const struct call *call, int i, enum form form, bool only_reads,
                          const struct zset *z, struct search *s)
{
    bool newer = form == SEARCH || form == SEARCH_STORE;
    for (; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        int left = call->argc - i - 1;
        if (bytes_is(word, "withdist")) {
            s->with_distance = true;
        } else if (bytes_is(word, "withhash")) {
            s->with_hash = true;
        } else if (bytes_is(word, "withcoord")) {
            s->with_position = true;
        } else if (bytes_is(word, "any")) {
            s->any = true;
        } else if (bytes_is(word, "asc")) {
            s->ascending = true;
            s->descending = false;
        } else if (bytes_is(word, "desc")) {
            s->descending = true;
            s->ascending = false;
        } else if (bytes_is(word, "count") && left >= 1) {
            if (!call_int(call, ++i, &s->count))
                return false;
            if (s->count <= 0) {
                reply_errorf(call->reply, "ERR COUNT must be > 0");
                return false;
            }
        } else if (!newer && !only_reads && left >= 1 && is_store(word)) {
            s->stores = true;
            s->store_distance = bytes_is(word, "storedist");
            s->to = call->argv[++i];
        } else if (newer && bytes_is(word, "frommember") && left >= 1 && !s->has_centre) {
            if (!centre_on_member(call, z, call->argv[++i], s))
                return false;
            s->has_centre = true;
        } else if (newer && bytes_is(word, "fromlonlat") && left >= 2 && !s->has_centre) {
            if (!parse_point(call, i + 1, &s->shape.centre))
                return false;
            s->has_centre = true;
            i += 2;
        } else if (newer && bytes_is(word, "byradius") && left >= 2 && !s->has_shape) {
            if (!parse_circle(call, i + 1, s))
                return false;
            s->has_shape = true;
            i += 2;
        } else if (newer && bytes_is(word, "bybox") && left >= 3 && !s->has_shape) {
            if (!parse_box(call, i + 1, s))
                return false;
            s->has_shape = true;
            i += 3;
        } else if (form == SEARCH_STORE && bytes_is(word, "storedist")) {
            s->store_distance = true;
        } else {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    return true;
}

static bool options_fit(const struct call *call, enum form form, const struct search *s)
{
    struct bytes name = call->argv[0];
    int name_n = name.n > 64 ? 64 : (int)name.n;
    bool newer = form == SEARCH || form == SEARCH_STORE;
    if (s->stores && (s->with_distance || s->with_hash || s->with_position))
        reply_errorf(call->reply,
                     "ERR %s is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
                     form == SEARCH_STORE ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS");
    else if (newer && !s->has_centre)
        reply_errorf(call->reply,
                     "ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for %.*s",
                     name_n, name.p);
    else if (newer && !s->has_shape)
        reply_errorf(call->reply, "ERR exactly one of BYRADIUS and BYBOX can be specified for %.*s",
                     name_n, name.p);
    else if (s->any && !s->count)
        reply_errorf(call->reply, "ERR the ANY argument requires COUNT argument");
    else
        return true;
    return false;
}

static void add_hit(struct hits *h, const struct hit *hit)
{
    if (h->n == h->cap) {
        h->cap = h->cap ? h->cap * 2 : 32;
        h->items = mem_realloc(h->items, h->cap * sizeof(*h->items));
    }
    h->items[h->n++] = *hit;
}

/* Those in the shape, cell by cell; stops after `most` (0: never). */
static void collect(const struct zset *z, const struct geo_shape *shape, size_t most,
                    struct hits *hits)
{
    struct geo_range ranges[9];
    int n = geo_cover(shape, ranges);
    for (int i = 0; i < n; i++) {
        struct ranked_bound low = {.by = RANKED_BY_SCORE, .score = (double)ranges[i].from},
                            high = {.by = RANKED_BY_SCORE, .score = (double)ranges[i].below};
        size_t from = zset_before(z, &low), to = zset_before(z, &high);
        struct zset_walk w;
        struct zset_item x;
        zset_walk_start(&w, z, from, to - from, false);
        while (zset_walk_next(&w, &x)) {
            struct hit hit = {.member = x.member, .score = x.score};
            hit.p = geo_decode((uint64_t)x.score);
            if (!geo_contains(shape, hit.p, &hit.distance))
                continue;
            add_hit(hits, &hit);
            if (most && hits->n == most)
                return;
        }
    }
}

static int nearer(const void *a, const void *b)
{
    double x = ((const struct hit *)a)->distance, y = ((const struct hit *)b)->distance;
    return (x > y) - (x < y);
}

static int farther(const void *a, const void *b)
{
    return nearer(b, a);
}

static void reply_hits(struct call *call, const struct search *s, const struct hits *h, size_t n)
{
    struct reply *r = call->reply;
    size_t parts = 1u + s->with_distance + s->with_hash + s->with_position;
    reply_array(r, n);
    for (size_t i = 0; i < n; i++) {
        const struct hit *hit = &h->items[i];
        if (parts > 1)
            reply_array(r, parts);
        reply_bulk(r, hit->member);
        if (s->with_distance)
            reply_distance(r, hit->distance / s->unit);
        if (s->with_hash)
            reply_int(r, (long long)hit->score);
        if (s->with_position)
            reply_point(r, hit->p);
    }
}

static void store_hits(struct call *call, enum form form, const struct search *s,
                       const struct hits *h, size_t n)
{
    struct entry *e = NULL;
    struct zset_limits limits = zset_args_limits(call);
    if (n) {
        struct zset *z = zset_new();
        for (size_t i = 0; i < n; i++) {
            const struct hit *hit = &h->items[i];
            zset_set(&z, hit->member, s->store_distance ? hit->distance / s->unit : hit->score,
                     &limits);
        }
        e = entry_new_word(s->to, VALUE_ZSET, (uintptr_t)z);
    }
    db_count_changes(call->store, n);
    helpers_store(call, s->to, e, DB_EVENT_ZSET,
                  form == SEARCH_STORE ? "geosearchstore" : "georadiusstore");
    reply_int(call->reply, (long long)n);
}

static void run(struct call *call, enum form form, const struct zset *z, struct search *s)
{
    struct hits hits = {0};
    /* Without an order "the first so many" are the nearest, unless any will do. */
    if (s->count && !s->any && !s->descending)
        s->ascending = true;
    if (z)
        collect(z, &s->shape, s->any ? (size_t)s->count : 0, &hits);
    if (hits.n && (s->ascending || s->descending))
        qsort(hits.items, hits.n, sizeof(*hits.items), s->ascending ? nearer : farther);
    size_t n = s->count && (size_t)s->count < hits.n ? (size_t)s->count : hits.n;
    if (s->stores)
        store_hits(call, form, s, &hits, n);
    else
        reply_hits(call, s, &hits, n);
    mem_free(hits.items);
}

static void search(struct call *call, enum form form, bool only_reads)
{
    struct search s = {.unit = 1, .stores = form == SEARCH_STORE};
    struct zset *z;
    int key = 1, options = 2;
    if (form == SEARCH_STORE) {
        s.to = call->argv[1];
        key = 2;
        options = 3;
    }
    if (!zset_args_read(call, call->argv[key], &z))
        return;
    if (form == RADIUS) {
        if (!parse_point(call, 2, &s.shape.centre) || !parse_circle(call, 4, &s))
            return;
        options = 6;
    } else if (form == RADIUS_BY_MEMBER) {
        /* Where nothing is nothing is near: the circle is not even looked at. */
        if (z && (!centre_on_member(call, z, call->argv[2], &s) || !parse_circle(call, 3, &s)))
            return;
        options = 5;
    }
    if (parse_options(call, options, form, only_reads, z, &s) && options_fit(call, form, &s))
        run(call, form, z, &s);
}

/* The last STORE or STOREDIST is where the result goes. */
static void find_radius_keys(struct keys *to, const struct bytes *argv, int argc, int options)
{
    int store = 0;
    keys_add(to, 1, KEY_RO | KEY_ACCESS);
    for (int i = options; i + 1 < argc; i++)
        if (is_store(argv[i]))
            store = ++i;
        else if (bytes_is(argv[i], "count"))
            i++;
    if (store)
        keys_add(to, store, KEY_OW | KEY_UPDATE);
}

static void find_georadius_keys(struct keys *to, const struct bytes *argv, int argc)
{
    find_radius_keys(to, argv, argc, 6);
}

static void find_georadiusbymember_keys(struct keys *to, const struct bytes *argv, int argc)
{
    find_radius_keys(to, argv, argc, 5);
}

static void do_geosearch(struct call *call)
{
    search(call, SEARCH, true);
}

static void do_geosearchstore(struct call *call)
{
    search(call, SEARCH_STORE, false);
}

static void do_georadius(struct call *call)
{
    search(call, RADIUS, false);
}

static void do_georadius_ro(struct call *call)
{
    search(call, RADIUS, true);
}

static void do_georadiusbymember(struct call *call)
{
    search(call, RADIUS_BY_MEMBER, false);
}

static void do_georadiusbymember_ro(struct call *call)
{
    search(call, RADIUS_BY_MEMBER, true);
}

const struct command geosearch_command = {
    .name = "geosearch",
    .usage =
        "key:key <FROMMEMBER member:string | FROMLONLAT (longitude:double latitude:double)> "
        "<(BYRADIUS radius:double <M | KM | FT | MI>) | (BYBOX width:double height:double <M | KM "
        "| FT | MI>)> [<ASC | DESC>] [COUNT count:int [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]",
    .summary = "Answers the members within a circle or a box.",
    .since = "6.2.0",
    .complexity = "O(N+log(M)) with N the members near the shape and M all",
    .group = GROUP_GEO,
    .arity = -7,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_geosearch,
};
const struct command geosearchstore_command = {
    .name = "geosearchstore",
    .usage =
        "destination:key source:key <FROMMEMBER member:string | FROMLONLAT (longitude:double "
        "latitude:double)> <(BYRADIUS radius:double <M | KM | FT | MI>) | (BYBOX width:double "
        "height:double <M | KM | FT | MI>)> [<ASC | DESC>] [COUNT count:int [ANY]] [STOREDIST]",
    .summary = "Stores the members within a circle or a box.",
    .since = "6.2.0",
    .complexity = "O(N+log(M)) with N the members near the shape and M all",
    .group = GROUP_GEO,
    .arity = -8,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_UPDATE), KEY_RANGE(2, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_geosearchstore,
};
const struct command georadius_command = {
    .name = "georadius",
    .usage = "key:key longitude:double latitude:double radius:double <M | KM | FT | MI> "
             "[WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count:int [ANY]] [<ASC | DESC>] [STORE "
             "key:key] [STOREDIST key:key]",
    .summary = "Answers or stores the members within a circle (GEOSEARCH does the same).",
    .since = "3.2.0",
    .complexity = "O(N+log(M)) with N the members near the circle and M all",
    .group = GROUP_GEO,
    .arity = -6,
    .flags = COMMAND_DENYOOM | COMMAND_MOVABLEKEYS | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS),
             KEY_BEHIND("STORE", 6, 0, 1, 0, KEY_OW | KEY_UPDATE),
             KEY_BEHIND("STOREDIST", 6, 0, 1, 0, KEY_OW | KEY_UPDATE)},
    .find_keys = find_georadius_keys,
    .handler = do_georadius,
};
const struct command georadius_ro_command = {
    .name = "georadius_ro",
    .usage = "key:key longitude:double latitude:double radius:double <M | KM | FT | MI> "
             "[WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count:int [ANY]] [<ASC | DESC>]",
    .summary = "Answers the members within a circle (GEOSEARCH does the same).",
    .since = "3.2.10",
    .complexity = "O(N+log(M)) with N the members near the circle and M all",
    .group = GROUP_GEO,
    .arity = -6,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_georadius_ro,
};
const struct command georadiusbymember_command = {
    .name = "georadiusbymember",
    .usage =
        "key:key member:string radius:double <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] "
        "[COUNT count:int [ANY]] [<ASC | DESC>] [STORE key:key] [STOREDIST key:key]",
    .summary = "Answers or stores the members near another (GEOSEARCH does the same).",
    .since = "3.2.0",
    .complexity = "O(N+log(M)) with N the members near the circle and M all",
    .group = GROUP_GEO,
    .arity = -5,
    .flags = COMMAND_DENYOOM | COMMAND_MOVABLEKEYS | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS),
             KEY_BEHIND("STORE", 5, 0, 1, 0, KEY_OW | KEY_UPDATE),
             KEY_BEHIND("STOREDIST", 5, 0, 1, 0, KEY_OW | KEY_UPDATE)},
    .find_keys = find_georadiusbymember_keys,
    .handler = do_georadiusbymember,
};
const struct command georadiusbymember_ro_command = {
    .name = "georadiusbymember_ro",
    .usage = "key:key member:string radius:double <M | KM | FT | MI> [WITHCOORD] [WITHDIST] "
             "[WITHHASH] [COUNT count:int [ANY]] [<ASC | DESC>]",
    .summary = "Answers the members near another (GEOSEARCH does the same).",
    .since = "3.2.10",
    .complexity = "O(N+log(M)) with N the members near the circle and M all",
    .group = GROUP_GEO,
    .arity = -5,
    .flags = COMMAND_READONLY,
    .keys = {KEY_RANGE(1, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_georadiusbymember_ro,
};
