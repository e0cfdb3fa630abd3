/* Listening sockets, and the TLS context for encrypted ones. */
#ifndef SERVER_LISTENERS_H
#define SERVER_LISTENERS_H

#include "config/settings.h"
#include "io/loop.h"
#include "io/tls.h"

struct link_set;
struct listeners;

/* Accepted connections go to links. All arguments are borrowed. */
struct listeners *listeners_new(const struct settings *c, struct loop *l, struct link_set *links);
void listeners_free(struct listeners *all);
/* Opens everything configured, at startup. Returns false on failure (logged). */
bool listeners_open(struct listeners *all);
/* Opens again after the settings have changed. Open connections stay; no listener is a valid
 * setting. Returns false when an address or port is not available (logged). */
bool listeners_reopen(struct listeners *all);
/* Makes new TLS contexts from the settings: for incoming connections if there is a TLS port, and
 * for outgoing ones if any use TLS. Open connections keep theirs. Returns false on failure
 * (logged), and keeps the old ones. */
bool listeners_configure_tls(struct listeners *all);
/* For outgoing connections; NULL: none use TLS. Valid until the next configuration. */
struct tls_context *listeners_client_tls(const struct listeners *all);
/* The tls- settings for incoming connections. Borrows their texts. */
struct tls_options listeners_tls_options(const struct settings *c);
/* Ten times a second: listeners that rest for lack of descriptors try again. */
void listeners_tick(struct listeners *all);
/* Expiry of the certificate for incoming connections, in seconds of Unix time; -1: none. */
int64_t listeners_certificate_ends_s(const struct listeners *all);
void listeners_close(struct listeners *all);
/* In a forked child: closes its copies of the sockets, so that the port is free once the server has
 * exited. */
void listeners_close_copies(struct listeners *all);

/* The kind of the n-th listener, from 0: "tcp", "tls" or "unix"; NULL after the last. */
const char *listeners_kind(const struct listeners *all, int number);

#endif
