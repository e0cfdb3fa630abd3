/* All users of a server, by name, and the file of users. A new connection is the user "default",
 * which always exists. */
#ifndef ACL_USERS_H
#define ACL_USERS_H

#include "acl/user.h"
#include "ds/dict.h"

struct users {
    const struct registry *registry;
    struct dict by_name;
    struct user *default_user;
    bool all_channels; /* new users may receive all: acl-pubsub-default */
};

struct users *users_new(const struct registry *r, bool all_channels);
void users_free(struct users *u);
struct user *users_find(const struct users *u, struct bytes name);
struct user *users_add(struct users *u, struct bytes name);
/* Frees x. No client is this user any more. */
void users_remove(struct users *u, struct user *x);
/* In the order of their names; the array (NULL-terminated) is the caller's to free. */
struct user **users_sorted(const struct users *u);
/* requirepass: "" lets the default user in without one. */
void users_set_default_password(struct users *u, struct bytes password);
#define USERS_BAD_NAME "Usernames can't contain spaces or null characters"
bool users_name_is_good(struct bytes name);
/* Reads the file of users into u, which must be fresh: lines of "user name rules..."; blanks
 * separate, a word that begins with '"' is quoted as in words.h. False: error describes it. */
bool users_read_file(struct users *u, struct bytes text, const char *path, struct buf *error);
/* Appends the file's text. Words are quoted only where the reader needs it, as Redis does. */
void users_print_file(const struct users *u, struct buf *out);
/* The same for the "user" lines of the configuration file, all of whose words may be quoted
 * (words.h). The reader expects the line's number in place of the word "user". */
bool users_read_lines(struct users *u, struct bytes text, struct buf *error);
void users_print_lines(const struct users *u, struct buf *out);

#endif
