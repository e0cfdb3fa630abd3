/* Linked into a server for tests only (see the Makefile): writes down every key that is looked up
 * or changed, to the file that RECORD_KEYS names. The linker puts these functions in the place of
 * those with the same name (--wrap), so that the server itself holds nothing for it. A line is "L"
 * (looked up) or "W" (changed) and the key in hexadecimal digits. */
#include "store/db.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

struct store *__real_db_store_new(int count, uint64_t seed);
struct store *__wrap_db_store_new(int count, uint64_t seed);
struct entry **__real_table_find(const struct table *t, uint64_t hash, struct bytes key);
struct entry **__wrap_table_find(const struct table *t, uint64_t hash, struct bytes key);
struct entry *__real_table_remove(struct table *t, uint64_t hash, struct bytes key);
struct entry *__wrap_table_remove(struct table *t, uint64_t hash, struct bytes key);
void __real_db_changed(struct db *db, struct bytes key, unsigned class_, const char *event);
void __wrap_db_changed(struct db *db, struct bytes key, unsigned class_, const char *event);
void __real_db_changed_quietly(struct db *db, struct bytes key);
void __wrap_db_changed_quietly(struct db *db, struct bytes key);
void __real_db_add(struct db *db, struct entry *e);
void __wrap_db_add(struct db *db, struct entry *e);

static const struct store *store;

static void record(char what, struct bytes key)
{
    static int fd = -1;
    static const char digits[] = "0123456789abcdef";
    char line[4096];
    size_t n = 0;
    const char *path = getenv("RECORD_KEYS");
    if (fd < 0 && path)
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    line[n++] = what;
    for (size_t i = 0; i < key.n && n + 4 < sizeof(line); i++) {
        line[n++] = digits[(unsigned char)key.p[i] >> 4];
        line[n++] = digits[(unsigned char)key.p[i] & 15];
    }
    line[n++] = '\n';
    if (write(fd, line, n) < 0)
        abort();
}

/* Hashes and sets have such tables too. */
static bool holds_keys(const struct table *t)
{
    for (int i = 0; store && i < store->count; i++)
        if (t == &store->dbs[i].keys)
            return true;
    return false;
}

struct store *__wrap_db_store_new(int count, uint64_t seed)
{
    struct store *s = __real_db_store_new(count, seed);
    store = s;
    record('L', bytes_of("", 0)); /* opens the file before the sandbox is closed */
    return s;
}

struct entry **__wrap_table_find(const struct table *t, uint64_t hash, struct bytes key)
{
    if (holds_keys(t))
        record('L', key);
    return __real_table_find(t, hash, key);
}

struct entry *__wrap_table_remove(struct table *t, uint64_t hash, struct bytes key)
{
    if (holds_keys(t))
        record('L', key);
    return __real_table_remove(t, hash, key);
}

void __wrap_db_changed(struct db *db, struct bytes key, unsigned class_, const char *event)
{
    record('W', key);
    __real_db_changed(db, key, class_, event);
}

/* What reading leaves in a group is no change of the key, as XREADGROUP's flags have it. */
void __wrap_db_changed_quietly(struct db *db, struct bytes key)
{
    record('L', key);
    __real_db_changed_quietly(db, key);
}

void __wrap_db_add(struct db *db, struct entry *e)
{
    record('W', entry_key(e));
    __real_db_add(db, e);
}
