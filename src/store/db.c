/* A key's entry is in db.keys, which owns it; keys_with_ttl and the tables of store/noted.h
 * additionally index entries that have to be visited separately.
 *
 * Keys expire on access: a look-up deletes, announces and journals (events.expired) an expired key
 * and then reports it absent; fields of a hash likewise. Two switches change that: while
 * expiry_paused (writes are not possible, or the primary deletes) expired keys read as absent but
 * are deleted only by a write to them; while expiry_ignored (loading, or applying the primary's
 * commands) they read as if they had no TTL.
 *
 * Entries may move when they change their size or get a TTL. The caller then passes the new address
 * to db_put_back(), which searches every table for the old one: that memory may be freed, so only
 * the pointer is compared.
 *
 * Changes are announced in one place. db_changed() counts the call, enters the offset for the gate
 * (written), informs watchers and notifies; db_changed_quietly() omits the last two. Clients
 * blocked on a key are informed by db_ready(). Flushing and swapping databases do the same for all
 * keys at once. store/changes.h checks that no change bypasses this.
 *
 * Nothing here fails: what is absent is NULL. */
#include "store/db.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "type/hash.h"
#include "type/stream/stream.h"
#include "type/value.h"

/* Reports fetches to store/changes.h in builds with checks. */
#ifdef CHANGES_ARE_CHECKED
#define NOTE_READ(db, key, e) changes_note_read((db)->store->changes, (db)->id, key, e)
#define NOTE_WRITE(db, key)   changes_note_write((db)->store->changes, (db)->id, key)
#define CHECK_CHANGE(db, key) changes_check((db)->store->changes, (db)->id, key)
#define FORGET_READS(s)       changes_forget_reads((s)->changes)
#define NEW_CHANGES()         changes_new()
#else
#define NOTE_READ(db, key, e) (void)0
#define NOTE_WRITE(db, key)   (void)0
#define CHECK_CHANGE(db, key) (void)0
#define FORGET_READS(s)       (void)0
#define NEW_CHANGES()         NULL
#endif

static struct store *make_store(int count, uint64_t seed, struct stream_context *streams)
{
    ASSERT(count > 0);
    struct store *s = mem_zalloc(sizeof(*s));
    s->dbs = mem_zalloc((size_t)count * sizeof(*s->dbs));
    s->count = count;
    s->touch = true;
    s->streams = streams;
    s->changes = NEW_CHANGES();
    lru_init(&s->lru, seed);
    rng_seed(&s->rng, seed);
    for (int i = 0; i < count; i++) {
        s->dbs[i] = (struct db){.store = s, .id = i};
        table_init(&s->dbs[i].keys, hash_key);
        table_init(&s->dbs[i].keys_with_ttl, hash_key);
        noted_init(&s->dbs[i].noted);
    }
    return s;
}

struct store *db_store_new(int count, uint64_t seed)
{
    return make_store(count, seed, stream_context_new());
}

struct store *db_store_beside(struct store *s)
{
    struct store *x = make_store(s->count, rng_next(&s->rng), s->streams);
    x->beside = true;
    x->now_ms = s->now_ms;
    return x;
}

struct entry *db_find_as_it_is(void *store, int db, struct bytes key)
{
    struct store *s = store;
    struct entry **e = table_find(&s->dbs[db].keys, hash_key(key), key);
    return e ? *e : NULL;
}

void db_store_free(struct store *s)
{
    if (!s)
        return;
    s->events = (struct store_events){0};
    for (int i = 0; i < s->count; i++)
        db_flush(&s->dbs[i]);
    if (!s->beside)
        stream_context_free(s->streams);
    changes_free(s->changes);
    mem_free(s->dbs);
    mem_free(s);
}

/* The hash of a key that may be an argument of the running command, or a copy of it. */
static inline uint64_t hash_of(const struct store *s, struct bytes key)
{
    const struct hashed_key *known = s->hashed;
    if (known && key.n == known->key.n && key.n &&
        (key.p == known->key.p || bytes_equal(key, known->key)))
        return known->hash;
    return hash_key(key);
}

static void discard(struct store *s, struct entry *e)
{
    if (s->events.discard)
        s->events.discard(s->events.context, e);
    else
        value_free(e);
}

/* Calls events.placed() for streams that act. */
static void notify_placed(struct db *db, struct entry *e, enum db_placing what)
{
    const struct store_events *x = &db->store->events;
    if (value_stream_acts(e) && x->placed)
        x->placed(x->context, db, e, what);
}

static void notify_placed_all(struct db *db, enum db_placing what)
{
    struct table_walk w;
    table_walk_start(&w, &db->noted.acting);
    for (struct entry *e; (e = table_walk_next(&w));)
        notify_placed(db, e, what);
}

static void add_known(struct db *db, uint64_t hash, struct entry *e)
{
    noted_add(&db->noted, hash, e);
    notify_placed(db, e, DB_COMES);
}

static void forget_known(struct db *db, uint64_t hash, struct entry *e, enum db_placing what)
{
    noted_remove(&db->noted, hash, e);
    notify_placed(db, e, what);
}

struct entry *db_take(struct db *db, struct bytes key, enum db_placing what)
{
    NOTE_WRITE(db, key);
    uint64_t hash = hash_of(db->store, key);
    struct entry *e = table_remove(&db->keys, hash, key);
    if (e && e->has_ttl) {
        struct entry *same = table_remove(&db->keys_with_ttl, hash, key);
        ASSERT(same == e);
    }
    if (e && noted_is_known(e))
        forget_known(db, hash, e, what);
    return e;
}

bool db_delete(struct db *db, struct bytes key)
{
    struct entry *e = db_take(db, key, DB_GOES);
    if (!e)
        return false;
    discard(db->store, e);
    return true;
}

static void note_written(struct store *s, struct bytes key)
{
    if (s->written)
        s->written[hash_of(s, key) % STORE_WRITTEN_SLOTS] = s->written_now;
}

void db_announce(struct db *db, struct bytes key, unsigned class_, const char *event)
{
    struct store *s = db->store;
    note_written(s, key);
    if (s->watched && s->events.touched)
        s->events.touched(s->events.context, db, key);
    if ((s->notify & class_) && event && s->events.event)
        s->events.event(s->events.context, db, class_, event, key);
}

/* Deletes an expired key. */
static void expire(struct db *db, struct entry *e)
{
    struct store *s = db->store;
    struct entry *gone = db_take(db, entry_key(e), DB_GOES);
    ASSERT(gone == e);
    s->expired++;
    if (s->events.expired)
        s->events.expired(s->events.context, db, entry_key(e));
    db_announce(db, entry_key(e), DB_EVENT_EXPIRED, "expired");
    db_ready(db, entry_key(e));
    discard(s, e);
}

bool db_expire_if_due(struct db *db, struct entry *e)
{
    if (!db_is_due(db->store, e) || db->store->expiry_paused)
        return false;
    expire(db, e);
    return true;
}

int64_t db_field_now(const struct store *s)
{
    return s->expiry_ignored ? HASH_ALL : s->now_ms;
}

static void mark(struct db *db, struct entry *e, bool now)
{
    if (e->kind_flag == now)
        return;
    notify_placed(db, e, DB_GOES); /* before it loses the mark */
    noted_mark(&db->noted, hash_key(entry_key(e)), e, now);
    notify_placed(db, e, DB_COMES);
}

void db_note_fields(struct db *db, struct entry *e)
{
    mark(db, e, hash_has_ttl(value_object(e)));
}

void db_note_acting(struct db *db, struct entry *e)
{
    mark(db, e, stream_acts(value_object(e)));
}

#define FIELDS_AT_ONCE 64

/* Collects the expired fields of a hash for one notification. */
struct expired_fields {
    struct str **names;
    size_t n;
};

static void expired_fields_add(struct expired_fields *p, struct str *const *names, size_t n)
{
    p->names = mem_realloc(p->names, (p->n + n) * sizeof(*p->names));
    for (size_t i = 0; i < n; i++)
        p->names[p->n++] = str_ref(names[i]);
}

static void expired_fields_notify(struct expired_fields *p, struct db *db, struct bytes key)
{
    if (!p->n)
        return;
    struct bytes *names = mem_alloc(p->n * sizeof(*names));
    for (size_t i = 0; i < p->n; i++)
        names[i] = str_bytes(p->names[i]);
    db_notify_fields(db, key, "hexpired", (struct db_fields){names, p->n, 1});
    for (size_t i = 0; i < p->n; i++)
        str_unref(p->names[i]);
    mem_free(names);
    mem_free(p->names);
}

/* True: the key was deleted with its last field. */
static bool expire_fields(struct db *db, struct entry *e)
{
    struct store *s = db->store;
    struct hash *h = value_to_change(e);
    struct str *names[FIELDS_AT_ONCE];
    struct expired_fields expired_fields = {0};
    size_t n, all = 0;
    if (hash_next_due_ms(h) > db_field_now(s))
        return false;
    NOTE_WRITE(db, entry_key(e));
    do {
        n = hash_purge(&h, db_field_now(s), names, FIELDS_AT_ONCE);
        value_moved(e, h);
        s->expired_fields += (long long)n;
        if (n && s->events.fields_expired)
            s->events.fields_expired(s->events.context, db, entry_key(e), names, n);
        all += n;
        if (n && db_tells_fields(s))
            expired_fields_add(&expired_fields, names, n);
        for (size_t i = 0; i < n; i++)
            str_unref(names[i]);
    } while (n == FIELDS_AT_ONCE);
    if (all)
        db_announce(db, entry_key(e), DB_EVENT_HASH, "hexpired");
    expired_fields_notify(&expired_fields, db, entry_key(e));
    if (hash_count(h) > 0) {
        db_note_fields(db, e);
        return false;
    }
    struct entry *gone = db_take(db, entry_key(e), DB_GOES);
    ASSERT(gone == e);
    db_announce(db, entry_key(e), DB_EVENT_GENERIC, "del");
    db_ready(db, entry_key(e));
    discard(s, e);
    return true;
}

bool db_expire_fields(struct db *db, struct entry *e)
{
    return !db->store->expiry_paused && expire_fields(db, e);
}

bool db_expire_anyway(struct db *db, struct entry *e)
{
    if (db_is_due(db->store, e)) {
        expire(db, e);
        return true;
    }
    return value_has_field_ttl(e) && expire_fields(db, e);
}

/* deletes: whether to delete what has expired. */
static inline struct entry *find_if(struct db *db, struct bytes key, bool deletes)
{
    struct entry **slot = table_find(&db->keys, hash_of(db->store, key), key);
    if (!slot)
        return NULL;
    struct entry *e = *slot;
    if (__builtin_expect(e->has_ttl, 0) && db_is_due(db->store, e)) {
        if (deletes)
            expire(db, e);
        return NULL;
    }
    if (__builtin_expect(value_has_field_ttl(e), 0) && deletes && expire_fields(db, e))
        return NULL;
    return e;
}

static struct entry *find(struct db *db, struct bytes key)
{
    return find_if(db, key, !db->store->expiry_paused);
}

/* A write deletes the expired key first, else the key would exist twice. */
static struct entry *find_to_write(struct db *db, struct bytes key)
{
    return find_if(db, key, true);
}

static inline struct entry *count(struct db *db, struct bytes key, struct entry *e)
{
    struct store *s = db->store;
    if (!e) {
        s->misses++;
        if (s->notify & DB_EVENT_MISS)
            db_notify(db, key, DB_EVENT_MISS, "keymiss");
        return NULL;
    }
    s->hits++;
    if (s->touch)
        lru_touch(&s->lru, e);
    return e;
}

struct entry *db_read(struct db *db, struct bytes key)
{
    struct entry *e = count(db, key, find(db, key));
    NOTE_READ(db, key, e);
    return e;
}

struct entry *db_read_notouch(struct db *db, struct bytes key)
{
    struct store *s = db->store;
    bool touch = s->touch;
    s->touch = false;
    struct entry *e = db_read(db, key);
    s->touch = touch;
    return e;
}

struct entry *db_find_past(struct db *db, struct bytes key)
{
    struct entry **slot = table_find(&db->keys, hash_of(db->store, key), key);
    return slot ? *slot : NULL;
}

struct entry *db_find(struct db *db, struct bytes key)
{
    struct entry *e = find(db, key);
    NOTE_READ(db, key, e);
    return e;
}

struct entry *db_write(struct db *db, struct bytes key)
{
    NOTE_WRITE(db, key);
    struct entry *e = find_to_write(db, key);
    if (e && db->store->touch)
        lru_touch(&db->store->lru, e);
    return e;
}

struct entry *db_write_counted(struct db *db, struct bytes key)
{
    NOTE_WRITE(db, key);
    return count(db, key, find_to_write(db, key));
}

struct entry *db_write_notouch(struct db *db, struct bytes key)
{
    NOTE_WRITE(db, key);
    return find_to_write(db, key);
}

/* The old allocation may be freed: the slot is found by the address. */
static void replace_pointer(struct table *t, uint64_t hash, const void *old, struct entry *e)
{
    struct entry **slot = table_find_address(t, hash, old);
    ASSERT(slot != NULL);
    *slot = e;
}

static void put_back(struct db *db, uint64_t hash, struct entry *old, struct entry *e, bool had_ttl)
{
    if (old != e)
        replace_pointer(&db->keys, hash, old, e);
    if (had_ttl && !e->has_ttl)
        table_remove_address(&db->keys_with_ttl, hash, old);
    else if (!had_ttl && e->has_ttl)
        table_insert(&db->keys_with_ttl, hash, e);
    else if (had_ttl && old != e)
        replace_pointer(&db->keys_with_ttl, hash, old, e);
}

/* Not inlined, to spare the common path the saving of registers. */
__attribute__((noinline)) static void move_in_indexes(struct db *db, struct entry *old,
                                                      struct entry *e, bool had_ttl)
{
    uint64_t hash = hash_of(db->store, entry_key(e));
    put_back(db, hash, old, e, had_ttl);
    if (old != e && noted_is_known(e))
        noted_move(&db->noted, hash, old, e);
}

void db_put_back(struct db *db, struct entry *old, struct entry *e, bool had_ttl)
{
    if (old != e || had_ttl != e->has_ttl)
        move_in_indexes(db, old, e, had_ttl);
}

void db_add(struct db *db, struct entry *e)
{
    NOTE_WRITE(db, entry_key(e));
    uint64_t hash = hash_of(db->store, entry_key(e));
    lru_begin(&db->store->lru, e);
    table_insert(&db->keys, hash, e);
    if (e->has_ttl)
        table_insert(&db->keys_with_ttl, hash, e);
    if (noted_is_known(e))
        add_known(db, hash, e);
    if (e->has_ttl || value_has_field_ttl(e))
        db_note_own(db, entry_key(e));
    if (db->store->notify & DB_EVENT_NEW)
        db_notify(db, entry_key(e), DB_EVENT_NEW, "new");
}

void db_replace(struct db *db, struct entry *old, struct entry *e)
{
    NOTE_WRITE(db, entry_key(e));
    lru_begin(&db->store->lru, e);
    uint64_t hash = hash_of(db->store, entry_key(e));
    if (noted_is_known(old))
        forget_known(db, hash, old, DB_GOES);
    put_back(db, hash, old, e, old->has_ttl);
    if (noted_is_known(e))
        add_known(db, hash, e);
    if (e->has_ttl && !(old->has_ttl && entry_deadline_ms(old) == entry_deadline_ms(e)))
        db_note_own(db, entry_key(e));
    discard(db->store, old);
}

struct entry *db_set_deadline(struct db *db, struct entry *e, int64_t deadline_ms)
{
    bool had = e->has_ttl;
    struct entry *now = entry_set_deadline(e, deadline_ms);
    db_put_back(db, e, now, had);
    if (deadline_ms >= 0)
        db_note_own(db, entry_key(now));
    return now;
}

void db_notify(struct db *db, struct bytes key, unsigned class_, const char *event)
{
    struct store *s = db->store;
    if ((s->notify & class_) && s->events.event)
        s->events.event(s->events.context, db, class_, event, key);
}

void db_changed_quietly(struct db *db, struct bytes key)
{
    CHECK_CHANGE(db, key);
    db->store->touched++;
    note_written(db->store, key);
}

void db_changed(struct db *db, struct bytes key, unsigned class_, const char *event)
{
    CHECK_CHANGE(db, key);
    struct store *s = db->store;
    s->touched++;
    /* Usually there is nothing to announce, which should not cost a call. */
    if (__builtin_expect(s->written || s->watched || (s->notify & class_), 0))
        db_announce(db, key, class_, event);
}

static void replaced(struct db *db)
{
    struct store *s = db->store;
    if (s->waited && s->events.replaced)
        s->events.replaced(s->events.context, db);
}

size_t db_flush(struct db *db)
{
    struct store *s = db->store;
    size_t n = db->keys.used;
    FORGET_READS(s);
    if (s->events.replacing)
        s->events.replacing(s->events.context, db, NULL);
    notify_placed_all(db, DB_GOES);
    struct table_walk w;
    table_walk_start(&w, &db->keys);
    for (struct entry *e; (e = table_walk_next(&w));)
        discard(db->store, e);
    table_clear(&db->keys);
    table_clear(&db->keys_with_ttl);
    noted_clear(&db->noted);
    dict_clear(&db->own);
    db->expire_cursor = db->field_ttl_cursor = 0;
    ASSERT(db->keys.used == 0 && db->keys_with_ttl.used == 0);
    db_count_changes(s, n);
    s->written_all = s->written_now;
    replaced(db);
    return n;
}

void db_swap(struct store *s, int a, int b)
{
    ASSERT(a >= 0 && a < s->count && b >= 0 && b < s->count);
    db_store_changed(s);
    if (a == b)
        return;
    FORGET_READS(s);
    if (s->events.replacing)
        s->events.replacing(s->events.context, &s->dbs[a], &s->dbs[b]);
    notify_placed_all(&s->dbs[a], DB_MOVES);
    notify_placed_all(&s->dbs[b], DB_MOVES);
    struct db x = s->dbs[a];
    s->dbs[a] = s->dbs[b];
    s->dbs[b] = x;
    s->dbs[a].id = a;
    s->dbs[b].id = b;
    notify_placed_all(&s->dbs[a], DB_COMES);
    notify_placed_all(&s->dbs[b], DB_COMES);
    replaced(&s->dbs[a]);
    replaced(&s->dbs[b]);
}

static void take_content(struct db *db, struct db now)
{
    struct store *store = db->store;
    int id = db->id;
    *db = now;
    db->store = store;
    db->id = id;
}

void db_exchange(struct store *s, struct store *beside)
{
    ASSERT(beside->beside && beside->count == s->count && beside->streams == s->streams);
    FORGET_READS(s);
    for (int i = 0; i < s->count; i++) {
        struct db *db = &s->dbs[i], *other = &beside->dbs[i];
        if (s->events.replacing)
            s->events.replacing(s->events.context, db, other);
        notify_placed_all(db, DB_GOES);
        struct db former = *db;
        take_content(db, *other);
        take_content(other, former);
        notify_placed_all(db, DB_COMES);
        db_count_changes(s, db->keys.used);
        replaced(db);
    }
    db_store_changed(s);
}

struct entry *db_random(struct db *db)
{
    for (int tries = 0; tries < 100; tries++) {
        struct entry *e = table_random(&db->keys, &db->store->rng);
        if (!e)
            return NULL;
        if (!db_is_due(db->store, e))
            return e;
        if (!db_expire_if_due(db, e))
            continue;
    }
    return NULL;
}
