/* The databases: find, put, delete, expire by deadline, and the one place where a change becomes
 * known (db_changed()). Knows entries and keys; what a value holds only through type/kind.h. Knows
 * no client, no journal: who wants to hear of changes fills struct store_events.
 *
 * Rules: a value that is to be changed is obtained by db_write() (before the first byte changes);
 * after the change comes db_changed(). An entry that may have moved is handed back by
 * db_put_back(). */
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
    struct table keys_with_ttl; /* those entries of keys that have a TTL */
    struct noted noted;
    uint64_t expire_cursor, field_ttl_cursor;
    struct dict own; /* names of keys that got a deadline while store.notes_own; some may be gone */
    size_t own_cursor; /* bucket at which expiry of these goes on */
};

enum db_event_class {                                      /* bits of notify-keyspace-events */
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

/* Names of fields, `step` apart. */
struct db_fields {
    const struct bytes *names;
    size_t n, step;
};

/* What becomes of a stream's place. MOVES: it goes, and comes again at once, under another name or
 * in another database. */
enum db_placing { DB_COMES, DB_GOES, DB_MOVES };

/* Filled by the server; every slot may be NULL. */
struct store_events {
    void *context;
    /* After a change of key; called only while store.watched is not 0. */
    void (*touched)(void *context, struct db *db, struct bytes key);
    /* Something that a blocked client may wait for was added, or the key vanished or changed its
     * type; called only while store.waited is not 0. */
    void (*ready)(void *context, struct db *db, struct bytes key);
    /* A notification in one of the classes of store.notify. */
    void (*event)(void *context, struct db *db, unsigned class_, const char *name,
                  struct bytes key);
    /* The fields that such an event of a hash is about. */
    void (*fields)(void *context, struct db *db, const char *name, struct bytes key,
                   struct db_fields fields);
    /* A key went because its deadline passed: the journal hears of it. */
    void (*expired)(void *context, struct db *db, struct bytes key);
    /* Fields of a hash went because their deadlines passed: the journal hears of it. */
    void (*fields_expired)(void *context, struct db *db, struct bytes key, struct str *const *names,
                           size_t n);
    /* Whether a list or stream is in use in a way that forbids evicting it. */
    bool (*holds)(void *context, const struct db *db, const struct entry *e);
    /* Takes an entry that left the keyspace; NULL: it is freed at once. */
    void (*discard)(void *context, struct entry *e);
    /* A stream that does something by itself (value_stream_acts()) has come under its key, or is
     * about to go, whatever the way: added, renamed, replaced, expired, evicted, flushed, swapped.
     * The entry may get another address while it is there: the stream does not. */
    void (*placed)(void *context, struct db *db, struct entry *e, enum db_placing what);
    /* All keys of the database are about to go, or (other) to be exchanged with another's. */
    void (*replacing)(void *context, struct db *db, struct db *other);
    /* They have: the same as ready, for every key; called only while store.waited is not 0. */
    void (*replaced)(void *context, struct db *db);
};

/* What a key hashes to; no bytes: nothing. */
struct hashed_key {
    struct bytes key;
    uint64_t hash;
};

struct store {
    struct db *dbs;
    int count;
    int64_t now_ms; /* the time that deadlines are judged by */
    struct lru lru;
    bool touch;          /* reads move the LRU clock of entries */
    bool expiry_paused;  /* keys past their TTL read as absent, and only a write deletes them */
    bool expiry_ignored; /* while loading: nothing expires */
    bool notes_own;  /* on a writable replica: remember keys whose TTL was set by its own clients */
    unsigned notify; /* DB_EVENT_ bits that are wanted */
    size_t watched;  /* keys watched by someone */
    size_t waited;   /* keys that blocked clients wait for */
    long long dirty; /* changed elements, ever: what save points count */
    long long touched; /* calls of db_changed() by commands, ever */
    long long hits, misses, expired, expired_fields, evicted;
    uint64_t *written;    /* offset of the last write by key hash, or NULL: gate not in force */
    uint64_t written_now; /* what goes there */
    uint64_t written_all; /* offset of the last write of more than single keys */
    /* The first key of the command that runs, whose bytes stay while it does: its hash is not
     * computed again. */
    const struct hashed_key *hashed; /* or NULL */
    struct store_events events;
    struct rng rng;
    struct stream_context *streams;
    bool beside;             /* db_store_beside(): streams is another's */
    struct changes *changes; /* NULL but in builds with CHANGES_ARE_CHECKED */
};

#define STORE_WRITTEN_SLOTS 4096

struct store *db_store_new(int count, uint64_t seed);
void db_store_free(struct store *s);
/* As many databases, empty, for values that will come to s by db_exchange(): they share what its
 * streams share. Nobody hears of their changes. Freed before s is. */
struct store *db_store_beside(struct store *s);
/* What they hold changes places: as if all keys of s had been replaced. */
void db_exchange(struct store *s, struct store *beside);

/* For store/changes.h: nothing expires by it. */
struct entry *db_find_as_it_is(void *store, int db, struct bytes key);

/* A command begins and ends. In builds with CHANGES_ARE_CHECKED what it changes is compared with
 * what it fetched for change; commands nest. */
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

/* A command that has changed something counts as one change at least; before: dirty when it began.
 */
static inline void db_command_changed(struct store *s, long long before)
{
    s->dirty += s->dirty == before;
}

/* For reading: NULL when absent or expired. Counts hits and misses, moves the LRU clock. */
struct entry *db_read(struct db *db, struct bytes key);
/* As db_read(), but does not count as use. */
struct entry *db_read_notouch(struct db *db, struct bytes key);
/* As db_read(), but leaves statistics and the LRU clock alone. */
struct entry *db_find(struct db *db, struct bytes key);
/* As db_find(), also when its deadline has passed and it is still there. */
struct entry *db_find_past(struct db *db, struct bytes key);
/* For changing: NULL when absent (an expired one has then been deleted, whatever is paused). */
struct entry *db_write(struct db *db, struct bytes key);
/* As db_write(), and counts a hit or a miss as db_read() does: for commands that Redis counts as
 * readers although they change groups. */
struct entry *db_write_counted(struct db *db, struct bytes key);
/* As db_write(), for what the command has read before: is not another use. */
struct entry *db_write_notouch(struct db *db, struct bytes key);
/* After a change that may have moved the entry: old as db_write() returned it (only its address is
 * used), e as it is now. */
void db_put_back(struct db *db, struct entry *old, struct entry *e, bool had_ttl);
/* Adds; the key must be absent. */
void db_add(struct db *db, struct entry *e);
/* Takes the entry out; NULL when absent. DB_MOVES: it is added again before anything else happens.
 */
struct entry *db_take(struct db *db, struct bytes key, enum db_placing what);
/* Takes the entry out and discards it; false when absent. No events. */
bool db_delete(struct db *db, struct bytes key);
/* Puts e in place of old; the key and nothing else is the same. Discards old. */
void db_replace(struct db *db, struct entry *old, struct entry *e);
/* deadline_ms < 0 takes it away. Returns the entry, perhaps moved. */
struct entry *db_set_deadline(struct db *db, struct entry *e, int64_t deadline_ms);

/* After a change: counts it, tells watchers and, when the class is wanted, notifies. event NULL:
 * nothing to notify of. */
void db_changed(struct db *db, struct bytes key, unsigned class_, const char *event);
/* What others hear of a change, without the change: it is not counted or journalled. */
void db_announce(struct db *db, struct bytes key, unsigned class_, const char *event);
/* A change that watchers are not told of: groups and what they have pending. */
void db_changed_quietly(struct db *db, struct bytes key);
/* The command changed so many elements; one that says nothing counts as one (engine/exec). */
static inline void db_count_changes(struct store *s, uint64_t n)
{
    s->dirty += (long long)n;
}
/* Only the notification. */
void db_notify(struct db *db, struct bytes key, unsigned class_, const char *event);
/* A whole value was put where one of type `was` had been; not for changes within a value. */
static inline void db_overwritten(struct db *db, struct bytes key, enum value_type was,
                                  enum value_type is)
{
    db_notify(db, key, DB_EVENT_OVERWRITTEN, "overwritten");
    if (was != is)
        db_notify(db, key, DB_EVENT_TYPE_CHANGED, "type_changed");
}
/* Whether anyone is told of fields. */
static inline bool db_tells_fields(const struct store *s)
{
    return __builtin_expect((s->notify & DB_EVENT_SUBKEYS) != 0, 0) && (s->notify & DB_EVENT_HASH);
}
/* The fields that an event of a hash is about; none: nothing. Follows the event itself. */
static inline void db_notify_fields(struct db *db, struct bytes key, const char *event,
                                    struct db_fields fields)
{
    const struct store *s = db->store;
    if (db_tells_fields(s) && fields.n && s->events.fields)
        s->events.fields(s->events.context, db, event, key, fields);
}
/* Something appeared that a blocked client may be waiting for (or the key is gone). */
static inline void db_ready(struct db *db, struct bytes key)
{
    const struct store *s = db->store;
    if (s->waited && s->events.ready)
        s->events.ready(s->events.context, db, key);
}

/* After a hash's fields got or lost deadlines. */
void db_note_fields(struct db *db, struct entry *e);
/* After groups of a stream got or lost policies: it may have to be known as one that acts. */
void db_note_acting(struct db *db, struct entry *e);
/* Deletes fields whose deadlines have passed; true: the key went with the last of them. */
bool db_expire_fields(struct db *db, struct entry *e);
/* The time by which fields are seen. */
int64_t db_field_now(const struct store *s);

/* Deletes all keys; returns how many there were. As db_changed() and db_ready() for each of them.
 */
size_t db_flush(struct db *db);
/* Exchanges what two databases hold, with the same announcements. */
void db_swap(struct store *s, int a, int b);
/* Data that is under no key has changed (libraries of functions): counts it. */
static inline void db_store_changed(struct store *s)
{
    s->touched++;
    s->written_all = s->written_now;
}
/* Deletes the key if its deadline has passed; true: it was deleted. */
bool db_expire_if_due(struct db *db, struct entry *e);
/* Of a replica whose own clients may write, beside what its primary says (whose commands run while
 * expiry_ignored): the key, or fields of it, got a deadline. The primary may not know the key, and
 * will not delete it. */
static inline void db_note_own(struct db *db, struct bytes key)
{
    if (__builtin_expect(db->store->notes_own && !db->store->expiry_ignored, 0))
        dict_ensure(&db->own, key);
}
/* Deletes the key, or fields of it, if their deadlines have passed, also while expiry is paused;
 * true: the key has gone. */
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
