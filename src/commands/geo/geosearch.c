/* GEOSEARCH and GEOSEARCHSTORE, and the search behind the older GEORADIUS.
 *
 * A position is a member of a sorted set with its cell number as the score (type/geo): neighbouring
 * cells mostly have neighbouring numbers. A search
 *
 *   1. parses the centre (a point, or a member), the shape (a circle or a box) and the options;
 *      options_fit() checks what depends on several of them;
 *   2. covers the shape with at most nine ranges of cell numbers, walks the members in them and
 *      keeps those within the shape: the hits;
 *   3. sorts the hits by distance if the request has an order, or a COUNT without ANY, which asks
 *      for the nearest;
 *   4. replies with them, or stores them in another sorted set with cell number or distance as the
 *      score.
 *
 * Hits borrow the bytes of members from the set, which does not change before they were sent or
 * copied. An absent key has no hits, which is not an error. */
#include "commands/geo/geosearch.h"
#include "commands/index.h"

#include "base/mem.h"
#include "base/num.h"
#include "command/keys.h"
#include "commands/geo/geo_args.h"
#include "commands/zset_args.h"
#include "type/geo.h"

#include <stdlib.h>

struct geosearch {
    struct geo_shape shape;
    double unit; /* in metres */
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

static bool parse_circle(const struct call *call, int i, struct geosearch *s)
{
    double radius;
    if (!parse_length(call, i, "radius", &radius))
        return false;
    if (radius < 0) {
        reply_errorf(call->reply, "ERR radius cannot be negative");
        return false;
    }
    if (!geo_args_unit(call, call->argv[i + 1], &s->unit))
        return false;
    s->shape.radius = radius * s->unit;
    s->shape.width = -1;
    return true;
}

static bool parse_box(const struct call *call, int i, struct geosearch *s)
{
    double width, height;
    if (!parse_length(call, i, "width", &width) || !parse_length(call, i + 1, "height", &height))
        return false;
    if (width < 0 || height < 0) {
        reply_errorf(call->reply, "ERR height or width cannot be negative");
        return false;
    }
    if (!geo_args_unit(call, call->argv[i + 2], &s->unit))
        return false;
    s->shape.width = width * s->unit;
    s->shape.height = height * s->unit;
    return true;
}

static bool centre_on_member(const struct call *call, const struct zset *z, struct bytes member,
                             struct geosearch *s)
{
    if (!z || geo_args_position(z, member, &s->shape.centre))
        return true;
    reply_errorf(call->reply, "ERR could not decode requested zset member");
    return false;
}

bool geosearch_is_store(struct bytes word)
{
    return bytes_is(word, "store") || bytes_is(word, "storedist");
}

/* Takes an option without an argument; false: another word. */
static bool take_flag(struct geosearch *s, struct bytes word)
{
    if (bytes_is(word, "withdist"))
        s->with_distance = true;
    else if (bytes_is(word, "withhash"))
        s->with_hash = true;
    else if (bytes_is(word, "withcoord"))
        s->with_position = true;
    else if (bytes_is(word, "any"))
        s->any = true;
    else if (bytes_is(word, "asc"))
        s->ascending = true, s->descending = false;
    else if (bytes_is(word, "desc"))
        s->descending = true, s->ascending = false;
    else
        return false;
    return true;
}

/* Takes the centre or the shape of GEOSEARCH at argument i. Returns its number of arguments; 0:
 * another word; -1 after the error reply. */
static int take_area(const struct call *call, int i, const struct zset *z, struct geosearch *s)
{
    struct bytes word = call->argv[i];
    int left = call->argc - i - 1;
    bool good;
    if (!s->has_centre && bytes_is(word, "frommember") && left >= 1) {
        good = s->has_centre = centre_on_member(call, z, call->argv[i + 1], s);
        return good ? 1 : -1;
    }
    if (!s->has_centre && bytes_is(word, "fromlonlat") && left >= 2) {
        good = s->has_centre = geo_args_point(call, i + 1, &s->shape.centre);
        return good ? 2 : -1;
    }
    if (!s->has_shape && bytes_is(word, "byradius") && left >= 2) {
        good = s->has_shape = parse_circle(call, i + 1, s);
        return good ? 2 : -1;
    }
    if (!s->has_shape && bytes_is(word, "bybox") && left >= 3) {
        good = s->has_shape = parse_box(call, i + 1, s);
        return good ? 3 : -1;
    }
    return 0;
}

static bool parse_count(const struct call *call, int i, struct geosearch *s)
{
    if (!call_int(call, i, &s->count))
        return false;
    if (s->count > 0)
        return true;
    call_error(call, ERR_COUNT_ABOVE_ZERO);
    return false;
}

/* Parses options from argument i on. */
static bool parse_options(const struct call *call, int i, enum geosearch_form geosearch_form,
                          bool only_reads, const struct zset *z, struct geosearch *s)
{
    bool newer = geosearch_form == GEOSEARCH || geosearch_form == GEOSEARCH_STORE;
    for (; i < call->argc; i++) {
        struct bytes word = call->argv[i];
        bool more = i + 1 < call->argc;
        int taken = newer ? take_area(call, i, z, s) : 0;
        if (taken < 0)
            return false;
        if (taken > 0) {
            i += taken;
        } else if (take_flag(s, word)) {
            continue;
        } else if (more && bytes_is(word, "count")) {
            if (!parse_count(call, ++i, s))
                return false;
        } else if (!newer && !only_reads && more && geosearch_is_store(word)) {
            s->stores = true;
            s->store_distance = bytes_is(word, "storedist");
            s->to = call->argv[++i];
        } else if (geosearch_form == GEOSEARCH_STORE && bytes_is(word, "storedist")) {
            s->store_distance = true;
        } else {
            call_error(call, ERR_SYNTAX);
            return false;
        }
    }
    return true;
}

/* Checks combinations of options in the order of Redis. */
static bool options_fit(const struct call *call, enum geosearch_form geosearch_form,
                        const struct geosearch *s)
{
    struct bytes name = call->argv[0];
    int name_n = name.n > 64 ? 64 : (int)name.n;
    bool newer = geosearch_form == GEOSEARCH || geosearch_form == GEOSEARCH_STORE;
    if (s->stores && (s->with_distance || s->with_hash || s->with_position))
        reply_errorf(
            call->reply, "ERR %s is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
            geosearch_form == GEOSEARCH_STORE ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS");
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

/* Collects the members in the shape, cell by cell; stops after `most` (0: no limit). */
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

static void reply_hits(struct call *call, const struct geosearch *s, const struct hits *h, size_t n)
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
            geo_args_reply_distance(r, hit->distance / s->unit);
        if (s->with_hash)
            reply_int(r, (long long)hit->score);
        if (s->with_position)
            geo_args_reply_point(r, hit->p);
    }
}

/* Counts each member as a change, as Redis does, in addition to the stored key. */
static void store_hits(struct call *call, enum geosearch_form geosearch_form,
                       const struct geosearch *s, const struct hits *h, size_t n)
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
                  geosearch_form == GEOSEARCH_STORE ? "geosearchstore" : "georadiusstore");
    reply_int(call->reply, (long long)n);
}

static void run(struct call *call, enum geosearch_form geosearch_form, const struct zset *z,
                struct geosearch *s)
{
    struct hits hits = {0};
    /* COUNT without an order or ANY means the nearest. */
    if (s->count && !s->any && !s->descending)
        s->ascending = true;
    if (z)
        collect(z, &s->shape, s->any ? (size_t)s->count : 0, &hits);
    if (hits.n && (s->ascending || s->descending))
        qsort(hits.items, hits.n, sizeof(*hits.items), s->ascending ? nearer : farther);
    size_t n = s->count && (size_t)s->count < hits.n ? (size_t)s->count : hits.n;
    if (s->stores)
        store_hits(call, geosearch_form, s, &hits, n);
    else
        reply_hits(call, s, &hits, n);
    mem_free(hits.items);
}

void geosearch_run(struct call *call, enum geosearch_form geosearch_form, bool only_reads)
{
    struct geosearch s = {.unit = 1, .stores = geosearch_form == GEOSEARCH_STORE};
    const struct zset *z;
    int key = 1, options = 2;
    if (geosearch_form == GEOSEARCH_STORE) {
        s.to = call->argv[1];
        key = 2;
        options = 3;
    }
    if (!zset_args_read(call, call->argv[key], &z))
        return;
    if (geosearch_form == GEOSEARCH_RADIUS) {
        if (!geo_args_point(call, 2, &s.shape.centre) || !parse_circle(call, 4, &s))
            return;
        options = 6;
    } else if (geosearch_form == GEOSEARCH_RADIUS_BY_MEMBER) {
        /* Without a key the circle is not even parsed. */
        if (z && (!centre_on_member(call, z, call->argv[2], &s) || !parse_circle(call, 3, &s)))
            return;
        options = 5;
    }
    if (parse_options(call, options, geosearch_form, only_reads, z, &s) &&
        options_fit(call, geosearch_form, &s))
        run(call, geosearch_form, z, &s);
}

static void do_geosearch(struct call *call)
{
    geosearch_run(call, GEOSEARCH, true);
}

static void do_geosearchstore(struct call *call)
{
    geosearch_run(call, GEOSEARCH_STORE, false);
}

const struct command geosearch_command = {
    .name = "geosearch",
    .usage =
        "key:key <FROMMEMBER member:string | FROMLONLAT (longitude:double latitude:double)> "
        "<(BYRADIUS radius:double <M | KM | FT | MI>) | (BYBOX width:double height:double <M | KM "
        "| FT | MI>)> [<ASC | DESC>] [COUNT count:int [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]",
    .summary = "Returns the members within a circle or box.",
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
    .summary = "Stores the members within a circle or box.",
    .since = "6.2.0",
    .complexity = "O(N+log(M)) with N the members near the shape and M all",
    .group = GROUP_GEO,
    .arity = -8,
    .flags = COMMAND_DENYOOM | COMMAND_WRITE,
    .keys = {KEY_RANGE(1, 0, 1, KEY_OW | KEY_UPDATE), KEY_RANGE(2, 0, 1, KEY_RO | KEY_ACCESS)},
    .handler = do_geosearchstore,
};
