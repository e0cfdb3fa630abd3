/* All users of a server, by name; one of them, "default", is who connects without saying more. And
 * the file of users. */
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
/* The caller has made sure that nobody is this user any more. */
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
/* As it is read; plain words wherever they will do, as Redis writes it. */
void users_print_file(const struct users *u, struct buf *out);
/* The same for the lines of a configuration, whose words are all those of words.h. They are read
 * with the line's number in the place of "user". */
bool users_read_lines(struct users *u, struct bytes text, struct buf *error);
void users_print_lines(const struct users *u, struct buf *out);

#endif
