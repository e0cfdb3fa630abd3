/* The console's port: listening sockets, connections, and the limits on both. HTTP itself is in
 * admin/exchange. */
#ifndef SERVER_CONSOLE_LINK_H
#define SERVER_CONSOLE_LINK_H

#include "engine/engine.h"
#include "io/loop.h"

struct admit;
struct console_link;
struct http_figures;

/* All arguments are borrowed. loading_percent(): of the data at startup; -1: they are loaded. */
struct console_link *console_link_new(struct engine *e, struct loop *l, struct admit *a,
                                      int (*loading_percent)(void *context), void *context);
void console_link_free(struct console_link *k);

/* Listens according to console-port, console-bind and the TLS settings, again after these have
 * changed. Open connections stay. False: it failed (logged), and nothing listens. */
bool console_link_open(struct console_link *k);
/* TLS settings have changed. False: they are invalid (logged), and the old ones stay. */
bool console_link_configure_tls(struct console_link *k);
/* As listeners_certificate_ends_s(). */
int64_t console_link_certificate_ends_s(const struct console_link *k);
void console_link_close(struct console_link *k);
/* In a forked child: closes its copies of the listening sockets. */
void console_link_close_copies(struct console_link *k);

/* Its statistics; valid as long as k. */
const struct http_figures *console_link_figures(const struct console_link *k);
/* The loop must not sleep. */
bool console_link_has_work(const struct console_link *k);
/* Phases of the turn: read requests and work on responses for at most 0.5 ms; send what is
 * complete. */
void console_link_run(struct console_link *k);
void console_link_send(struct console_link *k);
/* Ten times a second: closes connections that exceed a time limit. */
void console_link_tick(struct console_link *k);

#endif
