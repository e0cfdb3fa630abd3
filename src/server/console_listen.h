/* The console's listening sockets, according to console-port, console-bind and the TLS settings. */
#ifndef SERVER_CONSOLE_LISTEN_H
#define SERVER_CONSOLE_LISTEN_H

#include "config/settings.h"
#include "io/loop.h"
#include "io/tls.h"

struct console_listen;

/* All arguments are borrowed. come() takes over the descriptor. */
struct console_listen *console_listen_new(const struct settings *c, struct loop *l,
                                          void (*come)(void *context, int fd, const char *peer,
                                                       bool is_local),
                                          void *context);
void console_listen_free(struct console_listen *k);
/* Opens them, again after the settings have changed. False: it failed (logged), and nothing
 * listens. */
bool console_listen_open(struct console_listen *k);
/* TLS settings have changed. False: they are invalid (logged), and the old ones stay. */
bool console_listen_configure_tls(struct console_listen *k);
void console_listen_close(struct console_listen *k);
/* In a forked child: closes its copies. */
void console_listen_close_copies(struct console_listen *k);
/* The TLS context for a new connection; NULL: no TLS. */
struct tls_context *console_listen_tls(const struct console_listen *k);
/* Ten times a second: sockets that rest (server/shortage) try again. */
void console_listen_tick(struct console_listen *k);

#endif
