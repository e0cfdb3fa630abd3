/* All users of a server by name, and the ACL file. New connections are the user "default", which
 * always exists. */
#ifndef ACL_USERS_H
#define ACL_USERS_H

#include "acl/user.h"
#include "ds/dict.h"

struct users {
    const struct registry *registry;
    struct dict by_name;
    struct user *default_user;
    bool all_channels; /* new users may use all channels: acl-pubsub-default */
};

struct users *users_new(const struct registry *r, bool all_channels);
void users_free(struct users *u);
struct user *users_find(const struct users *u, struct bytes name);
struct user *users_add(struct users *u, struct bytes name);
/* Removes and frees x. No client may be this user. */
void users_remove(struct users *u, struct user *x);
/* Sorted by name; the caller frees the array (NULL-terminated). */
struct user **users_sorted(const struct users *u);
/* requirepass; "": the default user needs no password. */
void users_set_default_password(struct users *u, struct bytes password);
#define USERS_BAD_NAME "Usernames can't contain spaces or null characters"
bool users_name_is_good(struct bytes name);
/* Reads the text of an ACL file into u, which must be new: lines of "user name rules...", separated
 * by blanks; words that begin with '"' are quoted as in words.h. False: error has the reasons. */
bool users_read_file(struct users *u, struct bytes text, const char *path, struct buf *error);
/* Appends the text of the ACL file. Words are quoted only if needed, as in Redis. */
void users_print_file(const struct users *u, struct buf *out);
/* The same for the "user" lines of the configuration file, whose words may all be quoted (words.h).
 * When reading, each line begins with its line number in place of "user". */
bool users_read_lines(struct users *u, struct bytes text, struct buf *error);
void users_print_lines(const struct users *u, struct buf *out);

#endif
