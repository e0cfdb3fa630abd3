#include "admin/respond.h"

#include "base/json_write.h"

#define ERROR_MOST  8192
#define HEADER_MOST 2000 /* bytes of a command in a header; longer ones are cut */
#define TEXT_MOST   1024 /* of a text in an error */

/* A page of ours may load its own files and ask its own server, and nothing else; nobody may frame
 * it, guess a type, or learn where a link was followed. The same for all answers: what is no page
 * loses nothing by it. */
static const char protection[] =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()\r\n";

void respond(struct chain *out, const struct respond *r)
{
    struct buf more = {0}, head = {0};
    buf_room(&more, 2 * sizeof(protection)); /* usually enough, so that it grows only once */
    buf_add(&more, bytes_of(protection, sizeof(protection) - 1));
    buf_add_text(&more,
                 r->file_tag ? "Cache-Control: no-cache\r\n" : "Cache-Control: no-store\r\n");
    if (r->file_tag)
        buf_printf(&more, "ETag: \"%s\"\r\nVary: Accept-Encoding\r\n", r->file_tag);
    if (r->file)
        buf_add_text(&more, "Content-Encoding: gzip\r\n");
    if (r->is_tls)
        buf_add_text(&more, "Strict-Transport-Security: max-age=31536000\r\n");
    if (r->allow)
        buf_printf(&more, "Allow: %s\r\n", r->allow);
    if (r->is_chunked)
        buf_add_text(&more, "Transfer-Encoding: chunked\r\n");
    if (r->retry_after_s)
        buf_printf(&more, "Retry-After: %u\r\n", r->retry_after_s);
    if (r->tag && *r->tag) {
        buf_add(&more, BYTES("ETag: \""));
        buf_add_text(&more, r->tag);
        buf_add(&more, BYTES("\"\r\n"));
    }
    if (r->command.n) {
        buf_add(&more, BYTES("X-Millrace-Command: "));
        buf_add(&more,
                bytes_of(r->command.p, r->command.n < HEADER_MOST ? r->command.n : HEADER_MOST));
        buf_add(&more, BYTES("\r\n"));
    }
    buf_add_char(&more, 0);
    buf_room(&head, more.n + 256);
    http_write_head(&head,
                    &(struct http_response){.status = r->status,
                                            .type = r->type,
                                            .length = r->file ? r->file->n : r->body.n,
                                            .has_length = r->status != 204 && r->status != 304 &&
                                                          !r->is_open_ended,
                                            .closes = r->closes,
                                            .more = more.p,
                                            .at_s = r->at_s});
    chain_add(out, buf_bytes(&head));
    if (r->file && !r->omits_body)
        chain_add_str(out, r->file);
    else if (!r->omits_body)
        chain_add(out, r->body);
    buf_free(&more);
    buf_free(&head);
}

void respond_error_body(struct buf *out, const char *code, struct bytes text, struct bytes command)
{
    struct json_write w = json_write_begin(out, ERROR_MOST);
    json_write_object(&w);
    json_write_name(&w, BYTES("error"));
    json_write_object(&w);
    json_write_name(&w, BYTES("code"));
    json_write_text(&w, code);
    json_write_name(&w, BYTES("text"));
    json_write_cut(&w, text, TEXT_MOST);
    if (command.n) {
        json_write_name(&w, BYTES("command"));
        json_write_cut(&w, command, TEXT_MOST);
    }
    json_write_object_end(&w);
    json_write_object_end(&w);
}
