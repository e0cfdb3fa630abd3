/* The databases: finding, adding, deleting and expiring keys, and the single place that announces
 * changes (db_changed()). Knows entries and keys, and of values only type/kind.h. Knows no client
 * and no journal: listeners are callbacks in struct store_events.
 *
 * Rules: a value is fetched by db_write() before its first byte changes; after the change
 * db_changed() is called. An entry that may have moved is stored again by db_put_back(). */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/rng.h"
#include "ds/dict.h"
#include "ds/table.h"
#include "store/changes.h"
#include "store/lru.h"
#include "store/noted.h"
#include "type/kind.h"

struct store;
struct str;
struct stream_context;

struct db {
    struct store *store;
    int id;
    struct table keys;
    struct table keys_with_ttl; /* the entries of keys with a TTL */
    struct noted noted;
    uint64_t expire_cursor, field_ttl_cursor;
    struct dict own;   /* keys that got a TTL while store.notes_own; some may be gone */
    size_t own_cursor; /* bucket at which their expiry continues */
};

/* Bits of notify-keyspace-events. */
enum db_event_class {
    DB_EVENT_KEYSPACE = 1 << 0,          /* K */
    DB_EVENT_KEYEVENT = 1 << 1,          /* E */
    DB_EVENT_GENERIC = 1 << 2,           /* g */
    DB_EVENT_STRING = 1 << 3,            /* $ */
    DB_EVENT_LIST = 1 << 4,              /* l */
    DB_EVENT_SET = 1 << 5,               /* s */
    DB_EVENT_HASH = 1 << 6,              /* h */
    DB_EVENT_ZSET = 1 << 7,              /* z */
    DB_EVENT_EXPIRED = 1 << 8,           /* x */
    DB_EVENT_EVICTED = 1 << 9,           /* e */
    DB_EVENT_STREAM = 1 << 10,           /* t */
    DB_EVENT_MISS = 1 << 11,             /* m */
    DB_EVENT_MODULE = 1 << 12,           /* d */
    DB_EVENT_NEW = 1 << 13,              /* n */
    DB_EVENT_OVERWRITTEN = 1 << 14,      /* o */
    DB_EVENT_TYPE_CHANGED = 1 << 15,     /* c */
    DB_EVENT_SUBKEYSPACE = 1 << 16,      /* S */
    DB_EVENT_SUBKEYEVENT = 1 << 17,      /* T */
    DB_EVENT_SUBKEYSPACEITEM = 1 << 18,  /* I */
    DB_EVENT_SUBKEYSPACEEVENT = 1 << 19, /* V */
    DB_EVENT_ALL = 0x17fc,               /* A: all but m, n, o and c */
    DB_EVENT_SUBKEYS = 0xf0000,          /* any of S, T, I and V */
};

/* Names of fields, at every step-th place of the array. */
struct db_fields {
    const struct bytes *names;
    size_t n, step;
};

/* What happens to a stream's key. MOVES: removed, and added again at once under another name or in
 * another database. */
enum db_placing { DB_COMES, DB_GOES, DB_MOVES };

/* Filled by the server; every callback may be NULL. */
struct store_events {
    void *context;
    /* After a change of key; called only while store.watched is not 0. */
    void (*touched)(void *context, struct db *db, struct bytes key);
    /* Something that a blocked client may wait for was added, or the key was removed or changed its
     * type; called only while store.waited is not 0. */
    void (*ready)(void *context, struct db *db, struct bytes key);
    /* A notification in one of the classes of store.notify. */
    void (*event)(void *context, struct db *db, unsigned class_, const char *name,
                  struct bytes key);
    /* The fields that an event of a hash is about. */
    void (*fields)(void *context, struct db *db, const char *name, struct bytes key,
                   struct db_fields fields);
    /* A key has expired or is evicted: to be journalled as deleted. */
    void (*expired)(void *context, struct db *db, struct bytes key);
    /* Fields of a hash have expired: to be journalled. */
    void (*fields_expired)(void *context, struct db *db, struct bytes key, struct str *const *names,
                           size_t n);
    /* Whether a list or stream must not be evicted because it is in use. */
    bool (*holds)(void *context, const struct db *db, const struct entry *e);
    /* Takes over an entry that left the keyspace; if NULL, entries are freed at once. */
    void (*discard)(void *context, struct entry *e);
    /* A stream that acts by itself (value_stream_acts()) was added under its key, or is about to be
     * removed, in any way: added, renamed, replaced, expired, evicted, flushed, swapped. Its entry
     * may move meanwhile, the stream does not. */
    void (*placed)(void *context, struct db *db, struct entry *e, enum db_placing what);
    /* All keys of the database are about to be removed, or (other) exchanged with another's. */
    void (*replacing)(void *context, struct db *db, struct db *other);
    /* They have been: as ready(), for every key; called only while store.waited is not 0. */
    void (*replaced)(void *context, struct db *db);
};

/* A key and its hash; empty: none. */
struct hashed_key {
    struct bytes key;
    uint64_t hash;
};

struct store {
    struct db *dbs;
    int count;
    int64_t now_ms; /* the time that decides what has expired */
    struct lru lru;
    bool touch;          /* reads move the LRU clock of entries */
    bool expiry_paused;  /* expired keys read as absent, and only a write deletes them */
    bool expiry_ignored; /* while loading: nothing expires */
    bool notes_own;  /* on a writable replica: remember keys whose TTL was set by its own clients */
    unsigned notify; /* wanted DB_EVENT_ bits */
    size_t watched;  /* watched keys */
    size_t waited;   /* keys that blocked clients wait for */
    long long dirty; /* changed elements in total: what save points count */
    long long touched; /* calls of db_changed() by commands in total */
    long long hits, misses, expired, expired_fields, evicted;
    uint64_t *written;    /* offset of the last write by key hash, or NULL: gate not in force */
    uint64_t written_now; /* the offset to enter there */
    uint64_t written_all; /* offset of the last write that was not of single keys */
    /* The first key of the running command with its hash, computed once; its bytes stay valid
     * during the command. */
    const struct hashed_key *hashed; /* or NULL */
    struct store_events events;
    struct rng rng;
    struct stream_context *streams;
    bool beside;             /* db_store_beside(): `streams` is shared, not owned */
    struct changes *changes; /* NULL except in builds with CHANGES_ARE_CHECKED */
};

#define STORE_WRITTEN_SLOTS 4096

struct store *db_store_new(int count, uint64_t seed);
void db_store_free(struct store *s);
/* As many empty databases, whose values will get into s by db_exchange(): they share its stream
 * context. Their changes are not announced. Must be freed before s. */
struct store *db_store_beside(struct store *s);
/* Exchanges the content of both, with the announcements of replacing all keys of s. */
void db_exchange(struct store *s, struct store *beside);

/* For store/changes.h: expires nothing. */
struct entry *db_find_as_it_is(void *store, int db, struct bytes key);

/* Called around each command; commands nest. In builds with CHANGES_ARE_CHECKED its changes are
 * checked against what it fetched for writing. */
static inline void db_command_begins(struct store *s)
{
#ifdef CHANGES_ARE_CHECKED
    changes_begin(s->changes);
#else
    (void)s;
#endif
}
static inline void db_command_ends(struct store *s)
{
#ifdef CHANGES_ARE_CHECKED
    changes_end(s->changes, db_find_as_it_is, s);
#else
    (void)s;
#endif
}

/* A command that changed something counts as at least one change; before: dirty when it began. */
static inline void db_command_changed(struct store *s, long long before)
{
    s->dirty += s->dirty == before;
}

/* For reading; NULL: absent or expired. Counts a hit or miss, and as a use for LRU. */
struct entry *db_read(struct db *db, struct bytes key);
/* As db_read(), but does not count as use. */
struct entry *db_read_notouch(struct db *db, struct bytes key);
/* As db_read(), without counting a hit, miss or use. */
struct entry *db_find(struct db *db, struct bytes key);
/* As db_find(), but also finds an expired key that was not deleted yet. */
struct entry *db_find_past(struct db *db, struct bytes key);
/* For writing; NULL: absent. Deletes an expired key even if expiry is paused. */
struct entry *db_write(struct db *db, struct bytes key);
/* As db_write(), but counts a hit or miss: for commands that Redis counts as readers although they
 * change groups. */
struct entry *db_write_counted(struct db *db, struct bytes key);
/* As db_write(), but does not count as use: for keys that the command has already read. */
struct entry *db_write_notouch(struct db *db, struct bytes key);
/* After a change that may have moved the entry: old is the address that db_write() returned (not
 * dereferenced), e the present entry. */
void db_put_back(struct db *db, struct entry *old, struct entry *e, bool had_ttl);
/* Adds an entry; its key must be absent. */
void db_add(struct db *db, struct entry *e);
/* Removes the entry and returns it; NULL when absent. DB_MOVES: it is added again before anything
 * else happens. */
struct entry *db_take(struct db *db, struct bytes key, enum db_placing what);
/* Removes the entry and discards it; false when absent. No events. */
bool db_delete(struct db *db, struct bytes key);
/* Replaces old by e, which has the same key. Discards old. */
void db_replace(struct db *db, struct entry *old, struct entry *e);
/* deadline_ms < 0 removes it. Returns the entry, perhaps moved. */
struct entry *db_set_deadline(struct db *db, struct entry *e, int64_t deadline_ms);

/* To be called after a change: counts it, informs watchers and, if the class is wanted, notifies.
 * event NULL: no notification. */
void db_changed(struct db *db, struct bytes key, unsigned class_, const char *event);
/* As db_changed(), but does not count or journal a change. */
void db_announce(struct db *db, struct bytes key, unsigned class_, const char *event);
/* As db_changed(), without informing watchers or notifying: for consumer groups and their pending
 * entries. */
void db_changed_quietly(struct db *db, struct bytes key);
/* The running command changed n elements; without a call it counts as one (engine/exec). */
static inline void db_count_changes(struct store *s, uint64_t n)
{
    s->dirty += (long long)n;
}
/* Only the notification. */
void db_notify(struct db *db, struct bytes key, unsigned class_, const char *event);
/* Notifies that a value of type `was` was replaced as a whole; not for changes within a value. */
static inline void db_overwritten(struct db *db, struct bytes key, enum value_type was,
                                  enum value_type is)
{
    db_notify(db, key, DB_EVENT_OVERWRITTEN, "overwritten");
    if (was != is)
        db_notify(db, key, DB_EVENT_TYPE_CHANGED, "type_changed");
}
/* Whether notifications about fields are wanted. */
static inline bool db_tells_fields(const struct store *s)
{
    return __builtin_expect((s->notify & DB_EVENT_SUBKEYS) != 0, 0) && (s->notify & DB_EVENT_HASH);
}
/* Notifies of the fields that an event of a hash is about, if any, after the event itself. */
static inline void db_notify_fields(struct db *db, struct bytes key, const char *event,
                                    struct db_fields fields)
{
    const struct store *s = db->store;
    if (db_tells_fields(s) && fields.n && s->events.fields)
        s->events.fields(s->events.context, db, event, key, fields);
}
/* Something was added that a blocked client may wait for, or the key was removed. */
static inline void db_ready(struct db *db, struct bytes key)
{
    const struct store *s = db->store;
    if (s->waited && s->events.ready)
        s->events.ready(s->events.context, db, key);
}

/* To be called after fields of a hash got or lost TTLs. */
void db_note_fields(struct db *db, struct entry *e);
/* To be called after groups of a stream got or lost policies: updates value_stream_acts(). */
void db_note_acting(struct db *db, struct entry *e);
/* Deletes expired fields; true: the key was deleted with the last of them. */
bool db_expire_fields(struct db *db, struct entry *e);
/* The time that decides which fields have expired. */
int64_t db_field_now(const struct store *s);

/* Deletes all keys; returns how many there were. Announced as by db_changed() and db_ready() for
 * each. */
size_t db_flush(struct db *db);
/* Exchanges the content of two databases, with the same announcements. */
void db_swap(struct store *s, int a, int b);
/* Counts a change of data outside of keys (function libraries). */
static inline void db_store_changed(struct store *s)
{
    s->touched++;
    s->written_all = s->written_now;
}
/* Deletes the key if it has expired; true: it was deleted. */
bool db_expire_if_due(struct db *db, struct entry *e);
/* To be called when the key or fields of it got a TTL. On a writable replica remembers keys to
 * which its own clients did that, since the primary may not know them and will not delete them.
 * (Commands of the primary run with expiry_ignored.) */
static inline void db_note_own(struct db *db, struct bytes key)
{
    if (__builtin_expect(db->store->notes_own && !db->store->expiry_ignored, 0))
        dict_ensure(&db->own, key);
}
/* Deletes the key, or fields of it, if expired, even while expiry is paused; true: the key was
 * deleted. */
bool db_expire_anyway(struct db *db, struct entry *e);
/* Any key that has not expired; NULL: none. */
struct entry *db_random(struct db *db);
static inline size_t db_memory(const struct db *db)
{
    return table_memory(&db->keys) + table_memory(&db->keys_with_ttl) + noted_memory(&db->noted);
}

static inline bool db_is_due(const struct store *s, const struct entry *e)
{
    return e->has_ttl && !s->expiry_ignored && entry_deadline_ms(e) <= s->now_ms;
}

#endif
