/* TLS (OpenSSL): a context from the settings, and a state per connection over a non-blocking
 * socket. At least TLS 1.2; no renegotiation, no compression. The only file that uses libssl. */
#ifndef IO_TLS_H
#define IO_TLS_H

#include "base/buf.h"

struct tls_context;
struct tls;

enum tls_clients { TLS_CLIENTS_NO, TLS_CLIENTS_YES, TLS_CLIENTS_OPTIONAL };

struct tls_options { /* "": not set */
    const char *cert_file, *key_file, *key_pass, *ca_file, *ca_directory, *dh_file;
    const char *protocols, *ciphers, *ciphersuites;
    bool prefer_server_ciphers, session_caching;
    long long cache_size, cache_timeout_s;
    enum tls_clients clients;
};

/* NULL: *error has the reason. */
struct tls_context *tls_context_new(const struct tls_options *o, struct buf *error);
/* For outgoing connections: the peer's certificate is always verified, so an authority must be set;
 * sends a certificate of our own only if both its files are set. `clients` is ignored. */
struct tls_context *tls_context_new_client(const struct tls_options *o, struct buf *error);
/* Connections that use it continue. NULL is allowed. */
void tls_context_free(struct tls_context *x);

/* The expiry of its own certificate, in Unix time in seconds; -1: none or unknown. x may be NULL.
 */
int64_t tls_context_ends_s(const struct tls_context *x);

/* The server side. The handshake happens within the first reads and writes. */
struct tls *tls_new(struct tls_context *x, int fd);
/* The client side; x is a client context. The peer's certificate must be for this name; "": any
 * name. */
struct tls *tls_new_client(struct tls_context *x, int fd, const char *name);
/* Continues the handshake. 0: done; -EAGAIN: waits for the socket; else -errno. */
int tls_handshake(struct tls *t);
/* Why the peer's certificate was rejected, or what else broke the connection. */
const char *tls_why(const struct tls *t);
/* Sends close_notify if that does not block. */
void tls_free(struct tls *t);
/* As conn_read() and conn_write(). */
long tls_read(struct tls *t, void *to, size_t n);
long tls_write(struct tls *t, const void *from, size_t n);
/* Whether decrypted bytes are available although the socket is not readable. */
bool tls_pending(const struct tls *t);
bool tls_is_established(const struct tls *t);
/* Whether a read waits for the socket to become writable. */
bool tls_wants_room(const struct tls *t);
/* The common name of a verified client certificate; false: none, or it contains a NUL. */
bool tls_common_name(const struct tls *t, char *to, size_t n);

#endif
