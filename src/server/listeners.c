#include "server/listeners.h"

#include "base/assert.h"
#include "base/log.h"
#include "config/forms.h"
#include "io/listen.h"
#include "server/link.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

bool listeners_configure_tls(struct server *s)
{
    const struct settings *c = s->settings;
    struct buf error = {0};
    struct tls_options o = {.cert_file = c->tls_cert_file,
                            .key_file = c->tls_key_file,
                            .key_pass = c->tls_key_file_pass,
                            .ca_file = c->tls_ca_cert_file,
                            .ca_directory = c->tls_ca_cert_dir,
                            .dh_file = c->tls_dh_params_file,
                            .protocols = c->tls_protocols,
                            .ciphers = c->tls_ciphers,
                            .ciphersuites = c->tls_ciphersuites,
                            .prefer_server_ciphers = c->tls_prefer_server_ciphers,
                            .session_caching = c->tls_session_caching,
                            .cache_size = c->tls_session_cache_size,
                            .cache_timeout_s = c->tls_session_cache_timeout,
                            .clients = (enum tls_clients)c->tls_auth_clients};
    struct tls_context *fresh = NULL;
    if (c->tls_port) {
        fresh = tls_context_new(&o, &error);
        if (!fresh) {
            log_line(LOG_WARNING, "Failed to configure TLS: %.*s", (int)error.n, error.p);
            buf_free(&error);
            return false;
        }
    }
    tls_context_free(s->tls);
    s->tls = fresh;
    return true;
}

static void accept_ready(void *context, int events)
{
    (void)events;
    link_accept(context);
}

static void add_listener(struct server *s, int fd, bool is_unix, bool is_tls)
{
    ASSERT(s->listener_n < SERVER_LISTENERS);
    struct listener *l = &s->listeners[s->listener_n++];
    *l = (struct listener){.server = s, .fd = fd, .is_unix = is_unix, .is_tls = is_tls};
    l->watch = loop_fd_new(s->loop, fd, accept_ready, l);
    loop_fd_want(l->watch, LOOP_READ);
}

/* All addresses on one port. A leading '-' allows one to be missing. */
static bool listen_tcp_all(struct server *s, int port, bool is_tls)
{
    struct bytes words[SETTINGS_ADDRESSES];
    size_t n = forms_split(bytes_text(s->settings->bind), words, SETTINGS_ADDRESSES);
    bool good = true;
    for (size_t i = 0; i < n && good; i++) {
        char address[256];
        bool optional = *words[i].p == '-';
        snprintf(address, sizeof(address), "%.*s", (int)words[i].n - optional,
                 words[i].p + optional);
        int fd = listen_tcp(address, port, (int)s->settings->tcp_backlog);
        if (fd >= 0) {
            add_listener(s, fd, false, is_tls);
            continue;
        }
        log_line(LOG_WARNING, "Warning: Could not create server TCP listening socket %s:%d: %s",
                 address, port, strerror(-fd));
        good = optional && (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL);
    }
    if (!good)
        log_line(LOG_WARNING, "Failed listening on port %d (%s), aborting.", port,
                 is_tls ? "tls" : "tcp");
    return good;
}

static bool open_ports(struct server *s)
{
    return (!s->settings->port || listen_tcp_all(s, (int)s->settings->port, false)) &&
           (!s->settings->tls_port || listen_tcp_all(s, (int)s->settings->tls_port, true));
}

bool listeners_open(struct server *s)
{
    if (!listeners_configure_tls(s) || !open_ports(s))
        return false;
    if (*s->settings->unixsocket) {
        int fd = listen_unix(s->settings->unixsocket, (unsigned)s->settings->unixsocketperm,
                             (int)s->settings->tcp_backlog);
        if (fd < 0) {
            log_line(LOG_WARNING, "Failed opening Unix socket: bind: %s", strerror(-fd));
            return false;
        }
        add_listener(s, fd, true, false);
    }
    if (s->listener_n == 0) {
        log_line(LOG_WARNING, "Configured to not listen anywhere, exiting.");
        return false;
    }
    return true;
}

static void close_listener(struct listener *l)
{
    loop_fd_free(l->watch);
    close(l->fd);
}

bool listeners_reopen(struct server *s)
{
    int kept = 0;
    struct listener unix_one = {0};
    for (int i = 0; i < s->listener_n; i++) {
        if (s->listeners[i].is_unix)
            unix_one = s->listeners[i], kept = 1;
        else
            close_listener(&s->listeners[i]);
    }
    s->listener_n = 0;
    if (kept) {
        /* It stands at another place now, which its watch has to know. */
        loop_fd_free(unix_one.watch);
        add_listener(s, unix_one.fd, true, false);
    }
    return open_ports(s);
}

void listeners_close(struct server *s)
{
    for (int i = 0; i < s->listener_n; i++)
        close_listener(&s->listeners[i]);
    s->listener_n = 0;
}
