/* TLS (OpenSSL): a context from the settings, and one state a connection over a non-blocking
 * socket. At least TLS 1.2; no renegotiation, no compression. The only file that talks to libssl.
 */
#ifndef IO_TLS_H
#define IO_TLS_H

#include "base/buf.h"

struct tls_context;
struct tls;

enum tls_clients { TLS_CLIENTS_NO, TLS_CLIENTS_YES, TLS_CLIENTS_OPTIONAL };

struct tls_options { /* "" where nothing is set */
    const char *cert_file, *key_file, *key_pass, *ca_file, *ca_directory, *dh_file;
    const char *protocols, *ciphers, *ciphersuites;
    bool prefer_server_ciphers, session_caching;
    long long cache_size, cache_timeout_s;
    enum tls_clients clients;
};

/* NULL: why is in *error. */
struct tls_context *tls_context_new(const struct tls_options *o, struct buf *error);
/* For connections that we make: the other side's certificate is always verified, so an authority
 * has to be set; a certificate of our own only when both its files are. `clients` means nothing. */
struct tls_context *tls_context_new_client(const struct tls_options *o, struct buf *error);
/* Connections that use it go on. NULL is nothing. */
void tls_context_free(struct tls_context *x);

/* When its own certificate ends, in seconds of Unix time; -1: it has none, or
 * that is not told. NULL has none. */
int64_t tls_context_ends_s(const struct tls_context *x);

/* The handshake happens within the first reads and writes. */
struct tls *tls_new(struct tls_context *x, int fd);
/* The side that asked; x is a client's context. The other side's certificate has to be for this
 * name; "": for anybody that an authority vouches for. */
struct tls *tls_new_client(struct tls_context *x, int fd, const char *name);
/* Goes on with the handshake alone. 0: it is done; -EAGAIN: it waits for the socket; else -errno.
 */
int tls_handshake(struct tls *t);
/* Why the other side's certificate is not good, or what else broke the connection. */
const char *tls_why(const struct tls *t);
/* Says goodbye if that does not block. */
void tls_free(struct tls *t);
/* As conn_read() and conn_write(). */
long tls_read(struct tls *t, void *to, size_t n);
long tls_write(struct tls *t, const void *from, size_t n);
/* Bytes that have been decrypted and can be read though the socket is silent. */
bool tls_pending(const struct tls *t);
bool tls_is_established(const struct tls *t);
/* A read could not go on because the socket takes no more. */
bool tls_wants_room(const struct tls *t);
/* The common name of a verified client certificate; false: there is none, or it has a NUL inside.
 */
bool tls_common_name(const struct tls *t, char *to, size_t n);

#endif
