/* The scripts of EVAL and SCRIPT LOAD: each compiled once, in one Lua state, and found by its text
 * or digest. Scripts from EVAL only (transient ones) may be evicted. */
#ifndef SCRIPT_SCRIPT_CACHE_H
#define SCRIPT_SCRIPT_CACHE_H

#include "base/digest.h"
#include "base/str.h"
#include "ds/dict.h"
#include "ds/dlist.h"
#include "proto/reply.h"
#include "script/run.h"

/* The most transient scripts (LRU). */
#define SCRIPT_CACHE_TRANSIENT 500

struct script {
    struct dlist_node recent; /* in script_cache.recent, if transient */
    struct str *text;
    char digest[DIGEST_SHA1_HEX + 1];
    uint64_t hash[2]; /* of the text */
    int ref;          /* of its function in the state's registry */
    bool declared;    /* its text begins with a "#!lua" line */
    unsigned flags;   /* FUNCTION_ bits of that line */
};

struct script_cache {
    struct run *run; /* limits the time of compilation */
    struct vm vm;    /* runs all scripts */
    struct dict by_digest, by_hash;
    struct dlist_node recent; /* transient scripts, the least recently used first */
    size_t transient;         /* how many */
    size_t text_bytes;        /* of all texts */
};

void script_cache_init(struct script_cache *c, struct run *run);
void script_cache_free(struct script_cache *c);
/* Removes all scripts, and whatever they left in the Lua state. */
void script_cache_flush(struct script_cache *c);
/* digest: 40 hexadecimal digits of either case. NULL: unknown. The script is owned by the cache,
 * and valid until the next add or flush. */
struct script *script_cache_find(struct script_cache *c, struct bytes digest);
/* Finds or compiles a script; NULL after an error reply. keep: it is not transient from now on. */
struct script *script_cache_add(struct script_cache *c, struct bytes text, bool keep,
                                struct reply *reply);
/* Marks x as most recently used. */
void script_cache_use(struct script_cache *c, struct script *x);
/* Parses the "#!lua" line; false: missing or wrong. flags: FUNCTION_ bits. */
bool script_cache_declares(struct bytes text, unsigned *flags);

#endif
