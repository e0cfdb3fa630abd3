/* Whose request it is: by the token of a session, by Basic, by the body of a login, or by a client
 * certificate; and the showing again of a password before something dangerous. */
#ifndef ADMIN_IDENTITY_H
#define ADMIN_IDENTITY_H

#include "admin/exchange_state.h"

/* Looks at the token, which names the user of a session. False: there have been too many requests.
 */
bool identity_take_token(struct exchange *x);
/* Makes sure that the user is known, and of a route that asks for it that the password has been
 * shown. False: the exchange is answered, or waits. */
bool identity_is_clear(struct exchange *x);
/* An attempt that is under way ends, judged or not. */
void identity_end_attempt(struct exchange *x);
/* The session of the token; NULL: there is none. */
struct login *identity_login(const struct exchange *x);
/* Whether who began a long answer still is who it was: the session goes on, without being used by
 * this, and the user is there. */
bool identity_goes_on(const struct exchange *x);
/* The user as it is now; NULL: gone, off, or not the one who logged in. */
struct user *identity_user(const struct exchange *x);
/* Whether who asks has shown it within the last minutes, or has nothing to show. */
bool identity_is_confirmed(const struct exchange *x);
/* A line in the log. */
void identity_log(const struct exchange *x, const char *what, struct bytes user);

#endif
