#include "server/reference_text.h"

void reference_text_title(struct buf *out, const char *title, const char *reader)
{
    buf_printf(out,
               "# %s\n\n%s Made by `millrace-server --print-reference` of the tables by which the "
               "server works: `make reference` writes it anew.\n",
               title, reader);
}

void reference_text_add(struct buf *out, struct bytes text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '<')
            buf_add_text(out, "&lt;");
        else if (c == '\r' || c == '\n')
            buf_add_char(out, ' ');
        else {
            if (c == '*' || c == '|' || c == '`' || c == '\\')
                buf_add_char(out, '\\');
            buf_add_char(out, c);
        }
    }
}

void reference_text_add_string(struct buf *out, const char *text)
{
    reference_text_add(out, bytes_text(text));
}

void reference_text_add_code(struct buf *out, struct bytes text)
{
    buf_add_char(out, '`');
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '|') /* ends a cell even within code */
            buf_add_char(out, '\\');
        buf_add_char(out, text.p[i]);
    }
    buf_add_char(out, '`');
}
